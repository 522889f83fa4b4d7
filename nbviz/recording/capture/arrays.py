"""Arrays as they are now, brought to the host later by the thread that reads them.

What is on a device is copied there by the caller's stream, which costs the caller a kernel and an
event. The rest is the reader's: on CUDA it works on a side stream, which nothing else waits for.
"""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.recording.capture.staging import side_stream, staging
from nbviz.training.devices.cuda_events import CudaArrival, relaxed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch
    from numpy.typing import NDArray

_NUMPY_FLOAT_BYTES = 4


class CapturedArray:
    """An array that is not changed any more, on a device or here.

    Args:
        values: A tensor on any device, or an array.
        arrival: When a tensor on a CUDA device is complete.
    """

    __slots__ = ("_arrival", "_values", "nbytes")

    def __init__(
        self, values: torch.Tensor | NDArray[Any], arrival: CudaArrival | None = None
    ) -> None:
        self._values: Any = values
        self._arrival = arrival
        self.nbytes = int(values.nbytes)

    @property
    def is_ready(self) -> bool:
        """Whether the device has come so far that `read` and `reduce` need not wait for it."""
        return self._arrival is None or self._arrival.query()

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        return tuple(self._values.shape)

    @property
    def is_on_device(self) -> bool:
        """Whether `reduce` would save a copy."""
        return not isinstance(self._values, np.ndarray) and self._values.device.type != "cpu"

    def read(self) -> NDArray[Any]:
        """Return the array; waits for the device if it is not there yet.

        What numpy has no type for, such as bfloat16, becomes float32.
        """
        if not isinstance(self._values, np.ndarray):
            self._values = _to_numpy(self._fetch(self._values))
        return cast("NDArray[Any]", self._values)

    def reduce(self, function: Callable[[torch.Tensor], torch.Tensor]) -> NDArray[Any]:
        """Return what a function makes of the tensor on its device.

        Args:
            function: Must not wait for the device. On CUDA it is called on a side stream.
        """
        import torch

        values = self._values
        assert not isinstance(values, np.ndarray)
        if values.device.type != "cuda":
            with torch.no_grad():
                return _to_numpy(function(values))
        if self._arrival is not None:
            self._arrival.synchronize()
        side = side_stream(values.device)
        with relaxed(), torch.no_grad(), torch.cuda.stream(side):
            values.record_stream(side)  # if an interrupt ends this while it works
            found = function(values).contiguous()
        return _to_numpy(staging(values.device).fetch(found))

    def _fetch(self, values: torch.Tensor) -> torch.Tensor:
        if values.device.type != "cuda":
            return values
        if self._arrival is not None:
            self._arrival.synchronize()
        return staging(values.device).fetch(values)


class CapturedPart:
    """One of several arrays that come in one copy.

    Args:
        whole: All of them, one after another.
        start: Where this one begins.
        shape: Its shape.
    """

    __slots__ = ("_start", "_whole", "shape")

    def __init__(self, whole: CapturedArray, start: int, shape: tuple[int, ...]) -> None:
        self._whole, self._start = whole, start
        self.shape = shape

    @property
    def is_ready(self) -> bool:
        """Whether the device has come so far that `read` need not wait for it."""
        return self._whole.is_ready

    def read(self) -> NDArray[Any]:
        """Return the array; waits for the device if it is not there yet."""
        flat = self._whole.read().reshape(-1)
        return flat[self._start : self._start + math.prod(self.shape)].reshape(self.shape)


def copy_array(array: torch.Tensor | NDArray[Any], *, keeps_layout: bool = False) -> CapturedArray:
    """Copy a tensor or an array as it is now, without waiting for its device.

    Args:
        array: What is copied.
        keeps_layout: Whether the copy may be laid out in memory as the array is, as for a view of
            an image whose axes were moved; else it is contiguous, which takes longer.
    """
    order = "K" if keeps_layout else "C"
    if isinstance(array, np.ndarray):
        return CapturedArray(array.copy(order))
    import torch

    detached = array.detach()
    if detached.device.type == "cpu" and (keeps_layout or detached.is_contiguous()):
        # NumPy's takes a quarter of the time for tens of megabytes: it asks for large pages.
        with contextlib.suppress(RuntimeError, TypeError):  # of a kind that it does not know
            return CapturedArray(torch.from_numpy(detached.numpy().copy(order)))
    return hold(detached.clone(memory_format=torch.contiguous_format))


def copy_arrays(
    arrays: Sequence[torch.Tensor | NDArray[Any]],
) -> tuple[list[CapturedArray], list[CapturedPart]]:
    """Copy several as they are now: those of one device and type in one copy.

    Returns:
        The copies, and each array's part in them.
    """
    copies: list[CapturedArray] = []
    found: dict[int, CapturedPart] = {}
    groups: dict[tuple[Any, Any], dict[int, torch.Tensor]] = {}
    for number, array in enumerate(arrays):
        if isinstance(array, np.ndarray):
            copies.append(copy_array(array))
            found[number] = CapturedPart(copies[-1], 0, array.shape)
        else:
            groups.setdefault((array.device, array.dtype), {})[number] = array.detach()
    for group in groups.values():
        copies.append(_copy_in_one(list(group.values())))
        start = 0
        for number, one in group.items():
            found[number] = CapturedPart(copies[-1], start, tuple(one.shape))
            start += one.numel()
    return copies, [found[number] for number in range(len(arrays))]


def hold(tensor: torch.Tensor) -> CapturedArray:
    """Keep a tensor that is not changed any more, until it is read."""
    if tensor.device.type != "cuda":
        return CapturedArray(tensor)
    import torch

    # On the caller's stream, as a copy that is not contiguous would take another one there.
    tensor = tensor.contiguous()
    return CapturedArray(tensor, CudaArrival(torch.cuda.current_stream(tensor.device)))


def _copy_in_one(tensors: list[torch.Tensor]) -> CapturedArray:
    import torch

    if len({one.shape for one in tensors}) == 1:
        return hold(torch.stack(tensors))  # not flat ones, which would be copied one by one
    return hold(torch.cat([one.reshape(-1) for one in tensors]))


def _to_numpy(tensor: torch.Tensor) -> NDArray[Any]:
    tensor = tensor.detach().cpu()
    if tensor.is_floating_point() and tensor.element_size() < _NUMPY_FLOAT_BYTES:
        tensor = tensor.float()
    return tensor.numpy()
