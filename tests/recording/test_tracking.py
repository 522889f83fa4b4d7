"""A user's own loop: progress, and Pause, Step and Stop at its log calls and items."""

from __future__ import annotations

import gc
import itertools
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from nbviz import Run
from nbviz.errors import ConfigurationError, RunStopped

SECONDS = 180  # a limit on a hang


def until(run: Run, condition) -> None:
    """Wait until a condition of the run holds."""
    tick = threading.Event()
    for _ in range(SECONDS * 100):
        run.drain()
        if condition():
            return
        tick.wait(0.01)
    raise AssertionError(f"did not happen: {run}, {run.progress}")


class Loop:
    """Runs `body` on a thread until it ends."""

    def __init__(self, body) -> None:
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, args=(body,), daemon=True)
        self.thread.start()

    def _run(self, body) -> None:
        try:
            body()
        except BaseException as error:  # noqa: BLE001
            self.error = error

    def join(self) -> None:
        self.thread.join(SECONDS)
        assert not self.thread.is_alive()


def test_progress_of_epochs() -> None:
    run = Run()
    loader = [1, 2, 3, 4]
    seen = []
    for epoch in (1, 2, 3):
        for item in run.track(loader, epoch=epoch, total_epochs=3):
            seen.append(item)
            run.drain()
            assert run.progress.total_steps == 12
            assert run.progress.epoch == epoch
            assert run.progress.step == len(seen) - 1
            run.log({"loss": 1.0}, step=len(seen) * 10)  # its own idea of a step changes nothing
    run.finish()
    assert seen == loader * 3
    assert run.epochs == [0, 4, 8]
    assert (run.progress.step, run.progress.total_epochs) == (12, 3)


def test_the_items_of_a_loop_around_others_are_no_steps() -> None:
    run = Run()
    totals: list[int | None] = []
    for _ in run.track(range(3)):
        for _ in run.track(range(4)):
            run.drain()
            totals.append(run.progress.total_steps)
    run.drain()
    assert totals == [4 * 3] * 12
    assert (run.progress.step, run.progress.total_steps) == (12, 12)


def test_a_loop_inside_some_items_only_is_counted_with_them() -> None:
    run = Run()
    for number in run.track(range(6)):
        run.drain()
        assert run.progress.total_steps == (6 if number <= 2 else 6 - 1 + 2)
        if number == 2:
            for _ in run.track(range(2)):
                pass
    run.drain()
    assert run.progress.step == 6 - 1 + 2
    # A loop that was left holds no other.
    left = run.track([1, 2, 3])
    next(left)
    del left
    for _ in run.track(range(4)):
        pass
    run.drain()
    assert run.progress.step == 7 + 4


def test_iterables_without_a_length() -> None:
    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(range(3))

    for iterable in (iter([1, 2, 3]), torch.utils.data.DataLoader(Stream(), batch_size=None)):
        run = Run()
        assert len(list(run.track(iterable))) == 3
        run.drain()
        assert run.progress.total_steps is None
        assert run.progress.step == 3


@pytest.mark.parametrize(
    "options", [{"total": -1}, {"epoch": 0}, {"total_epochs": 0}, {"epoch": "2"}, {"total": 2.5}]
)
def test_impossible_totals_are_refused_at_once(options) -> None:
    with pytest.raises(ConfigurationError, match="whole number of at least"):
        Run().track([1], **options)


def test_pause_step_and_stop_of_a_tracked_loop() -> None:
    run = Run()
    after: list[str] = []

    def body() -> None:
        for epoch in (1, 2):
            for step in run.track(itertools.count(), epoch=epoch):
                run.log({"loss": float(step)})
        run.log({"test": 1.0})
        after.append("the code behind the loop")

    loop = Loop(body)
    until(run, lambda: run.progress.step > 10)
    run.control.pause()
    until(run, lambda: run.progress.status == "paused")
    stopped_at = run.progress.step
    run.control.step()
    until(run, lambda: run.progress.step == stopped_at + 1 and run.progress.status == "paused")
    run.control.step(3)
    until(run, lambda: run.progress.step == stopped_at + 4 and run.progress.status == "paused")
    run.control.resume()
    until(run, lambda: run.progress.step > stopped_at + 20)
    run.control.stop()
    loop.join()
    assert loop.error is None
    assert after
    run.drain()
    assert run.progress.status == "stopped"
    texts = [event.text for event in run.events]
    assert texts[:5] == ["started", "paused", "one step", "paused", "3 steps"]
    assert texts[-1].startswith("stopped after")
    assert len(run["test"]) == 1


def test_pause_and_stop_of_a_logging_loop() -> None:
    run = Run()

    def body() -> None:
        for step in itertools.count(1):
            run.log({"loss": float(step)}, step)

    loop = Loop(body)
    until(run, lambda: run.progress.step > 10)
    run.control.pause()
    until(run, lambda: run.progress.status == "paused")
    stopped_at = run.progress.step
    assert run["loss"].last.step == stopped_at
    run.control.step(2)
    until(run, lambda: run.progress.step == stopped_at + 2 and run.progress.status == "paused")
    run.control.stop()
    loop.join()
    assert isinstance(loop.error, RunStopped)
    run.drain()
    assert run.progress.status == "stopped"
    run.finish()  # as a cell's end does
    assert run.status == "stopped"


def test_a_with_block_ends_quietly_when_stopped() -> None:
    run = Run()

    def body() -> None:
        with run:
            for step in itertools.count(1):
                run.log({"loss": float(step)}, step)

    loop = Loop(body)
    until(run, lambda: run.progress.step > 10)
    run.control.stop()
    loop.join()
    assert loop.error is None
    assert run.status == "stopped"


def test_the_learning_rate_of_a_users_own_loop() -> None:
    run = Run()
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    run.steer(optimizer)
    assert "set" in run.commands
    loop = Loop(lambda: [run.log({"loss": 1.0}) for _ in run.track(itertools.count())])
    until(run, lambda: run.progress.step > 5)
    run.control.set(lr=0.01)
    until(run, lambda: any(event.text == "lr 0.1 → 0.01" for event in run.events))
    assert optimizer.param_groups[0]["lr"] == 0.01
    run.control.stop()
    loop.join()


def test_run_whose_loop_is_through_is_over() -> None:
    run = Run()
    for _ in run.track([1, 2, 3]):
        pass
    until(run, lambda: run.status == "finished")
    assert run.progress.step == 3
    for _ in run.track([4]):  # and it can go on
        assert run.status == "running"
    until(run, lambda: run.status == "finished")
    assert run.progress.step == 4


def test_run_whose_loop_was_left_is_over_and_may_go_on() -> None:
    def wait_for(run) -> None:
        until(run, lambda: run.status == "stopped")
        assert list(run.track([1, 2])) == [1, 2]
        until(run, lambda: run.status == "finished")

    def by_break(run) -> None:
        for _ in run.track([1, 2, 3]):
            break

    def by_error(run) -> None:
        def loop() -> None:
            for _ in run.track([1, 2, 3]):
                raise ArithmeticError

        with pytest.raises(ArithmeticError):
            loop()

    def by_garbage(run) -> None:
        loop = run.track([1, 2, 3])
        next(loop)
        cycle = [loop]
        cycle.append(cycle)
        dropped = weakref.ref(loop)
        del loop, cycle
        while dropped() is not None:  # nothing is collected while the collector's thread does
            gc.collect()

    runs = []
    # One after another: while one thread collects garbage another cannot.
    for leave in (by_break, by_error, by_garbage):
        run = Run()
        run.log({"loss": 1.0})
        leave(run)
        runs.append(run)
    with ThreadPoolExecutor(3) as pool:  # each waits twice for its run to be quiet
        list(pool.map(wait_for, runs))


def test_block_says_itself_when_its_run_is_over() -> None:
    with Run() as run:
        for _ in run.track([1, 2]):
            pass
        run.drain()
        for _ in range(3):
            run.collect()
        assert not run._life.end_after_loop(run)
        assert run.status == "running"
    assert run.status == "finished"


def test_epochs_whose_length_is_not_known_are_taken_to_be_as_long_as_those_before() -> None:
    run = Run()
    totals = []
    for epoch, count in enumerate((10, 20, 30), 1):
        loop = run.track(iter(range(count)), epoch=epoch, total_epochs=4)
        totals += [run.meter.total_steps for _ in loop]
    assert totals[:10] == [None] * 10
    assert totals[10] == 10 + 3 * 10
    assert totals[10 + 15] == 10 + 15 + 2 * 10  # longer than expected
    assert totals[30] == 30 + 2 * 15
