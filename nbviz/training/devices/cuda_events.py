"""When a copy from a GPU has arrived, asked so that a CUDA graph captured meanwhile stays whole.

While a graph is captured in `torch.cuda.graph`'s default mode, "global", asking for the state of an
event or pinning memory is forbidden to every thread of the process, and makes the capture fail. A
thread that is in relaxed mode may; PyTorch's own threads do likewise (pytorch/pytorch#148594).
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    import torch

_RELAXED = 2  # CU_STREAM_CAPTURE_MODE_RELAXED


def is_captured() -> bool:
    """Whether what the present thread does now becomes part of a CUDA graph."""
    torch: Any = sys.modules.get("torch")
    # Where CUDA has not begun nothing is captured, and without a driver the question is an error.
    return bool(
        torch is not None
        and torch.cuda.is_initialized()
        and torch.cuda.is_current_stream_capturing()
    )


@contextlib.contextmanager
def relaxed() -> Generator[None]:
    """Let the present thread use CUDA as it likes while others capture; nothing without CUDA."""
    exchange = _exchange()
    if exchange is None:
        yield
        return
    mode = ctypes.c_int(_RELAXED)
    exchange(ctypes.byref(mode))
    try:
        yield
    finally:
        exchange(ctypes.byref(mode))


@cache
def _exchange() -> Callable[[Any], int] | None:
    # The driver's function; the runtime's would make a context on the first GPU for each thread.
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        # It returns at once, so the interpreter's lock is kept.
        exchange = ctypes.PyDLL(name).cuThreadExchangeStreamCaptureMode
    except (OSError, AttributeError):
        return None
    exchange.argtypes, exchange.restype = [ctypes.POINTER(ctypes.c_int)], ctypes.c_int
    return exchange


class CudaArrival:
    """Says when what a stream has been given so far is done.

    Args:
        stream: A CUDA stream.
    """

    __slots__ = ("_event",)

    def __init__(self, stream: Any) -> None:
        import torch

        # Who waits sleeps; without `blocking` it would spin on a core that the training may need.
        self._event: Any = torch.cuda.Event(blocking=True)
        self._event.record(stream)

    def query(self) -> bool:
        """Whether it is."""
        event = self._event
        if event is None:
            return True
        with relaxed():
            if not event.query():
                return False
            event.synchronize()  # at once; torch's sanitizer knows by this only that it was seen
            event = self._event = None  # destroyed in here, too
        return True

    def synchronize(self) -> None:
        """Wait until it is."""
        event = self._event
        if event is None:
            return
        with relaxed():
            event.synchronize()
            event = self._event = None


class StreamClock:
    """How long a GPU works on what its present stream is given from here to `stop`.

    Args:
        device: A CUDA device.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._began = mark_time(device)
        self._ended: Any = None

    def stop(self) -> None:
        """End the measurement."""
        self._ended = mark_time(self._device)

    def seconds(self) -> float:
        """Return the time; only after something that the stream was given later has arrived."""
        with relaxed():
            return self._began.elapsed_time(self._ended) / 1000


def mark_time(device: torch.device) -> Any:
    """Return an event, with its time, that is done when the device's present stream comes to it."""
    import torch

    event = torch.cuda.Event(enable_timing=True)
    event.record(torch.cuda.current_stream(device))
    return event


def make_pinned(shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    """Return host memory that a GPU copies into by itself; its values are arbitrary.

    Wherever it is called: under a default device, or in inference mode.
    """
    import torch

    with relaxed(), torch.inference_mode(mode=False):
        return torch.empty(tuple(shape), dtype=dtype, device="cpu", pin_memory=True)
