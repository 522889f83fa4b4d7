"""Neighbouring points as units: first step, extremes, mean and counts, exact when merged."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Runs of neighbouring points, one entry of every array for each.

    Attributes:
        steps: int64, step of the first point.
        wall_times: float64, seconds; of the first point.
        min: float64, over all values but NaN; NaN if all are.
        max: float64, as `min`.
        mean: float64, over the finite values; NaN if there is none.
        count: int64, number of points.
        nan: int64, how many of them are NaN.
        infinite: int64, how many of them are ±inf.
    """

    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    min: NDArray[np.float64]
    max: NDArray[np.float64]
    mean: NDArray[np.float64]
    count: NDArray[np.int64]
    nan: NDArray[np.int64]
    infinite: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.steps)


def of_points(
    steps: NDArray[np.int64], wall_times: NDArray[np.float64], values: NDArray[np.float64]
) -> Units:
    """Make every point a unit."""
    nan = np.isnan(values)
    finite = np.isfinite(values)
    return Units(
        steps,
        wall_times,
        values,
        values,
        np.where(finite, values, np.nan),
        np.ones(len(values), np.int64),
        nan.astype(np.int64),
        (~(nan | finite)).astype(np.int64),
    )


def reduce_points(
    steps: NDArray[np.int64],
    wall_times: NDArray[np.float64],
    values: NDArray[np.float64],
    starts: NDArray[np.intp],
) -> Units:
    """Reduce points to one unit for each start; a unit reaches to the next start.

    Args:
        steps: Step of the first point of each unit.
        wall_times: Its wall time in seconds.
        values: The values of all points.
        starts: Rising indices of the first points, the first 0.
    """
    count = np.diff(starts, append=len(values))
    zero = np.zeros(len(starts), np.int64)
    with np.errstate(all="ignore"):
        total = np.add.reduceat(values, starts)
        if np.isfinite(total).all():
            low = np.minimum.reduceat(values, starts)
            high = np.maximum.reduceat(values, starts)
            return Units(steps, wall_times, low, high, total / count, count, zero, zero)
        nan = np.isnan(values)
        finite = np.isfinite(values)
        numbers = np.add.reduceat(finite, starts, dtype=np.int64)
        nans = np.add.reduceat(nan, starts, dtype=np.int64)
        mean = _weighted_mean(values, finite.astype(np.int64), numbers, starts, count)
        return Units(
            steps,
            wall_times,
            np.fmin.reduceat(values, starts),
            np.fmax.reduceat(values, starts),
            mean,
            count,
            nans,
            count - numbers - nans,
        )


def merge(units: Units, starts: NDArray[np.intp]) -> Units:
    """Merge neighbouring units to one for each start."""
    with np.errstate(all="ignore"):
        count = np.add.reduceat(units.count, starts)
        if not units.nan.any() and not units.infinite.any():
            mean = np.add.reduceat(units.mean * units.count, starts) / count
            if np.isfinite(mean).all():
                zero = np.zeros(len(starts), np.int64)
                low = np.minimum.reduceat(units.min, starts)
                high = np.maximum.reduceat(units.max, starts)
                return Units(
                    units.steps[starts],
                    units.wall_times[starts],
                    low,
                    high,
                    mean,
                    count,
                    zero,
                    zero,
                )
        nan = np.add.reduceat(units.nan, starts)
        infinite = np.add.reduceat(units.infinite, starts)
        numbers = units.count - units.nan - units.infinite
        sizes = np.diff(starts, append=len(units))
        mean = _weighted_mean(units.mean, numbers, count - nan - infinite, starts, sizes)
        return Units(
            units.steps[starts],
            units.wall_times[starts],
            np.fmin.reduceat(units.min, starts),
            np.fmax.reduceat(units.max, starts),
            mean,
            count,
            nan,
            infinite,
        )


def concatenate(parts: Sequence[Units]) -> Units:
    """Put units that follow each other into one."""
    if len(parts) == 1:
        return parts[0]
    columns: list[Any] = [
        np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(Units)
    ]
    return Units(*columns)


def _weighted_mean(
    values: NDArray[np.float64],
    weights: NDArray[np.int64],
    totals: NDArray[np.int64],
    starts: NDArray[np.intp],
    sizes: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Mean of the values with weight in each group; NaN where a group has none."""
    values = np.where(weights > 0, values, 0.0)
    mean = np.add.reduceat(values * weights, starts) / totals
    if np.isfinite(mean[totals > 0]).all():
        return mean
    # The sum of huge values overflows where their mean does not.
    shares = weights / np.repeat(np.maximum(totals, 1), sizes)
    careful = np.add.reduceat(values * shares, starts)
    return np.where(totals > 0, careful, np.nan)
