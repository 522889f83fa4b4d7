"""Numbers and texts in the form in which they travel to the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.recording.scalars.units import reduce_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz import protocol
    from nbviz.inspection.tensors.pictures import WeightsImage
    from nbviz.recording.scalars.series import Sample, Series
    from nbviz.recording.scalars.units import Units


def wire_text(text: str) -> str:
    """JSON in UTF-8 has no half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode()


def finite(value: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return value if value is not None and math.isfinite(value) else None


def picture_fields(image: WeightsImage) -> protocol.core.PictureFields:
    """Return what is told of a tensor's picture beside its cells."""
    return {
        "shape": list(image.shape),
        "rows": image.cells.shape[0],
        "columns": image.cells.shape[1],
        "tile_rows": image.tile_rows,
        "tile_columns": image.tile_columns,
        "reduced": image.reduced,
        "scale": finite(image.scale) or 0.0,
        "minimum": finite(image.minimum) or 0.0,
        "maximum": finite(image.maximum) or 0.0,
        "mean": finite(image.mean) or 0.0,
        "std": finite(image.std) or 0.0,
        "nonfinite": image.nonfinite,
    }


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
