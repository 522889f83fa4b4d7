"""Plots of windows as shapes of a picture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.integrations.visdom.arrays import Column, Grid
from nbviz.integrations.visdom.picture_titles import draw_axis_titles, draw_legend
from nbviz.integrations.visdom.share_pictures import draw_shares
from nbviz.pictures.number_text import format_ticks, nice_ticks
from nbviz.pictures.shapes import (
    Box,
    Dots,
    Fill,
    Label,
    Photo,
    Picture,
    Stroke,
    fit_text,
    fixed,
    series_color,
    text_width,
)
from nbviz.recording.media.png import encode_png
from nbviz.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_TICK = 9.5
_BELOW, _ABOVE = 16.0, 4.0
_MOST_POINTS = 1500
_MOST_FACES = 4000
_BARS = 0.8
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_RGBA = re.compile(r"rgba?\(([\d., ]+)\)")
# Viridis of matplotlib, by Smith and van der Walt.
_VIRIDIS = np.array(
    [
        *((68, 1, 84), (72, 40, 120), (62, 73, 137), (49, 104, 142), (38, 130, 142)),
        *((31, 158, 137), (53, 183, 121), (110, 206, 88), (181, 222, 43), (253, 231, 37)),
    ],
    float,
)
_GRIDS = ("heatmap", "contour", "surface")
_POINTS = ("scatter", "scattergl", "custom", "mesh", "box", "bar")
_SPACE = ("scatter3d", "mesh3d")

_Area = tuple[float, float, float, float]  # x, y, width, height


def draw_plot(picture: Picture, content: Mapping[str, Any], area: _Area) -> bool:
    """Draw a plot; returns whether its kind can be drawn.

    Args:
        picture: Where to.
        content: Traces and layout.
        area: x, y, width and height, in pixels.
    """
    traces: list[dict[str, Any]] = content["data"]
    kinds = {str(trace.get("type", "scatter")) for trace in traces}
    layout: dict[str, Any] = content.get("layout", {})
    if not kinds:
        return False
    if kinds <= {"pie", "sunburst"}:
        draw_shares(picture, traces[0], area)
    elif kinds <= {*_GRIDS}:
        _draw_grid(picture, traces[-1]["z"], traces[-1], _within_names(picture, traces[-1], area))
    elif kinds <= {*_SPACE}:
        _draw_space(picture, traces, draw_legend(picture, _named(traces, layout), area))
    elif kinds <= {*_POINTS}:
        below = draw_legend(picture, _named(traces, layout), area)
        _draw_plane(picture, traces, layout, draw_axis_titles(picture, layout, below))
    else:
        return False
    return True


def _named(traces: Sequence[dict[str, Any]], layout: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the names that the legend has, each with its colour."""
    if layout.get("showlegend") is False or any(one.get("type") == "box" for one in traces):
        return []  # boxes have their names below
    named = [
        (str(one["name"]), series_color(place) if one.get("type") == "bar" else _color(one, place))
        for place, one in enumerate(traces)
        if one.get("name") and one.get("showlegend") is not False
    ]
    return named if len(traces) > 1 or layout.get("showlegend") else []


def _within_names(picture: Picture, trace: Mapping[str, Any], area: _Area) -> _Area:
    """Write the names of rows and columns beside a grid; returns what is left for it."""
    values = trace["z"].values if isinstance(trace["z"], Grid) else np.zeros((1, 1))
    rows, columns = (
        [clean_line(str(one)) for one in cast("list[Any]", names)]
        if isinstance(names := trace.get(axis), list) and len(cast("list[Any]", names)) == count
        else []
        for axis, count in zip("yx", values.shape, strict=True)
    )
    x, y, width, height = area
    left = min(width / 3, max((text_width(one, _TICK) + 6 for one in rows), default=0.0))
    inner = (x + left, y, width - left, height - (_BELOW if columns else 0.0))
    for place, name in _some(rows, inner[3] / 12):
        at = y + inner[3] * (1 - (place + 0.5) / len(rows))  # the first row is at the bottom
        shown = fit_text(name, _TICK, left - 5)
        picture.add(Label(x + left - 5, at + 3, shown, "text-soft", _TICK, "end"))
    for place, name in _some(columns, inner[2] / 44):
        at = inner[0] + inner[2] * (place + 0.5) / len(columns)
        shown = fit_text(name, _TICK, max(40.0, inner[2] / len(columns)) - 3)
        picture.add(Label(at, y + inner[3] + 12, shown, "text-soft", _TICK, "middle"))
    return inner


def _some(names: list[str], room: float) -> list[tuple[int, str]]:
    """Return as many of the names as there is room for, with their places."""
    every = max(1, -(-len(names) // max(1, int(room))))
    return list(enumerate(names))[::every]


@dataclass(frozen=True, slots=True)
class _Scale:
    """Values to pixels of one axis."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def pixels(self, values: Any) -> NDArray[np.float64]:
        given = np.asarray(values, float)
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.is_log:
                share = np.log10(given / self.low) / np.log10(self.high / self.low)
            else:
                share = (given - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def _draw_plane(
    picture: Picture, traces: Sequence[dict[str, Any]], layout: Mapping[str, Any], area: _Area
) -> None:
    x, y, width, height = area
    names = _names(traces)
    parts = [_points(place, trace, names) for place, trace in enumerate(traces)]
    across = _range([px for px, _ in parts], layout.get("xaxis"))
    up = _range([py for _, py in parts], layout.get("yaxis"))
    is_bar = any(trace.get("type") == "bar" for trace in traces)
    if is_bar:
        up = (min(0.0, up[0]), _bar_top(traces, layout), False)
        across = (across[0] - 0.5, across[1] + 0.5, False)
    elif any(trace.get("type") == "box" for trace in traces):
        across = (-0.5, len(traces) - 0.5, False)
    ticks = nice_ticks(up[0], up[1], max(2, round(height / 34)))
    labels = format_ticks(ticks)
    left = 6 + max((text_width(one, _TICK) for one in labels), default=0.0)
    bottom = y + height - _BELOW
    scale_x = _Scale(*across[:2], x + left, x + width - 4, across[2])
    scale_y = _Scale(*up[:2], bottom, y + _ABOVE, up[2])
    for at, label in zip(scale_y.pixels(ticks).tolist(), labels, strict=True):
        picture.add(
            Stroke([np.array([[x + left, at], [x + width - 4, at]])], "grid"),
            Label(x + left - 4, at + 3, label, "text-soft", _TICK, "end"),
        )
    given = _given_ticks(layout.get("xaxis"))
    _draw_x_axis(picture, scale_x, names or _box_names(traces), bottom, given)
    for place, trace in enumerate(traces):
        color = _color(trace, place)
        kind = trace.get("type", "scatter")
        if kind == "bar":
            _draw_bars(picture, (scale_x, scale_y), traces, place, layout)
        elif kind == "box":
            _draw_box(picture, (scale_x, scale_y), place, parts[place][1], color)
        else:
            _draw_points(picture, (scale_x, scale_y), trace, parts[place], color)


def _given_ticks(axis: Any) -> list[tuple[float, str]]:
    """Return the places on an axis that have texts of the user's own."""
    of: Mapping[str, Any] = axis or {}
    places, texts = of.get("tickvals"), of.get("ticktext")
    if not isinstance(places, list) or not isinstance(texts, list):
        return []
    pairs = zip(cast("list[Any]", places), cast("list[Any]", texts), strict=False)
    return [(float(at), str(text)) for at, text in pairs if isinstance(at, int | float)]


def _draw_x_axis(
    picture: Picture,
    scale: _Scale,
    names: list[str],
    bottom: float,
    given: Sequence[tuple[float, str]],
) -> None:
    picture.add(Stroke([np.array([[scale.start, bottom], [scale.end, bottom]])], "border"))
    width = scale.end - scale.start
    if names:
        every = max(1, round(len(names) / max(1, width / 44)))
        places = [float(at) for at in range(0, len(names), every)]
        room = width / max(1, len(places))
        texts = [fit_text(clean_line(names[int(at)]), _TICK, room) for at in places]
    elif given:
        every = max(1, -(-len(given) // max(1, int(width / 44))))
        places = [at for at, _ in given[::every]]
        room = width / len(places)
        texts = [fit_text(clean_line(text), _TICK, room - 3) for _, text in given[::every]]
    else:
        places = nice_ticks(scale.low, scale.high, max(2, round(width / 60)))
        texts = format_ticks(places)
    for at, text in zip(scale.pixels(places).tolist(), texts, strict=True):
        if scale.start <= at <= scale.end:
            anchor = "end" if at > scale.end - text_width(text, _TICK) / 2 else "middle"
            picture.add(Label(at, bottom + 12, text, "text-soft", _TICK, anchor))


def _draw_points(
    picture: Picture,
    scales: tuple[_Scale, _Scale],
    trace: Mapping[str, Any],
    points: tuple[NDArray[np.float64], NDArray[np.float64]],
    color: str,
) -> None:
    count = min(map(len, points))
    every = max(1, count // _MOST_POINTS)
    px, py = (
        scale.pixels(values[:count:every]) for scale, values in zip(scales, points, strict=True)
    )
    py = np.clip(py, scales[1].end - 2, scales[1].start + 2)
    mode = str(trace.get("mode") or "lines")
    known = np.isfinite(px) & np.isfinite(py)
    placed = np.column_stack([px, py])
    if "lines" in mode:
        edges = np.flatnonzero(np.diff(known.astype(np.int8), prepend=0, append=0))
        pieces = [placed[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
        dash = trace.get("line", {}).get("dash", "solid")
        picture.add(Stroke(pieces, color, 1.5, dashed=dash != "solid"))
    if "markers" in mode or mode == "text":
        picture.add(Dots(placed[known], 2.2, color))


def _bar_top(traces: Sequence[Mapping[str, Any]], layout: Mapping[str, Any]) -> float:
    heights = [_numbers(trace.get("y")) for trace in traces]
    if layout.get("barmode") == "stack" and len({len(one) for one in heights}) == 1:
        return float(np.nansum(heights, axis=0).max()) * 1.05 or 1.0
    return max((float(np.nanmax(one)) for one in heights if len(one)), default=1.0) * 1.05 or 1.0


def _draw_bars(
    picture: Picture,
    scales: tuple[_Scale, _Scale],
    traces: Sequence[dict[str, Any]],
    place: int,
    layout: Mapping[str, Any],
) -> None:
    across, up = scales
    names = _names(traces)
    places, heights = _points(place, traces[place], names)
    steps = np.diff(np.sort(places))
    step = float(steps[steps > 0].min()) if (steps > 0).any() else 1.0
    is_stacked = layout.get("barmode") == "stack"
    share = 1.0 if is_stacked else 1 / len(traces)
    first = (_BARS / 2) * -1 + (0.0 if is_stacked else _BARS * share * place)
    base = np.zeros(len(heights))
    if is_stacked:
        for before in traces[:place]:
            base += np.nan_to_num(_numbers(before.get("y")))
    left = across.pixels(places + first * step)
    right = across.pixels(places + (first + _BARS * share) * step)
    foot, top = up.pixels(base), up.pixels(base + heights)
    for x, end, low, high in zip(left, right, foot, top, strict=True):
        if np.isfinite([x, end, low, high]).all():
            box = (
                float(x),
                float(min(low, high)),
                float(max(0.7, end - x)),
                float(abs(low - high)),
            )
            picture.add(Box(*box, series_color(place)))


def _draw_box(
    picture: Picture, scales: tuple[_Scale, _Scale], place: int, values: Any, color: str
) -> None:
    known = values[np.isfinite(values)]
    if not len(known):
        return
    lower, median, upper = np.quantile(known, [0.25, 0.5, 0.75])
    within = known[
        (known >= lower - 1.5 * (upper - lower)) & (known <= upper + 1.5 * (upper - lower))
    ]
    left, middle, right = scales[0].pixels([place - 0.28, place, place + 0.28]).tolist()
    marks = scales[1].pixels([within.min(), lower, median, upper, within.max()]).tolist()
    outline = [[left, marks[1]], [right, marks[1]], [right, marks[3]], [left, marks[3]]]
    lines = [
        [[middle, marks[0]], [middle, marks[1]]],
        [[middle, marks[3]], [middle, marks[4]]],
        [*outline, outline[0]],
    ]
    picture.add(Fill([np.array(outline)], color, 0.25))
    picture.add(Stroke([np.array(one) for one in lines], color, 1.4))
    picture.add(Stroke([np.array([[left, marks[2]], [right, marks[2]]])], color, 2.2))


def _draw_grid(picture: Picture, z: Any, trace: Mapping[str, Any], area: _Area) -> None:
    values = z.values if isinstance(z, Grid) else np.zeros((1, 1))
    known = values[np.isfinite(values)]
    low = trace.get("zmin", trace.get("cmin"))
    high = trace.get("zmax", trace.get("cmax"))
    low = float(known.min()) if low is None and len(known) else float(low or 0)
    high = float(known.max()) if high is None and len(known) else float(high or 1)
    rows, columns = (max(1, -(-side // 200)) for side in values.shape)
    small = values[::rows, ::columns][::-1]
    share = np.nan_to_num((small - low) / ((high - low) or 1), nan=0.0)
    place = np.clip(share, 0, 1) * (len(_VIRIDIS) - 1)
    first = np.minimum(place.astype(int), len(_VIRIDIS) - 2)
    part = (place - first)[..., None]
    colors = _VIRIDIS[first] * (1 - part) + _VIRIDIS[first + 1] * part
    x, y, width, height = area
    picture.add(Photo(x, y, width, height, encode_png(colors.astype(np.uint8))))


def _draw_space(picture: Picture, traces: Sequence[dict[str, Any]], area: _Area) -> None:
    x, y, width, height = area
    corners = [[_numbers(trace.get(axis)) for axis in "xyz"] for trace in traces]
    every = np.concatenate([np.column_stack(one) for one in corners])
    low, high = np.nanmin(every, axis=0), np.nanmax(every, axis=0)
    side = min(width, height) * 0.62

    def seen(points: Any) -> tuple[Any, Any]:
        a, b, c = (2 * (points - low) / np.maximum(high - low, 1e-12) - 1).T * 0.5
        turned, away = a * 0.83 - b * 0.56, a * 0.56 + b * 0.83
        up = c * 0.94 + away * 0.34
        return np.column_stack(
            [x + width / 2 + turned * side, y + height / 2 - up * side]
        ), away * 0.94 - c * 0.34

    for place, (trace, one) in enumerate(zip(traces, corners, strict=True)):
        points, depth = seen(np.column_stack(one))
        color = _color(trace, place)
        if "k" in trace:
            faces = np.column_stack([_numbers(trace[name]).astype(int) for name in "ijk"])
            order = np.argsort(-depth[faces].mean(axis=1))[:_MOST_FACES]
            picture.add(Fill([points[face] for face in faces[order]], color, 0.55))
        else:
            known = np.isfinite(points).all(axis=1)
            picture.add(Dots(points[known][:_MOST_POINTS], 2, color))


def _points(
    place: int, trace: Mapping[str, Any], names: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    up = _numbers(trace.get("y"))
    x = trace.get("x")
    if trace.get("type") == "box":
        return np.full(len(up), float(place)), up
    if isinstance(x, Column):
        return x.values, up
    if isinstance(x, list):
        return np.array([names.index(str(one)) for one in x], float), up  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return np.arange(len(up), dtype=float), up


def _names(traces: Sequence[Mapping[str, Any]]) -> list[str]:
    listed = [one for trace in traces if isinstance(trace.get("x"), list) for one in trace["x"]]
    return list(dict.fromkeys(map(str, listed)))


def _box_names(traces: Sequence[Mapping[str, Any]]) -> list[str]:
    is_box = any(trace.get("type") == "box" for trace in traces)
    return [str(trace.get("name", "")) for trace in traces] if is_box else []


def _numbers(value: Any) -> NDArray[np.float64]:
    return value.values if isinstance(value, Column) else np.empty(0)


def _range(parts: Sequence[NDArray[np.float64]], axis: Any) -> tuple[float, float, bool]:
    """Return the first and last value of an axis, and whether it is by powers of ten."""
    of: Mapping[str, Any] = axis or {}
    is_log = of.get("type") == "log"
    ends = of.get("range")
    if ends is not None and len(ends) == 2 and ends[0] != ends[1]:  # noqa: PLR2004
        return (10.0 ** ends[0], 10.0 ** ends[1], True) if is_log else (*map(float, ends), False)  # pyright: ignore[reportReturnType]
    values = np.concatenate([np.empty(0), *parts])
    values = values[np.isfinite(values) & ((values > 0) | (not is_log))]
    if not len(values):
        return (0.1, 10.0, True) if is_log else (0.0, 1.0, False)
    low, high = float(values.min()), float(values.max())
    if is_log:
        return low / 1.1, high * 1.1, True
    margin = (high - low) * 0.05 or abs(high) * 0.1 or 1.0
    return low - margin, high + margin, False


def _color(trace: Mapping[str, Any], place: int) -> str:
    given: Any = trace.get("line", {}).get("color") or trace.get("marker", {}).get("color")
    given = given or trace.get("color")
    text = str(given)
    if isinstance(given, list) and given:
        text = str(cast("list[Any]", given)[0])
    if _HEX.fullmatch(text):
        return fixed(text)
    found = _RGBA.fullmatch(text)
    if found:
        red, green, blue = (int(float(one)) for one in found.group(1).split(",")[:3])
        return fixed(f"#{red:02x}{green:02x}{blue:02x}")
    return series_color(place)
