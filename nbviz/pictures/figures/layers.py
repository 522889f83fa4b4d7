"""What a chart of a user's data shows, whatever draws it: a live widget or a saved picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

NO_ELEMENT = -1
"""Where an input row is not drawn by itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Which input row each element of a layer is, where only some rows are drawn by themselves.

    Attributes:
        row_of: For each element its row; int64, shape (elements,).
    """

    row_of: NDArray[np.int64]


ElementOf = NDArray[np.signedinteger[Any]] | Drawn
"""For each input row the element that stands for it, or `NO_ELEMENT`, of shape (rows,) or (several,
rows); or the row of each element."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis.

    Attributes:
        label: What it measures; "" for nothing.
        names: What stands at 0, 1, 2, … of an axis without numbers.
        low: Where it begins; None for the data's own.
        high: Where it ends; None for the data's own.
    """

    label: str = ""
    names: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Lines through points, broken where a value is NaN.

    Attributes:
        x: Of the points that all curves share; float64, shape (points,).
        y: float64, shape (curves, points).
        colors: A colour's name for each curve, as of `nbviz.pictures.shapes`.
        names: One for each curve, or none.
        element_of: Which points stand for which rows. None where nothing of the layer can be
            selected.
        is_dashed: Whether they are dashed.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    colors: tuple[str, ...]
    names: tuple[str, ...] = ()
    element_of: ElementOf | None = None
    is_dashed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Dots:
    """Points.

    Attributes:
        x: float64, shape (points,).
        y: The same.
        colors: One for all, or one for each.
        name: Of all of them, for the legend.
        names: One for each, or none.
        element_of: As for `Curves`.
        size: The diameter, in pixels.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    colors: tuple[str, ...]
    name: str = ""
    names: tuple[str, ...] = ()
    element_of: ElementOf | None = None
    size: float = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Bars from 0, those of one place beside each other.

    Attributes:
        x: Middles; float64, shape (places,).
        heights: float64, shape (groups, places).
        colors: One for each group; of one group also one for each place.
        names: One for each group, or none.
        element_of: As for `Curves`; the elements are places.
        gap: The share of a place that is left free.
    """

    x: NDArray[np.float64]
    heights: NDArray[np.float64]
    colors: tuple[str, ...]
    names: tuple[str, ...] = ()
    element_of: ElementOf | None = None
    gap: float = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Wedges:
    """The slices of a pie.

    Attributes:
        sizes: Finite, from 0 on; float64, shape (slices,).
        colors: One for each.
        names: One for each.
        element_of: As for `Curves`.
    """

    sizes: NDArray[np.float64]
    colors: tuple[str, ...]
    names: tuple[str, ...]
    element_of: ElementOf | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Boxes from quartile to quartile with whiskers, at 0, 1, 2 and so on.

    Attributes:
        levels: End of the lower whisker, lower quartile, median, upper quartile, end of the upper
            whisker; float64, shape (boxes, 5), NaN where a box has no values.
        colors: One for each.
        element_of: As for `Curves`.
    """

    levels: NDArray[np.float64]
    colors: tuple[str, ...]
    element_of: ElementOf | None = None


Layer = Curves | Dots | Columns | Wedges | Boxes


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A chart.

    Attributes:
        title: "" for none.
        rows: How many input rows there are.
        layers: From back to front.
        x: The axis below.
        y: The axis at the left.
        remark: What there is to say beside the title, such as how many points are drawn.
        points: All that a box can hold, x and y by input row, where only a sample is drawn.
        legend_at: Where a legend covers the least, where it lies inside.
        selects: What a reader selects with: an interval along x, a box, or clicks.
    """

    title: str
    rows: int
    layers: tuple[Layer, ...]
    x: Axis = field(default_factory=Axis)
    y: Axis = field(default_factory=Axis)
    remark: str = ""
    points: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    legend_at: Literal["top-right", "bottom-right", "bottom-left"] = "top-right"
    selects: Literal["interval", "box", "click"] = "click"

    @property
    def legend(self) -> list[tuple[str, str, bool]]:
        """What names there are, with colour and whether it is dashed."""
        found: list[tuple[str, str, bool]] = []
        for layer in self.layers:
            if isinstance(layer, Curves):
                dashes = layer.is_dashed
                found += [(n, c, dashes) for n, c in zip(layer.names, layer.colors, strict=False)]
            elif isinstance(layer, Columns):
                found += [(n, c, False) for n, c in zip(layer.names, layer.colors, strict=False)]
            elif isinstance(layer, Dots) and layer.name:
                found.append((layer.name, layer.colors[0], False))
        return found


def identity(rows: int) -> NDArray[np.int64]:
    """Return that each input row is an element of its own."""
    return np.arange(rows, dtype=np.int64)


def elements_of(element_of: ElementOf, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the elements that stand for any of some rows, rising."""
    if isinstance(element_of, Drawn):
        return np.flatnonzero(np.isin(element_of.row_of, rows))
    found = np.unique(element_of[..., rows])
    return found[found != NO_ELEMENT].astype(np.int64)


def is_of_elements(
    element_of: ElementOf, elements: NDArray[np.int64], rows: int
) -> NDArray[np.bool_]:
    """Return of each of so many rows whether one of some elements stands for it."""
    if isinstance(element_of, Drawn):
        is_chosen = np.zeros(rows, bool)
        is_chosen[element_of.row_of[elements]] = True
        return is_chosen
    found = np.isin(element_of, elements)
    return found if found.ndim == 1 else np.asarray(found.any(axis=0))
