"""Where tensors go on each level: between its boxes, into it and out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbviz.inspection.graph.boxes import Box
    from nbviz.inspection.graph.model import Graph


@dataclass(slots=True)
class Crossings:
    """The tensors of one level: between its boxes, into it and out of it.

    Attributes:
        edges: Pairs of boxes of the level, with the shape of the first tensor between them.
        inputs: Pairs of a box of the level and the box outside whose tensor it takes.
        outputs: Pairs of a box of the level and the box outside that takes its tensor.
    """

    edges: dict[tuple[str, str], tuple[int, ...]] = field(
        default_factory=dict[tuple[str, str], tuple[int, ...]]
    )
    inputs: dict[tuple[str, str], None] = field(default_factory=dict[tuple[str, str], None])
    outputs: dict[tuple[str, str], None] = field(default_factory=dict[tuple[str, str], None])


def find_crossings(graph: Graph, boxes: dict[str, Box]) -> dict[str, Crossings]:
    """Find for each level the tensors in it, into it and out of it.

    A tensor that enters or leaves is named by the box at its other end as seen from the first
    level that holds both ends, so that the page can join the parts of its way.
    """
    found: dict[str, Crossings] = {}
    chains: dict[str, list[str]] = {}
    for edge in graph.edges:
        source, target = (_chain(node, boxes, chains) for node in (edge.source, edge.target))
        common = 0
        while common < min(len(source), len(target)) - 1 and source[common] == target[common]:
            common += 1
        if source[common] == target[common]:
            continue
        level = found.setdefault(boxes[source[common]].parent or "", Crossings())
        level.edges.setdefault((source[common], target[common]), edge.tensor.shape)
        for scope, inside in zip(source[common:], source[common + 1 :], strict=False):
            found.setdefault(scope, Crossings()).outputs[inside, target[common]] = None
        for scope, inside in zip(target[common:], target[common + 1 :], strict=False):
            found.setdefault(scope, Crossings()).inputs[inside, source[common]] = None
    return found


def _chain(node: str, boxes: dict[str, Box], chains: dict[str, list[str]]) -> list[str]:
    """Return the boxes around a node from the outermost to its own, without the model's."""
    known = chains.get(node)
    if known is None:
        box = boxes[boxes[node].shown_as or node]
        known = []
        while box.parent is not None:
            known.append(box.box_id)
            box = boxes[box.parent]
        known.reverse()
        chains[node] = known
    return known


def successors(crossings: Crossings) -> dict[str, set[str]]:
    """Return for each box of a level the boxes to which its tensors go."""
    after: dict[str, set[str]] = {}
    for source, target in crossings.edges:
        after.setdefault(source, set()).add(target)
    return after
