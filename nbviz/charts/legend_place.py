"""Where the legend of a chart of bqplot's covers the least: it lies inside of the plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from nbviz.pictures.figures.figure_picture import ranges, share_of_range
from nbviz.pictures.figures.layers import Columns, Curves, Dots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.pictures.figures.layers import Figure

Place = Literal["top-right", "top", "top-left", "right", "bottom-right", "bottom-left"]

# Of each place the left and the right end, and how far its middle is up, as shares of the plot.
_PLACES: dict[Place, tuple[float, float, float]] = {
    "top-right": (0.6, 1.0, 1.0),
    "top-left": (0.0, 0.4, 1.0),
    "top": (0.3, 0.7, 1.0),
    "bottom-right": (0.6, 1.0, 0.0),
    "bottom-left": (0.0, 0.4, 0.0),
    "right": (0.6, 1.0, 0.5),
}
_HEIGHT = 0.3
_MOST = 20_000  # points that are looked at


def legend_place(figure: Figure) -> Place:
    """Return the place that the chart asks for, or another one that covers less."""
    if not figure.legend:
        return figure.legend_at
    points = _shares(figure)
    covered: dict[Place, int] = {place: _covered(points, place) for place in _PLACES}
    least = min(covered.values(), default=0)
    if covered[figure.legend_at] <= least:
        return figure.legend_at
    return next(place for place, count in covered.items() if count == least)


def _covered(points: NDArray[np.float64], place: Place) -> int:
    left, right, middle = _PLACES[place]
    low = max(0.0, min(1.0 - _HEIGHT, middle - _HEIGHT / 2))
    x, y = points
    inside = (x >= left) & (x <= right) & (y >= low) & (y <= low + _HEIGHT)
    return int(inside.sum())


def _shares(figure: Figure) -> NDArray[np.float64]:
    """Return where something is drawn, as shares of the plot's sides; shape (2, points)."""
    (left, right), (low, high) = ranges(figure)
    found: list[NDArray[np.float64]] = [np.empty((2, 0))]
    for layer in figure.layers:
        match layer:
            case Curves():
                found += [np.stack([layer.x, y]) for y in layer.y]
            case Dots():
                found.append(np.stack([layer.x, layer.y]))
            case Columns():
                # A bar covers all that is below its end.
                for part in np.linspace(0.05, 1.0, 20):
                    heights = layer.heights * part
                    found += [np.stack([layer.x, one]) for one in heights]
            case _:
                pass
    points = np.concatenate(found, axis=1)
    points = points[:, :: max(1, points.shape[1] // _MOST)]
    with np.errstate(invalid="ignore", over="ignore"):
        return np.stack(
            [share_of_range(points[0], left, right), share_of_range(points[1], low, high)]
        )
