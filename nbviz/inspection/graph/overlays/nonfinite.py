"""Finds the first operation of a model that makes a NaN or an infinity."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import threading
import weakref
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from nbviz.errors import attribute_of
from nbviz.inspection.graph.overlays.device_values import DeviceValues
from nbviz.inspection.graph.trace.details import label_of
from nbviz.inspection.graph.trace.modules import copier_for, wrapped_module
from nbviz.inspection.graph.trace.nested_tensors import named_tensors, tensors_in, with_tensors
from nbviz.inspection.graph.trace.operations import FunctionMode, KernelMode
from nbviz.inspection.graph.trace.preserved import preserved
from nbviz.inspection.graph.trace.recorder import Recorder
from nbviz.inspection.graph.trace.scopes import tracking
from nbviz.inspection.tensors.hooks import Hook
from nbviz.training.devices.cuda_events import is_captured
from nbviz.training.rewinding.soundness import all_finite

if TYPE_CHECKING:
    from nbviz.inspection.graph.model import Graph
    from nbviz.inspection.graph.trace.origins import Origin
    from nbviz.inspection.graph.trace.recorder import Recorded


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
    return all_finite(tensors_in(value))


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
    copy = copier_for(model)
    given, named = with_tensors(inputs, copy), with_tensors(kwargs, copy)
    with ExitStack() as stack:
        kept = preserved(model, (inputs, kwargs), runs_for_real=True)
        recorder.kept = stack.enter_context(kept)
        stack.enter_context(torch.no_grad())
        recorder.enter(model, type(model).__name__)
        stack.enter_context(tracking(recorder))
        stack.enter_context(KernelMode(recorder, None))
        stack.enter_context(FunctionMode(recorder, None, None))
        model(*given, **named)


class NonFiniteCheck:
    """A hook on the model itself, for as long as a page shows the overlay of NaN.

    On the CPU a result that is not finite is known before the backward pass, while the weights are
    still those that made it. On other devices it is read after the step, so that no step waits;
    the step may have made the weights NaN by then, which is then what is reported.

    Args:
        model: The model; of a compiled one the wrapper is watched, which is not compiled.
        graph: Its graph.
    """

    def __init__(self, model: torch.nn.Module, graph: Graph) -> None:
        self.found: NonFinite | None = None
        self._model = weakref.ref(model)
        self._graph = graph
        self._thread: int | None = None
        self._is_busy = False
        self._is_told = False
        self._arriving: tuple[DeviceValues, tuple[Any, ...], dict[str, Any]] | None = None
        self._handle = None
        if attribute_of(model, "_compiled_call_impl", None) is None:
            self._handle = model.register_forward_hook(Hook(self._called), with_kwargs=True)

    def remove(self) -> None:
        """Take the hook off; call it while no forward pass runs."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None
        self._arriving = None

    def follow(self) -> None:
        """Check the calls that the present thread makes, and no others."""
        self._thread = threading.get_ident()

    def read(self) -> bool:
        """Look, between two steps, at what has come; returns whether something was found by now.

        True only once.
        """
        if self._arriving is not None and self._arriving[0].is_ready:
            values, inputs, kwargs = self._arriving
            self._arriving = None
            if values.read()["bad"] > 0:
                self._find(inputs, kwargs)
        is_news = self.found is not None and not self._is_told
        self._is_told = self._is_told or is_news
        return is_news

    def _called(
        self, _module: Any, inputs: tuple[Any, ...], kwargs: dict[str, Any], output: Any
    ) -> None:
        if self._is_busy or self.found is not None or threading.get_ident() != self._thread:
            return
        if is_captured():
            return
        results = [t.detach() for t in tensors_in(output) if t.is_floating_point()]
        if not results:
            return
        with torch.no_grad():
            bad = sum((~torch.isfinite(result)).sum().to(results[0].device) for result in results)
        if results[0].device.type == "cpu":
            if bad:
                self._find(inputs, kwargs)
        elif self._arriving is None:
            self._arriving = DeviceValues({"bad": bad}), inputs, kwargs

    def _find(self, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        model = self._model()
        if model is None:
            return
        self._is_busy = True
        try:
            self.found = first_nonfinite(_inner(model), self._graph, inputs, kwargs)
        except Exception as error:  # noqa: BLE001  the run goes on, whatever its model does
            text = f"The model's result is not finite; where it began could not be found: {error}"
            self.found = NonFinite("", text)
        finally:
            self._is_busy = False


def _inner(model: torch.nn.Module) -> torch.nn.Module:
    inner = wrapped_module(model)
    return model if inner is None else _inner(inner)
