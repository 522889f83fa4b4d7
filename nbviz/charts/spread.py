"""Charts of many columns: `quiver`, arrows over a plane, and `parallel`, lines over axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.charts.colors import row_colors
from nbviz.charts.drawn import DrawnChart
from nbviz.charts.inputs import (
    Column,
    array_of,
    check_count,
    columns_of,
    name_of,
    names_of,
    numbers,
    title_of,
)
from nbviz.charts.xy import sample
from nbviz.errors import ConfigurationError
from nbviz.pictures.figures.figure_picture import FARTHEST
from nbviz.pictures.figures.spread import Arrows, Parallel, ParallelAxis
from nbviz.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_AXES = 30
_ARROWS = 4_000
_MOST_ARROWS = 25_000_000  # that are looked through for the longest
_LINES = 3_000
_PAIR, _FOUR = 2, 4


def quiver(*data: Any, labels: Any = None, title: str = "", color: Any = None) -> DrawnChart:
    """Draw arrows: `quiver(u, v)` on a grid, or `quiver(x, y, u, v)`.

        nbviz.charts.quiver(x, y, -gradient_x, -gradient_y)

    The longest arrow is as long as arrows are apart, the others in proportion. Of more than 4,000
    a sample is drawn.

    Args:
        *data: u and v of shape (rows, columns), the first row below; or x, y, u and v of the same
            shape, whatever it is.
        labels: The names of x and y.
        title: Stands above the chart.
        color: A CSS colour for all arrows, or a colour, a class or a number for each.

    Returns:
        A widget; a drag selects the arrows that begin in a box, whose indices in `x.reshape(-1)`
        are in `.selected`.

    Raises:
        ConfigurationError: The data cannot be drawn.
    """
    options = {"labels": labels, "title": title, "color": color}
    return DrawnChart("quiver", _quiver, data, options)


def _quiver(*data: Any, labels: Any = None, title: str = "", color: Any = None) -> Arrows:
    x, y, u, v = _arrows(data)
    rows = len(x)
    colors = row_colors("quiver", color, rows)
    chosen = sample(rows, _ARROWS)
    remark = "" if len(chosen) == rows else f"{len(chosen):,} of {rows:,} arrows are drawn"
    known = np.isfinite(x) & np.isfinite(y) & np.isfinite(u) & np.isfinite(v)
    # Of longer arrows the length would be infinite.
    u, v = (np.clip(one, -0.5 * FARTHEST, 0.5 * FARTHEST) for one in (u, v))
    longest = float(np.hypot(u[known], v[known]).max(initial=0.0))
    if not known.any():
        remark = "nothing finite to draw"
    along, up = u[chosen] / (longest or 1.0), v[chosen] / (longest or 1.0)
    along[~known[chosen]] = up[~known[chosen]] = np.nan
    given = data if len(data) == _FOUR else ("", "")
    names = names_of("quiver", labels, _PAIR, "axes") or (name_of(given[0]), name_of(given[1]))
    ends = (*_ends(x[known]), *_ends(y[known]))
    return Arrows(
        title_of("quiver", title),
        rows,
        chosen,
        x[chosen],
        y[chosen],
        along,
        up,
        ends,
        colors.colors,
        colors.of_row[chosen],
        colors.names,
        (names[0], names[1]),
        longest,
        (x, y),
        remark,
    )


def _arrows(data: tuple[Any, ...]) -> list[NDArray[np.float64]]:
    for one in data:
        check_count("quiver", array_of("quiver", one, "arrows").size, _MOST_ARROWS, "arrows")
    if len(data) == _PAIR:
        u, v = (numbers("quiver", one, name, axes=2) for one, name in zip(data, "uv", strict=True))
        y, x = np.indices(u.shape, np.float64)
        given = [x, y, u, v]
    elif len(data) == _FOUR:
        given = [
            numbers("quiver", array_of("quiver", one, name).reshape(-1), name)
            for one, name in zip(data, "xyuv", strict=True)
        ]
    else:
        raise ConfigurationError(
            f"quiver takes u and v, or x, y, u and v, got {counted(len(data), 'argument')}."
        )
    shapes = {one.shape for one in given}
    if len(shapes) > 1:
        shown = ", ".join(f"{n} {one.shape}" for n, one in zip("xyuv", given, strict=True))
        raise ConfigurationError(f"quiver needs arrays of one shape, got {shown}.")
    return [one.reshape(-1) for one in given]


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    room = (high * 0.08 - low * 0.08) or abs(low) * 0.1 or 1.0
    return max(low - room, -FARTHEST), min(high + room, FARTHEST)


def parallel(frame: Any, *, labels: Any = None, title: str = "", color: Any = None) -> DrawnChart:
    """Draw each row as a line over an axis for each column.

        nbviz.charts.parallel(frame, color=frame["species"])

    Of more than 3,000 rows a sample is drawn; `selected` has all that lie in the ranges.

    Args:
        frame: A data frame or a dictionary with numbers or words in each column, or an array of
            shape (rows, columns); at most 30 columns.
        labels: The columns' names.
        title: Stands above the chart.
        color: A CSS colour for all lines, or a colour, a class or a number for each row.

    Returns:
        A widget; drags along axes keep ranges, and the rows within all of them are in `.selected`.

    Raises:
        ConfigurationError: The data cannot be drawn.
    """
    options = {"labels": labels, "title": title, "color": color}
    return DrawnChart("parallel", _parallel, (frame,), options)


def _parallel(frame: Any, *, labels: Any = None, title: str = "", color: Any = None) -> Parallel:
    columns = columns_of("parallel", frame, "columns")
    if len(columns) > MOST_AXES:
        raise ConfigurationError(
            f"parallel draws at most {MOST_AXES} columns, got {len(columns):,}; choose some."
        )
    names = names_of("parallel", labels, len(columns), "columns")
    names = names or tuple(column.name for column in columns)
    rows = len(columns[0].values)
    colors = row_colors("parallel", color, rows)
    chosen = _with_extremes(sample(rows, _LINES), columns)
    remark = "" if len(chosen) == rows else f"{len(chosen):,} of {rows:,} rows are drawn"
    axes = tuple(
        ParallelAxis(name, column.values[chosen], column.words)
        for name, column in zip(names, columns, strict=True)
    )
    return Parallel(
        title_of("parallel", title),
        rows,
        chosen,
        axes,
        colors.colors,
        colors.of_row[chosen],
        colors.names,
        tuple(column.values for column in columns),
        remark,
    )


def _with_extremes(chosen: NDArray[np.int64], columns: list[Column]) -> NDArray[np.int64]:
    """Add to a sample what lies at the ends of the axes."""
    ends: list[int] = []
    for column in columns:
        known = np.flatnonzero(np.isfinite(column.values))
        if len(known):
            values = column.values[known]
            ends += [int(known[values.argmin()]), int(known[values.argmax()])]
    return np.union1d(chosen, np.array(ends, np.int64))
