"""The graph of a model that is being trained: traced once, at the first request."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

import torch

from nbviz.errors import NbvizError, TraceError
from nbviz.inspection.graph.trace.modules import all_parameters
from nbviz.inspection.graph.trace.nested_tensors import with_tensors
from nbviz.inspection.graph.trace.trace import trace
from nbviz.inspection.tensors.hooks import Hook
from nbviz.training.between_steps import between_steps
from nbviz.training.devices.device import to_device
from nbviz.training.events import RunEnded, RunPaused, RunResumed, RunStarted, StepEnded
from nbviz.training.random_numbers.seeds import preserved_random_state
from nbviz.training.steps.samples import first_samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.inspection.graph.model import Graph
    from nbviz.training.events import Event
    from nbviz.training.steps.batches import SplitBatch

    Answer = Callable[[Graph | Exception], None]

_KEPT_BYTES = 32_000_000
"""Inputs up to this size are kept as they are; of larger ones only the shapes, as zeros."""


class LiveGraph:
    """Traces a model with the inputs that it is trained on, never while a step is being made.

    It is an observer of the run: a trace that is asked for while the model trains is made after
    the present step, on the run's thread. Before the run it uses the first samples of the data set,
    drawn without touching the random numbers of the run; where there is none to look at, the first
    call of the model.

    Args:
        model: The model.
        loader: What it will be trained on.
        split: Splits a batch as the supervised step does; None where the user's step calls the
            model.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        loader: Any,
        *,
        split: Callable[[Any], SplitBatch] | None,
    ) -> None:
        self.graph: Graph | None = None
        self._model = weakref.ref(model)
        self._loader = loader
        self._split = split
        self._is_idle = True  # no run is making steps
        self._lock = threading.RLock()
        self._inputs: tuple[tuple[Any, ...], dict[str, Any]] | None = None
        self._waiting: list[Answer] = []
        self._hook = model.register_forward_pre_hook(Hook(_first_call(self)), with_kwargs=True)

    def ask(self, answer: Answer) -> None:
        """Call `answer` with the graph, or with the error that prevents it.

        At once where that is possible; else on the run's thread after the present step, or after
        the first.
        """
        model = self._model()
        while self.graph is None:
            if self._is_idle and model is not None:
                # A run that begins now, or another's, is held between two steps meanwhile.
                with between_steps(model), self._lock:
                    if self._inputs is None:
                        self._inputs = self._samples()
                    if self.graph is not None or self._inputs is not None:
                        answer(self._trace())
                    else:
                        self._waiting.append(answer)
                    return
            with self._lock:
                if self.graph is None and not (self._is_idle and model is not None):
                    self._waiting.append(answer)
                    return
        answer(self.graph)

    def __call__(self, event: Event) -> None:
        """Trace between two steps, if a request waits for it."""
        if isinstance(event, StepEnded):
            if self._waiting and (self._inputs is not None or self.graph is not None):
                self._answer()
        elif isinstance(event, RunStarted | RunResumed):
            self._is_idle = False
        elif isinstance(event, RunPaused | RunEnded):
            with self._lock:
                self._is_idle = True
            is_known = self._inputs is not None or self.graph is not None
            if self._waiting and (is_known or isinstance(event, RunEnded)):
                self._answer()

    def _answer(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
            result = self._trace()
        for answer in waiting:
            answer(result)

    def _trace(self) -> Graph | Exception:
        model = self._model()
        if self.graph is not None:
            return self.graph
        if model is None or self._inputs is None:
            return TraceError("the model has not been called, so there is nothing to draw yet.")
        inputs, kwargs = self._inputs
        self._hook.remove()  # the trace calls the model too
        try:
            self.graph = trace(model, *inputs, **kwargs)
        except TraceError as error:  # what ran before it is drawn, and where it failed
            return error if error.graph is None else error.graph
        except NbvizError as error:
            return error
        finally:
            self._inputs = None
        return self.graph

    def note_call(self, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Keep what the model was called with; called once."""
        self._hook.remove()
        if self.graph is None:
            self._inputs = _light(inputs), _light(kwargs)

    def _samples(self) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """Return inputs made of the data set's first samples, None if that cannot be."""
        model = self._model()
        if model is None or self._split is None:
            return None
        try:
            # A data set may draw random numbers for a sample; the run's are kept as they were.
            with preserved_random_state(torch.device("cpu")):
                batch = first_samples(self._loader)
            if batch is None:
                return None
            inputs, kwargs, _ = self._split(batch)
        except Exception:  # noqa: BLE001  the run will say what is wrong with its data
            return None
        parameter = next(iter(all_parameters(model)), None)
        device = torch.device("cpu") if parameter is None else parameter.device
        return to_device(tuple(inputs), device), to_device(dict(kwargs), device)


def _first_call(graph: LiveGraph) -> Callable[..., None]:
    """Return what the model's hook does; it does not keep the graph alive."""
    reference = weakref.ref(graph)

    def note(model: torch.nn.Module, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        del model
        target = reference()
        if target is not None:
            target.note_call(inputs, kwargs)

    return note


def _light(values: Any) -> Any:
    """Return the values with detached tensors; zeros that take no memory for large ones."""
    size = 0

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal size
        size += tensor.nbytes
        if size <= _KEPT_BYTES:
            return tensor.detach()
        return torch.zeros((), dtype=tensor.dtype, device=tensor.device).expand(tensor.shape)

    return with_tensors(values, keep)
