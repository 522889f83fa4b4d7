"""What the page is given to draw, as JSON: arrays as text, which every comm carries."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.pictures.figures.cells import Cells
from nbviz.pictures.figures.spread import Arrows, Parallel
from nbviz.pictures.shapes import light

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EXACT = 10_000  # cells whose values travel as they are
_LEVELS = 65_534  # of the others' values; one more stands for NaN


def page_data(described: Cells | Arrows | Parallel) -> dict[str, Any]:
    """Return what `js/src/data-charts` reads."""
    match described:
        case Cells():
            return _of_cells(described)
        case Arrows():
            return _of_arrows(described)
        case Parallel():
            return _of_parallel(described)


def _of_cells(cells: Cells) -> dict[str, Any]:
    rows, columns = cells.values.shape
    return {
        "chart": "cells",
        "title": cells.title,
        "remark": cells.remark,
        "rows": rows,
        "columns": columns,
        "shape": list(cells.shape),
        "block": list(cells.block),
        "values": _values(cells.values),
        "palette": cells.palette,
        "low": cells.low,
        "high": cells.high,
        "color": light(cells.color) if cells.color else "",
        "row_names": list(cells.row_names[:: cells.block[0]]),
        "column_names": list(cells.column_names[:: cells.block[1]]),
        "row_label": cells.row_label,
        "column_label": cells.column_label,
        "x": cells.x,
        "y": cells.y,
        "lines": [
            {"level": level, "points": _array(points.astype(np.float32))}
            for level, points in cells.lines
        ],
    }


def _values(values: NDArray[np.float64]) -> dict[str, Any]:
    if values.size <= _EXACT:
        return {"exact": _array(values)}
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    scale = (high * 0.5 - low * 0.5) / _LEVELS * 2
    steps = (values * 0.5 - low * 0.5) / scale * 2 if scale > 0 else values * 0
    cells = np.where(np.isfinite(values), np.nan_to_num(steps).round(), _LEVELS + 1)
    return {
        "steps": _array(cells.clip(0, _LEVELS + 1).astype(np.uint16)),
        "low": low,
        "scale": scale,
    }


def _of_arrows(arrows: Arrows) -> dict[str, Any]:
    arrays = (arrows.x, arrows.y, arrows.u, arrows.v)
    return {
        "chart": "arrows",
        "title": arrows.title,
        "remark": arrows.remark,
        "names": list(arrows.names),
        "ends": list(arrows.ends),
        "longest": arrows.longest,
        "rows": _array(arrows.chosen.astype(np.uint32)),
        "arrows": _array(np.stack(arrays).astype(np.float64)),
        "colors": [light(color) for color in arrows.colors],
        "color_names": list(arrows.color_names),
        "of_row": _array(arrows.of_arrow.astype(np.uint8)),
    }


def _of_parallel(parallel: Parallel) -> dict[str, Any]:
    return {
        "chart": "parallel",
        "title": parallel.title,
        "remark": parallel.remark,
        "axes": [
            {"name": axis.name, "words": list(axis.words), "values": _array(axis.values)}
            for axis in parallel.axes
        ],
        "rows": _array(parallel.chosen.astype(np.uint32)),
        "colors": [light(color) for color in parallel.colors],
        "color_names": list(parallel.color_names),
        "of_row": _array(parallel.of_line.astype(np.uint8)),
    }


def _array(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")
