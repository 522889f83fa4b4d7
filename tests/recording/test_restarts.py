"""Steps that go backwards: a restart begins a new segment, and nothing raises or is lost."""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

import nbviz
from nbviz import Run
from nbviz.recording.scalars.segment import Segment
from nbviz.recording.scalars.series import Point
from nbviz.recording.scalars.spill import SpillFile

if TYPE_CHECKING:
    from pathlib import Path


def log(run: Run, steps, tag="loss", offset=0.0) -> None:
    for step in steps:
        run.log({tag: step + offset}, step)


@pytest.mark.parametrize("drains_between", [False, True])
def test_a_training_resumed_from_a_checkpoint_begins_a_segment(drains_between) -> None:
    run = Run()
    log(run, range(1, 101))
    if drains_between:
        run.drain()
    log(run, range(61, 131), offset=0.5)
    series = run["loss"]
    assert series.steps.tolist() == list(range(61, 131))
    assert series.values.tolist() == [step + 0.5 for step in range(61, 131)]
    assert [one.steps.tolist() for one in series.segments] == [
        list(range(1, 101)),
        list(range(61, 131)),
    ]
    assert series.restarts == 1
    assert series.strays == ()
    marks = [(event.step, event.text) for event in run.events[1:]]
    assert marks == [(61, "restart at step 61, after step 100: loss")]
    assert series.sample(points=10).count.sum() == 70


def test_a_cell_run_again_with_the_same_run() -> None:
    run = Run()
    for offset in range(3):
        log(run, range(5), offset=offset)
    series = run["loss"]
    assert [one.values.tolist() for one in series.segments] == [
        [step + offset for step in range(5)] for offset in range(3)
    ]


def test_each_tag_has_its_own_restarts() -> None:
    run = Run()
    run.log({"a": 1.0, "b": 1.0}, step=5)
    run.log({"a": 2.0}, step=9)
    for step in (6, 7, 8):
        run.log({"a": 3.0, "b": 3.0}, step=step)
    assert run["a"].steps.tolist() == [6, 7, 8]
    assert run["b"].steps.tolist() == [5, 6, 7, 8]
    run.log({"a": 4.0}, step=8)  # the same step again is no step backwards
    assert run["a"].steps.tolist() == [6, 7, 8, 8]


@pytest.mark.parametrize("drains_between", [False, True])
def test_a_single_late_point_is_kept_apart(drains_between) -> None:
    run = Run()
    for step in (98, 99, 100, 50, 101, 102):
        run.log({"loss": float(step)}, step)
        if drains_between:
            run.drain()
    series = run["loss"]
    assert series.steps.tolist() == [98, 99, 100, 101, 102]
    assert series.restarts == 0
    assert [(point.step, point.value) for point in series.strays] == [(50, 50.0)]
    assert isinstance(series.strays[0], Point)


def test_threads_that_pass_each_other_are_sorted() -> None:
    run = Run()
    barrier = threading.Barrier(4)

    def work(number: int) -> None:
        barrier.wait()
        log(run, range(number, 20_000, 4))
        barrier.wait()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(180)
    series = run["loss"]
    assert series.restarts == 0
    assert series.strays == ()
    assert (np.diff(series.steps) >= 0).all()
    assert sorted(series.values.tolist()) == list(range(20_000)), "nothing is lost"


def test_the_journal_reads_back_the_same(tmp_path: Path) -> None:
    run = nbviz.Run(dir=tmp_path)
    log(run, range(1, 101))
    log(run, [50])
    run.journal.flush()  # a late point is written before it is known what it is
    log(run, range(51, 81))
    log(run, [10], tag="loss")
    log(run, range(81, 91))
    run.finish()
    recorded, opened = run["loss"], nbviz.open_run(tmp_path)["loss"]
    assert [one.steps.tolist() for one in recorded.segments] == [
        list(range(1, 101)),
        list(range(50, 91)),
    ]
    for one, other in zip(recorded.segments, opened.segments, strict=True):
        np.testing.assert_array_equal(one.steps, other.steps)
        np.testing.assert_array_equal(one.values, other.values)
    assert [point.step for point in recorded.strays] == [10]
    assert [point.step for point in opened.strays] == [10]


def test_stragglers_in_a_row_are_no_restart_when_they_are_read_back(tmp_path: Path) -> None:
    run = nbviz.Run(dir=tmp_path)
    log(run, range(1, 101))
    log(run, [10])
    log(run, range(101, 121))
    log(run, [20])
    log(run, range(121, 141))
    run.journal.flush()
    log(run, [30])  # open, and written alone
    run.journal.flush()
    log(run, range(141, 151))
    log(run, [40])
    run.finish()
    for series in (run["loss"], nbviz.open_run(tmp_path)["loss"]):
        assert series.restarts == 0
        assert series.values.tolist() == list(range(1, 151))
        assert [point.step for point in series.strays] == [10, 20, 30, 40]


class Turns:
    """Threads whose log calls come one after another, as a test says."""

    def __init__(self, run: Run, count: int) -> None:
        self._run = run
        self._pools = [ThreadPoolExecutor(1) for _ in range(count)]
        for pool in self._pools:
            pool.submit(threading.get_ident).result()

    def log(self, thread: int, steps) -> None:
        self._pools[thread].submit(log, self._run, steps).result()

    def end(self) -> None:
        for pool in self._pools:
            pool.shutdown()


def test_what_a_thread_logs_far_behind_another_keeps_its_step(tmp_path: Path) -> None:
    run = nbviz.Run(dir=tmp_path)
    turns = Turns(run, 3)
    turns.log(0, range(0, 30_000, 3))
    run.drain()
    run.journal.flush()
    numbering = run["loss"].numbering
    for start in (0, 9_000, 18_000):  # stored, shown and written in between
        turns.log(1, range(start + 1, start + 9_000, 3))
        turns.log(2, range(start // 3 + 2, start // 3 + 3_000, 3))
        run.drain()
        run.journal.flush()
        assert run["loss"].numbering > numbering
        numbering = run["loss"].numbering
    turns.log(0, range(30_000, 30_010))
    turns.log(1, [29_999])
    turns.end()
    run.finish()
    for series in (run["loss"], nbviz.open_run(tmp_path)["loss"]):
        assert (series.restarts, series.strays) == (0, ())
        np.testing.assert_array_equal(series.values, series.steps)
        assert (np.diff(series.steps) >= 0).all()
        sample = series.sample(points=100)
        assert sample.count.sum() == len(series)
        np.testing.assert_array_equal(sample.steps, sample.min)
    np.testing.assert_array_equal(run["loss"].steps, nbviz.open_run(tmp_path)["loss"].steps)


def test_a_thread_that_is_far_ahead_does_not_make_another_one_begin_again() -> None:
    run = Run()
    turns = Turns(run, 2)
    turns.log(0, range(10))
    run.drain()
    turns.log(1, range(20, 30))  # stored by itself
    run.drain()
    turns.log(0, range(10, 14))
    turns.end()
    series = run["loss"]
    assert (series.restarts, series.strays) == (0, ())
    assert series.steps.tolist() == [*range(14), *range(20, 30)]


def test_a_restart_after_late_points_is_written_after_them(tmp_path: Path) -> None:
    run = nbviz.Run(dir=tmp_path)
    turns = Turns(run, 2)
    turns.log(0, range(100, 200))
    run.drain()
    run.journal.flush()
    turns.log(1, range(50, 150, 10))
    turns.log(0, range(20, 40))
    turns.end()
    run.finish()
    for series in (run["loss"], nbviz.open_run(tmp_path)["loss"]):
        before, after = series.segments
        assert before.steps.tolist() == sorted([*range(100, 200), *range(50, 150, 10)])
        assert after.steps.tolist() == list(range(20, 40))


def test_a_restart_at_the_step_of_a_point_that_came_alone_is_written_whole(tmp_path: Path) -> None:
    run = nbviz.Run(dir=tmp_path)
    for steps in (range(10), [5], range(10, 13)):
        log(run, steps)
        assert run.journal.flush()
    log(run, range(5, 8))
    run.finish()
    for series in (run["loss"], nbviz.open_run(tmp_path)["loss"]):
        assert [one.steps.tolist() for one in series.segments] == [[*range(13)], [5, 6, 7]]
        assert [point.step for point in series.strays] == [5]


def test_points_that_wait_to_be_sorted_in_are_there_for_who_reads() -> None:
    run = Run()
    turns = Turns(run, 2)
    turns.log(0, range(100, 200))
    run.drain()
    run._scalars._store._settles_from = math.inf  # it took long the last time
    turns.log(1, range(100))
    run.drain_ready()
    assert run.series("loss").steps.tolist() == list(range(100, 200))
    assert run._draining.something_waits
    turns.end()
    assert run["loss"].values.tolist() == list(range(200))
    assert not run._draining.something_waits


@pytest.mark.parametrize("seed", range(5))
def test_points_that_are_sorted_in_are_where_they_belong(seed: int, tmp_path: Path) -> None:
    generator = np.random.default_rng(seed)
    segment, file = Segment(), SpillFile(tmp_path)
    wanted = np.empty((0, 3))
    for turn in range(12):
        last = segment.last_step
        steps = np.sort(generator.integers(last, last + 9_000, 3_000))
        segment.extend(steps, steps / 2, steps + 0.5)
        wanted = np.concatenate([wanted, np.stack([steps, steps / 2, steps + 0.5], 1)])
        if turn % 3 == seed % 3 and segment.oldest_in_memory is not None:
            segment.spill_oldest(file)
        new = np.sort(generator.integers(0, segment.last_step, 1 + turn * 40))
        segment = segment.sorted_in(new, new / 2, -1.0 - new)
        wanted = np.concatenate([wanted, np.stack([new, new / 2, -1.0 - new], 1)])
        wanted = wanted[np.argsort(wanted[:, 0], kind="stable")]
        steps, seconds, values = segment.slice(0, len(segment))
        np.testing.assert_array_equal(steps, wanted[:, 0])
        np.testing.assert_array_equal(values, wanted[:, 2])
        np.testing.assert_allclose(seconds, wanted[:, 1], atol=0.005, rtol=1e-6)
        late = segment.late
        assert late.turn == turn + 1
        np.testing.assert_array_equal(late.places, np.flatnonzero(values < 0))
        np.testing.assert_array_equal(
            np.sort(values[late.places[late.turns == turn + 1]]), np.sort(-1.0 - new)
        )
        assert segment.sample(points=50).count.sum() == len(segment)
