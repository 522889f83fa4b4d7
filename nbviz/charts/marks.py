"""Layers of a chart as bqplot's marks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bqplot
import numpy as np

from nbviz.pictures.figures.figure_picture import FARTHEST
from nbviz.pictures.figures.layers import Boxes, Columns, Curves, Dots, Wedges
from nbviz.pictures.shapes import fit_text, light

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.pictures.figures.layers import ElementOf, Figure, Layer

# bqplot draws every point of what is not selected, too.
LABEL_COLOR = "#808894"
"""Of texts whose own colour on a dark page would be orange; it is read on both."""

_TEXT_SIZE = 12.0
_LEGEND_NAME, _SLICE_NAME = 90.0, 82.0  # pixels; what is longer would lie outside
_UNSELECTED = {"opacity": "0.25"}


@dataclass(frozen=True, slots=True, eq=False)
class MarkValues:
    """One of bqplot's marks.

    Attributes:
        kind: Its class.
        values: Its traits.
        element_of: As `Curves.element_of`.
        tooltip: The fields that are shown of what is pointed at.
    """

    kind: Any
    values: dict[str, Any]
    element_of: ElementOf | None = None
    tooltip: tuple[str, ...] = ()

    def make(self, scales: Any) -> Any:
        """Return a new mark."""
        placed = {} if self.kind is bqplot.Pie else {"scales": scales}
        tooltip = bqplot.Tooltip(fields=list(self.tooltip)) if self.tooltip else None
        return self.kind(**self.values, **placed, tooltip=tooltip)


def marks_of(figure: Figure) -> list[MarkValues]:
    """Return what bqplot is to draw, from back to front."""
    return [mark for layer in figure.layers for mark in _marks(layer)]


def _marks(layer: Layer) -> list[MarkValues]:
    match layer:
        case Curves():
            return [_lines(layer)]
        case Dots():
            return [_scatter(layer)]
        case Columns():
            return [_bars(layer)]
        case Wedges():
            return [_pie(layer)]
        case Boxes():
            return _boxes(layer)


def _lines(layer: Curves) -> MarkValues:
    values = {
        "x": layer.x if len(layer.y) == 1 else _padded(layer.x),
        "y": _of_groups(_without_infinite(layer.y), np.nan),
        "colors": [light(color) for color in layer.colors],
        "labels": _legend(layer.names),
        "display_legend": bool(layer.names),
        "line_style": "dashed" if layer.is_dashed else "solid",
        "stroke_width": 1.8,
    }
    return MarkValues(bqplot.Lines, values, layer.element_of)


def _scatter(layer: Dots) -> MarkValues:
    values = {
        "x": layer.x,
        "y": _without_infinite(layer.y),
        "colors": [light(color) for color in layer.colors],
        "names": np.array(layer.names) if layer.names else None,
        "display_names": False,
        "labels": _legend((layer.name,) if layer.name else ()),
        "display_legend": bool(layer.name),
        "default_size": round(layer.size**2),
        "stroke_width": 0.0,
        "unselected_style": _UNSELECTED,
    }
    shown = ("name", "x", "y") if layer.names else ("x", "y")
    return MarkValues(bqplot.Scatter, values, layer.element_of, shown)


def _bars(layer: Columns) -> MarkValues:
    is_one = len(layer.heights) == 1
    values = {
        "x": layer.x if is_one else _padded(layer.x),
        "y": _of_groups(np.nan_to_num(_without_infinite(layer.heights)), 0.0),
        "colors": [light(color) for color in layer.colors],
        "type": "stacked" if is_one else "grouped",
        "labels": _legend(layer.names),
        "display_legend": bool(layer.names),
        "padding": layer.gap,
        "align": "center",
        "unselected_style": _UNSELECTED,
    }
    return MarkValues(bqplot.Bars, values, layer.element_of, ("x", "y"))


def _pie(layer: Wedges) -> MarkValues:
    shares = layer.sizes / max(float(layer.sizes.sum()), 1e-300)
    names = [
        f"{fit_text(name, _TEXT_SIZE, _SLICE_NAME)} {share:.0%}".strip()
        for name, share in zip(layer.names, shares, strict=True)
    ]
    values = {
        "sizes": layer.sizes,
        "colors": [light(color) for color in layer.colors],
        "labels": names,
        "display_labels": "outside",
        "label_color": LABEL_COLOR,
        "sort": False,
        "radius": 90,
        "inner_radius": 0,
        "stroke": "white",
        "unselected_style": _UNSELECTED,
    }
    return MarkValues(bqplot.Pie, values, layer.element_of, ("label", "size"))


def _boxes(layer: Boxes) -> list[MarkValues]:
    places = np.arange(len(layer.levels), dtype=np.float64)
    known = ~np.isnan(layer.levels).any(axis=1)
    width = int(max(5, min(60, 330 / max(1, len(places)))))
    marks: list[MarkValues] = []
    for color in dict.fromkeys(layer.colors):
        own = known & (np.array(layer.colors) == color)
        values = {
            "x": places[own],
            # Of these five the quartiles are the same as of all values.
            "y": _without_infinite(layer.levels[own]),
            "box_fill_color": light(color),
            "box_width": width,
            "stroke": "gray",
            "opacities": [0.8] * int(own.sum()),
            "auto_detect_outliers": False,
        }
        marks.append(MarkValues(bqplot.Boxplot, values))
    # bqplot's boxes cannot be selected; clear columns before them can.
    finite = layer.levels[np.isfinite(layer.levels)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    # Below the plot, where the line that bqplot draws at it is not seen.
    base = max(-FARTHEST, low - (high * 0.5 - low * 0.5) - 1e-9 * abs(low) - 1e-300)
    columns = {
        "x": places,
        "y": np.where(known, high, base),
        "base": base,
        "colors": [light("series-1")],
        "opacities": [0.004] * len(places),
        "padding": 0.2,
        "selected_style": {"opacity": "0.18"},
    }
    return [*marks, MarkValues(bqplot.Bars, columns, layer.element_of)]


def _without_infinite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Infinite values have no place on a scale; the saved picture has them at its edge."""
    return np.where(np.isinf(values), np.nan, values)


def _padded(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """One place becomes two: bqplot squeezes arrays, and would take groups for places."""
    return np.append(x, x + 1) if len(x) == 1 else x


def _of_groups(values: NDArray[np.float64], blank: float) -> NDArray[np.float64]:
    if len(values) == 1:
        return values[0]
    return (
        np.pad(values, ((0, 0), (0, 1)), constant_values=blank) if values.shape[1] == 1 else values
    )


def _legend(names: tuple[str, ...]) -> list[str]:
    return [fit_text(name, _TEXT_SIZE, _LEGEND_NAME) for name in names]
