"""Finds the first operation of a model that makes a NaN or an infinity."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import sys
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from nbviz.inspection.graph.trace.details import label_of
from nbviz.inspection.graph.trace.operations import FunctionMode, KernelMode
from nbviz.inspection.graph.trace.preserved import preserved
from nbviz.inspection.graph.trace.recorder import Recorder
from nbviz.inspection.graph.trace.scopes import tracking
from nbviz.inspection.graph.trace.values import named_tensors, tensors_in, with_tensors

if TYPE_CHECKING:
    from nbviz.inspection.graph.model import Graph
    from nbviz.inspection.graph.trace.recorder import Recorded
    from nbviz.inspection.graph.trace.tensors import Origin


@dataclass(frozen=True, slots=True)
class NonFinite:
    """Where the first NaN or infinity comes from.

    Attributes:
        node_id: The operation, module call or input of the graph; "" if it could not be found.
        text: A sentence for the reader.
    """

    node_id: str
    text: str


def first_nonfinite(
    model: torch.nn.Module, graph: Graph, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> NonFinite:
    """Find what first makes a NaN or an infinity when the model is called with these inputs.

    Inputs are looked at first, then the weights, then the operations in the order in which they
    run, in a forward pass of their own without gradients; the model, its buffers and the random
    number generators are afterwards as they were.

    Args:
        model: The model, not compiled around.
        graph: Its graph.
        inputs: What it was called with.
        kwargs: The same by name.
    """
    given = [*named_tensors(list(inputs), ""), *named_tensors(kwargs, "")]
    if any(not is_finite(tensor) for _, tensor in given):
        node = next((node.node_id for node in graph.nodes if node.kind == "input"), "")
        return NonFinite(node, "The model's input already holds NaN or infinite values.")
    weights = dict(model.named_parameters(remove_duplicate=False))
    for call in graph.module_calls:
        for number in call.parameters:
            name = graph.parameters[number].names[0]
            if name in weights and not is_finite(weights[name]):
                text = (
                    f"{name} holds NaN or infinite values: a gradient at this or an earlier step "
                    "was not finite."
                )
                return NonFinite(call.call_id, text)
    recorder = _FiniteRecorder(model)
    _run(model, recorder, inputs, kwargs)
    found = recorder.first
    if found is None:
        return NonFinite("", "It did not come back in a second pass with the same input.")
    where = f" ({found.source})" if found.source else ""
    inside = f" in {found.scope.path}" if found.scope.path else ""
    text = f"{label_of(found.name)}{inside}{where} made the first NaN or infinity of finite inputs."
    return NonFinite(found.node_id, text)


def is_finite(value: Any) -> bool:
    """Whether the tensors in a value hold neither NaN nor infinities; waits for their devices."""
    return all(
        bool(torch.isfinite(tensor).all())
        for tensor in tensors_in(value)
        if tensor.is_floating_point() or tensor.is_complex()
    )


class _FiniteRecorder(Recorder):
    """Records a pass, and keeps the first node whose result is not finite."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__(model, keeps_tensors=False)
        self.first: Recorded | None = None

    def finish(self, node: Recorded, inputs: list[Origin], outputs: list[torch.Tensor]) -> int:
        number = super().finish(node, inputs, outputs)
        if self.first is None and node.kind == "operation":
            with torch._C.DisableTorchFunction(), torch._C._DisableTorchDispatch():
                if not is_finite(outputs):
                    self.first = node
        return number


def _run(
    model: torch.nn.Module, recorder: Recorder, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    given = with_tensors(inputs, lambda tensor: tensor.detach().clone())
    named = with_tensors(kwargs, lambda tensor: tensor.detach().clone())
    is_imported = "torch._dynamo" in sys.modules
    with ExitStack() as stack:
        stack.enter_context(
            torch.compiler.set_stance("force_eager") if is_imported else nullcontext()
        )
        recorder.gradients = stack.enter_context(preserved(model, runs_for_real=True))
        stack.enter_context(torch.no_grad())
        recorder.enter(model, type(model).__name__)
        stack.enter_context(tracking(recorder))
        stack.enter_context(KernelMode(recorder, None))
        stack.enter_context(FunctionMode(recorder, None, None))
        model(*given, **named)
