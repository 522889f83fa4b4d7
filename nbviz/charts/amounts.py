"""Charts of amounts: `bar`, `histogram`, `pie`, `boxplot`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.charts.binning import binned
from nbviz.charts.colors import part_colors
from nbviz.charts.figure import ChartFigure
from nbviz.charts.inputs import (
    Column,
    array_of,
    check_count,
    columns_of,
    has_names,
    name_of,
    names_of,
    number_columns,
    numbers,
    short_name,
    title_of,
    words_or_numbers,
)
from nbviz.charts.xy import sample
from nbviz.errors import ConfigurationError
from nbviz.pictures.figures.figure_picture import FARTHEST
from nbviz.pictures.figures.layers import (
    NO_ELEMENT,
    Axis,
    Boxes,
    Columns,
    Dots,
    Drawn,
    Figure,
    Wedges,
    identity,
)
from nbviz.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BARS = 1_000
MOST_BOXED = 50_000_000  # values: their quartiles are found by a sort in part
MOST_BOXES = 100
_MOST_GROUPS = 20
_SLICES = 20
_WORDS = 40  # that are counted one by one
_OUTLIERS = 1_000
_TWO = 2


def bar(*data: Any, labels: Any = None, title: str = "", color: Any = None) -> ChartFigure:
    """Draw bars: `bar(heights)`, `bar(names, heights)`, or `bar(words)`, which counts them.

        nbviz.charts.bar(["cat", "dog"], [0.91, 0.84], title="accuracy")

    Args:
        *data: Heights of shape (rows,), or (rows, groups), or a data frame or dictionary with a
            group in each column; before them a name or a number for each row. Or words, whose
            numbers are drawn.
        labels: The bars' names; of several groups, theirs.
        title: Stands above the chart.
        color: A CSS colour for all bars, or one for each bar, or for each group of several.

    Returns:
        A widget; a click on a bar selects its row, Ctrl + click several, in `.selected`.

    Raises:
        ConfigurationError: The data cannot be drawn.
    """
    return ChartFigure("bar", _bar, data, {"labels": labels, "title": title, "color": color})


def _bar(*data: Any, labels: Any = None, title: str = "", color: Any = None) -> Figure:
    if not 1 <= len(data) <= _TWO:
        raise ConfigurationError(f"bar takes heights, or names and heights, got {len(data)}.")
    in_words = _counted("bar", data)
    element_of: NDArray[np.int64]
    groups: tuple[str, ...] = ()
    if in_words is not None:
        heights, names, element_of = in_words[0][None], in_words[1], in_words[2]
        _check_groups(heights.shape[1], 1)
    else:
        values, found = number_columns("bar", data[-1], "heights", check=_check_groups)
        heights, rows = values.T, len(values)
        names = _bar_names(data[0], rows) if len(data) == _TWO else ()
        element_of = identity(rows)
        groups = tuple(found) if len(heights) > 1 else ()
    count, several = heights.shape[1], len(heights) > 1
    if several:
        groups = names_of("bar", labels, len(heights), "groups") or groups
        colors = part_colors("bar", color, len(heights), "groups")
    else:
        names = names_of("bar", labels, count, "bars") or names
        one = color is None or isinstance(color, str)
        colors = part_colors("bar", color, 1 if one else count, "bars")
    x = np.arange(count, dtype=np.float64)
    layer = Columns(x, heights, colors, groups, element_of)
    named = names or tuple(str(at) for at in range(count))
    remark = "" if np.isfinite(heights).any() else "nothing finite to draw"
    across, up = (name_of(data[0]), name_of(data[-1])) if len(data) == _TWO else ("", "")
    figure_title = title_of("bar", title)
    return Figure(
        figure_title, element_of.shape[-1], (layer,), Axis(across, named), Axis(up), remark
    )


def histogram(
    values: Any, *, bins: Any = 30, labels: Any = None, title: str = "", color: Any = None
) -> ChartFigure:
    """Draw how often values of each size are there.

        nbviz.charts.histogram(model.fc.weight, bins=50)

    Args:
        values: Any number of them, of shape (rows,); or (rows, groups), or a data frame or
            dictionary with a group in each column, which share their bins.
        bins: How many bins there are, from 1 to 1,000, or their edges, rising.
        labels: The groups' names.
        title: Stands above the chart.
        color: A CSS colour, or one for each group.

    Returns:
        A widget; a click on a bar selects the rows whose values are in it, in `.selected`.

    Raises:
        ConfigurationError: The data cannot be drawn.
    """
    options = {"bins": bins, "labels": labels, "title": title, "color": color}
    return ChartFigure("histogram", _histogram, (values,), options)


def _histogram(
    values: Any, *, bins: Any = 30, labels: Any = None, title: str = "", color: Any = None
) -> Figure:
    if has_names(values):
        table, names = number_columns("histogram", values, "values")
    else:
        table, names = _flat(values), []
    rows, groups = table.shape
    if groups > _MOST_GROUPS:
        raise ConfigurationError(
            f"histogram draws at most {_MOST_GROUPS} groups, got {groups:,}; .reshape(-1) of an "
            "array makes one of it."
        )
    counts, edges, element_of = binned(table, bins)
    left = int((element_of == NO_ELEMENT).sum())
    shown = names_of("histogram", labels, groups, "groups") or tuple(names)
    colors = part_colors("histogram", color, groups, "groups")
    middles = edges[:-1] * 0.5 + edges[1:] * 0.5
    legend = shown if groups > 1 else ()
    layer = Columns(middles, counts, colors, legend, element_of, gap=0.04)
    remark = ""
    if left:
        are = counted(left, "value is", "values are")
        remark = f"{are} NaN, infinite or outside of the bins"
    label = name_of(values) or (shown[0] if shown and groups == 1 else "")
    return Figure(title_of("histogram", title), rows, (layer,), Axis(label), Axis("values"), remark)


def pie(values: Any, *, labels: Any = None, title: str = "", color: Any = None) -> ChartFigure:
    """Draw shares of a whole: sizes, or words, which are counted.

        nbviz.charts.pie([30, 50, 20], labels=["train", "validation", "test"])

    Of more than 20 slices the smaller ones become one.

    Args:
        values: Finite sizes from 0 on, of shape (rows,), or words.
        labels: The slices' names.
        title: Stands above the chart.
        color: A CSS colour for all slices, or one for each.

    Returns:
        A widget; a click on a slice selects its rows, in `.selected`.

    Raises:
        ConfigurationError: The data cannot be drawn.
    """
    return ChartFigure("pie", _pie, (values,), {"labels": labels, "title": title, "color": color})


def _pie(values: Any, *, labels: Any = None, title: str = "", color: Any = None) -> Figure:
    in_words = _counted("pie", (values,), most=10**9)
    if in_words is not None:
        sizes, names, element_of = in_words
        names = names_of("pie", labels, len(sizes), "slices") or names
    else:
        sizes = numbers("pie", values, "sizes")
        if not np.isfinite(sizes).all() or (sizes < 0).any():
            wrong = sizes[~np.isfinite(sizes) | (sizes < 0)][0]
            raise ConfigurationError(
                f"pie needs finite sizes from 0 on, got {wrong:g}; draw bars of such values."
            )
        names = names_of("pie", labels, len(sizes), "slices")
        names = names or tuple(str(at) for at in range(len(sizes)))
        element_of = identity(len(sizes))
    colors = part_colors("pie", color, len(sizes), "slices")
    if len(sizes) > _SLICES:
        order = np.argsort(-sizes, kind="stable")
        kept = np.sort(order[: _SLICES - 1])
        place = np.full(len(sizes), _SLICES - 1)
        place[kept] = np.arange(len(kept))
        rest = sizes.sum() - sizes[kept].sum()
        shown = [int(at) for at in kept]
        names = (*(names[at] for at in shown), counted(len(sizes) - len(kept), "other"))
        colors = (*(colors[at] for at in shown), "border-strong")
        sizes = np.append(sizes[kept], rest)
        element_of = np.where(element_of == NO_ELEMENT, NO_ELEMENT, place[element_of])
    layer = Wedges(sizes, colors, names, element_of)
    remark = "" if sizes.sum() > 0 else "all sizes are 0"
    return Figure(title_of("pie", title), element_of.shape[-1], (layer,), remark=remark)


def boxplot(
    values: Any,
    *,
    by: Any = None,
    labels: Any = None,
    title: str = "",
    color: Any = None,
) -> ChartFigure:
    """Draw boxes from quartile to quartile, whiskers of 1.5 boxes at most, and what is beyond.

        nbviz.charts.boxplot(frame["length"], by=frame["species"])

    Args:
        values: Of shape (rows,), or (rows, boxes), or a data frame or dictionary with a box in
            each column.
        by: A class for each row of one column: a box for each class.
        labels: The boxes' names.
        title: Stands above the chart.
        color: A CSS colour for all boxes, or one for each.

    Returns:
        A widget; a click on a box selects its rows, one on a dot that row, in `.selected`.

    Raises:
        ConfigurationError: The data cannot be drawn.
    """
    options = {"by": by, "labels": labels, "title": title, "color": color}
    return ChartFigure("boxplot", _boxplot, (values,), options)


def _boxplot(
    values: Any, *, by: Any = None, labels: Any = None, title: str = "", color: Any = None
) -> Figure:
    table, names = number_columns("boxplot", values, "values", check=_check_boxes)
    rows, label = len(table), name_of(values)
    element_of = np.full((1, rows), NO_ELEMENT, np.int16)
    if by is not None:
        if table.shape[1] != 1:
            raise ConfigurationError(
                f"boxplot takes by= with one column of values, got {table.shape[1]:,}."
            )
        classes = words_or_numbers("boxplot", by, "by=", rows, "a class for each row")
        names, element_of[0] = _classes(classes)
        if not names:
            raise ConfigurationError(
                f"boxplot got by= with {rows:,} missing values and no class; give a class for each."
            )
        parts = [table[element_of[0] == at, 0] for at in range(len(names))]
    else:
        parts = list(table.T)
        boxes_of = np.arange(len(parts), dtype=np.int16)[:, None]
        element_of = np.where(np.isnan(table.T), np.int16(NO_ELEMENT), boxes_of)
    _check_boxes(rows, len(parts))
    shown = names_of("boxplot", labels, len(parts), "boxes") or tuple(names)
    shown = shown or tuple(str(at) for at in range(len(parts)))
    one = color is None or isinstance(color, str)
    colors = part_colors("boxplot", color, 1 if one else len(parts), "boxes")
    colors = colors * len(parts) if one else colors
    levels = np.stack([_levels(part) for part in parts])
    dots = _outliers(table, element_of, levels)
    remark = "" if np.isfinite(levels).any() else "nothing finite to draw"
    boxes = Boxes(levels, colors, element_of)
    return Figure(
        title_of("boxplot", title),
        rows,
        (boxes, dots) if len(dots.x) else (boxes,),
        Axis("", shown),
        Axis(label),
        remark,
    )


def _check_groups(rows: int, groups: int) -> None:
    if rows * groups > MOST_BARS or groups > _MOST_GROUPS:
        raise ConfigurationError(
            f"bar draws at most {MOST_BARS:,} bars in {_MOST_GROUPS} groups, got "
            f"{rows * groups:,} in {groups:,}; draw a part, or histogram or line of them."
        )


def _check_boxes(rows: int, boxes: int) -> None:
    if boxes > MOST_BOXES:
        raise ConfigurationError(
            f"boxplot draws at most {MOST_BOXES} boxes, got {boxes:,}; choose some, or .T of an "
            "array exchanges rows and columns."
        )
    check_count("boxplot", rows * boxes, MOST_BOXED, "values")


def _levels(values: NDArray[np.float64]) -> NDArray[np.float64]:
    is_finite = np.isfinite(values)
    finite = values.copy() if is_finite.all() else values[is_finite]
    if len(finite) == 0:
        return np.full(5, np.nan)
    np.clip(finite, -FARTHEST, FARTHEST, out=finite)
    lower, middle, upper = np.percentile(finite, [25, 50, 75], overwrite_input=True)
    reach = 1.5 * (upper - lower)
    with np.errstate(over="ignore"):
        low = finite.min(initial=np.inf, where=finite >= lower - reach)
        high = finite.max(initial=-np.inf, where=finite <= upper + reach)
    return np.array([min(low, lower), lower, middle, upper, max(high, upper)])


def _outliers(
    table: NDArray[np.float64],
    element_of: NDArray[np.signedinteger[Any]],
    levels: NDArray[np.float64],
) -> Dots:
    found: list[NDArray[np.int64]] = []  # row, column, box
    for column, boxes in enumerate(element_of):
        values = table[:, column]
        for box in [column] if len(element_of) > 1 else range(len(levels)):
            low, high = levels[box, 0], levels[box, 4]
            is_beyond = (values < low) | (values > high)  # of NaN neither
            rows = np.flatnonzero(is_beyond & (boxes == box) & np.isfinite(values))
            found.append(np.stack([rows, np.full(len(rows), column), np.full(len(rows), box)]))
    every = np.concatenate(found, axis=1)
    every = every[:, sample(every.shape[1], _OUTLIERS)]
    rows, columns, of = every
    return Dots(
        of.astype(np.float64), table[rows, columns], ("text-soft",), "", (), Drawn(rows), 4.0
    )


def _classes(column: Column) -> tuple[list[str], NDArray[np.int64]]:
    """Return the names of classes, and for each row which one it has."""
    values, words = column.values, column.words
    if not words:
        kinds = np.unique(values[~np.isnan(values)])
        words = tuple(f"{kind:g}" for kind in kinds.tolist())
        values = np.where(np.isnan(values), np.nan, np.searchsorted(kinds, values))
    places = np.where(np.isnan(values), NO_ELEMENT, np.nan_to_num(values)).astype(np.int64)
    return list(words), places


def _counted(
    chart: str, data: tuple[Any, ...], most: int = _WORDS
) -> tuple[NDArray[np.float64], tuple[str, ...], NDArray[np.int64]] | None:
    """Return counts, names, and for each row which it is, if the data are words."""
    given: Any = data[0]
    if len(data) != 1 or isinstance(given, str | bytes) or has_names(given):
        return None
    kind = getattr(getattr(given, "dtype", None), "kind", "O")
    if str(kind) in "biufc" or not hasattr(given, "__len__") or hasattr(given, "is_cuda"):
        return None
    if type(given) in {list, tuple} and len(given) and not isinstance(given[0], str):
        return None
    column = columns_of(chart, {"words": given}, "words")[0]
    if not column.words:
        return None
    names, places = _classes(column)
    counts = np.bincount(places[places >= 0], minlength=len(names)).astype(np.float64)
    if len(names) > most:
        kept = np.sort(np.argsort(-counts, kind="stable")[: most - 1])
        place = np.full(len(names), most - 1)
        place[kept] = np.arange(len(kept))
        others = counted(len(names) - len(kept), "other")
        names = [*(names[int(at)] for at in kept), others]
        counts = np.append(counts[kept], counts.sum() - counts[kept].sum())
        places = np.where(places == NO_ELEMENT, NO_ELEMENT, place[places])
    return counts, tuple(names), places


def _bar_names(given: Any, rows: int) -> tuple[str, ...]:
    column = words_or_numbers("bar", given, "names", rows, "a name for each height")
    if column.words:
        return tuple("" if np.isnan(v) else column.words[int(v)] for v in column.values.tolist())
    return tuple(short_name(f"{value:g}") for value in column.values.tolist())


def _flat(values: Any) -> NDArray[Any]:
    """Return values of shape (rows, groups); of more axes than two all are rows."""
    array = array_of("histogram", values, "values")
    if array.size == 0:
        raise ConfigurationError(
            f"histogram got values of shape {array.shape}, in which there is nothing to draw; give "
            "at least one value."
        )
    return array if array.ndim == _TWO and array.shape[1] <= _MOST_GROUPS else array.reshape(-1, 1)
