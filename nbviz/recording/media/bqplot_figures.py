"""Figures of bqplot, which draws in a page only: their marks, drawn by matplotlib."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_SIZE = (6.0, 4.0)  # inches


def drawn_by_matplotlib(figure: Any) -> tuple[Any, list[str]]:
    """Return a figure of matplotlib with the marks of one of bqplot, and the marks it has not.

    Args:
        figure: A `bqplot.Figure`.

    Raises:
        ImportError: matplotlib is not installed.
        Exception: Its data are such that matplotlib refuses them.
    """
    library: Any = importlib.import_module("matplotlib.figure")
    drawn = library.Figure(figsize=_SIZE, layout="constrained")
    axes = drawn.add_subplot()
    left_out: list[str] = []
    for mark in figure.marks:
        names = [kind.__name__ for kind in type(mark).__mro__]
        draw = next((_MARKS[name] for name in names if name in _MARKS), None)
        if draw is None:
            left_out.append(names[0])
        elif mark.visible:
            draw(axes, mark)
    axes.set_title(figure.title)
    for axis in figure.axes:
        side = "y" if getattr(axis, "orientation", "horizontal") == "vertical" else "x"
        if not hasattr(axis, "scale"):
            continue
        getattr(axes, f"set_{side}label")(axis.label)
        if type(axis.scale).__name__ == "LogScale":
            getattr(axes, f"set_{side}scale")("log")
        low, high = getattr(axis.scale, "min", None), getattr(axis.scale, "max", None)
        if low is not None or high is not None:
            getattr(axes, f"set_{side}lim")(low, high)
        if axis.grid_lines != "none":
            axes.grid(visible=True, axis=side, color="0.9", linewidth=0.6)
    if any(getattr(mark, "display_legend", False) and mark.labels for mark in figure.marks):
        axes.legend()
    return drawn, left_out


def _color(mark: Any, number: int = 0) -> Any:
    colors = list(mark.colors or [])
    return colors[number % len(colors)] if colors else None


def _lines(axes: Any, mark: Any) -> None:
    x, rows = np.asarray(mark.x), np.atleast_2d(np.asarray(mark.y))
    styles = {"solid": "-", "dashed": "--", "dotted": ":", "dash_dotted": "-."}
    for number, y in enumerate(rows):
        axes.plot(
            x[number] if x.ndim > 1 else x,
            y,
            styles.get(mark.line_style, "-"),
            color=_color(mark, number),
            linewidth=mark.stroke_width,
            label=mark.labels[number] if number < len(mark.labels) else None,
        )


def _scatter(axes: Any, mark: Any) -> None:
    given = mark.color
    by_value = given is not None and np.size(given) == np.size(mark.x)
    axes.scatter(
        np.asarray(mark.x),
        np.asarray(mark.y),
        s=mark.default_size,
        c=np.asarray(given) if by_value else None,
        color=None if by_value else _color(mark),
        label=mark.labels[0] if mark.labels else None,
    )


def _bars(axes: Any, mark: Any) -> None:
    x, rows = np.asarray(mark.x), np.atleast_2d(np.asarray(mark.y))
    below = np.zeros(rows.shape[1])
    is_grouped = mark.type == "grouped"
    width = 0.8 / len(rows) if is_grouped else 0.8
    places: NDArray[np.float64] = np.arange(rows.shape[1], dtype=np.float64)
    for number, y in enumerate(rows):
        at = places + (number * width - 0.4 + width / 2 if is_grouped else 0)
        axes.bar(at, y, width, bottom=None if is_grouped else below, color=_color(mark, number))
        below = below + y
    axes.set_xticks(places, [str(one) for one in x.tolist()])


def _histogram(axes: Any, mark: Any) -> None:
    axes.hist(np.asarray(mark.sample), bins=mark.bins, color=_color(mark))


def _pie(axes: Any, mark: Any) -> None:
    labels = list(mark.labels) if len(mark.labels) == len(mark.sizes) else None
    axes.pie(np.asarray(mark.sizes), labels=labels, colors=list(mark.colors) or None)


def _heatmap(axes: Any, mark: Any) -> None:
    axes.imshow(np.asarray(mark.color), aspect="auto", origin="lower")


_MARKS: dict[str, Callable[[Any, Any], None]] = {
    "Lines": _lines,
    "Scatter": _scatter,
    "Bars": _bars,
    "Hist": _histogram,
    "Pie": _pie,
    "GridHeatMap": _heatmap,
    "HeatMap": _heatmap,
}
