"""Sealed blocks: exact steps and values, wall times within their bound."""

from __future__ import annotations

import numpy as np
import pytest

from nbviz.recording.scalars.block import BLOCK, WALL_TIME_ERROR, Block

random = np.random.default_rng(0)
index = np.arange(BLOCK)


@pytest.mark.parametrize(
    "walls",
    [
        index * 1e-6,
        np.cumsum(random.exponential(2.5e-4, BLOCK)),
        np.cumsum(random.exponential(0.05, BLOCK)),
        np.where(index > 1000, 3600.0, 0.0) + index * 0.001,
    ],
    ids=["even", "jittered", "slow", "paused"],
)
def test_wall_times_are_within_their_bound(walls) -> None:
    block = Block(index, 1000.0 + walls, np.zeros(BLOCK))
    bound = WALL_TIME_ERROR + 1e-7 * walls[-1]
    assert np.abs(block.wall_times(0, BLOCK) - 1000.0 - walls).max() <= bound
    assert np.abs(block.at(index)[1] - 1000.0 - walls).max() <= bound
    np.testing.assert_array_equal(block.wall_times(7, 99), block.at(np.arange(7, 99))[1])


@pytest.mark.parametrize(
    "steps",
    [
        index * 10 + 3,
        np.cumsum(random.integers(0, 9, BLOCK)),
        index * 2**33 + (index > 9),
        index * 0,
    ],
    ids=["regular", "irregular", "wide", "equal"],
)
def test_steps_are_exact(steps) -> None:
    block = Block(steps, index * 0.1, np.zeros(BLOCK))
    np.testing.assert_array_equal(block.steps(0, BLOCK), steps)
    np.testing.assert_array_equal(block.steps(5, 50), steps[5:50])
    np.testing.assert_array_equal(block.at(np.array([0, 4, BLOCK - 1]))[0], steps[[0, 4, -1]])


def test_regular_steps_and_even_times_cost_next_to_nothing() -> None:
    block = Block(index * 100, index * 0.001, np.zeros(BLOCK))
    assert block.nbytes <= 8.1 * BLOCK
