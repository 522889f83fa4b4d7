"""A sealed block of a series: values as they are, steps and wall times packed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import NDArray

    Store = Callable[[NDArray[Any]], NDArray[Any]]

BLOCK = 4096
"""Points in a block."""

WALL_TIME_ERROR = 0.005
"""Seconds by which a sealed wall time may differ from the one recorded."""

_KNOT_SPANS = (64, 8)


class Block:
    """Points that no longer change.

    Regular steps are held as first and stride, others as offsets of 4 bytes (8 where the block
    spans more than 2³¹ steps). Wall times are held as knots with straight lines between them, 64
    or 8 points apart, if no point is more than `WALL_TIME_ERROR` off; else each as a float32
    offset (error 6e-8 of the block's duration).

    Args:
        steps: Of its points.
        wall_times: Of its points, in seconds.
        values: Of its points; kept as they are, so nothing may write to them afterwards.
    """

    __slots__ = ("_knot_span", "_knots", "_steps", "_wall_start", "first_step", "stride", "values")

    def __init__(
        self,
        steps: NDArray[np.int64],
        wall_times: NDArray[np.float64],
        values: NDArray[np.float64],
    ) -> None:
        assert len(values) == BLOCK
        self.values = values
        self.first_step = int(steps[0])
        self.stride, self._steps = _pack_steps(steps)
        self._wall_start = float(wall_times[0])
        self._knot_span, self._knots = _pack_wall_times(wall_times - wall_times[0])

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays, in memory or in a file."""
        steps = 0 if self._steps is None else self._steps.nbytes
        return self.values.nbytes + steps + self._knots.nbytes

    @property
    def wall_start(self) -> float:
        """Wall time of its first point."""
        return self._wall_start

    def steps(self, start: int, stop: int) -> NDArray[np.int64]:
        """Return steps of points `start` up to `stop` of the block."""
        if self._steps is None:
            return self.first_step + self.stride * np.arange(start, stop, dtype=np.int64)
        return self.first_step + self._steps[start:stop].astype(np.int64)

    def wall_times(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return wall times of points `start` up to `stop` of the block, in seconds."""
        offsets = _unpack_wall_times(self._knot_span, self._knots)
        return self._wall_start + offsets[start:stop]

    def at(self, indices: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return steps and wall times of the points with these indices in the block."""
        if self._steps is None:
            steps = self.first_step + self.stride * indices.astype(np.int64)
        else:
            steps = self.first_step + self._steps[indices].astype(np.int64)
        knot, beyond = np.divmod(indices, self._knot_span)
        start = self._knots[knot].astype(np.float64)
        rise = self._knots[knot + 1] - start
        return steps, self._wall_start + start + rise * (beyond / self._knot_span)

    def step_at(self, index: int) -> int:
        """Return the step of the point with this index in the block."""
        offset = self.stride * index if self._steps is None else int(self._steps[index])
        return self.first_step + offset

    def spill(self, store: Store) -> int:
        """Replace the arrays by what `store` returns for them; return the bytes freed.

        Readers may hold the old arrays.
        """
        values, knots = store(self.values), store(self._knots)
        steps = None if self._steps is None else store(self._steps)
        self.values, self._knots, self._steps = values, knots, steps
        return self.nbytes


def _pack_steps(steps: NDArray[np.int64]) -> tuple[int, NDArray[Any] | None]:
    strides = np.diff(steps)
    stride = int(strides[0])
    if bool((strides == stride).all()):
        return stride, None
    offsets = steps - steps[0]
    fits = int(np.abs(offsets).max()) <= np.iinfo(np.int32).max
    return 0, offsets.astype(np.int32) if fits else offsets


def _pack_wall_times(offsets: NDArray[np.float64]) -> tuple[int, NDArray[np.float32]]:
    last = 2 * offsets[-1] - offsets[-2]
    for span in _KNOT_SPANS:
        knots = np.append(offsets[::span], last).astype(np.float32)
        error = np.abs(_unpack_wall_times(span, knots) - offsets).max()
        if error <= WALL_TIME_ERROR:
            return span, knots
    return 1, np.append(offsets, last).astype(np.float32)


def _unpack_wall_times(span: int, knots: NDArray[np.float32]) -> NDArray[np.float64]:
    exact = knots.astype(np.float64)
    between = np.arange(span) / span
    return (exact[:-1, None] + np.diff(exact)[:, None] * between).reshape(-1)
