"""Points and buckets of points as columns of float64, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.recording.scalars.units import reduce_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.recording.scalars.series import Sample, Series
    from nbviz.recording.scalars.units import Units

BUCKET_BYTES = 56


def columns_of(*columns: NDArray[Any]) -> NDArray[np.float64]:
    """Return columns of equal length, one after the other."""
    return np.concatenate([np.asarray(column, np.float64) for column in columns])


def bucket_columns(sample: Sample | Units) -> NDArray[np.float64]:
    """Return the seven columns, as `protocol.curves.BucketsAppended` lays them out."""
    return columns_of(
        sample.steps,
        sample.wall_times,
        sample.min,
        sample.max,
        sample.mean,
        sample.count,
        sample.nan,
    )


def reduced(series: Series, start: int, stop: int, points: int) -> tuple[int, NDArray[np.float64]]:
    """Return the number of buckets and their columns, of points `start` up to `stop`."""
    if start == 0 and stop == len(series):
        sample = series.sample(None, None, points)
        if int(sample.count.sum()) == stop:  # nothing was appended meanwhile
            return len(sample.steps), bucket_columns(sample)
    steps, wall_times, values = series.slice(start, stop)
    edges = np.linspace(0, len(steps), points, endpoint=False).astype(np.intp)
    units = reduce_points(steps[edges], wall_times[edges], values, edges)
    return len(units), bucket_columns(units)
