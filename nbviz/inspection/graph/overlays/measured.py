"""Which module calls and parameters stand for a box of the graph when it is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbviz.inspection.graph.hierarchy.boxes import Box
    from nbviz.inspection.graph.hierarchy.hierarchy import Hierarchy
    from nbviz.inspection.graph.model import Graph

_RELU_MODULES = frozenset({"ReLU", "ReLU6"})
_RELU_FUNCTIONS = frozenset({"relu", "relu_", "relu6"})


class Measured:
    """Finds for a box of the drawing what of the model is to be measured.

    Args:
        graph: The graph.
    """

    def __init__(self, graph: Graph) -> None:
        self._hierarchy: Hierarchy = graph.hierarchy
        self._graph = graph
        self._calls = {call.call_id: call for call in graph.module_calls}
        self._makers: dict[str, str] | None = None

    def path(self, call_id: str) -> str:
        """Return the path of a call's module; "" for the model and for what is not in its tree."""
        return self._calls[call_id].path or ""

    def output_of(self, box_id: str) -> str | None:
        """Return the call whose result is a box's, None if no module's is."""
        box = self._hierarchy.box(box_id)
        while box is not None and box.kind == "module":
            if box.box_id in self._calls:
                return box.box_id if self.path(box.box_id) else None
            box = self._hierarchy.box(box.children[-1]) if box.children else None
        return None

    def calls_in(self, box_id: str) -> list[str]:
        """Return the calls that together are a box: its own, or the outermost of those in it."""
        box = self._hierarchy.box(box_id)
        if box is None or box.kind != "module":
            return []
        if box.box_id in self._calls:
            return [box.box_id] if self.path(box.box_id) else []
        return [call for child in box.children for call in self.calls_in(child)]

    def rectified_of(self, box_id: str) -> str | None:
        """Return the call whose result is at or below 0 where a ReLU's is 0; None for other boxes.

        That is the ReLU module itself. For a function, it is the module whose result it is given.
        """
        box = self._hierarchy.box(box_id)
        if box is None:
            return None
        if box.kind == "module":
            return self.output_of(box_id) if box.type in _RELU_MODULES else None
        return self._maker(box) if box.type in _RELU_FUNCTIONS else None

    def parameters_of(self, box_id: str) -> dict[str, None]:
        """Return the names of the parameters in a box, each once."""
        box = self._hierarchy.box(box_id)
        if box is None:
            return {}
        return {self._graph.parameters[number].names[0]: None for number in sorted(box.parameters)}

    def _maker(self, box: Box) -> str | None:
        if self._makers is None:
            operations = {node.node_id: node for node in self._graph.nodes}
            self._makers = {}
            for edge in self._graph.edges:
                source = operations[edge.source]
                call = self._calls[source.scope]
                # A module of one operation returns what that made.
                if call.path and call.children == [source.node_id]:
                    self._makers[edge.target] = call.call_id
        return self._makers.get(box.box_id)
