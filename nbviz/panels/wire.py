"""Numbers in the form in which they travel to the page."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING, Any, Literal

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


def deflated(*parts: NDArray[Any]) -> bytes:
    """Return numbers in few bytes, one part after another.

    Of each part all first bytes stand before all second ones, and so on: those of counts and of
    short fractions are mostly alike, and zlib makes little of them. In the page `inflateDoubles`
    reads one part of float64, `inflateParts` what `narrowed` made.
    """
    return zlib.compress(b"".join(map(_planes, parts)))


def _planes(numbers: NDArray[Any]) -> bytes:
    little = np.ascontiguousarray(numbers, numbers.dtype.newbyteorder("<"))
    return little.view(np.uint8).reshape(-1, numbers.itemsize).T.tobytes()


def narrowed(numbers: NDArray[Any]) -> tuple[NDArray[Any], protocol.core.NumberType]:
    """Return numbers from 0 on in the smallest type that is exact, or has seven digits of each.

    Zlib takes a time for each byte, and the page for each that is not its own number.
    """
    most = numbers.max(initial=0)
    if numbers.dtype.kind in "ui" or (most < _MOST_UINT32 and bool((numbers % 1 == 0).all())):
        for whole in _WHOLE:
            if most <= np.iinfo(whole).max:
                return numbers.astype(whole), whole
    least = numbers.min(where=numbers > 0, initial=np.inf)
    is_within = most <= _FLOAT32.max and least >= _FLOAT32.tiny
    name = "float32" if is_within else "float64"
    return numbers.astype(name), name


_WHOLE: tuple[Literal["uint8", "uint16", "uint32"], ...] = ("uint8", "uint16", "uint32")
_MOST_UINT32 = 2**32
_FLOAT32 = np.finfo(np.float32)


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
