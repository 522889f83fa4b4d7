"""A graph as a picture of shapes, from which SVG, PNG and PDF are drawn."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nbviz.inspection.graph.families import family_of
from nbviz.pictures.graph_boxes import (
    ATTRIBUTE,
    ATTRIBUTE_ROOM,
    HEADER,
    LABEL_SIZE,
    PAD,
    SMALL_SIZE,
    wide_text,
)
from nbviz.pictures.graph_scene import at_a_glance, compose, to_depth
from nbviz.pictures.shapes import (
    Anchor,
    Box,
    Fill,
    Label,
    Picture,
    Span,
    Stroke,
    fit_text,
    fixed,
    mixed,
    wrapped_text,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.inspection.graph.layout.level import Point
    from nbviz.pictures.graph_levels import Levels
    from nbviz.pictures.graph_scene import SceneBox, SceneEdge
    from nbviz.protocol.graph import AutogradKind

MARGIN = 18.0
TITLE_HEIGHT = 34.0
_BEND = 10  # pieces of a bend

FAMILY_COLORS = {
    "conv": "series-1",
    "linear": "series-5",
    "norm": "series-6",
    "activation": "series-3",
    "pooling": "series-7",
    "attention": "series-4",
    "recurrent": "series-2",
    "embedding": "series-8",
    "failed": "bad",
}
# The colours that torchviz names, as Graphviz shows them.
AUTOGRAD_COLORS: dict[AutogradKind, str] = {
    "function": fixed("#d3d3d3"),
    "leaf": fixed("#add8e6"),
    "saved": fixed("#ffa500"),
    "output": fixed("#caff70"),
    "base": fixed("#a2cd5a"),
}
_NOTE_LINE = 16  # pixels
_AUTOGRAD_SHARE = 36  # per cent; the rest is the page's own, so that its text is read on it
_EDGE = mixed("text-soft", 65, "surface")
_ARROW = mixed("text-soft", 75, "surface")
_OPENED = (mixed("sunken", 70, "surface"), mixed("sunken", 25, "surface"))


def graph_picture(levels: Levels, depth: int | None = None) -> Picture:
    """Lay out a graph.

    Args:
        levels: The graph.
        depth: How many levels of boxes are open; None for as many as are read at a glance.
    """
    opened = at_a_glance(levels) if depth is None else to_depth(levels, depth)
    scene = compose(levels, opened)
    root = levels.level("")
    title = wide_text(root["title"], 13, bold=True)
    picture = Picture(max(scene.width, min(title + 1, 700.0)) + 2 * MARGIN)
    room = picture.width - 2 * MARGIN
    note = wrapped_text(root["note"], 11 * 1.15, room)
    picture.height = scene.height + TITLE_HEIGHT + 2 * MARGIN
    end = picture.height
    if note:
        picture.height += 4 + _NOTE_LINE * len(note)
    picture.add(Box(0, 0, picture.width, picture.height, "surface"))
    said = fit_text(root["title"], 13 * 1.15, room, bold=True)
    picture.add(Label(MARGIN, MARGIN + 11, said, size=13, bold=True))
    corner = ((picture.width - scene.width) / 2, MARGIN + TITLE_HEIGHT)
    for number, line in enumerate(note, 1):
        y = end - MARGIN + 4 + _NOTE_LINE * number
        picture.add(Label(MARGIN, y, line, "text-soft", 11))
    for box in scene.boxes:
        if box.is_open:
            _draw_box(picture, box, corner)
    for edge in scene.edges:
        draw_edge(picture, edge, corner)
    for box in scene.boxes:
        if not box.is_open:
            _draw_box(picture, box, corner)
    return picture


def _draw_box(picture: Picture, box: SceneBox, corner: Point) -> None:
    x, y = corner[0] + box.x, corner[1] + box.y
    family = FAMILY_COLORS.get(family_of(box.node), "")
    fill = mixed(family, 9, "surface") if family else "surface"
    edge = mixed(family, 55, "border-strong") if family else "border-strong"
    if box.is_open:
        fill, edge = _OPENED[box.depth % 2], "border"
    elif box.node["autograd"]:
        color = AUTOGRAD_COLORS[box.node["autograd"]]
        family, fill, edge = "", mixed(color, _AUTOGRAD_SHARE, "surface"), color
    elif box.node["kind"] in ("input", "output"):
        edge = "text-soft"
    radius = 7.0 if box.node["kind"] == "module" else 12.0
    if box.node["repeat"] > 1 and not box.is_open:
        for shift in (6, 3):
            picture.add(Box(x + shift, y + shift, box.width, box.height, fill, radius, edge))
    picture.add(Box(x, y, box.width, box.height, fill, radius, edge))
    for i, (name, value) in enumerate(box.text.attributes):
        below = box.height - ATTRIBUTE_ROOM - ATTRIBUTE * (len(box.text.attributes) - i)
        baseline = y + below + ATTRIBUTE - 4
        picture.add(Label(x + PAD, baseline, name, size=SMALL_SIZE))
        picture.add(Label(x + box.width - PAD, baseline, value, size=SMALL_SIZE, anchor="end"))
    if box.node["kind"] != "module":
        _write_small(picture, box, x, y)
        return
    if family and not box.is_open:
        picture.add(Box(x + 6, y + 8, 3, box.height - 16, family, 1.5))
    _write(picture, box, x, y)


def _write_small(picture: Picture, box: SceneBox, x: float, y: float) -> None:
    """Write what an operation, an input or an output says."""
    text = box.text
    at = x + PAD if text.shape else x + box.width / 2
    anchor = "start" if text.shape else "middle"
    bold = box.node["kind"] != "operation"
    picture.add(Label(at, y + 16, text.label, size=LABEL_SIZE, anchor=anchor, bold=bold))
    if text.shape:
        # On a backward graph's colours a quieter text could not be read.
        color = "text" if box.node["autograd"] else "text-soft"
        right = x + box.width - PAD
        picture.add(Label(right, y + 16, text.shape, color, SMALL_SIZE, "end"))


def _write(picture: Picture, box: SceneBox, x: float, y: float) -> None:
    """Write what a module says."""
    text = box.text
    left, right = x + PAD + 3, x + box.width - PAD
    baseline = y + (HEADER - 9.5 if box.is_open else 19)
    more = (Span(f"  {text.type}", "text-soft"),) if text.type else ()
    picture.add(Label(left, baseline, text.label, size=LABEL_SIZE, bold=True, more=more))
    if text.count:
        _soft(picture, right, baseline, text.count, "end")
    if text.detail and not box.is_open:
        _soft(picture, left, y + 35, text.detail, "start")
    if text.shape and not box.is_open:
        _soft(picture, right, y + 35, text.shape, "end")


def _soft(picture: Picture, x: float, y: float, text: str, anchor: Anchor) -> None:
    picture.add(Label(x, y, text, "text-soft", SMALL_SIZE, anchor))


def draw_edge(picture: Picture, edge: SceneEdge, corner: Point) -> None:
    """Draw an edge as a smooth line, which leaves and arrives vertically."""
    points = [(x + corner[0], y + corner[1]) for x, y in edge.points]
    picture.add(Stroke([_smooth(points)], _EDGE, 1.3, dotted=edge.tie == "view"))
    if edge.arrives and edge.tie != "saved":
        x, y = points[-1]
        picture.add(Fill([np.array([(x - 4, y - 7), (x, y), (x + 4, y - 7)])], _ARROW))


def _smooth(points: list[Point]) -> NDArray[np.float64]:
    """Return points along a line that bends only between ranks."""
    path = [points[0]]
    t = np.linspace(0, 1, _BEND + 1)[1:]
    bend = 3 * t**2 * (1 - t) + t**3  # of a Bézier curve whose handles are vertical
    rise = 1.5 * t * (1 - t) ** 2 + 1.5 * t**2 * (1 - t) + t**3
    for (x, y), (next_x, next_y) in pairwise(points):
        if abs(next_x - x) < 0.5:  # noqa: PLR2004
            path.append((next_x, next_y))
        else:
            xs, ys = x + bend * (next_x - x), y + rise * (next_y - y)
            path.extend(zip(xs.tolist(), ys.tolist(), strict=True))
    return np.array(path)
