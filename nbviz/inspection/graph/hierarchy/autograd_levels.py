"""A backward graph as a `Graph`, so that it is shown like a model: in boxes, level by level."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbviz.inspection.graph.model import Edge, Graph, ModuleCall, Operation, Parameter
from nbviz.inspection.graph.trace.autograd import cut_attributes
from nbviz.inspection.graph.trace.autograd_homes import homes_of
from nbviz.inspection.graph.trace.values import TensorInfo

if TYPE_CHECKING:
    from nbviz.inspection.graph.trace.autograd import AutogradGraph, AutogradNode
    from nbviz.inspection.graph.trace.autograd_homes import Home

_TITLE = "Backward graph"


def as_graph(autograd: AutogradGraph, max_attr_chars: int = 50) -> Graph:
    """Return a backward graph with its functions in the modules whose forward pass made them.

    They are known from a recording (`nbviz.record`), or else by the names of the parameters and the
    order in which the functions were made.

    Args:
        autograd: The backward graph.
        max_attr_chars: The longest value of an attribute, at least 3.
    """
    homes = homes_of(autograd)
    order = _in_order(autograd)
    nodes = sorted(autograd.nodes, key=lambda node: order[node.node_id])
    calls = _Calls()
    operations: list[Operation] = []
    parameters: list[Parameter] = []
    tensors: dict[str, TensorInfo] = {}
    for node in nodes:
        scope = calls.open(homes[node.node_id])
        scope.children.append(node.node_id)
        tensors[node.node_id] = tensor = TensorInfo(node.shape, node.dtype)
        operations.append(_operation(node, scope.call_id, tensor, max_attr_chars))
        if node.kind == "leaf":
            scope.parameters = (*scope.parameters, len(parameters))
            parameters.append(_parameter(node, tensor))
    edges: dict[tuple[str, str], Edge] = {}
    leaves = {node.node_id for node in nodes if node.kind == "leaf"}
    for edge in autograd.edges:
        source, target = edge.source, edge.target
        if edge.kind == "saved" and target in leaves:  # else its gradient would run in a circle
            source, target = target, source
        if (source, target) not in edges or edge.tie is None:
            edges[source, target] = Edge(source, target, tensors[source], edge.tie)
    return Graph(operations, list(edges.values()), calls.list, parameters, {}, "")


@dataclass
class _Calls:
    """The module calls, made as they are needed."""

    list: list[ModuleCall] = field(default_factory=lambda: [_call("", "", None, _TITLE)])
    known: dict[str, ModuleCall] = field(default_factory=dict[str, ModuleCall])

    def open(self, home: Home) -> ModuleCall:
        """Return the innermost call of a home."""
        around = self.list[0]
        for call_id, type_name in home:
            call = self.known.get(call_id)
            if call is None:
                path = call_id.split(":")[0]
                call = self.known[call_id] = _call(call_id, path, around.call_id, type_name)
                self.list.append(call)
                around.children.append(call_id)
            around = call
        return around


def _call(call_id: str, path: str, parent: str | None, type_name: str) -> ModuleCall:
    return ModuleCall(
        call_id=call_id,
        path=path,
        call=1,
        type=type_name,
        detail="",
        parent=parent,
        outputs=(),
        flops=0,
        source="",
        functions=(),
        parameters=(),
        is_library=False,
    )


def _operation(
    node: AutogradNode, scope: str, tensor: TensorInfo, max_attr_chars: int
) -> Operation:
    name, kind = node.name, "operation"
    if node.kind in ("leaf", "saved"):
        kind = "input"
        name = f"saved {node.name}".strip() if node.kind == "saved" else node.name or "leaf"
    elif node.kind in ("output", "base"):
        kind, name = "output", node.name or node.kind
    return Operation(
        node_id=node.node_id,
        kind=kind,
        name=name,
        scope=scope,
        outputs=(tensor,) if node.dtype else (),
        flops=0,
        kernels=(),
        source=node.forward.source if node.forward else "",
        functions=(),
        parameters=(),
        autograd=node.kind,
        attributes=cut_attributes(node, max_attr_chars),
    )


def _parameter(node: AutogradNode, tensor: TensorInfo) -> Parameter:
    from nbviz.inspection.graph.trace.pass_memory import tensor_bytes

    size = 1
    for length in node.shape:
        size *= length
    names = (node.name,) if node.name else ()
    return Parameter(names, size, True, node.shape, node.dtype, tensor_bytes(tensor))


def _in_order(autograd: AutogradGraph) -> dict[str, float]:
    """Return when each node comes: functions as they were made, tensors beside their functions."""
    order: dict[str, float] = {
        node.node_id: float(node.order) for node in autograd.nodes if node.order is not None
    }
    last = max(order.values(), default=0.0)
    for _ in range(2):  # a leaf is two steps from the function that uses it
        for edge in autograd.edges:
            if edge.source not in order and edge.target in order:
                order[edge.source] = order[edge.target] - 0.5
            elif edge.target not in order and edge.source in order and edge.kind == "saved":
                order[edge.target] = order[edge.source] + 0.25
    return {node.node_id: order.get(node.node_id, last + 1) for node in autograd.nodes}
