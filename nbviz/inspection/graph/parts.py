"""Levels too wide to be drawn, cut into consecutive parts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nbviz.inspection.graph.boxes import Box, adopt, box_around

if TYPE_CHECKING:
    from nbviz.inspection.graph.crossings import Crossings

_MOST = 400


def cut_wide_levels(boxes: dict[str, Box], crossings: dict[str, Crossings]) -> bool:
    """Put the children of boxes that hold over 400 into parts of about equal size.

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
    count = math.ceil(math.sqrt(len(scope.children)))
    whole = scope.children
    scope.children = []
    for start in range(0, len(whole), count):
        held = whole[start : start + count]
        made = box_around(
            held,
            boxes,
            box_id=f"{scope.box_id}/part {start // count + 1}",
            label=f"{start + 1} – {start + len(held)} of {len(whole)}",
            type="part",
            parent=scope.box_id,
        )
        adopt(made, boxes)
        scope.children.append(made.box_id)
