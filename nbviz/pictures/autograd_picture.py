"""A backward graph as torchviz draws it: one flat picture with a colour for each kind of node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.inspection.graph.layout.layout import place
from nbviz.inspection.graph.layout.level import LevelShape
from nbviz.inspection.graph.trace.autograd import cut_attributes
from nbviz.pictures.graph_picture import AUTOGRAD_COLORS, MARGIN, draw_edge
from nbviz.pictures.graph_scene import SceneEdge
from nbviz.pictures.shapes import Box, Label, Picture, fixed, wide_text

if TYPE_CHECKING:
    from nbviz.inspection.graph.trace.autograd import AutogradGraph, AutogradNode

_INK = fixed("#1f2430")
_LINE_HEIGHT, _TEXT_SIZE, _PADDING = 15.0, 11.0, 9.0
_LEAST_CHARS = 3


def autograd_picture(autograd: AutogradGraph, max_attr_chars: int) -> Picture:
    """Lay out a backward graph."""
    tables = [_table(node, max_attr_chars) for node in autograd.nodes]
    sizes = [
        (
            2 * _PADDING + max(_wide(left) + _wide(right) for left, right in table),
            _LINE_HEIGHT * len(table) + _PADDING,
        )
        for table in tables
    ]
    place_of = {node.node_id: i for i, node in enumerate(autograd.nodes)}
    pairs = [(place_of[edge.source], place_of[edge.target]) for edge in autograd.edges]
    placed = place(LevelShape(sizes, pairs))
    picture = Picture(placed.width + 2 * MARGIN, placed.height + 2 * MARGIN)
    picture.add(Box(0, 0, picture.width, picture.height, "surface"))
    for edge, route in zip(autograd.edges, placed.routes, strict=True):
        draw_edge(picture, SceneEdge(route, arrives=True, tie=edge.tie), (MARGIN, MARGIN))
    for node, table, (x, y), size in zip(
        autograd.nodes, tables, placed.corners, sizes, strict=True
    ):
        left, top = x + MARGIN, y + MARGIN
        picture.add(Box(left, top, *size, AUTOGRAD_COLORS[node.kind], 2, "text-soft"))
        for i, (name, value) in enumerate(table):
            baseline = top + _LINE_HEIGHT * (i + 1)
            if node.attributes and (i or value):
                right = left + size[0] - _PADDING
                picture.add(Label(left + _PADDING, baseline, name, _INK, _TEXT_SIZE))
                picture.add(Label(right, baseline, value, _INK, _TEXT_SIZE, "end"))
            else:
                middle = left + size[0] / 2
                bold = bool(node.attributes)
                picture.add(Label(middle, baseline, name, _INK, _TEXT_SIZE, "middle", bold))
    return picture


def _table(node: AutogradNode, max_attr_chars: int) -> list[tuple[str, str]]:
    """Return what a node says: its lines, and beside those of a function's attributes the values.

    Columns stand in for the spaces of torchviz, which need a font of one width.
    """
    if not node.attributes:
        return [(line, "") for line in box_lines(node, max_attr_chars)]
    return [(node.name, ""), *cut_attributes(node, max_attr_chars)]


def _wide(text: str) -> float:
    """Return how wide a cell of a table is, with the space beside it."""
    return wide_text(text, _TEXT_SIZE, bold=True) + _LINE_HEIGHT / 2 if text else 0.0


def box_lines(node: AutogradNode, max_attr_chars: int) -> list[str]:
    """Return what a node says, line by line, as in torchviz."""
    if node.kind != "function":
        size = f"({', '.join(map(str, node.shape))})"
        return [node.name, size] if node.name else [size]
    if not node.attributes:
        return [node.name]
    longest = max(_LEAST_CHARS, max_attr_chars)
    names = max(len(name) for name, _ in node.attributes)
    values = min(longest, max(len(value) for _, value in node.attributes))
    rule = "-" * max(names + values + 2, len(node.name))
    cut = [
        (name, value if len(value) <= values else f"{value[: values - 3]}...")
        for name, value in node.attributes
    ]
    return [node.name, rule, *(f"{name:<{names}}: {value:>{values}}" for name, value in cut)]
