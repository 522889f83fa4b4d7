"""Boxes within boxes: a graph's modules as a reader opens them, one level at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.inspection.graph.hierarchy.boxes import Box, make_boxes, tied_parameters
from nbviz.inspection.graph.hierarchy.containers import add_containers
from nbviz.inspection.graph.hierarchy.ends import fold_ends
from nbviz.inspection.graph.hierarchy.folding import fold_parallel, fold_repeats
from nbviz.inspection.graph.hierarchy.large_levels import cut_wide_levels, group_functions
from nbviz.inspection.graph.hierarchy.level_edges import LevelEdges, find_level_edges
from nbviz.inspection.graph.trace.gc_pause import gc_paused
from nbviz.protocol.graph import GraphEdge, GraphLevel, GraphNode
from nbviz.text import counted

if TYPE_CHECKING:
    from nbviz.inspection.graph.structure import GraphStructure


class Hierarchy:
    """The levels of a graph.

    Args:
        graph: What was traced.
    """

    def __init__(self, graph: GraphStructure) -> None:
        self._graph = graph
        with gc_paused():
            self._boxes = make_boxes(graph)
            self._tied = tied_parameters(graph)
            fold_ends(self._boxes)
            add_containers(graph, self._boxes)
            group_functions(graph, self._boxes)
            fold_repeats(graph, self._boxes)
            fold_parallel(graph, self._boxes)
            self._level_edges = find_level_edges(graph, self._boxes)
            if cut_wide_levels(self._boxes, self._level_edges):
                self._level_edges = find_level_edges(graph, self._boxes)
            self._count_parameters(self._boxes[""])

    def scopes(self) -> list[str]:
        """Return the scopes of all levels, that of the whole model first."""
        found = [""]
        for scope in found:
            found.extend(c for c in self._boxes[scope].children if self._boxes[c].children)
        return found

    def box(self, box_id: str) -> Box | None:
        """Return a box by its id, None if there is none."""
        return self._boxes.get(box_id)

    def around(self, node_id: str) -> list[str]:
        """Return the boxes around an operation or call, the outermost first, and its own last."""
        box = self._boxes.get(node_id)
        if box is None:
            return []
        box = self._boxes[box.shown_as or node_id]
        found: list[str] = []
        while box.parent is not None:
            found.append(box.box_id)
            box = self._boxes[box.parent]
        return found[::-1]

    def level(self, scope: str) -> GraphLevel:
        """Return one level, ready for the page."""
        box = self._boxes.get(scope)
        if box is None or (scope and not box.children):
            raise KeyError(f"The graph has no box {scope!r} that could be opened.")
        level_edges = self._level_edges.get(scope) or LevelEdges()
        level = GraphLevel(
            scope=scope,
            title=self._title() if scope == "" else "",
            nodes=[self._node(self._boxes[child]) for child in box.children],
            edges=_edges(level_edges),
            inputs=list(level_edges.inputs),
            outputs=list(level_edges.outputs),
            note=self._graph.note if scope == "" else "",
        )
        if any(level_edges.inputs.values()):
            level["input_ties"] = list(level_edges.inputs.values())
        if any(level_edges.outputs.values()):
            level["output_ties"] = list(level_edges.outputs.values())
        return level

    def shown(self, node_id: str) -> str:
        """Return the box that is drawn for an operation if all boxes around it are open."""
        return self._boxes[node_id].shown_as or node_id

    def _title(self) -> str:
        graph = self._graph
        parts = [graph.module_calls[0].type, counted(graph.parameter_count, "parameter")]
        if graph.flops:
            parts.append(f"{_engineering(graph.flops)}FLOP")
        return ", ".join(parts)

    def _node(self, box: Box) -> GraphNode:
        sizes = self._graph.parameters
        node = GraphNode(
            node_id=box.box_id,
            kind=box.kind,
            label=box.label,
            type=box.type,
            path=box.path,
            detail=box.detail,
            output_shapes=[list(tensor.shape) for tensor in box.outputs],
            dtype=box.outputs[0].dtype if box.outputs else "",
            parameter_count=sum(sizes[number].size for number in box.parameters),
            trainable_count=sum(
                sizes[number].size for number in box.parameters if sizes[number].is_trainable
            ),
            flops=box.flops,
            child_count=len(box.children),
            tied=[self._tied[number] for number in sorted(box.parameters) if number in self._tied],
            repeat=box.repeat,
            source=box.source,
            autograd=box.autograd,
            attributes=list(box.attributes),
        )
        if box.error:
            node["error"] = box.error
        return node

    def _count_parameters(self, box: Box) -> None:
        for child in box.children:
            self._count_parameters(self._boxes[child])
            box.parameters |= self._boxes[child].parameters


def _edges(level_edges: LevelEdges) -> list[GraphEdge]:
    edges: list[GraphEdge] = []
    for (source, target), shape in level_edges.edges.items():
        edge = GraphEdge(source=source, target=target, shape=list(shape))
        if tie := level_edges.edge_ties[source, target]:
            edge["tie"] = tie
        edges.append(edge)
    return edges


def _engineering(value: float) -> str:
    for size, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {prefix}"
    return f"{value:.0f} "
