"""Levels too wide to be drawn, cut into consecutive parts."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from nbviz.inspection.graph.hierarchy.boxes import Box, adopt, box_around

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbviz.inspection.graph.hierarchy.crossings import Crossings

_MOST = 400
_KINDS = 3  # named of what a part holds


def cut_wide_levels(boxes: dict[str, Box], crossings: dict[str, Crossings]) -> bool:
    """Put the children of boxes that hold over 400 into parts of about equal size.

    The model's inputs and outputs stay outside of them.

    Parts follow each other as their boxes ran, so that no way leaves one only to come back; where
    boxes are not in that order, as groups of calls that ran apart are not, a level stays whole.

    Returns:
        Whether any level was cut.
    """
    wide = [
        box
        for box in boxes.values()
        if len(box.children) > _MOST and _is_in_order(box, crossings.get(box.box_id))
    ]
    for box in wide:
        _cut(box, boxes)
    return bool(wide)


def _is_in_order(box: Box, level: Crossings | None) -> bool:
    place = {child: i for i, child in enumerate(box.children)}
    return level is None or all(place[source] < place[target] for source, target in level.edges)


def _cut(scope: Box, boxes: dict[str, Box]) -> None:
    ends = {child: boxes[child].kind for child in scope.children}
    whole = [child for child in scope.children if ends[child] not in ("input", "output")]
    count = math.ceil(math.sqrt(len(whole)))
    parts: list[str] = []
    for start in range(0, len(whole), count):
        held = whole[start : start + count]
        made = box_around(
            held,
            boxes,
            box_id=f"{scope.box_id}/part {start // count + 1}",
            label=f"{start + 1} – {start + len(held)}",
            type=f"part of {len(whole):,}",
            parent=scope.box_id,
        )
        made.detail = _kinds(boxes[child] for child in held)
        adopt(made, boxes)
        parts.append(made.box_id)
    inputs = [child for child in scope.children if ends[child] == "input"]
    outputs = [child for child in scope.children if ends[child] == "output"]
    scope.children = [*inputs, *parts, *outputs]


def _kinds(held: Iterable[Box]) -> str:
    """Say what a part mostly holds: "9 tanh, 8 sin, 6 +, …"."""
    counts = Counter(box.type if box.kind == "module" else box.label for box in held)
    said = [f"{count} {kind}" for kind, count in counts.most_common(_KINDS)]
    return ", ".join(said + ["…"] * (len(counts) > _KINDS))
