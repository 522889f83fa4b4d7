"""`Graph`: what a model does, as data and as levels of boxes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from nbviz.inspection.graph.dot import to_dot
from nbviz.inspection.graph.hierarchy.hierarchy import Hierarchy
from nbviz.inspection.graph.structure import GraphStructure
from nbviz.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbviz.protocol.graph import GraphLevel


@dataclass(repr=False)
class Graph(GraphStructure):
    """A model's module calls, operations and the tensors between them; made by `trace`.

    Attributes:
        nodes: Operations, inputs and outputs in the order in which they ran.
        edges: The tensors between nodes, each pair of nodes once.
        module_calls: All calls of modules in the order in which they began, the model's own first.
        parameters: Every parameter of the model once.
        module_types: The class name of every module of the model by its path, called or not.
        note: How it was traced, where that matters to the reader.
    """

    def level(self, scope: str = "") -> GraphLevel:
        """Return one level, ready for the page: the whole model, or the inside of a box.

        Args:
            scope: `node_id` of a box of a level asked for before; "" for the whole model.

        Raises:
            KeyError: If there is no such box.
        """
        return self.hierarchy.level(scope)

    def levels(self) -> Iterator[GraphLevel]:
        """Yield every level, the whole model first."""
        for scope in self.hierarchy.scopes():
            yield self.level(scope)

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """The boxes within boxes that `level` shows."""
        return Hierarchy(self)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as dictionaries, lists, strings and numbers, as JSON has them."""
        whole = {
            "nodes": [asdict(node) for node in self.nodes],
            "edges": [asdict(edge) for edge in self.edges],
            "module_calls": [asdict(call) for call in self.module_calls],
            "parameters": [asdict(parameter) for parameter in self.parameters],
            "parameter_count": self.parameter_count,
            "trainable_count": self.trainable_count,
            "module_types": self.module_types,
            "flops": self.flops,
            "note": self.note,
        }
        return _as_json(whole)

    def to_dot(self) -> str:
        """Return the graph in Graphviz's language: modules as clusters, operations in them."""
        return to_dot(self, self.hierarchy)

    def __repr__(self) -> str:
        return (
            f"<Graph of {self.module_calls[0].type}: "
            f"{counted(len(self.module_calls), 'module call')}, "
            f"{counted(len(self.nodes), 'node')}, {counted(self.parameter_count, 'parameter')}>"
        )


def _as_json(value: Any) -> Any:
    """Return the value with lists in place of tuples."""
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in cast("list[Any]", value)]
    return value
