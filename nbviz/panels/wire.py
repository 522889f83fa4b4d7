"""Numbers in the form in which they travel to the page."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

import numpy as np

from nbviz.text import clean_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz import protocol
    from nbviz.inspection.tensors.heatmaps import Heatmap
    from nbviz.recording.event_files.hparams import Parameter


def finite(value: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return value if value is not None and math.isfinite(value) else None


def number(value: float) -> float:
    """Return 0 for what JSON has no name for, where a page needs a number."""
    return value if math.isfinite(value) else 0.0


def json_value(value: Parameter) -> Parameter:
    """Return a hyper-parameter as JSON can hold it: what is not finite as its text."""
    if isinstance(value, str):
        return clean_line(value)
    if isinstance(value, bool) or value is None:
        return value
    # Whole numbers beyond these would come out changed.
    return value if math.isfinite(value) and abs(value) <= MOST_WHOLE else str(value)


MOST_WHOLE = 2**53
"""The largest whole number of which a page knows each digit."""


def deflated(numbers: NDArray[np.float64]) -> bytes:
    """Return float64 numbers in few bytes; `inflateDoubles` in the page reads them.

    All first bytes stand before all second ones, and so on: those of counts and of short fractions
    are mostly alike, and zlib makes little of them.
    """
    planes = numbers.astype("<f8").view(np.uint8).reshape(-1, 8).T
    return zlib.compress(planes.tobytes())


def heatmap_fields(heatmap: Heatmap) -> protocol.core.HeatmapFields:
    """Return what a tensor's heatmap says beside its cells."""
    return {
        "shape": list(heatmap.shape),
        "rows": heatmap.cells.shape[0],
        "columns": heatmap.cells.shape[1],
        "tile_rows": heatmap.tile_rows,
        "tile_columns": heatmap.tile_columns,
        "reduced": heatmap.reduced,
        "scale": number(heatmap.scale),
        "minimum": number(heatmap.minimum),
        "maximum": number(heatmap.maximum),
        "mean": number(heatmap.mean),
        "std": number(heatmap.std),
        "nonfinite": heatmap.nonfinite,
    }
