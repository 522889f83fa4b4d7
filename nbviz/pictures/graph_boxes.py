"""What a box of a saved graph says, and how large that makes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nbviz.pictures.number_text import short_count
from nbviz.pictures.shapes import wide_text

if TYPE_CHECKING:
    from nbviz.protocol.graph import GraphNode

PAD = 12.0
BAR_ROOM = 7.0
ATTRIBUTE, ATTRIBUTE_ROOM = 15.0, 5.0  # height of an attribute's line, and of the gap below all
HEADER = 28.0  # height of an opened box's header
LABEL_SIZE, SMALL_SIZE = 12.0, 11.0
_BETWEEN = 14.0
_LONGEST = 40
_LONGEST_END = 15  # of a longer text: names in a row differ at their ends


@dataclass(frozen=True, slots=True)
class BoxText:
    """The text of a box, and its size in pixels.

    Attributes:
        label: Top left: the name.
        type: After it, more quietly.
        detail: Below it: the settings.
        count: Top right: how many parameters.
        shape: Bottom right: the shape of what it returns.
        attributes: Below all of it, name and value line by line.
    """

    label: str
    type: str
    detail: str
    count: str
    shape: str
    width: float
    height: float
    attributes: tuple[tuple[str, str], ...] = ()


def text_of(node: GraphNode, *, is_open: bool) -> BoxText:
    """Return what a box says; the same as in the live view."""
    text = _plain_text(node, is_open=is_open)
    if is_open or not node["attributes"]:
        return text
    attributes = tuple((_shortened(name), value) for name, value in node["attributes"])
    room = max(_apart(_small(name), _small(value)) for name, value in attributes)
    return replace(
        text,
        width=max(text.width, 2 * PAD + room),
        height=text.height + ATTRIBUTE * len(attributes) + ATTRIBUTE_ROOM,
        attributes=attributes,
    )


def _plain_text(node: GraphNode, *, is_open: bool) -> BoxText:
    is_module = node["kind"] == "module"
    label = _shortened(node["label"])
    kind = _shortened(node["type"]) if is_module and node["type"] != node["label"] else ""
    detail = _shortened(node["detail"]) if is_module else ""
    count = short_count(node["parameter_count"]) if is_module and node["parameter_count"] else ""
    shape = "" if node["kind"] == "operation" else _shapes(node["output_shapes"])
    if not is_module:
        width = max(34.0, 2 * PAD + _apart(_label(label), _small(shape)))
        return BoxText(label, kind, detail, count, shape, width, 24.0)
    first = 3 + _label(label) + (wide_text(f"  {kind}", LABEL_SIZE) if kind else 0)
    top = _apart(first, _small(count))
    if is_open:
        return BoxText(label, kind, detail, count, shape, 2 * PAD + top, HEADER)
    # Clear of the coloured bar at the left, too, where a shape stands alone.
    below = _apart(3 + _small(detail), _small(shape)) if detail else BAR_ROOM + _small(shape)
    return BoxText(label, kind, detail, count, shape, 2 * PAD + max(top, below), 44.0)


def shape_text(shape: list[int]) -> str:
    """Return a shape as `1×3×224×224`; an unknown size is ?."""
    return "×".join("?" if size < 0 else str(size) for size in shape) or "scalar"


def _shapes(shapes: list[list[int]]) -> str:
    said = [shape_text(shape) for shape in shapes]
    return f"{said[0]} + {len(said) - 1}" if len(said) > 2 else ", ".join(said)  # noqa: PLR2004


def _apart(left: float, right: float) -> float:
    return left + (_BETWEEN if left and right else 0) + right


def _label(text: str) -> float:
    return wide_text(text, LABEL_SIZE, bold=True) if text else 0.0


def _small(text: str) -> float:
    return wide_text(text, SMALL_SIZE) if text else 0.0


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    if len(line) <= _LONGEST:
        return line
    return f"{line[: _LONGEST - 1 - _LONGEST_END]}…{line[-_LONGEST_END:]}"
