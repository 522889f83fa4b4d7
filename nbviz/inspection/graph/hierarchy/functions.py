"""Boxes for calls of the author's own functions, where a level would hold too much without them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from nbviz.inspection.graph.hierarchy.boxes import Box, box_around
from nbviz.inspection.graph.hierarchy.containers import replace_by

if TYPE_CHECKING:
    from nbviz.inspection.graph.model import Graph

_MANY = 40
_FEWEST = 3


def group_functions(graph: Graph, boxes: dict[str, Box]) -> None:
    """Put what ran in one call of a function into a box of its own, on levels of over 40 boxes.

    What ran in one call follows in time, so that no way leaves such a box only to come back.
    """
    functions = {call.call_id: call.functions for call in graph.module_calls}
    functions |= {node.node_id: node.functions for node in graph.nodes}
    for scope in [box for box in boxes.values() if box.kind == "module" and box.children]:
        _group(scope, 0, functions, boxes)


def _group(
    scope: Box, depth: int, functions: dict[str, tuple[str, ...]], boxes: dict[str, Box]
) -> None:
    if len(scope.children) <= _MANY:
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
            _group(scope, depth + 1, functions, boxes)
            return
        _group(_wrap(scope, name, held, boxes), depth + 1, functions, boxes)


def _wrap(scope: Box, name: str, held: list[str], boxes: dict[str, Box]) -> Box:
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
