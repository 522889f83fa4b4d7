"""Where on a model's graph a step broke: the box of the operation, and which way it went on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbviz.inspection.graph.model import Graph
    from nbviz.inspection.graph.structure import ModuleCall, Operation
    from nbviz.training.rewinding.first_nonfinite import FirstNonFinite

_GRADIENT = "the gradient of "


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a step broke.

    Attributes:
        boxes: Those around it, the outermost first; none where the graph has no such box.
        is_backward: Whether it goes on against the edges, as a gradient: else along them, to the
            loss.
    """

    boxes: tuple[str, ...]
    is_backward: bool


def broken_on(graph: Graph, found: FirstNonFinite) -> Broken:
    """Find what first became NaN or infinite on a model's graph.

    Args:
        graph: Of the model.
        found: What it was, as `find_nonfinite` gives it.
    """
    return Broken(tuple(graph.hierarchy.around(_node_of(graph, found))), found.phase == "backward")


def _node_of(graph: Graph, found: FirstNonFinite) -> str:
    """Return the operation or call that it is; "" for none."""
    if found.phase == "batch":
        return _first(graph, "input")
    if found.phase not in ("forward", "backward"):
        return ""
    name = found.operation.removeprefix(_GRADIENT)
    if not found.is_in_model:
        return _first(graph, "output")  # it is in the loss, after the model
    calls = [call for call in graph.module_calls if (call.path or "") == found.module]
    for call in calls:
        for node in graph.nodes:
            if node.scope == call.call_id and _is_named(node, name):
                return node.node_id
    return _nearest(calls) or _first(graph, "output")


def _is_named(node: Operation, name: str) -> bool:
    names = (node.name, *node.kernels)
    return any(one.strip("_") == name for one in names)


def _nearest(calls: list[ModuleCall]) -> str:
    return calls[0].call_id if calls else ""


def _first(graph: Graph, kind: str) -> str:
    return next((node.node_id for node in graph.nodes if node.kind == kind), "")
