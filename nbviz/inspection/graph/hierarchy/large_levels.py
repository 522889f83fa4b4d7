"""Levels of too many boxes to be read or drawn: cut at the author's functions, else into parts."""

from __future__ import annotations

import math
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from nbviz.inspection.graph.hierarchy.boxes import Box, adopt, box_around
from nbviz.inspection.graph.hierarchy.containers import replace_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbviz.inspection.graph.hierarchy.level_edges import LevelEdges
    from nbviz.inspection.graph.structure import GraphStructure

_GROUPED = 40  # levels of more boxes are grouped by functions
_FEWEST = 3  # boxes that a function's own box holds
_WIDE = 400  # levels of more boxes are cut into parts
_KINDS = 3  # named of what a part holds


def group_functions(graph: GraphStructure, boxes: dict[str, Box]) -> None:
    """Put what ran in one call of a function into a box of its own, on levels of over 40 boxes.

    What ran in one call follows in time, so that no edge leaves such a box only to come back.
    """
    functions = {call.call_id: call.functions for call in graph.module_calls}
    functions |= {node.node_id: node.functions for node in graph.nodes}
    for scope in [box for box in boxes.values() if box.kind == "module" and box.children]:
        _group_by_function(scope, 0, functions, boxes)


def _group_by_function(
    scope: Box, depth: int, functions: dict[str, tuple[str, ...]], boxes: dict[str, Box]
) -> None:
    if len(scope.children) <= _GROUPED:
        return

    def function_of(child: str) -> str:
        ran_in = functions.get(child, ())
        return ran_in[depth] if len(ran_in) > depth else ""

    calls = [(name, list(held)) for name, held in groupby(scope.children, function_of)]
    if not any(name for name, _ in calls):
        return
    for name, held in calls:
        if not name or len(held) < _FEWEST:
            continue
        if len(held) > len(scope.children) - 3:  # it is all that there is, but for an in- or output
            _group_by_function(scope, depth + 1, functions, boxes)
            return
        _group_by_function(_box_of_function(scope, name, held, boxes), depth + 1, functions, boxes)


def _box_of_function(scope: Box, name: str, held: list[str], boxes: dict[str, Box]) -> Box:
    made = box_around(
        held,
        boxes,
        box_id=f"{scope.box_id}/{name}",
        label=f"{name.partition('#')[0]}()",
        type="function",
        parent=scope.box_id,
    )
    replace_by(scope, made, boxes)
    return made


def cut_wide_levels(boxes: dict[str, Box], level_edges: dict[str, LevelEdges]) -> bool:
    """Put the children of boxes that hold over 400 into parts of about equal size.

    The model's inputs and outputs stay outside of them.

    Parts follow each other as their boxes ran, so that no edge leaves one only to come back; where
    boxes are not in that order, as groups of calls that ran apart are not, a level stays whole.

    Returns:
        Whether any level was cut.
    """
    wide = [
        box
        for box in boxes.values()
        if len(box.children) > _WIDE and _is_in_order(box, level_edges.get(box.box_id))
    ]
    for box in wide:
        _cut_into_parts(box, boxes)
    return bool(wide)


def _is_in_order(box: Box, level: LevelEdges | None) -> bool:
    place = {child: i for i, child in enumerate(box.children)}
    return level is None or all(place[source] < place[target] for source, target in level.edges)


def _cut_into_parts(scope: Box, boxes: dict[str, Box]) -> None:
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
