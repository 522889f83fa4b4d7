"""Copies of a state to the host, made on a stream of their own while a GPU goes on computing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import torch

from nbviz.training.devices.cuda_events import CudaArrival, StreamClock

if TYPE_CHECKING:
    from collections.abc import Callable

FREE_SHARE = 0.1
"""The most of a device's free memory that copies on it may take for a moment."""


class SideCopies:
    """Copies what is on CUDA devices to pinned memory; of each as it is when it is added.

    Where there is room each is first copied on its device, in the order of the device's present
    stream, and from there to the host on another stream: the training goes on meanwhile and may
    change what was added. Where there is not, the present stream copies it to the host itself, and
    what it is given later waits for that.

    Args:
        nbytes: Returns those of all together; asked if there is anything to copy.
    """

    def __init__(self, nbytes: Callable[[], int]) -> None:
        self._nbytes = nbytes
        self._clocks: dict[torch.device, StreamClock | None] = {}  # None where there is room
        self._due: list[tuple[torch.Tensor, torch.Tensor]] = []

    def add(self, host: torch.Tensor, tensor: torch.Tensor) -> None:
        """Copy a tensor.

        Args:
            host: Pinned and contiguous, of the same shape and type; read it after arrival.
            tensor: On a CUDA device.
        """
        device = tensor.device
        if device not in self._clocks:
            has_room = self._nbytes() <= FREE_SHARE * free_bytes(device)
            self._clocks[device] = None if has_room else StreamClock(device)
        if self._clocks[device] is None:
            # Contiguous: else the copy to the host would need memory on the other stream.
            copied = tensor.clone(memory_format=torch.contiguous_format)
            self._due.append((host, copied))
        else:
            host.copy_(tensor, non_blocking=True)

    def send(self) -> SideArrival | None:
        """Begin to copy what was added to the host, and return when it is there.

        Returns:
            None if nothing was added.
        """
        arrivals: list[CudaArrival] = []
        clocks = [clock for clock in self._clocks.values() if clock is not None]
        for device, clock in self._clocks.items():
            present = torch.cuda.current_stream(device)
            if clock is not None:
                clock.stop()
                arrivals.append(CudaArrival(present))
                continue
            side = _side_stream(device)
            side.wait_stream(present)
            with torch.cuda.stream(side):
                for host, copied in self._due:
                    if copied.device == device:
                        host.copy_(copied, non_blocking=True)
                        copied.record_stream(side)
                arrivals.append(CudaArrival(side))
        self._due.clear()
        return SideArrival(arrivals, clocks) if arrivals else None


class SideArrival:
    """When copies are on the host, and how long their device could do nothing else.

    Args:
        arrivals: Of each device's.
        clocks: Those of the devices whose present stream made them.
    """

    def __init__(self, arrivals: list[CudaArrival], clocks: list[StreamClock]) -> None:
        self._arrivals = arrivals
        self._clocks = clocks

    def query(self) -> bool:
        """Whether all are."""
        return all(one.query() for one in self._arrivals)

    def synchronize(self) -> None:
        """Wait until they are."""
        for one in self._arrivals:
            one.synchronize()

    def seconds(self) -> float:
        """Return how long a device's present stream was held up; only once they are."""
        return max((one.seconds() for one in self._clocks), default=0.0)


def free_bytes(device: torch.device) -> int:
    """Return how much of a CUDA device's memory a tensor could get, torch's own reserve with it."""
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


@cache
def _side_stream(device: torch.device) -> Any:
    # Of its own: what is logged would else wait for a whole state.
    return torch.cuda.Stream(device)
