"""A model left as it was found: buffers, attributes, gradients and random numbers."""

# pyright: reportPrivateUsage=false
# Tracing reaches into what PyTorch calls private; its versions from 2.6 on have all of it.

from __future__ import annotations

import operator
import random
from collections import Counter, OrderedDict, defaultdict, deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import torch

from nbviz.inspection.graph.trace.modules import all_modules, all_parameters, modules_in
from nbviz.inspection.graph.trace.origins import memory_of
from nbviz.inspection.tensors.hooks import hooks_run
from nbviz.training.between_steps import between_steps
from nbviz.training.random_numbers.turns import still

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

_CONTAINERS = frozenset({list, dict, set, deque, OrderedDict, defaultdict, Counter})
_DEEPEST = 3  # of containers within containers
_MANY = 1_000  # items of a container, which then is data, and not looked into


class KeptTensors:
    """A model's gradients, and what else the pass writes into, as they were before it did.

    Kept from the start, gradients would be read in every trace; and a read, while a loop that
    nbviz does not know is in its backward pass on another thread, can end the process. Weights and
    tensors in attributes are copied when the pass is about to write into them, which few do.

    Args:
        modules: The modules that the pass may change.
        runs_for_real: Whether the pass may write into them.
    """

    def __init__(self, modules: list[torch.nn.Module], *, runs_for_real: bool) -> None:
        self._modules = modules
        self._runs_for_real = runs_for_real
        self._gradients: list[tuple[torch.nn.Parameter, torch.Tensor | None]] | None = None
        self._unwritten: dict[int, list[torch.Tensor]] | None = None  # by their memory
        self._copies: list[_Copy] = []

    def keep_gradients(self) -> None:
        """Keep them, and leave copies to a pass with data; nothing if that has been done."""
        if self._gradients is not None:
            return
        kept = self._gradients = []  # before they are read: the trace sees that, too
        kept.extend((parameter, parameter.grad) for parameter in self._parameters())
        for parameter, gradient in kept if self._runs_for_real else ():
            if gradient is not None:
                parameter.grad = gradient.detach().clone()

    def keep_written(self, tensors: Iterable[torch.Tensor]) -> None:
        """Copy what of the model lies in the memory of tensors that are about to be written."""
        if not self._runs_for_real:
            return
        if self._unwritten is None:
            self._unwritten = {}
            for tensor in (*self._parameters(), *_tensors_held(self._modules)):
                if (memory := memory_of(tensor)) is not None:
                    self._unwritten.setdefault(memory.address, []).append(tensor)
        for tensor in tensors:
            memory = memory_of(tensor)
            held = self._unwritten.pop(memory.address, ()) if memory is not None else ()
            self._copies.extend(_copies(held))

    def restore(self) -> None:
        """Put back what was kept."""
        for parameter, gradient in self._gradients or ():
            if parameter.grad is not gradient:
                parameter.grad = gradient
        for copy in self._copies:
            copy.restore()

    def _parameters(self) -> list[torch.nn.Parameter]:
        found = (p for module in self._modules for p in module._parameters.values())
        return list({id(p): p for p in found if p is not None}.values())


class _Copy(NamedTuple):
    """A tensor, where its data lay, and a copy of the data."""

    tensor: torch.Tensor
    alias: torch.Tensor
    copy: torch.Tensor
    version: int

    def restore(self) -> None:
        """Put the data back, and the tensor to where it was."""
        tensor, alias = self.tensor, self.alias
        is_strided = alias.layout is torch.strided
        if is_strided and (tensor.shape != alias.shape or _address(tensor) != _address(alias)):
            tensor.data = alias
        # Batch norm writes its running statistics without raising their version; what has not
        # changed is not written, for a backward pass may wait for it.
        if alias._version != self.version or _differs(alias, self.copy):
            alias.copy_(self.copy)


def _copies(tensors: Iterable[torch.Tensor]) -> list[_Copy]:
    return [
        _Copy(tensor, tensor.detach(), tensor.detach().clone(), tensor._version)
        for tensor in tensors
        if not (torch.nn.parameter.is_lazy(tensor) or tensor.is_inference())
    ]


def _address(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata


def _tensors_held(modules: list[torch.nn.Module]) -> list[torch.Tensor]:
    """Return the tensors that modules have in attributes, and in containers there."""
    found: list[torch.Tensor] = []

    def look(value: Any, depth: int) -> None:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif depth < _DEEPEST and (type(value) in _CONTAINERS or isinstance(value, tuple)):
            held: Any = cast("Any", value)
            if len(held) > _MANY:
                return
            for item in held.values() if isinstance(value, dict) else held:
                look(item, depth + 1)

    for module in modules:
        for name, value in module.__dict__.items():
            if name not in _OWN:
                look(value, 0)
    return found


_OWN = frozenset({"_parameters", "_buffers", "_modules"})
"""Of a module's attributes those whose tensors are kept in other ways."""


@contextmanager
def preserved(
    model: torch.nn.Module, given: Any = (), *, runs_for_real: bool
) -> Generator[KeptTensors]:
    """Undo what a forward pass does to a model besides computing.

    A run that trains the model is held between two steps meanwhile.

    Args:
        model: The model.
        given: The arguments of the pass; modules among them are restored, too.
        runs_for_real: Whether the pass writes into buffers and draws random numbers from devices.

    Yields:
        What is to be called before the pass uses gradients, or writes.
    """
    with between_steps(model), still(), hooks_run(None):
        modules = all_modules(model, *modules_in(given))
        kept = KeptTensors(modules, runs_for_real=runs_for_real)
        buffers = _copies(_buffers(modules)) if runs_for_real else []
        attributes = [(module, module.__dict__.copy(), _held(module)) for module in modules]
        devices = {p.device.index or 0 for p in all_parameters(model) if p.device.type == "cuda"}
        python_state = random.getstate()
        numpy_state = np.random.get_state()  # noqa: NPY002 - models draw from the global one
        try:
            with torch.random.fork_rng(devices=sorted(devices) if runs_for_real else []):
                yield kept
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)  # noqa: NPY002
            for module, were, copies in attributes:
                _restore(module, were, copies)
            with torch.no_grad():
                kept.restore()
                for buffer in buffers:
                    buffer.restore()


def _buffers(modules: list[torch.nn.Module]) -> list[torch.Tensor]:
    found = (b for module in modules for b in module._buffers.values() if b is not None)
    return list({id(b): b for b in found}.values())


def _differs(buffer: torch.Tensor, copy: torch.Tensor) -> bool:
    # Sparse tensors cannot be compared; only batch norm's, which are not, need to be.
    return buffer.layout is torch.strided and not torch.equal(buffer, copy)


def _held(module: torch.nn.Module) -> list[tuple[Any, Any]]:
    """Return the containers that a module has, and those in them, each with a shallow copy."""
    found: list[tuple[Any, Any]] = []

    def look(value: Any, depth: int) -> None:
        found.append((value, value.copy()))
        if len(value) > _MANY:
            return
        items: Any = cast("Any", value).values() if isinstance(value, dict) else value
        for item in items:
            if depth < _DEEPEST and type(item) in _CONTAINERS:
                look(item, depth + 1)

    for value in module.__dict__.values():
        if type(value) in _CONTAINERS:
            look(value, 1)
    return found


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
            value.extend(copy) if isinstance(value, list | deque) else value.update(copy)


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
