"""Arrows over a plane, and rows as lines over several axes, as shapes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nbviz.pictures.figures.figure_picture import HEIGHT, WIDTH, Frame, draw_axes, draw_head
from nbviz.pictures.figures.layers import Axis
from nbviz.pictures.number_text import format_value
from nbviz.pictures.shapes import Box, Fill, Label, Picture, Stroke, fit_text, text_width

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HEAD = 0.32  # of an arrow's length
_LINES_DRAWN = 600
_WORDS_SHOWN = 10
_NAME_HEIGHT, _NAME_ROWS = 13.0, 3
_BESIDE = 44.0  # pixels that what an outer axis says has at least


@dataclass(frozen=True, slots=True, eq=False)
class Arrows:
    """Arrows over a plane.

    Attributes:
        title: "" for none.
        rows: How many arrows the input has.
        chosen: Which of them are drawn; int64, as long as the next four.
        x: Where they begin; float64.
        y: The same.
        u: How long they are along x; float64, the longest of all is 1 long.
        v: The same along y.
        ends: The lowest and highest x and y.
        colors: The names of the colours that there are.
        of_arrow: Which one each arrow that is drawn has.
        color_names: What each colour stands for, "" for nothing.
        names: What the axes measure.
        longest: How long the longest arrow is, in the input's units.
        all_columns: x and y of all arrows of the input.
        remark: Beside the title.
    """

    title: str
    rows: int
    chosen: NDArray[np.int64] = field(repr=False)
    x: NDArray[np.float64] = field(repr=False)
    y: NDArray[np.float64] = field(repr=False)
    u: NDArray[np.float64] = field(repr=False)
    v: NDArray[np.float64] = field(repr=False)
    ends: tuple[float, float, float, float]
    colors: tuple[str, ...]
    of_arrow: NDArray[np.int64] = field(repr=False)
    color_names: tuple[str, ...]
    names: tuple[str, str]
    longest: float
    all_columns: tuple[NDArray[np.float64], ...] = field(repr=False)
    remark: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ParallelAxis:
    """One axis of parallel coordinates.

    Attributes:
        name: Of the column.
        values: By the row that is drawn; of words their places. float64.
        words: From below; none for numbers.
    """

    name: str
    values: NDArray[np.float64] = field(repr=False)
    words: tuple[str, ...] = ()

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        finite = self.values[np.isfinite(self.values)]
        if self.words:
            return 0.0, float(max(1, len(self.words) - 1))
        return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Parallel:
    """Rows as lines over several axes.

    Attributes:
        title: "" for none.
        rows: How many rows the input has.
        chosen: Which of them are drawn; int64.
        axes: From left to right.
        colors: The names of the colours that there are.
        of_line: Which one each line that is drawn has.
        color_names: What each colour stands for, "" for nothing.
        all_columns: Of each axis the values of all rows of the input.
        remark: Beside the title.
    """

    title: str
    rows: int
    chosen: NDArray[np.int64] = field(repr=False)
    axes: tuple[ParallelAxis, ...]
    colors: tuple[str, ...]
    of_line: NDArray[np.int64] = field(repr=False)
    color_names: tuple[str, ...]
    all_columns: tuple[NDArray[np.float64], ...] = field(repr=False)
    remark: str = ""


def arrows_picture(arrows: Arrows) -> Picture:
    """Return arrows as shapes."""
    picture = Picture(WIDTH, HEIGHT)
    picture.add(Box(0, 0, WIDTH, HEIGHT, "surface"))
    top = draw_head(picture, arrows.title, arrows.remark)
    top = _draw_color_names(picture, arrows.colors, arrows.color_names, top)
    left, right, low, high = arrows.ends
    frame = Frame(58, top + 10, WIDTH - 72, HEIGHT - top - 44, (left, right), (low, high))
    draw_axes(picture, frame, Axis(arrows.names[0]), Axis(arrows.names[1]))
    length = 0.9 * arrow_room(frame.width, frame.height, len(arrows.x))
    from_ = np.column_stack([frame.across(arrows.x), frame.up(arrows.y)])
    along = np.column_stack([arrows.u, -arrows.v]) * length
    known = ~(np.isnan(from_).any(axis=1) | np.isnan(along).any(axis=1))
    for at, color in enumerate(arrows.colors):
        own = np.flatnonzero(known & (arrows.of_arrow == at))
        shafts: list[NDArray[np.float64]] = []
        heads: list[NDArray[np.float64]] = []
        for arrow in own.tolist():
            start, reach = from_[arrow], along[arrow]
            tip, across = start + reach, np.array([-reach[1], reach[0]]) * _HEAD * 0.5
            neck = start + reach * (1 - _HEAD)
            shafts.append(np.stack([start, neck]))
            heads.append(np.stack([tip, neck + across, neck - across]))
        picture.add(Stroke(shafts, color, 1.2), Fill(heads, color))
    return picture


def arrow_room(width: float, height: float, count: int) -> float:
    """Return how far arrows are apart, about, in the unit of the sides."""
    return float(np.clip(np.sqrt(width * height / max(1, count)), 8, 80))


def parallel_picture(parallel: Parallel) -> Picture:
    """Return rows as lines over several axes."""
    picture = Picture(WIDTH, HEIGHT * 0.8)
    picture.add(Box(0, 0, WIDTH, picture.height, "surface"))
    top = draw_head(picture, parallel.title, parallel.remark)
    top = _draw_color_names(picture, parallel.colors, parallel.color_names, top) + 26
    count = len(parallel.axes)
    rooms = [_beside(parallel.axes[at]) for at in (0, count - 1)] if count else [_BESIDE] * 2
    bottom, left, right = picture.height - 16, rooms[0] + 8, WIDTH - rooms[1] - 8
    places = np.linspace(left, right, count) if count > 1 else np.array([(left + right) / 2])
    # Names that do not fit beside each other take turns in rows.
    apart = (right - left) / max(1, count - 1)
    widest = max((text_width(axis.name, 11) for axis in parallel.axes), default=0.0)
    name_rows = min(_NAME_ROWS, max(1, int(np.ceil((widest + 8) / apart))))
    top += _NAME_HEIGHT * (name_rows - 1)
    heights = np.full((count, len(parallel.chosen)), np.nan)
    for at, axis in enumerate(parallel.axes):
        low, high = axis.ends
        span = high * 0.5 - low * 0.5
        share = (axis.values * 0.5 - low * 0.5) / span if span > 0 else axis.values * 0 + 0.5
        share[~np.isfinite(axis.values)] = np.nan
        heights[at] = bottom - np.clip(share, 0, 1) * (bottom - top)
    step = max(1, -(-len(parallel.chosen) // _LINES_DRAWN))
    for at, color in enumerate(parallel.colors):
        own = np.flatnonzero(parallel.of_line == at)[::step]
        pieces: list[NDArray[np.float64]] = []
        for row in own.tolist():
            points = np.column_stack([places, heights[:, row]])
            known = ~np.isnan(points[:, 1])
            ends = np.flatnonzero(np.diff(known.astype(np.int8), prepend=0, append=0))
            pieces += [points[a:b] for a, b in zip(ends[::2], ends[1::2], strict=True) if b - a > 1]
        picture.add(Stroke(pieces, color, 1.0, opacity=0.5))
    room = apart - 8
    for at, axis in enumerate(parallel.axes):
        x = float(places[at])
        picture.add(Stroke([np.array([[x, top], [x, bottom]])], "text-soft"))
        name = fit_text(axis.name, 11, max(24.0, apart * name_rows - 8))
        half = text_width(name, 11) / 2
        middle = min(max(x, 8 + half), WIDTH - 8 - half)
        above = top - 10 - _NAME_HEIGHT * (name_rows - 1 - at % name_rows)
        picture.add(Label(middle, above, name, "text", 11, "middle"))
        anchor = "end" if at == 0 else "start"
        for share, text in _axis_texts(axis):
            y = bottom - share * (bottom - top) + 4
            beside = rooms[0] if at == 0 else rooms[1] if at == count - 1 else room
            shown = fit_text(text, 10, beside)
            picture.add(Label(x + (-5 if at == 0 else 5), y, shown, "text-soft", 10, anchor))
    return picture


def _beside(axis: ParallelAxis) -> float:
    """Return the room beside an outer axis for what it says."""
    widest = max(text_width(text, 10) for _, text in _axis_texts(axis))
    return min(max(_BESIDE, widest + 8), 2.5 * _BESIDE)


def _axis_texts(axis: ParallelAxis) -> list[tuple[float, str]]:
    low, high = axis.ends
    if axis.words:
        every = -(-len(axis.words) // _WORDS_SHOWN)
        last = max(1, len(axis.words) - 1)
        return [(at / last, axis.words[at]) for at in range(0, len(axis.words), every)]
    if high <= low:
        return [(0.5, format_value(low))]
    return [(0.0, format_value(low)), (1.0, format_value(high))]


def _draw_color_names(
    picture: Picture, colors: tuple[str, ...], names: tuple[str, ...], top: float
) -> float:
    x, y = 14.0, top + 10
    for color, name in zip(colors, names, strict=True):
        if not name:
            continue
        shown = fit_text(name, 11, 120)
        if x + 40 + text_width(shown, 11) > picture.width:
            break
        picture.add(Stroke([np.array([[x, y - 4], [x + 15, y - 4]])], color, 3.0))
        picture.add(Label(x + 21, y, shown, "text-soft", 11))
        x += 35 + text_width(shown, 11)
    return y + 4 if any(names) else top
