"""How much memory a pass takes for the tensors that it makes."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from nbviz.inspection.graph.model import Graph
    from nbviz.inspection.graph.structure import Operation
    from nbviz.inspection.graph.trace.nested_tensors import TensorInfo


def activation_bytes(graph: Graph) -> dict[str, int]:
    """Return for each module call the bytes of the tensors that operations in it make.

    Views and results in place take none. It is what stays until the backward pass if every result
    is saved for it, and so an upper bound for most models.
    """
    parents = {call.call_id: call.parent for call in graph.module_calls}
    totals = dict.fromkeys(parents, 0)
    for node in graph.nodes:
        if node.kind != "operation" or not makes_memory(node):
            continue
        size = sum(map(tensor_bytes, node.outputs))
        scope: str | None = node.scope
        while scope is not None:
            totals[scope] += size
            scope = parents[scope]
    return totals


def tensor_bytes(tensor: TensorInfo) -> int:
    """Return the bytes of a dense tensor; 0 if a size is unknown."""
    dtype = getattr(torch, tensor.dtype, None)
    if not isinstance(dtype, torch.dtype) or any(size < 0 for size in tensor.shape):
        return 0
    return math.prod(tensor.shape) * dtype.itemsize


def makes_memory(node: Operation) -> bool:
    """Whether an operation's result is new memory, and no view and no change in place."""
    if not node.kernels:
        return node.name != "identity" and "drop" not in node.name  # they let their input through
    return not all(map(_returns_its_input, node.kernels))


@lru_cache(maxsize=2048)
def _returns_its_input(kernel: str) -> bool:
    """Whether an operator's results share the memory of its arguments, as its schema says."""
    packet = getattr(torch.ops.aten, kernel, None)
    if packet is None:
        return False
    schema = getattr(packet, packet.overloads()[0])._schema
    return bool(schema.returns) and all(returned.alias_info for returned in schema.returns)
