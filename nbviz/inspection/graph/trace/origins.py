"""Which operation made a tensor, also after something was written into it or into a view of it."""

# pyright: reportPrivateUsage=false
# Tracing reaches into what PyTorch calls private; its versions from 2.6 on have all of it.

from __future__ import annotations

import importlib
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from torch.multiprocessing.reductions import StorageWeakRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import torch

    from nbviz.inspection.graph.trace.nested_tensors import TensorInfo


class Origin(NamedTuple):
    """Where a tensor comes from: a node's number, and what the tensor looked like."""

    node: int
    tensor: TensorInfo


class _Entry(NamedTuple):
    """What is known of a tensor."""

    held: Any
    origin: Origin
    time: int


class Memory(NamedTuple):
    """A storage, without keeping its data alive."""

    address: int
    held: Any  # keeps the address from being given to another storage


class _Source(NamedTuple):
    """Where a storage's contents come from: its last writer, or else what made it."""

    memory: Memory
    origin: Origin
    time: int  # when it was written; 0 if it was only made


class TensorMap:
    """Finds a tensor's origin.

    A write counts for every tensor that shares the memory, whatever way it took: in place, through
    a view, `.data` or `out=`. So the origin is the later of the tensor's own and its storage's last
    writer; of a tensor that no recorded call returned, as from `set_` or from a gradient, it is
    whatever made the storage. Tensors that `torch.func` wraps have the origin of what is inside.

    Args:
        keeps: Whether tensors are kept alive, so that no two ever have the same `id`. That costs
            nothing for tensors without data; with data they are held weakly.
        of_model: The model's parameters and buffers, which no operation makes.
    """

    def __init__(self, *, keeps: bool, of_model: Iterable[torch.Tensor] = ()) -> None:
        self._keeps = keeps
        self._of_model = [memory for tensor in of_model if (memory := memory_of(tensor))]
        self._addresses = {memory.address for memory in self._of_model}
        self._entries: dict[int, _Entry] = {}
        self._sources: dict[int, _Source] = {}
        self._time = 0

    def set(self, tensor: torch.Tensor, origin: Origin) -> None:
        """Note that `tensor` was made at `origin`."""
        self._time += 1
        for one in _with_inside(tensor):
            held = one if self._keeps else weakref.ref(one)
            self._entries[id(one)] = _Entry(held, origin, self._time)
            if (memory := memory_of(one)) is not None:
                self.set_maker(memory, origin)

    def set_written(self, tensor: torch.Tensor, origin: Origin) -> None:
        """Note that `origin` wrote into `tensor`, and so into all that shares its memory."""
        self.set(tensor, origin)
        memory = memory_of(inside(tensor))
        if memory is not None:
            self._sources[memory.address] = _Source(memory, origin, self._time)

    def set_maker(self, memory: Memory, origin: Origin) -> None:
        """Note that memory was made at `origin`, unless something is known of it already."""
        if memory.address not in self._sources and memory.address not in self._addresses:
            self._sources[memory.address] = _Source(memory, origin, 0)

    def forget(self, tensor: torch.Tensor) -> None:
        """Note that a tensor has got other memory, of which alone its origin is known."""
        for one in _with_inside(tensor):
            self._entries.pop(id(one), None)

    def get(self, tensor: torch.Tensor) -> Origin | None:
        """Return the tensor's origin, or None if it was not made during the trace."""
        entry = self._entries.get(id(tensor))
        if entry is not None and not (self._keeps or entry.held() is tensor):
            entry = None  # the id of a tensor that is gone
        unwrapped = inside(tensor)
        if entry is None and unwrapped is not tensor:
            return self.get(unwrapped)
        memory = memory_of(unwrapped)
        source = self._sources.get(memory.address) if memory is not None else None
        if entry is None:
            return None if source is None else source.origin
        return entry.origin if source is None or source.time <= entry.time else source.origin


def version_of(tensor: torch.Tensor) -> int:
    """Return the number of writes into a tensor's memory; 0 for tensors that do not count them."""
    try:
        return tensor._version
    except (RuntimeError, ValueError):  # of inference mode, or a parameter not made yet
        return 0


def inside(tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor that `torch.func` has wrapped, itself if it is none of these."""
    return _with_inside(tensor)[-1]


def _with_inside(tensor: torch.Tensor) -> list[torch.Tensor]:
    found = [tensor]
    while _is_wrapped(found[-1]):
        found.append(_unwrapped(found[-1]))
    return found


_functorch: Any = importlib.import_module("torch._C._functorch")  # has no stubs
_is_wrapped: Callable[[torch.Tensor], bool] = _functorch.is_functorch_wrapped_tensor
_unwrapped: Callable[[torch.Tensor], torch.Tensor] = _functorch.get_unwrapped


def memory_of(tensor: torch.Tensor) -> Memory | None:
    """Return a tensor's storage, None of those that have none: sparse, wrapped and lazy ones."""
    try:
        storage = tensor.untyped_storage()
    except (NotImplementedError, RuntimeError, ValueError):
        return None
    return Memory(storage._cdata, StorageWeakRef(storage))
