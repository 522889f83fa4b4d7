"""A traced model as the graph that TensorBoard's Graphs tab reads.

Source: `graph.proto`, `node_def.proto`, `attr_value.proto` and `event.proto` of TensorFlow.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from nbviz.recording.event_files.layout import DIM, SIZE, WALL_TIME
from nbviz.recording.event_files.wire import FIXED64, bytes_field, key, varint_field

if TYPE_CHECKING:
    from nbviz.inspection.graph.model import Graph
    from nbviz.inspection.graph.structure import Operation

_GRAPH_DEF = 4  # of an event
_NODE, _VERSIONS = 1, 4
_PRODUCER = bytes_field(_VERSIONS, varint_field(1, 22))
_NAME, _OP, _INPUT, _ATTRIBUTE = 1, 2, 3, 5
_LIST, _SHAPES, _TEXT = 1, 7, 2


def graph_event(wall_time: float, graph: Graph) -> bytes:
    """Return the event of a model's graph.

    Args:
        wall_time: Unix seconds.
        graph: Its nodes are named by the modules in which they ran, so that boxes open.
    """
    root = graph.module_calls[0].type
    names = {node.node_id: _name(root, node) for node in graph.nodes}
    sources: dict[str, list[str]] = {}
    for edge in graph.edges:
        sources.setdefault(edge.target, []).append(names[edge.source])
    parameters: dict[int, str] = {}
    records: list[bytes] = []
    for node in graph.nodes:
        given = list(sources.get(node.node_id, []))
        for number in node.parameters:
            one = graph.parameters[number]
            if number not in parameters:
                parameters[number] = f"{root}/{one.names[0].replace('.', '/')}"
                records.append(_node(parameters[number], "Parameter", [], [one.shape], one.dtype))
            given.append(parameters[number])
        shapes = [info.shape for info in node.outputs]
        kind = node.name if node.kind == "operation" else f"IO Node ({node.kind})"
        records.append(_node(names[node.node_id], kind, given, shapes, node.source))
    whole = b"".join(bytes_field(_NODE, one) for one in records) + _PRODUCER
    return key(WALL_TIME, FIXED64) + struct.pack("<d", wall_time) + bytes_field(_GRAPH_DEF, whole)


def _name(root: str, node: Operation) -> str:
    if node.kind != "operation":
        return f"{node.kind}/{node.name}"
    scope = node.scope.replace(".", "/").replace(":", "_")
    return "/".join(part for part in (root, scope, node.node_id.rpartition("/")[2]) if part)


def _node(
    name: str, op: str, inputs: list[str], shapes: list[tuple[int, ...]], detail: str
) -> bytes:
    tensors = b"".join(
        bytes_field(
            _SHAPES,
            b"".join(bytes_field(DIM, varint_field(SIZE, max(0, size))) for size in shape),
        )
        for shape in shapes
    )
    attributes = {
        "_output_shapes": bytes_field(_LIST, tensors),
        "attr": bytes_field(_TEXT, detail.encode()),
    }
    return (
        bytes_field(_NAME, name.encode())
        + bytes_field(_OP, op.encode())
        + b"".join(bytes_field(_INPUT, one.encode()) for one in inputs)
        + b"".join(
            bytes_field(_ATTRIBUTE, bytes_field(1, of.encode()) + bytes_field(2, value))
            for of, value in attributes.items()
        )
    )
