"""Any range of a series in N buckets, from the pyramid and, at its ends, from the points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from nbviz.errors import ConfigurationError
from nbviz.recording.scalars.units import Units, concatenate, merge, of_points, reduce_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.recording.scalars.pyramid import Level, Pyramid

_FEWEST_UNITS = 1000  # a coarser level would leave long ends to be read point by point
_SHORT = 1024  # points that may be searched one by one


class Sampled(Protocol):
    """What ranges are taken of: points by their index."""

    def __len__(self) -> int: ...

    def slice(
        self, start: int, stop: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Return steps, wall times and values."""
        ...

    def values_between(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return values."""
        ...

    def at(self, indices: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return steps and wall times of points with rising indices."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A range of a series in buckets of neighbouring points, in their order.

    Every point of the range is in exactly one bucket, so no extreme, NaN or infinity is lost.

    Attributes:
        steps: int64, step of each bucket's first point.
        wall_times: float64, seconds since the run started, of each bucket's first point.
        min: float64, smallest value, -inf included; NaN where all values are NaN.
        max: float64, largest value, inf included; NaN where all values are NaN.
        mean: float64, mean of the finite values; NaN where there is none.
        count: int64, number of points.
        nan: int64, number of NaN among them.
    """

    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    min: NDArray[np.float64]
    max: NDArray[np.float64]
    mean: NDArray[np.float64]
    count: NDArray[np.int64]
    nan: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.steps)


def sample(
    series: Sampled, pyramid: Pyramid, first_step: int | None, last_step: int | None, points: int
) -> Sample:
    """Reduce a range of steps, both included, to at most `points` buckets.

    A long range gives at least half as many: to read 128,000 points one by one takes over 1 ms.

    Raises:
        ConfigurationError: `points` is below 1.
    """
    if points < 1:
        raise ConfigurationError(f"points must be at least 1, got {points}.")
    length = len(series)
    start = 0 if first_step is None else _search(series, pyramid, first_step, length, "left")
    stop = length if last_step is None else _search(series, pyramid, last_step, length, "right")
    stop = max(start, stop)
    level = pyramid.level_for(stop - start, max(points // 2, _FEWEST_UNITS))
    if level is None:
        return _to_sample(_from_points(series, start, stop, points))
    return _to_sample(_from_level(series, level, start, stop, points))


def _from_points(series: Sampled, start: int, stop: int, points: int) -> Units:
    if stop - start <= points:
        return of_points(*series.slice(start, stop))
    return _reduced(series, start, stop, _starts(stop - start, points))


def _from_level(series: Sampled, level: Level, start: int, stop: int, points: int) -> Units:
    span = level.span
    first = -(-start // span)
    end = min(stop // span, len(level))
    parts: list[Units] = []
    if first * span > start:
        parts.append(_reduced(series, start, first * span, np.zeros(1, np.intp)))
    parts.append(level.slice(first, end))
    if end * span < stop:
        parts.append(_reduced(series, end * span, stop, np.arange(0, stop - end * span, span)))
    units = concatenate(parts)
    return merge(units, _starts(len(units), points)) if len(units) > points else units


def _reduced(series: Sampled, start: int, stop: int, starts: NDArray[np.intp]) -> Units:
    steps, wall_times = series.at(start + starts)
    return reduce_points(steps, wall_times, series.values_between(start, stop), starts)


def _starts(length: int, groups: int) -> NDArray[np.intp]:
    """First indices of groups of nearly equal size."""
    return np.arange(groups) * length // groups


def _search(series: Sampled, pyramid: Pyramid, step: int, length: int, side: str) -> int:
    """Index of the first point at or after a step ("left"), or after it ("right")."""
    low, high = 0, length
    level = pyramid.levels[0]
    # The pyramid may be ahead of the length that readers see.
    known = level.steps[: length // level.span]
    unit = int(np.searchsorted(known, step, "left" if side == "left" else "right"))
    if unit > 0:
        low = (unit - 1) * level.span
    if unit < len(known):
        high = unit * level.span
    while high - low > _SHORT:  # the end that the pyramid does not reach yet
        middle = (low + high) // 2
        found = int(series.slice(middle, middle + 1)[0][0])
        if found < step or (side == "right" and found == step):
            low = middle + 1
        else:
            high = middle
    steps = series.slice(low, high)[0]
    return low + int(np.searchsorted(steps, step, "left" if side == "left" else "right"))


def _to_sample(units: Units) -> Sample:
    return Sample(
        units.steps,
        units.wall_times,
        units.min,
        units.max,
        units.mean,
        units.count,
        units.nan,
    )
