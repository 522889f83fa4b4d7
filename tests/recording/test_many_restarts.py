"""A training that begins again and again: what is kept grows with its points alone."""

from __future__ import annotations

import numpy as np
import pytest

import nbviz
from nbviz import Run
from nbviz.recording.scalars.block import BLOCK
from nbviz.recording.scalars.budget import MemoryBudget
from nbviz.recording.scalars.segment import SEGMENT_BYTES
from nbviz.recording.scalars.series import Series

PERIOD = 3
RESTARTS = 6000


def zigzag() -> Series:
    """Return a series that begins again after every third step, then goes on for long."""
    series = Series("loss")
    count = PERIOD * RESTARTS
    for start in range(0, count, 1000):
        numbers = np.arange(start, min(count, start + 1000))
        writers = np.ones(len(numbers), np.int64)
        series.append(numbers % PERIOD, numbers * 0.01, numbers.astype(float), writers)
    return series


def test_short_segments_take_no_more_than_their_points() -> None:
    series = zigzag()
    segments = series.segments
    assert len(segments) == RESTARTS
    assert series.nbytes < 4 * SEGMENT_BYTES + 32 * PERIOD * RESTARTS
    for number in (0, 1, BLOCK // PERIOD, RESTARTS - 2, RESTARTS - 1):
        first = number * PERIOD
        one = segments[number]
        assert one.steps.tolist() == [0, 1, 2]
        assert one.values.tolist() == [first, first + 1, first + 2]
        np.testing.assert_allclose(one.wall_times, np.arange(first, first + 3) * 0.01, atol=0.005)
        assert one.sample(points=2).count.sum() == PERIOD
    whole = np.concatenate([one.values for one in segments])
    np.testing.assert_array_equal(whole, np.arange(PERIOD * RESTARTS))
    assert [len(one) for one in segments[-2:]] == [3, 3]
    with pytest.raises(IndexError, match="no segment 6000: there are 6000"):
        segments[RESTARTS]


def test_segments_that_were_read_stay_as_they_were() -> None:
    series = zigzag()
    before = series.segments
    series.restart()
    steps = np.arange(2 * BLOCK)  # long: a segment of its own
    series.extend(steps, steps * 0.01, steps * 2.0)
    series.restart()
    series.extend(steps[:5], steps[:5] * 0.01, steps[:5] * 3.0)
    assert len(before) == RESTARTS
    assert before[-1].values.tolist() == [17_997, 17_998, 17_999]
    assert before.count_points() == PERIOD * RESTARTS
    now = series.segments
    assert [len(one) for one in now[-3:]] == [PERIOD, 2 * BLOCK, 5]
    assert now.count_points() == PERIOD * RESTARTS + 2 * BLOCK + 5
    assert now.count_points(RESTARTS - 1) == PERIOD + 2 * BLOCK + 5
    assert now.count_points(RESTARTS) == 2 * BLOCK + 5
    assert now.count_points(RESTARTS + 1) == 5


def test_short_segments_move_to_the_file_past_the_budget() -> None:
    series = zigzag()
    budget = MemoryBudget(100_000, print)
    budget.enforce([series])
    assert series.nbytes < 100_000 < budget.spilled_bytes
    whole = np.concatenate([one.values for one in series.segments])
    np.testing.assert_array_equal(whole, np.arange(PERIOD * RESTARTS))


def test_they_are_written_and_opened_again(tmp_path) -> None:
    run = Run(dir=tmp_path)
    for number in range(600):
        run.log({"loss": float(number)}, step=number % PERIOD)
    run.finish()
    opened = nbviz.open_run(tmp_path)
    for one in (run, opened):
        segments = one["loss"].segments
        assert len(segments) == 200
        assert [segment.values.tolist() for segment in segments] == [
            [first, first + 1.0, first + 2.0] for first in range(0, 600, 3)
        ]
