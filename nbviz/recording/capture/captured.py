"""Numbers and arrays from the device to the host without making the caller wait for the device.

What is on a CUDA device is copied there on the caller's stream, since it may be changed in place
after the call, and from there to pinned memory by a side stream; it is read when that copy's event
is done. Scalars share slots for that: see `device_ring`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.recording.capture.device_ring import CudaBackend, PlainBackend, Ring
from nbviz.training.cuda_events import CudaArrival, make_pinned

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from numpy.typing import NDArray

    from nbviz.recording.capture.device_ring import Arrival, Lease

_side_streams: dict[Any, Any] = {}
_side_streams_lock = threading.Lock()
_rings: dict[Any, Ring] = {}
_rings_lock = threading.Lock()


class CapturedScalar:
    """A number on a device; once it is sealed, on its way from there as it was at that time."""

    __slots__ = ("_lease", "_place", "_tensor")

    def __init__(self, tensor: torch.Tensor) -> None:
        self._tensor: torch.Tensor | None = tensor
        self._lease: Lease | None = None
        self._place = 0

    @property
    def tensor(self) -> torch.Tensor | None:
        """Where the number still is; None once it is on its way."""
        return self._tensor

    def seal(self, lease: Lease, place: int) -> None:
        """Say where it arrives."""
        self._lease, self._place, self._tensor = lease, place, None

    @property
    def is_ready(self) -> bool:
        """Whether `read` returns without waiting."""
        return self._lease is not None and self._lease.is_ready

    def wait(self) -> None:
        """Wait until `read` returns without waiting."""
        if self._lease is not None:
            self._lease.wait()

    def read(self) -> float:
        """Return the number; waits for the device if it is not there yet."""
        if self._lease is None:
            seal([self])
        assert self._lease is not None
        return self._lease.read()[self._place]


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


class CapturedArray:
    """An array on its way from a device, or a copy of one that is here."""

    __slots__ = ("_arrival", "_host", "nbytes")

    def __init__(self, host: Any, arrival: Arrival | None = None) -> None:
        self._host = host
        self._arrival = arrival
        self.nbytes = int(host.nbytes)

    @property
    def is_ready(self) -> bool:
        """Whether `read` returns without waiting."""
        return self._arrival is None or self._arrival.query()

    def read(self) -> NDArray[Any]:
        """Return the array; waits for the device if it is not there yet.

        What numpy has no type for, such as bfloat16, becomes float32.
        """
        if self._arrival is not None:
            self._arrival.synchronize()
        if isinstance(self._host, np.ndarray):
            return cast("NDArray[Any]", self._host)
        tensor = self._host.cpu()
        if tensor.is_floating_point() and tensor.element_size() < _NUMPY_FLOAT_BYTES:
            tensor = tensor.float()
        return tensor.numpy()


_NUMPY_FLOAT_BYTES = 4


def copy_array(array: torch.Tensor | NDArray[Any]) -> CapturedArray:
    """Copy a tensor or an array as it is now, without waiting for its device."""
    if isinstance(array, np.ndarray):
        return CapturedArray(array.copy())
    import torch

    return send_to_host(array.detach().clone(memory_format=torch.contiguous_format))


def send_to_host(tensor: torch.Tensor) -> CapturedArray:
    """Begin to bring here a tensor that nobody changes any more, without waiting for its device.

    From CUDA by a side stream into pinned memory; any other is brought when it is read.
    """
    if tensor.device.type != "cuda":
        return CapturedArray(tensor)
    import torch

    side = _side_stream(tensor.device)
    host = make_pinned(tensor.shape, tensor.dtype)
    side.wait_stream(torch.cuda.current_stream(tensor.device))
    with torch.cuda.stream(side):
        host.copy_(tensor, non_blocking=True)
        tensor.record_stream(side)
    return CapturedArray(host, CudaArrival(side))


def seal(scalars: Sequence[CapturedScalar]) -> None:
    """Take scalars as they are now: those of one device in one copy; none is waited for."""
    groups: dict[torch.device, list[CapturedScalar]] = {}
    for scalar in scalars:
        if scalar.tensor is not None:
            groups.setdefault(scalar.tensor.device, []).append(scalar)
    for device, group in groups.items():
        tensors = [scalar.tensor for scalar in group if scalar.tensor is not None]
        lease = _ring(device).capture(tensors)
        for place, scalar in enumerate(group):
            scalar.seal(lease, place)


def _ring(device: torch.device) -> Ring:
    ring = _rings.get(device)
    if ring is None:
        is_cuda = device.type == "cuda"
        backend = CudaBackend(device, _side_stream(device)) if is_cuda else PlainBackend(device)
        with _rings_lock:
            ring = _rings.setdefault(device, Ring(backend))
    return ring


def _side_stream(device: torch.device) -> Any:
    import torch

    with _side_streams_lock:
        stream = _side_streams.get(device)
        if stream is None:
            stream = _side_streams[device] = torch.cuda.Stream(device)
        return stream
