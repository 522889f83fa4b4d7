"""What is logged waits without weight for the garbage collector, and is lost to no interrupt."""

from __future__ import annotations

import datetime as dt
import gc
import random
import signal

import numpy as np
import processes
import pytest
import torch
from pages import wait_until

import nbviz
from nbviz import Run
from nbviz.errors import LoggingError
from nbviz.recording.draining import MOST_WAITING
from nbviz.recording.scalars.intake import Intake


def test_what_waits_is_not_counted_by_the_garbage_collector(monkeypatch) -> None:
    run = Run()
    run.log({"loss": 0.0, "accuracy": 0.0}, 0)
    monkeypatch.setattr(Intake, "drain", lambda *_, **__: 0)  # all of it waits
    gc.collect()
    before = [one["collections"] for one in gc.get_stats()]
    objects = len(gc.get_objects())
    for step in range(20_000):
        run.log({"loss": 0.5, "accuracy": 0.25}, step)
    found = [one["collections"] for one in gc.get_stats()]
    assert len(run._scalars.entries) > 20_000
    # One container a call would be 20,000, which bring 28 collections; threads of tests before may
    # still make a few.
    assert len(gc.get_objects()) - objects < 2000
    assert found[2] == before[2]
    assert found[0] - before[0] <= 10


@pytest.mark.parametrize("portion", [1, 7, 40, 6144])
@pytest.mark.parametrize("kinds", [1, 4])
def test_entries_come_out_as_they_went_in_wherever_portions_end(
    portion: int, kinds: int, monkeypatch
) -> None:
    from nbviz.recording.scalars import intake

    monkeypatch.setattr(intake, "PORTION", portion)
    chance = random.Random(portion)
    run = Run()
    expected: dict[str, list[tuple[int, float]]] = {}
    for step in range(400):
        # Values and steps that are also numbers of tag sets.
        tags = [("a", "b"), ("b",), ("c", "a", "b"), tuple(f"t{n}" for n in range(30))]
        some = {tag: float(chance.randrange(4)) for tag in tags[chance.randrange(kinds)]}
        run.log(some, step)
        for tag, value in some.items():
            expected.setdefault(tag, []).append((step, value))
        if step % 50 == 30:
            run._scalars.drain(wait=False, limit=chance.randrange(1, 60))
    for tag, points in expected.items():
        assert list(zip(run[tag].steps.tolist(), run[tag].values.tolist(), strict=True)) == points
    assert list(run) == list(expected)
    assert not run._scalars.entries


def test_tags_logged_one_by_one_in_turns_are_kept_in_their_order() -> None:
    run, random = Run(), np.random.default_rng(0)
    expected: dict[str, list[tuple[int, float]]] = {}
    for number in range(5000):
        # Of one width, so that all of a portion is sorted at once.
        first, second = random.choice(6, 2, replace=False)
        step = number // 3
        values = {f"t{first}": random.random(), f"t{second}": random.random()}
        run.log(values, step)
        for tag, value in values.items():
            expected.setdefault(tag, []).append((step, value))
    for tag, points in expected.items():
        assert list(zip(run[tag].steps.tolist(), run[tag].values.tolist(), strict=True)) == points
    assert list(run) == list(expected)


@pytest.mark.parametrize("portion", [3, 16, 50, 2048])
def test_tag_sets_that_take_turns_are_told_from_those_between(portion: int, monkeypatch) -> None:
    from nbviz.recording.scalars import intake

    monkeypatch.setattr(intake, "PORTION", portion)
    monkeypatch.setattr("nbviz.recording.run.keep_drained", lambda _: None)
    chance, run = random.Random(portion), Run()
    expected: dict[str, list[tuple[int, float]]] = {}

    def log(step: int, *tags: str) -> None:
        values = {tag: float(chance.randrange(5)) for tag in tags}  # as numbers of tag sets
        run.log(values, step)
        for tag, value in values.items():
            expected.setdefault(tag, []).append((step, value))

    for step in range(600):
        log(step, "loss")
        log(step, "accuracy", "lr")
        if step < 300 or step > 400:
            log(step, "norm")
        if step % 37 == 0:  # a validation
            log(step, "loss/val", "accuracy")
        if step % 101 == 50:
            run.log({"loss": torch.tensor(2.0)}, step)
            expected["loss"].append((step, 2.0))
        if step % 150 == 149:
            run.drain()
    for tag, points in expected.items():
        assert list(zip(run[tag].steps.tolist(), run[tag].values.tolist(), strict=True)) == points
        assert (np.diff(run[tag].wall_times) >= 0).all()
    assert list(run) == list(expected)


def test_entries_of_other_widths_between_are_told_apart() -> None:
    run = Run()
    for step, values in enumerate(
        [
            {"a": 1.0},
            {"b": 2.0},
            {"a": 3.0, "b": 4.0, "c": 5.0},  # what follows is not where an `a` alone would end
            {"a": 6.0},
            {"b": torch.tensor(7.0)},
            {"c": 8.0},
        ]
    ):
        run.log(values, step)
    assert run["a"].values.tolist() == [1, 3, 6]
    assert run["b"].values.tolist() == [2, 4, 7]
    assert run["c"].values.tolist() == [5, 8]
    assert list(run) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "wall_time", [dt.datetime.now(dt.UTC), "now", np.nan, float("inf"), True, 1j, 1.7e12, 1e300]
)
def test_a_wall_time_is_checked_at_the_call(wall_time) -> None:
    run = Run()
    run.record({"x": 1.0}, 0)
    with pytest.raises(LoggingError, match="wall_time must be Unix seconds"):
        run.record({"x": 1.0}, 0, wall_time=wall_time)
    run.record({"x": 2.0}, 1, wall_time=np.float32(1.0))
    assert run["x"].values.tolist() == [1, 2]


def test_the_last_step_of_all_is_said_at_the_call() -> None:
    run = Run()
    run.log({"x": 1.0}, step=2**63 - 2)
    for _ in range(2):
        with pytest.raises(LoggingError, match="there is no step after 9223372036854775806"):
            run.log({"x": 2.0})
    run.log({"y": 3.0}, step=5)
    assert run["x"].values.tolist() == [1]
    assert run["y"].values.tolist() == [3]


def test_what_fails_to_be_stored_is_said_once_and_stops_nothing_else(monkeypatch) -> None:
    from nbviz.recording.scalars.store import ScalarStore

    append = ScalarStore.append

    def fails_for_one(self, tag, *columns):
        if tag == "bad":
            raise MemoryError("no room")
        return append(self, tag, *columns)

    monkeypatch.setattr(ScalarStore, "append", fails_for_one)
    run, other = Run(), Run()
    for step in range(10):
        run.log({"bad": 1.0, "good": 2.0}, step)
        run.drain()
        other.log({"x": 1.0}, step)
    assert len(run["good"]) == len(other["x"]) == 10
    warnings = [line.text for line in run.lines.since(0) if line.level == "warning"]
    assert warnings == ["not recorded: points of bad: MemoryError: no room"]


def test_the_collector_goes_on_after_a_run_that_fails(monkeypatch) -> None:
    run, broken = Run(), Run("broken")

    def fail() -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(broken, "drain_ready", fail)
    broken.log({"x": 1.0}, 1)
    run.log({"x": 1.0}, 1)
    wait_until(lambda: run.tags and "RuntimeError" in str(broken.lines.since(0)))
    assert len(run.series("x")) == 1
    texts = [line.text for line in broken.lines.since(0) if line.level == "warning"]
    assert texts == ["recording failed, and is tried again: RuntimeError: broken"]


INTERRUPTED = """
    import faulthandler, random, signal, sys, time
    faulthandler.dump_traceback_later(150, exit=True)  # where it hangs, if it does
    import nbviz

    def interrupt(*_):
        if armed:
            raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, interrupt)
    for seed, folder in enumerate(sys.argv[1:]):
        random.seed(seed)
        run = nbviz.Run(dir=folder)
        logged, interrupts, armed = 0, 0, False
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline or interrupts < 6:
            for _ in range(random.randrange(3000)):
                run.log({"a": float(logged), "b": 1.0}, logged)
                logged += 1
            try:
                armed = True
                signal.setitimer(signal.ITIMER_REAL, random.random() * 0.003 + 1e-5, 0.01)
                while True:
                    run.drain(); run["a"].values; repr(run); run.media
            except KeyboardInterrupt:
                interrupts += 1
            finally:
                armed = False
        run.log_text("note", "the end")
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert run["a"].values.tolist() == list(range(logged)), (len(run["a"]), logged)
        assert len(run["b"]) == logged
        run.finish()
        print(logged)
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers on this system")
def test_an_interrupt_while_reading_loses_nothing(tmp_path) -> None:
    folders = [tmp_path / name for name in "abc"]
    result = processes.run(INTERRUPTED, *folders)
    for folder, logged in zip(folders, map(int, result.stdout.split()), strict=True):
        opened = nbviz.open_run(folder)
        assert opened["a"].values.tolist() == list(range(logged))
        assert list(opened.media) == ["note"]


def test_the_newest_step_is_known_at_the_call() -> None:
    run = Run()
    run.log({"loss": 1.0}, 100)
    assert (run.newest_step(), run.meter.step) == (100, 100)
    assert "step 100, 1 tag)" in repr(run)
    run.log_histogram("h", torch.ones(4))
    assert run.media["h"].steps.tolist() == [100]
    run.log({"loss": 1.0})
    assert run["loss"].steps.tolist() == [100, 101]


def test_many_combinations_of_tags_are_all_kept(monkeypatch) -> None:
    from nbviz.recording.scalars import inbox

    monkeypatch.setattr(inbox, "MOST_TAG_SETS", 8)
    run = Run()
    for step in range(40):
        run.log({f"t{step % 7}": 1.0, f"t{step % 5}": float(step), "all": float(step)}, step)
    assert run["all"].values.tolist() == list(range(40))
    assert len(run._scalars.numbers) <= 8 + 8


def test_who_logs_much_does_not_wait_for_a_thread_that_stores() -> None:
    run = Run()
    with run._store.lock:  # as while 60,000 tags of one call are stored
        for step in range(20_000):
            run.log({"a": 1.0, "b": 2.0, "c": 3.0}, step)
        assert len(run._scalars.entries) > MOST_WAITING
    assert len(run["a"]) == 20_000
