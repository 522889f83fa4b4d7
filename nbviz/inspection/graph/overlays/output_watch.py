"""Looks at every result of a model for NaN and infinities, and finds where the first was made."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

import torch

from nbviz.inspection.graph.overlays.device_values import Readings
from nbviz.inspection.graph.overlays.nonfinite import NonFinite, first_nonfinite
from nbviz.inspection.graph.trace.modules import wrapped_module
from nbviz.inspection.graph.trace.values import tensors_in
from nbviz.inspection.tensors.hooks import Hook
from nbviz.training.cuda_events import is_captured

if TYPE_CHECKING:
    from nbviz.inspection.graph.model import Graph


class OutputWatch:
    """A hook on the model itself, for as long as somebody looks for NaN.

    On the CPU a result that is not finite is known before the backward pass, while the weights are
    still those that made it. On other devices it is read after the step, so that no step waits;
    the step may have spoilt the weights by then, and that is what is said.

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
        self._reading: tuple[Readings, tuple[Any, ...], dict[str, Any]] | None = None
        self._handle = None
        if getattr(model, "_compiled_call_impl", None) is None:
            self._handle = model.register_forward_hook(Hook(self._called), with_kwargs=True)

    def remove(self) -> None:
        """Take the hook off; call it while no forward pass runs."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None
        self._reading = None

    def follow(self) -> None:
        """Heed the calls that the present thread makes, and no others."""
        self._thread = threading.get_ident()

    def read(self) -> bool:
        """Look, between two steps, at what has come; returns whether something was found by now.

        True only once.
        """
        if self._reading is not None and self._reading[0].is_ready:
            reading, inputs, kwargs = self._reading
            self._reading = None
            if reading.read()["bad"] > 0:
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
        elif self._reading is None:
            self._reading = Readings({"bad": bad}), inputs, kwargs

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
