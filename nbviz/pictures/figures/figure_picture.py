"""A chart of a user's data as shapes: axes, layers, legend, title."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nbviz.pictures.figures.layers import Boxes, Columns, Curves, Dots, Wedges
from nbviz.pictures.figures.pie_picture import draw_wedges
from nbviz.pictures.number_text import format_ticks, nice_ticks
from nbviz.pictures.shapes import Box, Fill, Label, Picture, Stroke, fit_text, text_width
from nbviz.pictures.shapes import Dots as Discs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbviz.pictures.figures.layers import Axis, Figure, Layer

WIDTH, HEIGHT = 640.0, 400.0
TITLE_SIZE, TEXT_SIZE = 13.0, 11.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 14.0, 16.0, 26.0
_TITLE_HEIGHT, _LEGEND_HEIGHT, _LABEL_HEIGHT = 22.0, 18.0, 16.0
FARTHEST = 8e307  # where an axis ends at the latest: its span would overflow
_MARGIN = 0.04  # of the data's range, left free at both of its ends
_NAMES_SHOWN = 24
_LEGEND_SHOWN = 12
_MOST_DOTS = 5000


@dataclass(frozen=True, slots=True)
class Frame:
    """Data to pixels.

    Attributes:
        left: Of the plot, in pixels, as are the next three.
        top: Its upper edge.
        width: How wide it is.
        height: How high it is.
        x: First and last value along it.
        y: Lowest and highest value.
    """

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    def across(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return pixels from the left; far outside of the plot they stay near it."""
        share = share_of_range(x, *self.x)
        return self.left + np.clip(share, -1.0, 2.0) * self.width

    def up(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return pixels from the top; infinite values come to lie on the edge."""
        share = np.clip(share_of_range(y, *self.y), 0.0, 1.0)
        return self.top + (1.0 - share) * self.height


def share_of_range(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Return how far values are from `low`, 0, to `high`, 1."""
    # Half of each: the whole span of floats would overflow.
    return (values * 0.5 - low * 0.5) / (high * 0.5 - low * 0.5)


def figure_picture(figure: Figure) -> Picture:
    """Return a chart as shapes, `WIDTH` × `HEIGHT` pixels."""
    picture = Picture(WIDTH, HEIGHT)
    picture.add(Box(0, 0, WIDTH, HEIGHT, "surface"))
    top = draw_head(picture, figure.title, figure.remark)
    top = _draw_legend(picture, figure.legend, top)
    pies = [layer for layer in figure.layers if isinstance(layer, Wedges)]
    for pie in pies:
        draw_wedges(picture, pie, top, HEIGHT)
    if pies:
        return picture
    x, y = ranges(figure)
    bottom = _BOTTOM + (_LABEL_HEIGHT if figure.x.label else 0)
    top += _LABEL_HEIGHT if figure.y.label else 0
    frame = Frame(_LEFT, top + 4, WIDTH - _LEFT - _RIGHT, HEIGHT - top - 4 - bottom, x, y)
    draw_axes(picture, frame, figure.x, figure.y)
    for layer in figure.layers:
        _draw(picture, frame, layer)
    return picture


def ranges(figure: Figure) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return first and last value of both axes, as a reader wants them."""
    across: list[NDArray[np.float64]] = []
    up: list[NDArray[np.float64]] = []
    from_zero = False
    half = 0.0
    for layer in figure.layers:
        match layer:
            case Curves() | Dots():
                across.append(layer.x)
                up.append(layer.y.reshape(-1))
            case Columns():
                across.append(layer.x)
                up.append(layer.heights.reshape(-1))
                half = place_width(layer.x) / 2
                from_zero = True
            case Boxes():
                across.append(np.arange(len(layer.levels), dtype=np.float64))
                up.append(layer.levels.reshape(-1))
                half = 0.5
            case _:
                pass
    x = _range(across, figure.x, 0.0 if half else _MARGIN)
    y = _range(up, figure.y, _MARGIN, from_zero=from_zero)
    if half and figure.x.low is None:
        values = _finite(across)
        ends = (values.min() - half, values.max() + half) if len(values) else (0.0, 1.0)
        x = max(float(ends[0]), -FARTHEST), min(float(ends[1]), FARTHEST)
    return x, y


def place_width(x: NDArray[np.float64]) -> float:
    """Return how far the places of bars are apart."""
    return float(np.diff(np.sort(x)).min()) if len(x) > 1 else 1.0


def _finite(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    values = np.concatenate([np.empty(0), *parts])
    return values[np.isfinite(values)]


def _range(
    parts: Sequence[NDArray[np.float64]], axis: Axis, margin: float, *, from_zero: bool = False
) -> tuple[float, float]:
    values = _finite(parts)
    if from_zero:
        values = np.append(values, 0.0)
    low = float(values.min()) if len(values) else 0.0
    high = float(values.max()) if len(values) else 1.0
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        reach = abs(low) * 0.1 or 1.0
        low, high = low - reach, high + reach
    # Half of each: the whole span of floats would overflow.
    room = (high * 0.5 - low * 0.5) * 2 * margin if margin else 0.0
    at_zero = from_zero and low == 0
    low, high = (low if at_zero else low - room), high + room
    low, high = max(low, -FARTHEST), min(high, FARTHEST)
    return (low if axis.low is None else axis.low), (high if axis.high is None else axis.high)


def draw_head(picture: Picture, title: str, remark: str) -> float:
    """Draw title and remark; return where the rest begins, in pixels from the top."""
    if not title and not remark:
        return _TOP
    y = 19.0
    room = picture.width - 28
    if title:
        shown = fit_text(title, TITLE_SIZE, room, bold=True)
        picture.add(Label(14, y, shown, size=TITLE_SIZE, bold=True))
        y += _LABEL_HEIGHT if remark else 0
    if remark:
        picture.add(Label(14, y, fit_text(remark, TEXT_SIZE, room), "text-soft", TEXT_SIZE))
    return y + _TITLE_HEIGHT - 14


def _draw_legend(picture: Picture, legend: Sequence[tuple[str, str, bool]], top: float) -> float:
    x, y = 14.0, top + 10
    for name, color, dashed in legend[:_LEGEND_SHOWN]:
        shown = fit_text(name, TEXT_SIZE, 150)
        width = 22 + text_width(shown, TEXT_SIZE) + 14
        if x > 14 and x + width > picture.width - 14:  # noqa: PLR2004
            x, y = 14.0, y + _LEGEND_HEIGHT
        line = np.array([[x, y - 4], [x + 15, y - 4]])
        picture.add(Stroke([line], color, 3.0, dashed=dashed))
        picture.add(Label(x + 21, y, shown, "text-soft", TEXT_SIZE))
        x += width
    left = len(legend) - _LEGEND_SHOWN
    if left > 0:
        picture.add(Label(x, y, f"and {left:,} more", "text-soft", TEXT_SIZE))
    return y + 4 if legend else top


def draw_axes(picture: Picture, frame: Frame, x: Axis, y: Axis) -> None:
    """Draw both axes with their ticks and labels."""
    for at, text in _ticks(y, frame.y, max(2, round(frame.height / 34))):
        place = float(frame.up(np.array([at]))[0])
        picture.add(Stroke([np.array([[frame.left, place], [frame.right, place]])], "grid"))
        shown = fit_text(text, 10.5, _LEFT - 12)
        picture.add(Label(frame.left - 7, place + 3.5, shown, "text-soft", 10.5, "end"))
    line = np.array([[frame.left, frame.bottom], [frame.right, frame.bottom]])
    picture.add(Stroke([line], "border-strong"))
    ticks = _ticks(x, frame.x, max(2, round(frame.width / 72)))
    room = frame.width / max(1, len(ticks)) - 4 if x.names else 90.0
    for at, text in ticks:
        place = float(frame.across(np.array([at]))[0])
        picture.add(
            Stroke([np.array([[place, frame.bottom], [place, frame.bottom + 4]])], "border-strong")
        )
        shown = fit_text(text, 10.5, max(room, 24))
        half = text_width(shown, 10.5) / 2
        middle = min(place, picture.width - 4 - half)
        picture.add(Label(middle, frame.bottom + 16, shown, "text-soft", 10.5, "middle"))
    if y.label:
        shown = fit_text(y.label, TEXT_SIZE, frame.width)
        picture.add(Label(14, frame.top - 9, shown, "text-soft", TEXT_SIZE))
    if x.label:
        shown = fit_text(x.label, TEXT_SIZE, frame.width)
        picture.add(Label(frame.right, frame.bottom + 32, shown, "text-soft", TEXT_SIZE, "end"))


def _ticks(axis: Axis, ends: tuple[float, float], count: int) -> list[tuple[float, str]]:
    if axis.names:
        every = -(-len(axis.names) // _NAMES_SHOWN)
        places = range(0, len(axis.names), every)
        return [(float(at), axis.names[at]) for at in places if ends[0] <= at <= ends[1]]
    values = nice_ticks(*ends, count)
    return list(zip(values, format_ticks(values), strict=True))


def _draw(picture: Picture, frame: Frame, layer: Layer) -> None:
    match layer:
        case Curves():
            _draw_curves(picture, frame, layer)
        case Dots():
            _draw_dots(picture, frame, layer)
        case Columns():
            _draw_columns(picture, frame, layer)
        case Boxes():
            _draw_boxes(picture, frame, layer)
        case _:
            pass


def _draw_curves(picture: Picture, frame: Frame, layer: Curves) -> None:
    across = frame.across(layer.x)
    for y, color in zip(layer.y, layer.colors, strict=True):
        points = np.column_stack([across, frame.up(y)])
        known = ~np.isnan(points).any(axis=1)
        ends = np.flatnonzero(np.diff(known.astype(np.int8), prepend=0, append=0))
        pieces = [points[a:b] for a, b in zip(ends[::2], ends[1::2], strict=True)]
        lines = [piece for piece in pieces if len(piece) > 1]
        picture.add(Stroke(lines, color, 1.6, dashed=layer.is_dashed))
        alone = [piece for piece in pieces if len(piece) == 1]
        if alone:
            picture.add(Discs(np.concatenate(alone), 2.4, color))


def _draw_dots(picture: Picture, frame: Frame, layer: Dots) -> None:
    centers = np.column_stack([frame.across(layer.x), frame.up(layer.y)])
    known = np.flatnonzero(~np.isnan(centers).any(axis=1))
    known = known[:: max(1, -(-len(known) // _MOST_DOTS))]
    if len(layer.colors) == 1:
        picture.add(Discs(centers[known], layer.size / 2, layer.colors[0]))
        return
    by_color: dict[str, list[int]] = {}
    for at in (int(one) for one in known):
        by_color.setdefault(layer.colors[at], []).append(at)
    for color, places in by_color.items():
        picture.add(Discs(centers[places], layer.size / 2, color))


def _draw_columns(picture: Picture, frame: Frame, layer: Columns) -> None:
    whole = place_width(layer.x) * (1 - layer.gap)
    groups = len(layer.heights)
    zero = float(frame.up(np.zeros(1))[0])
    for group, heights in enumerate(layer.heights):
        starts = frame.across(layer.x - whole / 2 + whole * group / groups)
        stops = frame.across(layer.x - whole / 2 + whole * (group + 1) / groups)
        tops = frame.up(heights)
        own = groups == 1 and len(layer.colors) > 1
        for at in np.flatnonzero(~np.isnan(tops)).tolist():
            high, low = sorted((float(tops[at]), zero))
            width = max(0.5, float(stops[at] - starts[at]) - (1 if groups == 1 else 0))
            color = layer.colors[at] if own else layer.colors[group]
            picture.add(Box(float(starts[at]), high, width, low - high, color))
    picture.add(Stroke([np.array([[frame.left, zero], [frame.right, zero]])], "border-strong"))


def _draw_boxes(picture: Picture, frame: Frame, layer: Boxes) -> None:
    half = 0.5 * min(0.6, 60 / max(1.0, frame.width / max(1, len(layer.levels))))
    for at, (levels, color) in enumerate(zip(layer.levels, layer.colors, strict=True)):
        if np.isnan(levels).any():
            continue
        low, lower, middle, upper, high = frame.up(levels).tolist()
        left, center, right = frame.across(np.array([at - half, at, at + half])).tolist()
        whiskers = [
            np.array([[center, low], [center, lower]]),
            np.array([[center, upper], [center, high]]),
            *(np.array([[left + 6, end], [right - 6, end]]) for end in (low, high)),
        ]
        outline = np.array([[left, lower], [right, lower], [right, upper], [left, upper]])
        picture.add(
            Stroke(whiskers, color, 1.2),
            Fill([outline], color, 0.35),
            Stroke([np.vstack([outline, outline[:1]])], color, 1.2),
            Stroke([np.array([[left, middle], [right, middle]])], "text", 2.0),
        )
