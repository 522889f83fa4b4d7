"""The boxes of a graph before they are grouped: one for each module call and operation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from nbviz.inspection.graph.trace.details import cut_middle, label_of

if TYPE_CHECKING:
    from nbviz.inspection.graph.structure import GraphStructure, ModuleCall, Operation
    from nbviz.inspection.graph.trace.nested_tensors import TensorInfo
    from nbviz.protocol.graph import AutogradKind

_LONGEST_ERROR = 60  # characters

Kind = Literal["module", "operation", "input", "output"]


@dataclass(slots=True)
class Box:
    """One box of the drawing.

    Attributes:
        box_id: The `call_id` or `node_id` that it stands for, or a name made for a group.
        parent: The box around it; None for the whole model.
        children: The boxes in it in the order in which they ran; none if it cannot be opened.
        shown_as: The box that is drawn in its place, if it is not drawn itself.
        repeat: How many equal blocks in it follow each other; 1 if it is no such box.
        autograd: What it is in a backward graph, None if it is drawn of no single node of one.
        attributes: What a function of a backward graph kept that is no tensor, by name.
        error: What the model raised in it, "" for nothing.
    """

    box_id: str
    kind: Kind
    label: str
    type: str
    path: str
    parent: str | None
    detail: str = ""
    source: str = ""
    outputs: tuple[TensorInfo, ...] = ()
    flops: int = 0
    repeat: int = 1
    parameters: set[int] = field(default_factory=set[int])
    children: list[str] = field(default_factory=list[str])
    shown_as: str | None = None
    autograd: AutogradKind | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    error: str = ""


def make_boxes(graph: GraphStructure) -> dict[str, Box]:
    """Return the boxes by their ids; the model's own is ""."""
    times_called: dict[str | None, int] = {}
    for call in graph.module_calls:
        times_called[call.path] = max(times_called.get(call.path, 0), call.call)
    tied = tied_parameters(graph)
    boxes: dict[str, Box] = {}
    for call in graph.module_calls:
        box = boxes[call.call_id] = _of_call(call, boxes)
        box.children = list(call.children)
        said = [box.detail] if box.detail else []
        if times_called[call.path] > 1 and call.parameters:
            said.append(f"call {call.call} of {times_called[call.path]}")
        if any(number in tied for number in call.parameters):
            said.append("tied weights")
        if call.error:
            said, box.error = [_failed(call.error)], call.error
        box.detail = ", ".join(said)
    for operation in graph.nodes:
        boxes[operation.node_id] = _of_operation(operation)
    for call in graph.module_calls:
        if call.parent is not None:
            _close_leaf(call, boxes)
    return boxes


def _of_call(call: ModuleCall, boxes: dict[str, Box]) -> Box:
    around = boxes[call.parent].path if call.parent is not None else ""
    path = call.path or ""
    inside = path.removeprefix(f"{around}.") if around else path
    return Box(
        box_id=call.call_id,
        kind="module",
        label=inside or call.type,
        type=call.type,
        path=path,
        parent=call.parent,
        detail=call.detail,
        source=call.source,
        outputs=call.outputs,
        flops=call.flops,
        parameters=set(call.parameters),
    )


def _of_operation(operation: Operation) -> Box:
    return Box(
        box_id=operation.node_id,
        kind="operation" if operation.kind == "operation" else _end(operation.kind),
        label=label_of(operation.name) if operation.kind == "operation" else operation.name,
        type=operation.name if operation.kind == "operation" else operation.kind,
        path="",
        parent=operation.scope,
        detail=_failed(operation.error) if operation.error else "",
        source=operation.source,
        outputs=operation.outputs,
        flops=operation.flops,
        autograd=operation.autograd,
        attributes=operation.attributes,
        error=operation.error,
    )


def _failed(error: str) -> str:
    return f"failed: {cut_middle(error, _LONGEST_ERROR)}"


def _end(kind: str) -> Kind:
    return "input" if kind == "input" else "output"


def _close_leaf(call: ModuleCall, boxes: dict[str, Box]) -> None:
    """Draw a module as one box if opening it would show only what it already says."""
    inside = [boxes[child] for child in call.children]
    if any(box.kind == "module" for box in inside):
        return
    if len(inside) > 1 and not call.is_library:
        return
    for box in inside:
        box.shown_as = call.call_id
        boxes[call.call_id].autograd = box.autograd
        boxes[call.call_id].attributes = box.attributes
    boxes[call.call_id].children = []


def box_around(
    held: list[str],
    boxes: dict[str, Box],
    *,
    box_id: str,
    label: str,
    type: str,  # noqa: A002
    parent: str,
    path: str = "",
) -> Box:
    """Return a new box for boxes that follow each other; `adopt` puts it around them."""
    return Box(
        box_id=box_id,
        kind="module",
        label=label,
        type=type,
        path=path,
        parent=parent,
        source=boxes[held[0]].source,
        outputs=boxes[held[-1]].outputs,
        flops=sum(boxes[child].flops for child in held),
        children=held,
    )


def adopt(made: Box, boxes: dict[str, Box]) -> None:
    """Add a box, as the one around its children."""
    boxes[made.box_id] = made
    for child in made.children:
        boxes[child].parent = made.box_id


def tied_parameters(graph: GraphStructure) -> dict[int, str]:
    """Return the names of each parameter that several modules share, by its number."""
    return {
        number: ", ".join(parameter.names)
        for number, parameter in enumerate(graph.parameters)
        if len({name.rpartition(".")[0] for name in parameter.names}) > 1
    }
