"""Numbers in the form in which they travel to the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbviz import protocol
    from nbviz.inspection.tensors.pictures import WeightsImage


def finite(value: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return value if value is not None and math.isfinite(value) else None


def number(value: float) -> float:
    """Return 0 for what JSON has no name for, where a page needs a number."""
    return value if math.isfinite(value) else 0.0


def picture_fields(image: WeightsImage) -> protocol.core.PictureFields:
    """Return what is told of a tensor's picture beside its cells."""
    return {
        "shape": list(image.shape),
        "rows": image.cells.shape[0],
        "columns": image.cells.shape[1],
        "tile_rows": image.tile_rows,
        "tile_columns": image.tile_columns,
        "reduced": image.reduced,
        "scale": number(image.scale),
        "minimum": number(image.minimum),
        "maximum": number(image.maximum),
        "mean": number(image.mean),
        "std": number(image.std),
        "nonfinite": image.nonfinite,
    }
