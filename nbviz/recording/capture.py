"""Scalars from the device to the host without making the caller wait for the device.

A CUDA scalar is copied on the caller's stream, since it may be changed in place after the call, and
from there to pinned memory by a side stream; it is read when that copy's event is done.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

_side_streams: dict[Any, Any] = {}
_side_streams_lock = threading.Lock()


class CapturedScalar:
    """A number on its way from a device."""

    __slots__ = ("_event", "_host")

    def __init__(self, host: torch.Tensor, event: Any) -> None:
        self._host = host
        self._event = event

    @property
    def is_ready(self) -> bool:
        """Whether `read` returns without waiting."""
        return self._event is None or bool(self._event.query())

    def read(self) -> float:
        """Return the number; waits for the device if it is not there yet."""
        if self._event is not None:
            self._event.synchronize()
        return float(self._host.item())


class CapturedValues(dict[str, Any]):
    """What one log call recorded, with some numbers still on their way."""

    @property
    def is_ready(self) -> bool:
        """Whether `read` returns without waiting."""
        return all(value.is_ready for value in self.values() if isinstance(value, CapturedScalar))

    def read(self) -> dict[str, float]:
        """Return the numbers; waits for those that are not there yet."""
        return {
            tag: value.read() if isinstance(value, CapturedScalar) else value
            for tag, value in self.items()
        }


class CapturedArray:
    """An array on its way from a device, or a copy of one that is here."""

    __slots__ = ("_event", "_host", "nbytes")

    def __init__(self, host: Any, event: Any = None) -> None:
        self._host = host
        self._event = event
        self.nbytes = int(host.nbytes)

    @property
    def is_ready(self) -> bool:
        """Whether `read` returns without waiting."""
        return self._event is None or bool(self._event.query())

    def read(self) -> NDArray[Any]:
        """Return the array; waits for the device if it is not there yet.

        What numpy has no type for, such as bfloat16, becomes float32.
        """
        if self._event is not None:
            self._event.synchronize()
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

    copy = array.detach().clone(memory_format=torch.contiguous_format)
    if copy.device.type != "cuda":
        return CapturedArray(copy)
    return send_to_host(copy)


def send_to_host(tensor: torch.Tensor) -> CapturedArray:
    """Copy a CUDA tensor that nobody changes any more to pinned memory, by a side stream."""
    import torch

    side = _side_stream(tensor.device)
    side.wait_stream(torch.cuda.current_stream(tensor.device))
    with torch.cuda.stream(side):
        host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
        host.copy_(tensor, non_blocking=True)
        tensor.record_stream(side)
        event = torch.cuda.Event()
        event.record(side)
    return CapturedArray(host, event)


def capture_scalar(tensor: torch.Tensor) -> CapturedScalar:
    """Take the value of a tensor with one element on a device, as it is now."""
    if tensor.device.type == "cuda":
        return _capture_cuda(tensor)
    # No streams to choose from (mps, xpu …): a copy on the device, read by the reader's thread.
    return CapturedScalar(tensor.detach().clone(), None)


def _capture_cuda(tensor: torch.Tensor) -> CapturedScalar:
    import torch

    copy = tensor.detach().reshape(()).to(torch.float64, copy=True)
    current = torch.cuda.current_stream(copy.device)
    side = _side_stream(copy.device)
    side.wait_stream(current)
    host = torch.empty((), dtype=torch.float64, pin_memory=True)
    with torch.cuda.stream(side):
        host.copy_(copy, non_blocking=True)
        copy.record_stream(side)
        event = torch.cuda.Event()
        event.record(side)
    return CapturedScalar(host, event)


def _side_stream(device: torch.device) -> Any:
    import torch

    with _side_streams_lock:
        stream = _side_streams.get(device)
        if stream is None:
            stream = _side_streams[device] = torch.cuda.Stream(device)
        return stream
