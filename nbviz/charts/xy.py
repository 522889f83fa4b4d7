"""Charts of numbers over numbers: `line`, `stem`, `scatter`."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.charts.colors import part_colors, row_colors
from nbviz.charts.figure import ChartFigure
from nbviz.charts.inputs import (
    name_of,
    names_of,
    number_columns,
    numbers,
    title_of,
)
from nbviz.errors import ConfigurationError
from nbviz.pictures.figures.layers import Axis, Curves, Dots, Drawn, Figure, identity
from nbviz.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_CURVES = 200
_POINTS = 4_000  # of a curve that are drawn
_POINTS_IN_ALL = 40_000
_DOTS = 8_000
_STEMS = 2_000
_TWO = 2


def line(*data: Any, labels: Any = None, title: str = "", color: Any = None) -> ChartFigure:
    """Draw one curve or several: `line(y)` or `line(x, y)`.

        nbviz.charts.line(losses, title="loss")
        nbviz.charts.line(steps, {"train": train, "validation": validation})

    Of more than 4,000 points the extremes of each stretch are drawn, so that none is missed.

    Args:
        *data: y of shape (rows,), or (rows, curves), or a data frame or dictionary with a curve in
            each column; before it x of shape (rows,), which is 0, 1, 2 and so on without it. A NaN
            leaves a gap.
        labels: The curves' names.
        title: Stands above the chart.
        color: A CSS colour for all curves, or one for each.

    Returns:
        A widget; a drag along x selects rows, which are then in `.selected`.

    Raises:
        ConfigurationError: The data cannot be drawn.
    """
    return ChartFigure("line", _line, data, {"labels": labels, "title": title, "color": color})


def _line(*data: Any, labels: Any = None, title: str = "", color: Any = None) -> Figure:
    x, y, names, axes = _curves("line", data, labels)
    colors = part_colors("line", color, len(y), "curves")
    chosen, element_of = _extremes(x, y)
    rows = len(x)
    remark = "" if len(chosen) == rows else f"{counted(rows, 'point')}, drawn by their extremes"
    if not np.isfinite(y).any():
        remark = "nothing finite to draw"
    layer = Curves(x[chosen], y[:, chosen], colors, names, element_of)
    return Figure(title_of("line", title), rows, (layer,), *axes, remark=remark, selects="interval")


def stem(*data: Any, labels: Any = None, title: str = "", color: Any = None) -> ChartFigure:
    """Draw values as dots on stems from 0: `stem(y)` or `stem(x, y)`.

        nbviz.charts.stem([0.1, 0.7, 0.2], labels=["cat", "dog", "bird"])

    Args:
        *data: As for `line`, of at most 2,000 values.
        labels: The names of several columns; of one, the names of its dots.
        title: Stands above the chart.
        color: A CSS colour for all, or one for each column.

    Returns:
        A widget; a drag along x selects rows, which are then in `.selected`.

    Raises:
        ConfigurationError: The data cannot be drawn.
    """
    return ChartFigure("stem", _stem, data, {"labels": labels, "title": title, "color": color})


def _stem(*data: Any, labels: Any = None, title: str = "", color: Any = None) -> Figure:
    x, y, names, axes = _curves("stem", data, None)
    rows = len(x)
    one = len(y) == 1
    if rows * len(y) > _STEMS:
        raise ConfigurationError(
            f"stem draws at most {_STEMS:,} values, got {rows * len(y):,}; line has no limit."
        )
    dot_names = names_of("stem", labels, rows, "dots") if one else ()
    if dot_names and len(data) == 1:
        axes = Axis(axes[0].label, dot_names), axes[1]
    names = names if one else names_of("stem", labels, len(y), "columns") or names
    colors = part_colors("stem", color, len(y), "columns")
    layers: list[Curves | Dots] = []
    for at, values in enumerate(y):
        stems = np.column_stack([np.zeros(rows), values, np.full(rows, np.nan)]).reshape(-1)
        layers.append(Curves(np.repeat(x, 3), stems[None], (colors[at],)))
        name = names[at] if names and not one else ""
        layers.append(Dots(x, values, (colors[at],), name, dot_names, identity(rows)))
    remark = "" if np.isfinite(y).any() else "nothing finite to draw"
    shown = title_of("stem", title)
    return Figure(shown, rows, tuple(layers), *axes, remark=remark, selects="interval")


def scatter(*data: Any, labels: Any = None, title: str = "", color: Any = None) -> ChartFigure:
    """Draw points: `scatter(x, y)`, or `scatter(points)` of shape (rows, 2).

        nbviz.charts.scatter(frame["width"], frame["length"], color=frame["species"])

    Of more than 8,000 points a sample is drawn; `selected` has all that lie in the box.

    Args:
        *data: x and y of shape (rows,), or both in an array or data frame of two columns.
        labels: The points' names, seen where one is pointed at.
        title: Stands above the chart.
        color: A CSS colour for all points, or a colour, a class or a number for each.

    Returns:
        A widget; a drag selects the rows in a box, which are then in `.selected`.

    Raises:
        ConfigurationError: The data cannot be drawn.
    """
    options = {"labels": labels, "title": title, "color": color}
    return ChartFigure("scatter", _scatter, data, options)


def _scatter(*data: Any, labels: Any = None, title: str = "", color: Any = None) -> Figure:
    x, y, axes = points_of("scatter", data)
    rows = len(x)
    names = names_of("scatter", labels, rows, "points")
    colors = row_colors("scatter", color, rows)
    chosen = sample(rows, _DOTS)
    remark = "" if len(chosen) == rows else f"{len(chosen):,} of {counted(rows, 'point')} are drawn"
    if not (np.isfinite(x) & np.isfinite(y)).any():
        remark = "nothing finite to draw"
    layers: list[Dots] = []
    size = 7.0 if len(chosen) <= 500 else 5.0  # noqa: PLR2004
    for at, (one, name) in enumerate(zip(colors.colors, colors.names, strict=True)):
        own = chosen[colors.of_row[chosen] == at]
        if len(own) == 0 and not name:
            continue
        named = tuple(names[int(row)] for row in own) if names else ()
        layers.append(Dots(x[own], y[own], (one,), name, named, Drawn(own), size))
    return Figure(
        title_of("scatter", title),
        rows,
        tuple(layers),
        *axes,
        remark=remark,
        points=(x, y),
        selects="box",
    )


def points_of(
    chart: str, data: tuple[Any, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[Axis, Axis]]:
    """Return x, y and the axes of `(x, y)` or of one table with two columns."""
    if len(data) == 1:

        def check_points(_rows: int, columns: int) -> None:
            if columns != _TWO:
                raise ConfigurationError(
                    f"{chart} needs points with two columns, x and y, got {columns:,}; write "
                    f"{chart}(x, y)."
                )

        values, names = number_columns(chart, data[0], "points", check=check_points)
        x, y = values[:, 0], values[:, 1]
        axes = tuple(names) if names else ("", "")
    elif len(data) == _TWO:
        x, y = numbers(chart, data[0], "x"), numbers(chart, data[1], "y")
        axes = name_of(data[0]), name_of(data[1])
    else:
        raise ConfigurationError(f"{chart} takes x and y, got {counted(len(data), 'argument')}.")
    if len(x) != len(y):
        raise ConfigurationError(f"{chart} needs as many x as y, got {len(x):,} and {len(y):,}.")
    return x, y, (Axis(axes[0]), Axis(axes[1]))


def sample(rows: int, most: int) -> NDArray[np.int64]:
    """Return `most` of the rows, sorted, by chance but each time the same; all of fewer."""
    if rows <= most:
        return identity(rows)
    chosen = np.random.default_rng(0).choice(rows, most, replace=False)
    return np.sort(chosen).astype(np.int64)


def _curves(
    chart: str, data: tuple[Any, ...], labels: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[str, ...], tuple[Axis, Axis]]:
    """Return x of shape (rows,), y of shape (curves, rows), names and axes."""
    if not 1 <= len(data) <= _TWO:
        raise ConfigurationError(
            f"{chart} takes y, or x and y, got {counted(len(data), 'argument')}."
        )

    def check_curves(_rows: int, curves: int) -> None:
        if curves > MOST_CURVES:
            raise ConfigurationError(
                f"{chart} draws at most {MOST_CURVES} curves, got {curves:,}. Choose some; .T of "
                "an array exchanges rows and columns."
            )

    values, names = number_columns(chart, data[-1], "y", check=check_curves)
    y = np.ascontiguousarray(values.T)
    rows = y.shape[1]
    x = numbers(chart, data[0], "x") if len(data) == _TWO else np.arange(rows, dtype=np.float64)
    if len(x) != rows:
        raise ConfigurationError(f"{chart} needs as many x as y, got {len(x):,} and {rows:,}.")
    shown = names_of(chart, labels, len(y), "curves") or tuple(names)
    x_name = name_of(data[0]) if len(data) == _TWO else ""
    y_name = name_of(data[-1]) if len(y) == 1 else ""
    if len(y) == 1 and shown and labels is None:
        y_name, shown = shown[0], ()
    return x, y, shown, (Axis(x_name), Axis(y_name))


def _extremes(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.signedinteger[Any]]]:
    """Return which points are drawn, and for each row the one that stands for it."""
    rows, curves = len(x), len(y)
    most = max(200, min(_POINTS, _POINTS_IN_ALL // curves))
    if rows <= most:
        return identity(rows), identity(rows)
    stretches = max(50, most // (2 * curves))
    ends = np.unique(np.linspace(0, rows, stretches + 1).astype(np.int64)).tolist()
    chosen = {0, rows - 1}
    for values in y:
        for start, end in itertools.pairwise(ends):
            part = values[start:end]
            low, high = int(part.argmin()), int(part.argmax())  # the first NaN, if there is one
            if np.isnan(part[low]):
                chosen.add(start + low)  # so that the gap stays one
                known = np.flatnonzero(~np.isnan(part))
                if not len(known):
                    continue
                low, high = int(known[part[known].argmin()]), int(known[part[known].argmax()])
            chosen |= {start + low, start + high}
    kept = np.array(sorted(chosen), np.int64)
    # Each row stands for the nearest that is drawn; of two as near, for the later.
    between = (kept[:-1] + kept[1:] + 1) // 2
    counts = np.diff(between, prepend=0, append=rows)
    return kept, np.repeat(np.arange(len(kept), dtype=np.int32), counts)
