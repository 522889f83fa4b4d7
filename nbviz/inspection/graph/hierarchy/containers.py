"""Boxes for modules that hold others but are never called themselves, such as `nn.ModuleList`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.inspection.graph.hierarchy.boxes import Box, adopt
from nbviz.inspection.graph.hierarchy.level_edges import find_level_edges, successors

if TYPE_CHECKING:
    from nbviz.inspection.graph.structure import GraphStructure


def add_containers(graph: GraphStructure, boxes: dict[str, Box]) -> None:
    """Put the calls of `layers.0`, `layers.1`, … into a box `layers`, wherever that can be drawn.

    It can if nothing leaves the box only to come back into it. Operations on such a path go into
    the box too; with other modules on it there is no box.
    """
    level_edges = find_level_edges(graph, boxes)
    for scope in [box for box in boxes.values() if box.kind == "module" and box.children]:
        if scope.box_id in level_edges:
            _group(scope, successors(level_edges[scope.box_id]), graph, boxes)


def _group(
    scope: Box, after: dict[str, set[str]], graph: GraphStructure, boxes: dict[str, Box]
) -> None:
    members: dict[str, list[str]] = {}
    for child in scope.children:
        box = boxes[child]
        rest = _inside(box.path, scope.path) if box.kind == "module" else ""
        first, dot, _ = rest.partition(".")
        if dot:
            members.setdefault(first, []).append(child)
    for name, calls in members.items():
        if len(calls) < 2:  # noqa: PLR2004
            continue
        held = with_what_is_between(set(calls), after)
        extra = held - set(calls)
        if all(boxes[box_id].kind == "operation" for box_id in extra):
            made = _wrap(scope, name, held, graph, boxes)
            _group(made, {box_id: after.get(box_id, set()) & held for box_id in held}, graph, boxes)
            after = _contracted(after, held, made.box_id)


def _inside(path: str, around: str) -> str:
    if not around:
        return path
    return path.removeprefix(f"{around}.") if path.startswith(f"{around}.") else ""


def _wrap(
    scope: Box, name: str, held: set[str], graph: GraphStructure, boxes: dict[str, Box]
) -> Box:
    path = f"{scope.path}.{name}" if scope.path else name
    children = [child for child in scope.children if child in held]
    made = Box(
        box_id=f"{scope.box_id}/{name}.*",
        kind="module",
        label=name,
        type=graph.module_types.get(path, ""),
        path=path,
        parent=scope.box_id,
        outputs=boxes[children[-1]].outputs,
        flops=sum(boxes[child].flops for child in children),
        children=children,
    )
    replace_by(scope, made, boxes)
    for child in children:
        box = boxes[child]
        if box.kind == "module":
            box.label = _inside(box.path, path) or box.label
    return made


def replace_by(scope: Box, made: Box, boxes: dict[str, Box]) -> None:
    """Put a box in the place of those that it holds, where the first of them was."""
    held = set(made.children)
    place = next(i for i, child in enumerate(scope.children) if child in held)
    rest = [child for child in scope.children if child not in held]
    scope.children = [*rest[:place], made.box_id, *rest[place:]]
    adopt(made, boxes)


def _contracted(after: dict[str, set[str]], held: set[str], made: str) -> dict[str, set[str]]:
    """Return the edges between boxes after one box has taken the place of several."""
    contracted: dict[str, set[str]] = {}
    for source, targets in after.items():
        found = {made if target in held else target for target in targets}
        contracted.setdefault(made if source in held else source, set()).update(found)
    contracted.get(made, set()).discard(made)
    return contracted


def with_what_is_between(held: set[str], after: dict[str, set[str]]) -> set[str]:
    """Add to a set of boxes all that lies on a path from one of them to another."""
    before: dict[str, set[str]] = {}
    for source, targets in after.items():
        for target in targets:
            before.setdefault(target, set()).add(source)
    return _reached(held, after) & _reached(held, before)


def _reached(start: set[str], step: dict[str, set[str]]) -> set[str]:
    seen, waiting = set(start), list(start)
    while waiting:
        for box_id in step.get(waiting.pop(), ()):
            if box_id not in seen:
                seen.add(box_id)
                waiting.append(box_id)
    return seen
