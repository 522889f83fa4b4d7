"""Where tensors go on each level: between its boxes, into it and out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbviz.inspection.graph.hierarchy.boxes import Box
    from nbviz.inspection.graph.structure import GraphStructure
    from nbviz.protocol.graph import AutogradTie

Pair = tuple[str, str]


@dataclass(slots=True)
class LevelEdges:
    """The tensors of one level: between its boxes, into it and out of it.

    Attributes:
        edges: Pairs of boxes of the level, with the shape of the first tensor between them.
        inputs: Pairs of a box of the level and the box outside whose tensor it takes.
        outputs: Pairs of a box of the level and the box outside that takes its tensor.
        edge_ties: What joins the boxes of an edge, see `Edge.tie`.
    """

    edges: dict[Pair, tuple[int, ...]] = field(default_factory=dict[Pair, tuple[int, ...]])
    inputs: dict[Pair, AutogradTie | None] = field(default_factory=dict[Pair, "AutogradTie | None"])
    outputs: dict[Pair, AutogradTie | None] = field(
        default_factory=dict[Pair, "AutogradTie | None"]
    )
    edge_ties: dict[Pair, AutogradTie | None] = field(
        default_factory=dict[Pair, "AutogradTie | None"]
    )


def find_level_edges(graph: GraphStructure, boxes: dict[str, Box]) -> dict[str, LevelEdges]:
    """Find for each level the tensors in it, into it and out of it.

    A tensor that enters or leaves is named by the box at its other end as seen from the first
    level that holds both ends, so that the page can join the parts of its path.
    """
    found: dict[str, LevelEdges] = {}
    depths: dict[str, int] = {}
    for edge in graph.edges:
        source, target = boxes[edge.source], boxes[edge.target]
        if source.shown_as:
            source = boxes[source.shown_as]
        if target.shown_as:
            target = boxes[target.shown_as]
        if source is target:
            continue
        left: list[Box] = []
        entered: list[Box] = []
        if source.parent != target.parent:
            left, entered = _crossed_boxes(source, target, boxes, depths)
            if not left or not entered:  # one holds the other
                continue
            source, target = left.pop(), entered.pop()
        level = found.get(source.parent or "")
        if level is None:
            level = found[source.parent or ""] = LevelEdges()
        level.edges.setdefault((source.box_id, target.box_id), edge.tensor.shape)
        _tie(level.edge_ties, (source.box_id, target.box_id), edge.tie)
        for box in left:
            outputs = found.setdefault(box.parent or "", LevelEdges()).outputs
            _tie(outputs, (box.box_id, target.box_id), edge.tie)
        for box in entered:
            inputs = found.setdefault(box.parent or "", LevelEdges()).inputs
            _tie(inputs, (box.box_id, source.box_id), edge.tie)
    return found


def _tie(ties: dict[Pair, AutogradTie | None], pair: Pair, tie: AutogradTie | None) -> None:
    """Note what joins two boxes; where a gradient runs too, that is what is shown."""
    ties[pair] = tie if pair not in ties or tie is None else ties[pair]


def _crossed_boxes(
    source: Box, target: Box, boxes: dict[str, Box], depths: dict[str, int]
) -> tuple[list[Box], list[Box]]:
    """Return the boxes that a tensor leaves and those that it enters, from the inside out.

    The last of each are on the first level that holds both.
    """
    left, entered = [source], [target]
    above, below = _depth(source, boxes, depths), _depth(target, boxes, depths)
    while source.parent != target.parent:
        if above >= below:
            source = boxes[source.parent or ""]
            left.append(source)
            above -= 1
        else:
            target = boxes[target.parent or ""]
            entered.append(target)
            below -= 1
    if source is target:
        return [], []
    return left, entered


def _depth(box: Box, boxes: dict[str, Box], depths: dict[str, int]) -> int:
    if box.parent is None:
        return 0
    known = depths.get(box.box_id)
    if known is None:
        known = depths[box.box_id] = _depth(boxes[box.parent], boxes, depths) + 1
    return known


def successors(level_edges: LevelEdges) -> dict[str, set[str]]:
    """Return for each box of a level the boxes to which its tensors go."""
    after: dict[str, set[str]] = {}
    for source, target in level_edges.edges:
        after.setdefault(source, set()).add(target)
    return after
