"""Steps that go backwards: a restart begins a new segment, and nothing raises or is lost."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

import nbviz
from nbviz import Run
from nbviz.recording.scalars.series import Point

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
