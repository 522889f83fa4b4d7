"""Numbers and texts in the form in which they travel to the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbviz import protocol
    from nbviz.inspection.tensors.pictures import WeightsImage


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
