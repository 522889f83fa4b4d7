"""Numbers and texts in the form in which they travel to the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.recording.series import Sample, Series


def wire_text(text: str) -> str:
    """JSON in UTF-8 has no half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode()


def finite(value: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return value if value is not None and math.isfinite(value) else None


def columns_of(*columns: NDArray[Any]) -> NDArray[np.float64]:
    """Return columns of equal length, one after the other."""
    return np.concatenate([np.asarray(column, np.float64) for column in columns])


def bucket_columns(sample: Sample) -> NDArray[np.float64]:
    """Return a sample's seven columns, as `protocol.BucketsAppended` lays them out."""
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
    nan = np.isnan(values)
    finite = np.isfinite(values)
    sizes = np.diff(edges, append=len(steps))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.add.reduceat(np.where(finite, values, 0.0), edges) / np.add.reduceat(
            finite.astype(np.float64), edges
        )
    low = np.minimum.reduceat(np.where(nan, np.inf, values), edges)
    high = np.maximum.reduceat(np.where(nan, -np.inf, values), edges)
    empty = np.add.reduceat(nan.astype(np.intp), edges) == sizes
    low[empty] = high[empty] = np.nan
    columns = columns_of(
        steps[edges],
        wall_times[edges],
        low,
        high,
        mean,
        sizes,
        np.add.reduceat(nan.astype(np.float64), edges),
    )
    return len(edges), columns
