"""Which operation made a tensor, also after something was written into it or into a view of it."""

# pyright: reportPrivateUsage=false
# Tracing reaches into what PyTorch calls private; its versions from 2.6 on have all of it.

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from torch.multiprocessing.reductions import StorageWeakRef

if TYPE_CHECKING:
    import torch

    from nbviz.inspection.graph.trace.nested_tensors import TensorInfo


class Origin(NamedTuple):
    """Where a tensor comes from: a node's number, and what the tensor looked like."""

    node: int
    tensor: TensorInfo


class TensorMap:
    """Finds a tensor's origin.

    A write in place counts for every tensor that shares the memory: it raises PyTorch's version
    number of all of them, and a tensor whose number has moved comes from its storage's last writer.

    Args:
        keeps: Whether tensors are kept alive, so that no two ever have the same `id`. That costs
            nothing for tensors without data; with data they are held weakly.
    """

    def __init__(self, *, keeps: bool) -> None:
        self._keeps = keeps
        self._entries: dict[int, tuple[Any, Origin, int]] = {}
        self._writers: dict[int, tuple[Any, Origin]] = {}

    def set(self, tensor: torch.Tensor, origin: Origin) -> None:
        """Note that `tensor` was made at `origin`."""
        held = tensor if self._keeps else weakref.ref(tensor)
        self._entries[id(tensor)] = (held, origin, version_of(tensor))

    def set_written(self, tensor: torch.Tensor, origin: Origin) -> None:
        """Note that `origin` wrote into `tensor`, and so into all that shares its memory."""
        self.set(tensor, origin)
        storage = _storage(tensor)
        if storage is not None:
            # A weak reference keeps the address from being given to another storage.
            self._writers[storage._cdata] = (StorageWeakRef(storage), origin)

    def get(self, tensor: torch.Tensor) -> Origin | None:
        """Return the tensor's origin, or None if it was not made during the trace."""
        entry = self._entries.get(id(tensor))
        if entry is not None and not (self._keeps or entry[0]() is tensor):
            entry = None  # the id of a tensor that is gone
        if entry is not None and entry[2] == version_of(tensor):
            return entry[1]
        if self._writers:
            storage = _storage(tensor)
            written = self._writers.get(storage._cdata) if storage is not None else None
            if written is not None:
                return written[1]
        return entry[1] if entry is not None else None


def version_of(tensor: torch.Tensor) -> int:
    """Return the number of writes into a tensor's memory; 0 for tensors that do not count them."""
    try:
        return tensor._version
    except (RuntimeError, ValueError):  # of inference mode, or a parameter not made yet
        return 0


def _storage(tensor: torch.Tensor) -> Any:
    try:
        return tensor.untyped_storage()
    except (NotImplementedError, RuntimeError):  # sparse, quantised and wrapped tensors have none
        return None
