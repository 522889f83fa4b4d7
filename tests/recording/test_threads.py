"""Many threads and processes at once: nothing lost, nothing out of order, nothing corrupted."""

from __future__ import annotations

import multiprocessing
import threading

import numpy as np
import pytest
import torch
from pages import wait_until

from nbviz import Run, open_run
from nbviz.errors import LoggingError
from nbviz.recording import collector as collector_module
from nbviz.recording import draining
from nbviz.recording.collector import Collector, OwnThread
from nbviz.recording.lines import Lines

THREADS = 8
VALUES = 100_000


def together(*jobs) -> None:
    errors: list[BaseException] = []

    def guarded(job) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(180)
    assert not errors, errors
    assert not any(thread.is_alive() for thread in threads)


def test_eight_threads_with_a_tag_each() -> None:
    run = Run()

    def log(number: int) -> None:
        for step in range(VALUES):
            run.log({f"t{number}": float(step)}, step)

    together(*[lambda number=number: log(number) for number in range(THREADS)])
    for number in range(THREADS):
        np.testing.assert_array_equal(run[f"t{number}"].values, np.arange(VALUES))
        np.testing.assert_array_equal(run[f"t{number}"].steps, np.arange(VALUES))


def test_eight_threads_with_one_tag() -> None:
    run = Run()

    def log(number: int) -> None:
        for value in range(VALUES):
            run.log({"shared": float(number * VALUES + value)})

    together(*[lambda number=number: log(number) for number in range(THREADS)])
    series = run["shared"]
    np.testing.assert_array_equal(series.steps, np.arange(1, THREADS * VALUES + 1))
    np.testing.assert_array_equal(np.sort(series.values), np.arange(THREADS * VALUES))
    for number in range(THREADS):  # in each thread's own order
        mine = series.values[(series.values // VALUES) == number]
        assert (np.diff(mine) > 0).all()


def test_eight_threads_with_media() -> None:
    run = Run(overhead_budget=1)

    def log(number: int) -> None:
        for step in range(200):
            run.log_histogram(f"h{number}", np.full(100, float(step)), step)
            run.log({f"t{number}": float(step)}, step)

    together(*[lambda number=number: log(number) for number in range(THREADS)])
    for number in range(THREADS):
        media = run.media[f"h{number}"]
        assert media.steps.tolist() == list(range(200))
        assert [item.value.maximum for item in media] == list(range(200))
        assert len(run[f"t{number}"]) == 200


def test_readers_beside_writers() -> None:
    run = Run()
    done = threading.Event()

    def write() -> None:
        for step in range(100_000):
            run.log({"a": float(step), "b": 1.0}, step)
        done.set()

    def read() -> None:
        seen = 0
        while not done.is_set():
            run.drain()
            if run.tags:
                series = run.series("a")
                assert len(series) >= seen
                seen = len(series)
                assert series.sample(points=100).count.sum() >= seen

    together(write, read, read)
    assert len(run["a"]) == len(run["b"]) == 100_000


class LoggingDataset(torch.utils.data.Dataset):
    """Logs from where its items are made: a DataLoader's worker."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> torch.Tensor:
        self.run.log_image("item", torch.zeros(4, 4), index)
        return torch.zeros(1)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_dataloaders_worker_that_logs_an_image_is_refused() -> None:
    run = Run("parent")
    run.log_text("note", "here", 1)
    loader = torch.utils.data.DataLoader(
        LoggingDataset(run), num_workers=1, multiprocessing_context="fork"
    )
    with pytest.raises(LoggingError, match="'parent' belongs to the process that made it"):
        list(loader)
    assert list(run.media) == ["note"]


def log_in_child(run: Run, results) -> None:
    try:
        run.log({"x": 2.0}, 2)
    except LoggingError as error:
        results.put(str(error))
    own = Run()  # a run of the child's own works
    own.log({"y": 1.0}, 1)
    results.put(own["y"].values.tolist())


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_worker_that_logs_is_refused() -> None:
    run = Run("parent")
    run.log({"x": 1.0}, 1)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=log_in_child, args=(run, results))
    child.start()
    message, own = results.get(timeout=180), results.get(timeout=180)
    child.join(180)
    assert child.exitcode == 0
    assert "'parent' belongs to the process that made it" in message
    assert own == [1.0]
    run.log({"x": 3.0}, 3)
    assert run["x"].values.tolist() == [1.0, 3.0]


def test_a_quiet_run_wakes_its_subscribers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "QUIET_SECONDS", 1e6)  # the test may be held up for a while
    run = Run()
    woken = threading.Event()
    unsubscribe = run.subscribe(woken.set)
    run.log({"x": 1.0})
    assert woken.is_set()
    woken.clear()
    # What the collector does once nothing has come for a while.
    run._draining.active_at = float("-inf")
    while run.collect():
        run._draining.active_at = float("-inf")
    run.log({"x": 2.0})
    assert woken.is_set()
    woken.clear()
    run.log({"x": 3.0})
    assert not woken.is_set(), "an active run is looked at anyway"
    unsubscribe()
    run.finish()
    assert not woken.is_set()
    assert len(run["x"]) == 3


def test_the_collector_takes_in_what_nobody_reads() -> None:
    run = Run()
    for step in range(1000):
        run.log({"x": 1.0}, step)
    wait_until(lambda: "x" in run.tags and len(run.series("x")) == 1000)
    wait_until(lambda: run.progress.step == 999)


def test_the_newest_lines_are_kept() -> None:
    from nbviz.recording.lines import LINES_KEPT, Line

    lines = Lines()
    for number in range(LINES_KEPT + 500):
        lines.append(Line("print", 0, 0.0, str(number)))
    assert lines.total == LINES_KEPT + 500
    assert len(lines) == LINES_KEPT
    assert [line.text for line in lines.since(lines.total - 2)] == ["10498", "10499"]
    assert len(lines.since(0)) == LINES_KEPT
    assert lines.since(lines.total) == []
    lines.append(Line("print", 0, 0.0, "x" * 100_000))
    assert lines.since(lines.total - 1)[0].text.endswith("and 80,000 more characters")
    for _ in range(400):
        lines.append(Line("print", 0, 0.0, "y" * 20_000))
    assert sum(len(line.text) for line in lines.since(0)) <= 4_000_000


def test_what_is_added_again_while_it_is_found_quiet_stays() -> None:
    """As a run is whose loop ends just then: else it would be said to run for ever."""
    collector = Collector()
    looks: list[int] = []
    is_seen_again = threading.Event()

    class Quiet:
        is_quiet = False

        def collect(self) -> bool:
            looks.append(len(looks))
            if len(looks) == 1:
                collector.add(self)
            else:
                is_seen_again.set()
            return False

    quiet = Quiet()
    collector.add(quiet)
    assert is_seen_again.wait(180)


def test_a_thread_that_begins_may_add_and_may_be_interrupted(monkeypatch) -> None:
    """It may collect a loop as garbage before it has begun, while the one that starts it waits."""
    collector = Collector()
    begun: list[str] = []

    class Beginning(OwnThread):
        def start(self) -> None:
            begun.append("once")
            if len(begun) == 1:
                raise KeyboardInterrupt
            other = threading.Thread(target=collector.add, args=(beside,), daemon=True)
            other.start()
            other.join(180)
            assert not other.is_alive()
            super().start()

    monkeypatch.setattr(collector_module, "OwnThread", Beginning)
    beside, run = Looked(), Looked()
    with pytest.raises(KeyboardInterrupt):
        collector.add(run)
    collector.add(run)
    assert run.looks.acquire(timeout=180)
    assert beside.looks.acquire(timeout=180)
    assert begun == ["once", "once"]


def test_media_that_a_page_looks_at_are_made_before_the_next_look(monkeypatch) -> None:
    monkeypatch.setattr(collector_module, "INTERVAL_SECONDS", 3600.0)
    collector = Collector()
    has_looked, made = threading.Event(), threading.Semaphore(0)

    class Busy:
        def collect(self) -> bool:
            has_looked.set()
            return True

        def make_media(self) -> None:
            made.release()
            raise RuntimeError("what one cannot make keeps nothing from the next")

    busy = Busy()
    collector.add(busy)
    assert has_looked.wait(180)
    for _ in range(2):
        collector.hasten(wait=True)
        assert made.acquire(timeout=180)
    monkeypatch.undo()
    del busy  # a collector keeps none alive
    collector.stop()


class Looked:
    """Something to drain that counts the looks at it."""

    def __init__(self, *, is_active: bool = True) -> None:
        self.is_active = is_active
        self.is_quiet = False
        self.looks = threading.Semaphore(0)
        self.dozed = 0

    def collect(self) -> bool:
        self.looks.release()
        return self.is_active

    def make_media(self) -> None:
        pass

    def doze(self) -> None:
        self.dozed += 1
        self.is_quiet = True


def thread_of(collector: Collector) -> OwnThread:
    thread = collector._thread
    assert thread is not None
    return thread


def test_the_collectors_thread_ends_when_nothing_is_active_and_begins_again() -> None:
    collector = Collector()
    one = Looked(is_active=False)
    for _ in range(3):
        collector.add(one)
        assert one.looks.acquire(timeout=180)
        thread = collector._thread  # None where it has ended since
        wait_until(lambda: collector._thread is None)
        if thread is not None:
            thread.join(180)
            assert not thread.is_alive()


def test_the_last_that_leaves_a_collector_takes_the_thread_with_it(monkeypatch) -> None:
    monkeypatch.setattr(collector_module, "INTERVAL_SECONDS", 3600.0)
    monkeypatch.setattr(collector_module, "END_SECONDS", 180.0)  # the test may be held up
    collector = Collector()
    first, second = Looked(), Looked()
    collector.add(first)
    collector.add(second)
    thread = thread_of(collector)
    first.is_quiet = True
    collector.leave(first)
    assert thread.is_alive(), "another is drained"
    collector.leave(second)  # not quiet: woken by something that was logged meanwhile
    assert thread.is_alive()
    second.is_quiet = True
    collector.leave(second)
    assert not thread.is_alive()
    collector.leave(second)  # again, which does nothing


def test_a_stopped_collector_begins_again_with_what_comes(monkeypatch) -> None:
    monkeypatch.setattr(collector_module, "INTERVAL_SECONDS", 3600.0)
    collector = Collector()
    collector.stop()  # there is no thread
    one, other = Looked(), Looked()
    collector.add(one)
    collector.add(other)
    thread = thread_of(collector)
    thread.stop()
    assert not thread.is_alive()
    assert one.dozed == other.dozed == 1
    collector.add(one)  # as its next log call does
    thread = thread_of(collector)
    assert thread.is_alive()
    thread.stop()
    assert not thread.is_alive()
    assert one.dozed == other.dozed == 2, "it was still to be drained"


def test_runs_that_come_and_go_on_many_threads_are_all_drained(monkeypatch) -> None:
    monkeypatch.setattr(collector_module, "INTERVAL_SECONDS", 0.0)
    collector = Collector()

    def come_and_go() -> None:
        for _ in range(300):
            one = Looked(is_active=False)
            collector.add(one)
            assert one.looks.acquire(timeout=180), "a wake-up was lost"

    together(come_and_go, come_and_go, come_and_go)
    wait_until(lambda: collector._thread is None)


def test_a_finished_run_leaves_no_thread_behind(tmp_path) -> None:
    before = set(threading.enumerate())
    run = Run(dir=tmp_path)
    run.log({"x": 1.0}, 1)
    run.finish()
    for thread in set(threading.enumerate()) - before:
        if isinstance(thread, OwnThread):  # of another test's run, too, that something woke
            thread.join(180)
            assert not thread.is_alive()
    assert run.is_quiet
    run.log({"x": 2.0}, 2)  # which wakes both
    wait_until(lambda: len(run.series("x")) == 2)
    assert run.journal is not None
    assert run.journal.flush()
    assert open_run(tmp_path)["x"].values.tolist() == [1.0, 2.0]


def test_threads_of_a_run_are_stopped_from_outside_as_other_writers_are(
    tmp_path, monkeypatch
) -> None:
    """As Lightning's tests do with those that a test leaves behind."""
    monkeypatch.setattr(collector_module, "STOP_SECONDS", 180.0)
    run = Run(dir=tmp_path)
    for step in (1, 2, 3):
        run.log({"x": float(step)}, step)
        for thread in threading.enumerate():
            if isinstance(thread, OwnThread):
                thread.stop()
                assert not thread.is_alive()
        assert open_run(tmp_path)["x"].values.tolist() == list(range(1, step + 1))
    run.finish()
