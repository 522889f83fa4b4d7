"""A model left as it was found: buffers, attributes, gradients and random numbers."""

# pyright: reportPrivateUsage=false
# Tracing reaches into what PyTorch calls private; its versions from 2.6 on have all of it.

from __future__ import annotations

import operator
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from nbviz.inspection.graph.trace.modules import all_buffers, all_modules, all_parameters
from nbviz.inspection.tensors.hooks import hooks_run
from nbviz.training.between_steps import between_steps
from nbviz.training.random_numbers.turns import still

if TYPE_CHECKING:
    from collections.abc import Generator

_CONTAINERS = frozenset({list, dict, set})


class KeptGradients:
    """A model's gradients as they were when the pass first came to use them.

    Kept from the start they would be read in every trace; and a read, while a loop that nbviz does
    not know is in its backward pass on another thread, can end the process.

    Args:
        model: The model.
        runs_for_real: Whether the pass may write into them.
    """

    def __init__(self, model: torch.nn.Module, *, runs_for_real: bool) -> None:
        self._model = model
        self._runs_for_real = runs_for_real
        self._kept: list[tuple[torch.nn.Parameter, torch.Tensor | None]] | None = None

    def keep(self) -> None:
        """Keep them, and leave copies to a pass with data; nothing if that has been done."""
        if self._kept is not None:
            return
        kept = self._kept = []  # before the gradients are read: the trace sees that, too
        kept.extend((parameter, parameter.grad) for parameter in all_parameters(self._model))
        for parameter, gradient in kept if self._runs_for_real else ():
            if gradient is not None:
                parameter.grad = gradient.detach().clone()

    def restore(self) -> None:
        """Put back what was kept."""
        for parameter, gradient in self._kept or ():
            if parameter.grad is not gradient:
                parameter.grad = gradient


@contextmanager
def preserved(model: torch.nn.Module, *, runs_for_real: bool) -> Generator[KeptGradients]:
    """Undo what a forward pass does to a model besides computing.

    A run that trains the model is held between two steps meanwhile.

    Args:
        model: The model.
        runs_for_real: Whether the pass writes into buffers and draws random numbers from devices.

    Yields:
        What is to be called before the pass uses gradients.
    """
    with between_steps(model), still(), hooks_run(None):
        gradients = KeptGradients(model, runs_for_real=runs_for_real)
        buffers = _copies(model) if runs_for_real else []
        attributes = [
            (module, module.__dict__.copy(), _held(module)) for module in all_modules(model)
        ]
        devices = {p.device.index or 0 for p in all_parameters(model) if p.device.type == "cuda"}
        python_state = random.getstate()
        numpy_state = np.random.get_state()  # noqa: NPY002 - models draw from the global one
        try:
            with torch.random.fork_rng(devices=sorted(devices) if runs_for_real else []):
                yield gradients
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)  # noqa: NPY002
            for module, kept, copies in attributes:
                _restore(module, kept, copies)
            gradients.restore()
            with torch.no_grad():
                for buffer, copy, version in buffers:
                    # Batch norm writes its running statistics without raising their version; a
                    # buffer that has not changed is not written, for a backward pass may wait
                    # for it.
                    if buffer._version != version or _differs(buffer, copy):
                        buffer.copy_(copy)


def _copies(model: torch.nn.Module) -> list[tuple[torch.Tensor, torch.Tensor, int]]:
    return [
        (buffer, buffer.detach().clone(), buffer._version)
        for buffer in all_buffers(model)
        if not (torch.nn.parameter.is_lazy(buffer) or buffer.is_inference())
    ]


def _differs(buffer: torch.Tensor, copy: torch.Tensor) -> bool:
    # Sparse tensors cannot be compared; only batch norm's, which are not, need to be.
    return buffer.layout is torch.strided and not torch.equal(buffer, copy)


def _held(module: torch.nn.Module) -> list[tuple[Any, Any]]:
    """Return the containers that a module has, each with a shallow copy of it."""
    return [
        (value, value.copy()) for value in module.__dict__.values() if type(value) in _CONTAINERS
    ]


def _restore(module: torch.nn.Module, kept: dict[str, Any], copies: list[tuple[Any, Any]]) -> None:
    now = module.__dict__
    if not _is_same(now, kept):
        for name in [name for name in now if name not in kept]:
            del now[name]
        for name, value in kept.items():
            if now.get(name, now) is not value:
                now[name] = value
    for value, copy in copies:
        if not _is_same(value, copy):
            value.clear()
            value.extend(copy) if isinstance(value, list) else value.update(copy)


def _is_same(value: Any, copy: Any) -> bool:
    """Whether a container holds the very objects that its copy does."""
    if len(value) != len(copy):
        return False
    if isinstance(value, dict):
        known = cast("dict[Any, Any]", value)
        same_keys = all(map(operator.is_, known, copy))
        return same_keys and all(map(operator.is_, known.values(), copy.values()))
    if isinstance(value, set):
        return bool(value == copy)
    return all(map(operator.is_, value, copy))
