"""Fills a hiddenlayer graph with what nbviz's trace of a PyTorch model says."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any, cast

from nbviz.errors import ConfigurationError
from nbviz.inspection.graph.trace.trace import trace
from nbviz.integrations.hiddenlayer.installed import installed
from nbviz.integrations.hiddenlayer.onnx_names import onnx_name

if TYPE_CHECKING:
    from torch import nn

    from nbviz.inspection.graph import Edge, Graph, ModuleCall, Operation

_DOES_NOTHING = ("Dropout", "Identity")  # where no kernel ran; ONNX leaves them out too
_SETTINGS = {  # ONNX's name, and PyTorch's
    "kernel_shape": "kernel_size",
    "strides": "stride",
    "pads": "padding",
    "dilations": "dilation",
    "group": "groups",
    "epsilon": "eps",
    "momentum": "momentum",
    "ratio": "p",
    "axis": "dim",
    "hidden_size": "hidden_size",
    "num_layers": "num_layers",
}
_PER_AXIS = ("kernel_shape", "strides", "pads", "dilations")
_OWNERS = {  # operations whose settings their module holds, and attributes by which it is known
    "Conv": "kernel_size",
    "ConvTranspose": "kernel_size",
    "MaxPool": "kernel_size",
    "AveragePool": "kernel_size",
    "BatchNormalization": "eps",
    "LayerNormalization": "eps",
    "GroupNormalization": "eps",
    "InstanceNormalization": "eps",
    "Dropout": "p",
    "Softmax": "dim",
    "LogSoftmax": "dim",
    "LSTM": "hidden_size",
    "GRU": "hidden_size",
    "RNN": "hidden_size",
}


def import_graph(
    hl_graph: Any,
    model: nn.Module,
    args: Any,
    input_names: Any = None,
    verbose: bool = False,
) -> Any:
    """Trace a model and add its operations to a graph, named as ONNX names them.

    Args:
        hl_graph: A hiddenlayer graph; filled, and returned.
        model: The model, in the mode (train or eval) in which it is to be shown.
        args: Its example input: a tensor, or a tuple of what its forward takes.
        input_names: Not used, as in hiddenlayer.
        verbose: Whether to print each operation.

    Raises:
        ConfigurationError: `args` is None.
        TraceError: The model cannot be run with `args`.
        MissingDependencyError: hiddenlayer is not installed.
    """
    del input_names
    make_node = installed("graph").Node
    if args is None:
        raise ConfigurationError(
            "args is missing: pass the model's example input, "
            "such as build_graph(model, torch.zeros([1, 3, 224, 224]))."
        )
    inputs = tuple(cast("list[Any]", args)) if isinstance(args, tuple | list) else (args,)
    traced = trace(model, *inputs)
    calls = {call.call_id: call for call in traced.module_calls}
    nodes: dict[str, Any] = {}
    skipped: set[str] = set()
    for number, operation in enumerate(traced.nodes):
        if operation.kind != "operation":
            continue
        shape = operation.outputs[0].shape if operation.outputs else ()
        op = onnx_name(operation.name, shape)
        if op in _DOES_NOTHING and not operation.kernels:
            skipped.add(operation.node_id)
            continue
        node = make_node(
            uid=f"{_scope(calls, operation.scope)}/outputs/{number}",
            name=None,
            op=f"onnx::{op}",
            output_shape=shape,
            params=_params(model, traced, calls[operation.scope], operation, op),
        )
        nodes[operation.node_id] = node
        hl_graph.add_node(node)
        if verbose:
            sys.stdout.write(f"{node.op:25} {node.id:60} {shape}\n")
    for source, target, shape in _edges(traced, skipped):
        if source in nodes and target in nodes:
            hl_graph.add_edge(nodes[source], nodes[target], shape)
    return hl_graph


def _edges(traced: Graph, skipped: set[str]) -> list[tuple[str, str, tuple[int, ...]]]:
    """Return the edges, past operations that are left out."""
    into: dict[str, list[Edge]] = {}
    for edge in traced.edges:
        into.setdefault(edge.target, []).append(edge)

    def makers(edge: Edge) -> list[str]:
        if edge.source not in skipped:
            return [edge.source]
        return [maker for before in into.get(edge.source, []) for maker in makers(before)]

    return [
        (maker, edge.target, edge.tensor.shape)
        for edge in traced.edges
        if edge.target not in skipped
        for maker in makers(edge)
    ]


def _scope(calls: dict[str, ModuleCall], scope: str) -> str:
    """Return where an operation ran: "ResNet/Sequential[layer1]/Bottleneck[0]"."""
    parts: list[str] = []
    call: ModuleCall | None = calls[scope]
    while call is not None:
        name = (call.path or "").rpartition(".")[2]
        parts.append(f"{call.type}[{name}]" if name else call.type)
        call = None if call.parent is None else calls[call.parent]
    return "/".join(reversed(parts))


def _params(
    model: nn.Module, traced: Graph, call: ModuleCall, operation: Operation, op: str
) -> dict[str, Any]:
    """Return an operation's settings: its module's, or what its weight's shape says."""
    module: Any = None
    if call.path is not None:
        # A wrapper's inside has other paths, and TorchScript none.
        with contextlib.suppress(AttributeError, RuntimeError):
            module = model.get_submodule(call.path)
    known = _OWNERS.get(op)
    found: dict[str, Any] = {}
    if known is not None and hasattr(module, known):
        axes = max(1, len(operation.outputs[0].shape) - 2)
        for name, attribute in _SETTINGS.items():
            value = getattr(module, attribute, None)
            if name == "strides" and value is None and "kernel_shape" in found:
                value = found["kernel_shape"]
            if value is None or isinstance(value, str):
                continue
            if name in _PER_AXIS:
                value = [value] * axes if isinstance(value, int) else list(value)
            found[name] = value
    elif op in ("Conv", "ConvTranspose"):
        for number in operation.parameters:
            with contextlib.suppress(AttributeError):
                weight = model.get_parameter(traced.parameters[number].names[0])
                if weight.dim() > 2:  # noqa: PLR2004  a bias has one axis
                    found["kernel_shape"] = list(weight.shape[2:])
    return found
