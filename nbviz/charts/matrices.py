"""Charts of matrices: `heatmap`, `confusion_matrix`, `correlation`, `contour`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from nbviz.charts.colors import one_color
from nbviz.charts.drawn import DrawnChart
from nbviz.charts.inputs import (
    array_of,
    check_count,
    has_names,
    listed,
    names_of,
    number_columns,
    numbers,
    said_of,
    short_name,
    title_of,
    with_axes,
)
from nbviz.errors import ConfigurationError, LoggingError, MissingDependencyError
from nbviz.pictures.figures.cells import Cells
from nbviz.recording.media.confusion import MOST_CLASSES, ConfusionInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.recording.media.confusion import ConfusionMatrix

MOST_SIDE = 400
"""Cells along a side that are drawn; of a larger matrix each cell is the strongest of a block."""

MOST_COLUMNS = 2_000
"""Of a correlation."""

_PAIR = 2
_PART = 1 << 18  # cells that are looked at together
_CONTOUR_SIDE = 500
_MOST_CORRELATED = 30_000_000
_LEVELS = 10
_MOST_LEVELS = 100


def heatmap(matrix: Any, *, labels: Any = None, title: str = "", color: Any = None) -> DrawnChart:
    """Draw a matrix as cells, the first row above.

        nbviz.charts.heatmap(attention[0], labels=(words, words))

    Args:
        matrix: Of shape (rows, columns), or a data frame. Of more than 400 rows or columns the
            strongest value of each block is drawn.
        labels: The names of the rows and those of the columns; one list for both of a square.
        title: Stands above the chart.
        color: The CSS colour of the highest values.

    Returns:
        A widget; a click or a drag selects cells, whose (row, column) pairs are in `.selected`.

    Raises:
        ConfigurationError: The data cannot be drawn.
    """
    options = {"labels": labels, "title": title, "color": color}
    return DrawnChart("heatmap", _heatmap, (matrix,), options)


def _heatmap(matrix: Any, *, labels: Any = None, title: str = "", color: Any = None) -> Cells:
    values, rows, columns = _matrix("heatmap", matrix)
    row_names, column_names = _both_names("heatmap", labels, values.shape)
    return _cells(
        "heatmap",
        values.shape,
        strongest(values),
        title,
        color,
        names=(row_names or rows, column_names or columns),
    )


def confusion_matrix(
    target: Any, prediction: Any, *, labels: Any = None, title: str = "", color: Any = None
) -> DrawnChart:
    """Draw how many samples of each class were predicted as each class.

        nbviz.charts.confusion_matrix(target, model(x), labels=["cat", "dog", "bird"])

    Args:
        target: Class indices, or scores of shape (rows, classes). Negative ones are left out.
        prediction: The same.
        labels: The classes' names.
        title: Stands above the chart.
        color: The CSS colour of the highest counts.

    Returns:
        A widget; a click or a drag selects cells, whose (target, prediction) pairs are in
        `.selected`.

    Raises:
        ConfigurationError: The data cannot be drawn.
    """
    options = {"labels": labels, "title": title, "color": color}
    return DrawnChart("confusion matrix", _confusion, (target, prediction), options)


def _confusion(
    target: Any, prediction: Any, *, labels: Any = None, title: str = "", color: Any = None
) -> Cells:
    chart = "confusion_matrix"
    targets, predictions = (
        array_of(chart, target, "target"),
        array_of(chart, prediction, "prediction"),
    )
    if targets.size == 0 or predictions.size == 0:
        raise ConfigurationError(
            f"{chart} got targets of shape {targets.shape} and predictions of shape "
            f"{predictions.shape}, in which there is nothing to draw; give at least one sample."
        )
    given = None
    if labels is not None:
        found = listed(labels, MOST_CLASSES)
        if found is None:
            raise ConfigurationError(
                f"{chart} needs labels= as a list of names, got {type(labels).__name__}; write a "
                "list with one for each class."
            )
        given = list(map(str, found))
    try:
        counted = ConfusionInput(chart, targets, predictions, given).make()
        if given is not None and counted.size > len(given):
            raise ConfigurationError(
                f"{chart} has {counted.size:,} classes, but labels= names "
                f"{len(given):,}; give as many."
            )
    except LoggingError as error:
        raise ConfigurationError(str(error).replace("classes=", "labels=")) from None
    names = names_of(chart, labels, counted.size, "classes")
    remark = said_of(counted.left_out, "has no class", "have no class")
    return _cells(
        chart,
        (counted.size, counted.size),
        _most_of_blocks(counted),
        title,
        color,
        names=(names, names),
        axes=("target", "predicted"),
        remark=remark,
    )


def correlation(
    frame: Any, *, labels: Any = None, title: str = "", color: Any = None
) -> DrawnChart:
    """Draw how closely each two columns go together: Pearson's correlation, from −1 to 1.

        nbviz.charts.correlation(frame)

    A row in which one of the two is NaN is left out. A column that is the same everywhere has none.

    Args:
        frame: A data frame, whose columns of words are left out, or an array of shape (rows,
            columns).
        labels: The columns' names.
        title: Stands above the chart.
        color: The CSS colour of 1.

    Returns:
        A widget; a click or a drag selects cells, whose pairs of columns are in `.selected`.

    Raises:
        ConfigurationError: The data cannot be drawn.
    """
    options = {"labels": labels, "title": title, "color": color}
    return DrawnChart("correlation", _correlation, (frame,), options)


def _correlation(frame: Any, *, labels: Any = None, title: str = "", color: Any = None) -> Cells:
    def check(rows: int, count: int) -> None:
        if count > MOST_COLUMNS:
            raise ConfigurationError(
                f"correlation draws at most {MOST_COLUMNS:,} columns, got {count:,}; choose some."
            )
        check_count("correlation", rows * count, _MOST_CORRELATED, "numbers")

    values, found = number_columns("correlation", frame, "columns", check=check)
    count = values.shape[1]
    names = names_of("correlation", labels, count, "columns") or tuple(found)
    matrix = pearson(values)
    return _cells(
        "correlation",
        matrix.shape,
        strongest(matrix),
        title,
        color,
        names=(names, names),
        ends=("sign", -1.0, 1.0),
    )


def contour(
    *data: Any, levels: Any = 10, labels: Any = None, title: str = "", color: Any = None
) -> DrawnChart:
    """Draw lines of equal height: `contour(z)`, or `contour(x, y, z)`.

        nbviz.charts.contour(weights, biases, loss)

    Args:
        *data: z of shape (rows, columns), the first row below; before it x of shape (columns,) and
            y of shape (rows,), both evenly spaced.
        levels: How many lines there are, from 1 to 100, or their heights.
        labels: The names of y and x.
        title: Stands above the chart.
        color: The CSS colour of the highest values.

    Returns:
        A widget; a drag selects cells, whose (row, column) pairs are in `.selected`.

    Raises:
        ConfigurationError: The data cannot be drawn.
        MissingDependencyError: contourpy is not installed.
    """
    options = {"levels": levels, "labels": labels, "title": title, "color": color}
    return DrawnChart("contour", _contour, data, options)


def _contour(
    *data: Any, levels: Any = 10, labels: Any = None, title: str = "", color: Any = None
) -> Cells:
    try:
        from contourpy import contour_generator
    except ImportError:
        raise MissingDependencyError("contourpy", "charts") from None
    if len(data) not in {1, 3}:
        raise ConfigurationError(f"contour takes z, or x, y and z, got {len(data)} arguments.")
    z = numbers("contour", data[-1], "z", axes=2)
    if min(z.shape) < _PAIR:
        raise ConfigurationError(
            f"contour needs z with at least 2 rows and 2 columns, got shape {z.shape}; draw a "
            "line of it."
        )
    ends = [(0.0, float(z.shape[1] - 1)), (0.0, float(z.shape[0] - 1))]
    if len(data) == 3:  # noqa: PLR2004
        ends = [
            _evenly(name, given, z.shape[side])
            for name, given, side in (("x", data[0], 1), ("y", data[1], 0))
        ]
    given = names_of("contour", labels, _PAIR, "axes") or ("", "")
    names = given[0], given[1]
    heights = _levels(levels, z)
    # Lines that bend between pixels cost much and are not seen.
    apart = math.ceil(max(z.shape) / _CONTOUR_SIDE)
    generator = contour_generator(z=np.ma.masked_invalid(z[::apart, ::apart]))
    lines: list[tuple[float, NDArray[np.float64]]] = []
    for height in heights:
        found = cast("list[Any]", generator.lines(height))
        lines += [(height, np.asarray(one, np.float64) * apart) for one in found]
    made = _cells("contour", z.shape, strongest(z), title, color, axes=names)
    return Cells(
        made.title,
        made.shape,
        made.values,
        made.block,
        made.palette,
        made.low,
        made.high,
        made.color,
        (),
        (),
        names[0],
        names[1],
        ends[0],
        ends[1],
        tuple(lines),
        made.remark,
    )


def pearson(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlation of each two columns, of the rows in which both are finite."""
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    # Around each column's mean and in its own spread: large numbers lose no digits.
    count = known.sum(axis=0)
    mean = filled.sum(axis=0) / np.maximum(count, 1)
    filled = np.where(known, filled - mean, 0.0)
    spread = np.abs(filled).max(axis=0, initial=0.0)
    filled = filled / np.where(spread > 0, spread, 1.0)
    weights = known.astype(np.float64)
    number = weights.T @ weights
    total, squares = filled.T @ weights, (filled**2).T @ weights
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = filled.T @ filled - total * total.T / number
        variance = squares - total**2 / number
        # What is left of a constant column is rounding.
        variance = np.where(variance > 1e-12 * np.maximum(squares, 1e-300), variance, np.nan)
        found = covariance / np.sqrt(variance * variance.T)
    itself = np.diag_indices(len(found))
    found[itself] = np.where(np.isnan(found[itself]), np.nan, 1.0)
    return np.clip(found, -1.0, 1.0)


def _cells(
    chart: str,
    shape: tuple[int, ...],
    drawn: tuple[NDArray[np.float64], tuple[int, int]],
    title: str,
    color: Any,
    *,
    names: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
    axes: tuple[str, str] = ("", ""),
    ends: tuple[Literal["sign", "magnitude"], float, float] | None = None,
    remark: str = "",
) -> Cells:
    reduced, block = drawn
    palette, low, high = ends or _color_ends(reduced)
    if block != (1, 1):
        each = f"each cell is the strongest of {block[0]:,} × {block[1]:,}"
        remark = f"{remark}; {each}" if remark else each
    if not np.isfinite(reduced).any():
        remark = "nothing finite to draw"
    return Cells(
        title_of(chart, title),
        cast("tuple[int, int]", shape),
        reduced,
        block,
        palette,
        low,
        high,
        "" if color is None else one_color(chart, color),
        names[0],
        names[1],
        axes[0],
        axes[1],
        remark=remark,
    )


def strongest(values: NDArray[Any]) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Return the value of the largest magnitude of each block, and rows and columns of a block."""
    rows, columns = values.shape
    block = math.ceil(rows / MOST_SIDE), math.ceil(columns / MOST_SIDE)
    if block == (1, 1):
        return values.astype(np.float64), block
    low = high = values.view(np.uint8) if values.dtype == np.bool_ else values
    for axis, length in enumerate(block):
        starts = np.arange(0, int(values.shape[axis]), length, dtype=np.int64)
        high = np.fmax.reduceat(high, starts, axis=axis)
        low = np.fmin.reduceat(low, starts, axis=axis)
    high, low = high.astype(np.float64), low.astype(np.float64)
    return np.where(np.abs(low) > np.abs(high), low, high), block


def _most_of_blocks(
    counted: ConfusionMatrix,
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Return the same of counts, without the cells that are 0."""
    block = math.ceil(counted.size / MOST_SIDE)
    side = math.ceil(counted.size / block)
    most = np.zeros(side * side)
    for start in range(0, len(counted.places), _PART):
        rows, columns = np.divmod(counted.places[start : start + _PART], counted.size)
        places = (rows // block).astype(np.int64) * side + columns // block
        np.maximum.at(most, places, counted.values[start : start + _PART].astype(np.float64))
    return most.reshape(side, side), (block, block)


def _color_ends(
    values: NDArray[np.float64],
) -> tuple[Literal["sign", "magnitude"], float, float]:
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return "magnitude", 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if low < 0 < high:
        return "sign", -max(-low, high), max(-low, high)
    if low >= 0 and low < 0.5 * high:
        low = 0.0
    return ("magnitude", low, high) if high > low else ("magnitude", min(0.0, low), max(high, 0.0))


def _matrix(chart: str, matrix: Any) -> tuple[NDArray[Any], tuple[str, ...], tuple[str, ...]]:
    if not has_names(matrix):
        # As it is: 10,000 × 10,000 small numbers would be a gigabyte of large ones.
        return with_axes(chart, matrix, "a matrix", 2), (), ()
    values, names = number_columns(chart, matrix, "a matrix")
    index: Any = getattr(matrix, "index", None)
    rows: tuple[str, ...] = ()
    if index is not None and not callable(index) and len(index) == len(values):
        rows = tuple(map(short_name, index))
    return values, rows, tuple(names)


def _both_names(
    chart: str, labels: Any, shape: tuple[int, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if labels is None:
        return (), ()
    is_pair = (
        isinstance(labels, list | tuple)
        and len(cast("list[Any]", labels)) == _PAIR
        and not any(isinstance(one, str) for one in cast("list[Any]", labels))
    )
    if is_pair:
        rows, columns = cast("list[Any]", labels)
        return (
            names_of(chart, rows, shape[0], "rows"),
            names_of(chart, columns, shape[1], "columns"),
        )
    if shape[0] != shape[1]:
        raise ConfigurationError(
            f"{chart} draws {shape[0]:,} rows and {shape[1]:,} columns; write "
            "labels=(row_names, column_names)."
        )
    names = names_of(chart, cast("object", labels), shape[0], "rows and columns")
    return names, names


def _evenly(name: str, given: Any, count: int) -> tuple[float, float]:
    values = numbers("contour", given, name)
    if len(values) != count:
        raise ConfigurationError(
            f"contour needs {count:,} values of {name} for z, got {len(values):,}."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff(values)
        mean = (values[-1] - values[0]) / (count - 1)
        is_even = mean > 0 and bool((abs(steps - mean) <= 0.01 * mean).all())
    if not (is_even and np.isfinite(mean)):
        raise ConfigurationError(
            f"contour needs {name} that rises evenly, got {short_name(values[:4].tolist())} and so "
            "on; interpolate z first."
        )
    return float(values[0]), float(values[-1])


def _levels(levels: Any, z: NDArray[np.float64]) -> list[float]:
    if isinstance(levels, int) and not isinstance(levels, bool):
        if not 1 <= levels <= _MOST_LEVELS:
            raise ConfigurationError(f"levels must be from 1 to {_MOST_LEVELS}, got {levels:,}.")
        finite = z[np.isfinite(z)]
        if len(finite) == 0:
            return []
        low, high = float(finite.min()), float(finite.max())
        return (low + (high - low) * np.arange(1, levels + 1) / (levels + 1)).tolist()
    heights = numbers("contour", levels, "levels")
    if len(heights) > _MOST_LEVELS or not np.isfinite(heights).all():
        raise ConfigurationError(
            f"levels must be a whole number, or at most {_MOST_LEVELS} finite heights."
        )
    return np.sort(heights).tolist()
