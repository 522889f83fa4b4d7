"""Scalars from a device to the host: all of one log call in one copy, in slots that are used again.

A value is copied into its slot on the device by the caller's stream, since it may be changed in
place after the call. From there one copy takes all slots of the call to pinned memory on a side
stream, and one event says when they have arrived. Where all slots are taken, there will be more:
nobody waits.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from nbviz.training.cuda_events import CudaArrival, make_pinned

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

SLOTS = 1024
"""In one block: 8 kB on either side."""


class Arrival(Protocol):
    """Says when a copy has arrived, as a `torch.cuda.Event` does."""

    def query(self) -> bool:
        """Whether it has."""
        ...

    def synchronize(self) -> None:
        """Wait until it has."""
        ...


class Backend(Protocol):
    """How a kind of device copies."""

    def allocate(self, slots: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return float64 slots on the device and the same number on the host."""
        ...

    def send(self, device: torch.Tensor, host: torch.Tensor) -> Arrival | None:
        """Begin to copy; None if only the reader's own copy brings the values."""
        ...


class CudaBackend:
    """Copies by a side stream into pinned memory."""

    def __init__(self, device: torch.device, stream: Any) -> None:
        self._device = device
        self._stream = stream

    def allocate(self, slots: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return float64 slots on the device and pinned ones on the host."""
        import torch

        # From the side stream's own memory, and not filled: what another stream is still doing
        # with memory that it gave back, or a late fill, would get into the first values.
        with torch.cuda.stream(self._stream), torch.inference_mode(mode=False):
            device = torch.empty(slots, dtype=torch.float64, device=self._device)
        return device, make_pinned((slots,), torch.float64)

    def send(self, device: torch.Tensor, host: torch.Tensor) -> Arrival:
        """Begin to copy once the caller's stream has filled the slots."""
        import torch

        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(self._stream):
            host.copy_(device, non_blocking=True)
        return CudaArrival(self._stream)


class PlainBackend:
    """A device without streams to choose from: the reader's thread makes the copy."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def allocate(self, slots: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return slots on the device, float32 where it has no float64, and as many on the host."""
        import torch

        dtype = torch.float32 if self._device.type == "mps" else torch.float64
        # What is made in inference mode could not be written to outside of it.
        with torch.inference_mode(mode=False):
            device = torch.zeros(slots, dtype=dtype, device=self._device)
            return device, torch.zeros(slots, dtype=torch.float64, device="cpu")

    def send(self, device: torch.Tensor, host: torch.Tensor) -> None:
        """Leave it to the reader."""
        del device, host


class Lease:
    """Some neighbouring slots, until they have been read or nobody wants them any more."""

    __slots__ = ("_arrival", "_block", "_is_free", "_numbers", "start", "stop")

    def __init__(self, block: Block, start: int, stop: int) -> None:
        self._block = block
        self._arrival: Arrival | None = None
        self._numbers: list[float] | None = None
        self._is_free = False
        self.start = start
        self.stop = stop

    def fill(self, values: Sequence[torch.Tensor], backend: Backend) -> None:
        """Copy scalars into the slots as they are now, and begin to send them."""
        block = self._block
        for place, value in enumerate(values, self.start):
            block.device[place].copy_(value.detach().reshape(()), non_blocking=True)
        part = slice(self.start, self.stop)
        self._arrival = backend.send(block.device[part], block.host[part])

    @property
    def is_ready(self) -> bool:
        """Whether `read` returns without waiting."""
        return self._numbers is not None or self._arrival is None or self._arrival.query()

    def wait(self) -> None:
        """Wait until `read` returns without waiting."""
        if self._numbers is None and self._arrival is not None:
            self._arrival.synchronize()

    def read(self) -> list[float]:
        """Return the numbers, and give the slots back; waits if they have not arrived."""
        if self._numbers is None:
            part = slice(self.start, self.stop)
            if self._arrival is None:
                self._numbers = self._block.device[part].tolist()
            else:
                self._arrival.synchronize()
                self._numbers = self._block.host[part].tolist()
            self._free()
        return self._numbers

    def _free(self) -> None:
        if not self._is_free:
            self._is_free = True
            self._block.give_back(self.start, self.stop)

    def __del__(self) -> None:
        # The device may still be copying; it uses the slots again on the same streams, so after.
        self._free()


class Block:
    """Slots in a ring; they are given back in any order, and used again in theirs."""

    def __init__(self, device: torch.Tensor, host: torch.Tensor) -> None:
        self.device = device
        self.host = host
        self._slots = len(host)
        self._head = 0  # counts on; the slot is the rest of dividing
        self._tail = 0
        self._given_back: dict[int, int] = {}
        self._returns: deque[tuple[int, int]] = deque()

    @property
    def used(self) -> int:
        """Slots that are taken, or skipped since a lease does not wrap around."""
        self._take_returns()
        return self._head - self._tail

    def take(self, count: int) -> Lease | None:
        """Return `count` neighbouring slots, None if there are none."""
        self._take_returns()
        if self._head == self._tail:
            self._head = self._tail = 0
        start = self._head % self._slots
        skipped = self._slots - start if start + count > self._slots else 0
        if count > self._slots or self._head + skipped + count - self._tail > self._slots:
            return None
        if skipped:
            self._given_back[self._head] = self._head + skipped
            self._head += skipped
        first = self._head
        self._head += count
        return Lease(self, first % self._slots, first % self._slots + count)

    def give_back(self, start: int, stop: int) -> None:
        """Take slots back; any thread may call it, the garbage collector included."""
        self._returns.append((start, stop))

    def _take_returns(self) -> None:
        while self._returns:
            start, stop = self._returns.popleft()
            first = self._tail + (start - self._tail) % self._slots
            self._given_back[first] = first + stop - start
        while self._tail in self._given_back:
            self._tail = self._given_back.pop(self._tail)


class Ring:
    """The slots of one device.

    Args:
        backend: How the device copies.
        slots: In one block.
    """

    def __init__(self, backend: Backend, slots: int = SLOTS) -> None:
        self._backend = backend
        self._slots = slots
        self.blocks: list[Block] = []
        self._lock = threading.Lock()

    def capture(self, values: Sequence[torch.Tensor]) -> Lease:
        """Take scalars of any types as they are now, without waiting for the device."""
        with self._lock:
            lease = self._take(len(values))
        lease.fill(values, self._backend)
        return lease

    def _take(self, count: int) -> Lease:
        # The newest block first: it is the one that is not full.
        for block in reversed(self.blocks):
            lease = block.take(count)
            if lease is not None:
                return lease
        block = Block(*self._backend.allocate(max(self._slots, count)))
        self.blocks.append(block)
        lease = block.take(count)
        assert lease is not None
        return lease
