"""Arrays from a CUDA device to the host, through pinned memory that stays the same.

Pinning memory takes milliseconds, holds up what other threads ask of the driver, and torch keeps
for ever what it has pinned. So one piece serves for all sizes, and the thread that reads an array
copies it: nothing here is done by a training's own thread.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from nbviz.training.devices.cuda_events import CudaArrival, make_pinned, relaxed

if TYPE_CHECKING:
    import torch

PINNED_BYTES = 1 << 22
"""Of each device; larger arrays come in parts."""

_lock = threading.Lock()
_side_streams: dict[Any, Any] = {}
_pinned: dict[Any, Staging] = {}


class Staging:
    """The pinned memory of one device.

    Args:
        device: A CUDA device.
    """

    def __init__(self, device: torch.device) -> None:
        import torch

        self._side = side_stream(device)
        with torch.cuda.device(device):
            self._pinned = make_pinned((PINNED_BYTES,), torch.uint8)
        self._lock = threading.Lock()

    def fetch(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return a copy in the host's ordinary memory; waits for it.

        Args:
            tensor: Contiguous, complete on its device, and not changed meanwhile.
        """
        import torch

        flat = tensor.detach().reshape(-1).view(torch.uint8)
        found = torch.empty(flat.shape, dtype=torch.uint8, device="cpu")
        with self._lock:
            for start in range(0, len(flat), PINNED_BYTES):
                part = flat[start : start + PINNED_BYTES]
                with relaxed(), torch.cuda.stream(self._side):
                    self._pinned[: len(part)].copy_(part, non_blocking=True)
                    # If an interrupt ends the wait, the copy is still under way.
                    part.record_stream(self._side)
                    arrival = CudaArrival(self._side)
                arrival.synchronize()
                found[start : start + len(part)] = self._pinned[: len(part)]
        return found.view(tensor.dtype).view(tensor.shape)


def side_stream(device: torch.device) -> Any:
    """Return the stream of a device on which nbviz copies."""
    import torch

    with _lock:
        stream = _side_streams.get(device)
        if stream is None:
            stream = _side_streams[device] = torch.cuda.Stream(device)
        return stream


def staging(device: torch.device) -> Staging:
    """Return the pinned memory of a device."""
    found = _pinned.get(device)
    if found is None:
        made = Staging(device)
        with _lock:
            found = _pinned.setdefault(device, made)
    return found


def _renew_lock() -> None:
    global _lock  # noqa: PLW0603  held, perhaps, by a thread that a forked child does not have
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
