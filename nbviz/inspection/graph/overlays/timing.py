"""How long each module call of a model takes, measured in real passes."""

from __future__ import annotations

import statistics
import sys
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from nbviz.inspection.graph.trace.modules import (
    all_modules,
    all_parameters,
    copier_for,
    named_modules,
    type_name,
    wrapped_module,
)
from nbviz.inspection.graph.trace.nested_tensors import with_tensors
from nbviz.inspection.graph.trace.operations import FunctionMode, KernelMode
from nbviz.inspection.graph.trace.preserved import KeptTensors, preserved
from nbviz.inspection.graph.trace.recorder import Recorder
from nbviz.inspection.graph.trace.scopes import tracking

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_ENOUGH_SECONDS = 0.5  # spent on passes after the first
_MOST_PASSES = 5


def call_seconds(model: torch.nn.Module, inputs: Any, kwargs: Any) -> dict[str, float]:
    """Run a model's forward pass a few times and return the median seconds of each module call.

    The first two passes only warm up, unless nothing was compiled in the second and it takes long
    enough to be the only one that counts. An accelerator is
    waited for where a call begins and ends, so that its work counts where it belongs. The model is
    left as it was found.

    Args:
        model: The model.
        inputs: What its forward takes.
        kwargs: The same by name.

    Returns:
        Seconds by `call_id` as in `Graph.module_calls`, the calls inside included.
    """
    while (inner := wrapped_module(model)) is not None:
        model = inner
    try:
        with torch.no_grad():
            passes = _passes(model, inputs, kwargs)
    except Exception:
        if not torch.is_grad_enabled():
            raise
        passes = _passes(model, inputs, kwargs)  # its forward may ask for gradients
    return {
        call_id: statistics.median(one[call_id] for one in passes if call_id in one)
        for call_id in passes[0]
    }


def _passes(model: torch.nn.Module, inputs: Any, kwargs: Any) -> list[dict[str, float]]:
    """Return the seconds of the calls in each pass that counts."""
    timer, copy = _Timer(model), copier_for(model)
    passes: list[dict[str, float]] = []
    with preserved(model, (inputs, kwargs), runs_for_real=True) as kept, timer.listening():

        def run() -> float:
            given, named = with_tensors(inputs, copy), with_tensors(kwargs, copy)
            began = time.perf_counter()
            timer.begin_pass()
            model(*given, **named)
            passes.append(timer.seconds)
            return time.perf_counter() - began

        with _guarding(model, kept):
            run()
        first = run()  # compiles what is to be compiled, which the pass before does not
        if first > _ENOUGH_SECONDS and "torch._dynamo" not in sys.modules:
            return passes[1:]
        spent = 0.0
        for _ in range(_MOST_PASSES - 1):
            spent += run()
            if spent > _ENOUGH_SECONDS:
                break
    return passes[2:]


@contextmanager
def _guarding(model: torch.nn.Module, kept: KeptTensors) -> Generator[None]:
    """Notice whether a pass uses gradients, and what it writes into; slows it."""
    recorder = Recorder(model, keeps_tensors=False, kept=kept)
    recorder.enter(model, type_name(model))
    with tracking(recorder), KernelMode(recorder, None), FunctionMode(recorder, None, None):
        yield


class _Timer:
    """Hooks that time the calls of one thread; the same in all passes, so that none compiles anew.

    Args:
        model: The model.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        self.seconds: dict[str, float] = {}
        self._modules = all_modules(model)
        self._paths = {id(module): path for path, module in reversed(named_modules(model))}
        self._finish = _waits_for(model)
        self._thread = threading.get_ident()
        self._calls: defaultdict[str, int] = defaultdict(int)
        self._open: list[tuple[int, str, float]] = []

    def begin_pass(self) -> None:
        """Count calls anew."""
        self.seconds = {}
        self._calls.clear()
        self._open.clear()

    @contextmanager
    def listening(self) -> Generator[None]:
        """Have the hooks on while the block runs."""
        handles: list[Any] = []
        try:
            for module in self._modules:
                if isinstance(module, torch.jit.ScriptModule):
                    continue  # takes no Python hooks; its time counts in the call around it
                handles.append(torch.nn.Module.register_forward_pre_hook(module, self._begin))
                handles.append(torch.nn.Module.register_forward_hook(module, self._end))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _begin(self, module: torch.nn.Module, _inputs: Any) -> None:
        if torch.compiler.is_compiling() or threading.get_ident() != self._thread:
            return  # within what is compiled nothing is timed
        path = self._paths[id(module)]
        self._calls[path] += 1
        self._finish()
        call_id = path if self._calls[path] == 1 else f"{path}:{self._calls[path]}"
        self._open.append((id(module), call_id, time.perf_counter()))

    def _end(self, module: torch.nn.Module, _inputs: Any, _output: Any) -> None:
        if torch.compiler.is_compiling() or threading.get_ident() != self._thread:
            return
        self._finish()
        while self._open:  # those inside that raised an error, which the model has caught, are open
            key, call_id, started = self._open.pop()
            if key == id(module):
                self.seconds[call_id] = time.perf_counter() - started
                break


def _waits_for(model: torch.nn.Module) -> Callable[[], None]:
    """Return what waits until the devices of the model have done their work."""
    devices = {p.device for p in all_parameters(model) if p.device.type not in ("cpu", "meta")}

    def wait() -> None:
        for device in devices:
            module: Any = getattr(torch, device.type)
            if device.type == "mps":  # there is one, and it takes no argument
                module.synchronize()
            else:
                module.synchronize(device)

    return wait
