"""Scalars of a log call, some of them still on their way from a device: see `device_ring`."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from nbviz.recording.capture.device_ring import CudaBackend, PlainBackend, Ring
from nbviz.recording.capture.staging import side_stream
from nbviz.recording.device_memory import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from nbviz.recording.capture.device_ring import Batch

_rings: dict[tuple[Any, Any], Ring] = {}
_rings_lock = threading.Lock()


class CapturedScalar:
    """A number on a device; once it is sealed, on its way from there as it was at that time."""

    __slots__ = ("_batch", "_place", "_tensor")

    def __init__(self, tensor: torch.Tensor) -> None:
        self._tensor: torch.Tensor | None = tensor
        self._batch: Batch | _Arrived | None = None
        self._place = 0

    @property
    def tensor(self) -> torch.Tensor | None:
        """Where the number still is; None once it is on its way."""
        return self._tensor

    def seal(self, batch: Batch | _Arrived, place: int) -> None:
        """Say where it arrives."""
        self._batch, self._place, self._tensor = batch, place, None

    @property
    def is_ready(self) -> bool:
        """Whether `read` returns without waiting; has it sent if it has not been yet."""
        return self._batch is not None and self._batch.is_ready

    def wait(self) -> None:
        """Wait until `read` returns without waiting."""
        if self._batch is not None:
            self._batch.wait()

    def read(self) -> float:
        """Return the number; waits for the device if it is not there yet."""
        if self._batch is None:
            seal([self])
        assert self._batch is not None
        return float(self._batch.read()[self._place])


class _Arrived:
    """Numbers that a full device had no memory to copy; they were waited for."""

    is_ready = True

    def __init__(self, tensors: Sequence[torch.Tensor]) -> None:
        self._numbers: list[Any] = [tensor.item() for tensor in tensors]

    def wait(self) -> None:
        """Do nothing: they are here."""

    def read(self) -> list[Any]:
        """Return the numbers."""
        return self._numbers


class CapturedValues(dict[str, Any]):
    """What one log call recorded, with some numbers still on their way."""

    @property
    def is_ready(self) -> bool:
        """Whether `read` returns without waiting."""
        return all(value.is_ready for value in self.values() if isinstance(value, CapturedScalar))

    def wait(self) -> None:
        """Wait until `read` returns without waiting."""
        for value in self.values():
            if isinstance(value, CapturedScalar):
                value.wait()

    def read(self) -> dict[str, float]:
        """Return the numbers; waits for those that are not there yet."""
        return {
            tag: value.read() if isinstance(value, CapturedScalar) else value
            for tag, value in self.items()
        }


def seal(scalars: Sequence[CapturedScalar]) -> None:
    """Take scalars as they are now: one kernel for those of one type; none is waited for."""
    groups: dict[tuple[Any, Any], tuple[list[CapturedScalar], list[torch.Tensor]]] = {}
    for scalar in scalars:
        tensor = scalar.tensor
        if tensor is not None:
            key = tensor.device, tensor.dtype
            group = groups.get(key)
            if group is None:
                group = groups[key] = [], []
            group[0].append(scalar)
            group[1].append(tensor)
    for key, (group, tensors) in groups.items():
        ring = _rings.get(key)
        if ring is None:
            ring = _make_ring(tensors[0])
        try:
            batch, start = ring.capture(tensors)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            batch, start = _Arrived(tensors), 0
        for place, scalar in enumerate(group, start):
            scalar.seal(batch, place)


def _make_ring(like: torch.Tensor) -> Ring:
    device, dtype = like.device, like.dtype
    is_cuda = device.type == "cuda"
    backend = CudaBackend(device, side_stream(device)) if is_cuda else PlainBackend(device)
    with _rings_lock:
        return _rings.setdefault((device, dtype), Ring(backend, dtype))


def _renew_lock() -> None:
    global _rings_lock  # noqa: PLW0603  held, perhaps, by a thread that a forked child does not have
    _rings_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
