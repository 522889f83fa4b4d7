"""A backward graph as a `Graph`, so that it is shown like a model: in boxes, level by level."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbviz.inspection.graph.model import Graph
from nbviz.inspection.graph.structure import Edge, ModuleCall, Operation, Parameter
from nbviz.inspection.graph.trace.autograd import cut_attributes
from nbviz.inspection.graph.trace.nested_tensors import TensorInfo

if TYPE_CHECKING:
    from nbviz.inspection.graph.trace.autograd import AutogradGraph, AutogradNode

_TITLE = "Backward graph"

ModuleStack = tuple[tuple[str, str], ...]
"""Module calls from the outermost to the innermost: id and class name, "" if that is unknown."""

# Functions that only change how a parameter is looked at, between it and what it is used for.
_LOOKS = ("T", "Transpose", "Permute", "View", "ToCopy", "Expand", "Unsqueeze", "Squeeze", "NumpyT")
_LOOKING = frozenset(f"{name}Backward0" for name in _LOOKS)


def as_graph(autograd: AutogradGraph, max_attr_chars: int = 50) -> Graph:
    """Return a backward graph with its functions in the modules whose forward pass made them.

    They are known from a recording (`nbviz.record`), or else by the names of the parameters and the
    order in which the functions were made.

    Args:
        autograd: The backward graph.
        max_attr_chars: The longest value of an attribute, at least 3.
    """
    stacks = _module_stacks(autograd)
    order = _in_order(autograd)
    nodes = sorted(autograd.nodes, key=lambda node: order[node.node_id])
    calls = _Calls()
    operations: list[Operation] = []
    parameters: list[Parameter] = []
    tensors: dict[str, TensorInfo] = {}
    for node in nodes:
        scope = calls.open(stacks[node.node_id])
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

    def open(self, stack: ModuleStack) -> ModuleCall:
        """Return the innermost call of a stack."""
        around = self.list[0]
        for call_id, type_name in stack:
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


# ---------------------------------------------------------------- the modules of functions


def _module_stacks(autograd: AutogradGraph) -> dict[str, ModuleStack]:
    """Return where each node belongs; () for what is in no module."""
    stacks: dict[str, ModuleStack] = {}
    for node in autograd.nodes:
        if node.forward is not None:
            stacks[node.node_id] = tuple(zip(node.forward.scopes, node.forward.types, strict=True))
    if not stacks:
        stacks = _stacks_by_names(autograd)
    return _with_tensors(autograd, stacks)


def _stacks_by_names(autograd: AutogradGraph) -> dict[str, ModuleStack]:
    """Infer the modules of functions from the names of the parameters that they take.

    What was made between the first and the last function of a module is in it too, so that nothing
    leaves a module only to come back.
    """
    after: dict[str, list[str]] = {}
    for edge in autograd.edges:
        if edge.kind == "gradient":
            after.setdefault(edge.source, []).append(edge.target)
    nodes = {node.node_id: node for node in autograd.nodes}
    spans: dict[str, tuple[int, int]] = {}
    for leaf in autograd.nodes:
        if leaf.kind != "leaf" or "." not in leaf.name:
            continue
        waiting = list(after.get(leaf.node_id, ()))
        while waiting:
            function = nodes[waiting.pop()]
            if function.order is None or function.name in _LOOKING:
                waiting.extend(after.get(function.node_id, ()))
            if function.order is not None:
                for path in _around(leaf.name):
                    first, last = spans.get(path, (function.order, function.order))
                    spans[path] = (min(first, function.order), max(last, function.order))
    spans = _apart(spans)
    return {
        node.node_id: tuple(
            (path, "")
            for path, (first, last) in sorted(spans.items(), key=lambda item: item[0].count("."))
            if first <= node.order <= last
        )
        for node in autograd.nodes
        if node.kind == "function" and node.order is not None
    }


def _around(name: str) -> list[str]:
    """Return the paths of the modules around a parameter, the outermost first."""
    parts = name.split(".")[:-1]
    return [".".join(parts[: i + 1]) for i in range(len(parts))]


def _apart(spans: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Leave out modules that did not run in one go, such as those that are called twice."""
    mixed: set[str] = set()
    ordered = sorted(spans.items(), key=lambda item: (item[1][0], -item[1][1], len(item[0])))
    open_: list[tuple[str, int]] = []
    for path, (first, last) in ordered:
        while open_ and open_[-1][1] < first:
            open_.pop()
        if open_ and not path.startswith(f"{open_[-1][0]}."):
            mixed |= {path, open_[-1][0]}
        open_.append((path, last))
    return {path: span for path, span in spans.items() if path not in mixed}


def _with_tensors(
    autograd: AutogradGraph, stacks: dict[str, ModuleStack]
) -> dict[str, ModuleStack]:
    """Add where leaves and saved tensors belong: to all the functions that they meet."""
    beside: dict[str, list[str]] = {}
    for edge in autograd.edges:
        if edge.kind == "gradient":
            beside.setdefault(edge.source, []).append(edge.target)
        elif edge.kind == "saved":
            beside.setdefault(edge.source, []).append(edge.target)
            beside.setdefault(edge.target, []).append(edge.source)
    found = dict(stacks)
    # A leaf is two steps from the function that uses it.
    border = [n for n in autograd.nodes if n.node_id not in stacks and n.kind not in _ENDS]
    accumulating = [n for n in border if n.kind == "function" and n.order is None]
    for node in [*accumulating, *(n for n in border if n.kind != "function")]:
        near = [found[other] for other in beside.get(node.node_id, ()) if other in found]
        found[node.node_id] = _common(near)
    return {node.node_id: found.get(node.node_id, ()) for node in autograd.nodes}


_ENDS = ("output", "base")


def _common(stacks: list[ModuleStack]) -> ModuleStack:
    if not stacks:
        return ()
    shared = 0
    while all(len(stack) > shared and stack[shared] == stacks[0][shared] for stack in stacks):
        shared += 1
    return stacks[0][:shared]
