"""Scalars from a device to the host: those of many calls in one copy, in slots that are used again.

A call costs its caller one kernel for each type of number: it puts them, as they are now, into
slots on the device, since they may be changed in place afterwards. The slots are those of a page,
and a page takes the numbers of one stream. From there a side stream copies them to pinned memory,
at most every 0.1 s, or when the page is full, or when they are asked for; one event says when
all of them have arrived. Where no page is free there will be one more: no thread waits.

No slot holds what was not put there: a new page's memory comes from the pool of the stream that
fills it first, so all that was done to that memory before, and all that making it does, comes
before the numbers; and a page is used again only once the host has seen it arrive, when nothing is
under way on it any more.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol, cast

from nbviz.training.devices.cuda_events import CudaArrival, make_pinned, relaxed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

SLOTS = 512
"""In one page."""

SEND_SECONDS = 0.1
"""The least time between two pages that calls send; nbviz's thread looks less often."""

_MOST_PARTS = 1024  # views of one page that are kept


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

    def allocate(self, slots: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return slots on the device, and as many on the host if copies are sent there."""
        ...

    def stream(self) -> int:
        """Return the number of the stream that the present thread works on."""
        ...

    def mark(self, stream: int, old: Any) -> Any:
        """Remember how far the present stream is, in place of `old`, if a sender needs that."""
        ...

    def send(self, device: torch.Tensor, host: torch.Tensor | None, mark: Any) -> Arrival | None:
        """Begin to copy; None if only the reader's own copy brings the values."""
        ...


class CudaBackend:
    """Copies by a side stream into pinned memory."""

    def __init__(self, device: torch.device, side: Any) -> None:
        self._device = device
        self._index = device.index
        self._side = side
        self._raw_stream = _find_raw_stream()

    def allocate(self, slots: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        """Return slots in the present stream's memory, and pinned ones on the host."""
        import torch

        # What is made in inference mode could not be written to outside of it.
        with relaxed(), torch.inference_mode(mode=False):
            device = torch.empty(slots, dtype=dtype, device=self._device)
        return device, make_pinned((slots,), dtype)

    def stream(self) -> int:
        """Return the present stream's handle; the default one's is 0."""
        return self._raw_stream(self._index)

    def mark(self, stream: int, old: Any) -> Any:
        """Record an event, except on the default stream: a sender can do that by itself.

        On any other it cannot: the stream may have begun to be captured into a graph meanwhile,
        and what is sent would become part of it.
        """
        if stream == 0:
            return None
        import torch

        event = old or torch.cuda.Event()
        event.record(torch.cuda.current_stream(self._index))
        return event

    def send(self, device: torch.Tensor, host: torch.Tensor | None, mark: Any) -> Arrival:
        """Begin to copy once the caller's stream has filled the slots; from any thread."""
        import torch

        assert host is not None
        with relaxed():
            if mark is None:
                self._side.wait_stream(torch.cuda.default_stream(self._device))
            else:
                self._side.wait_event(mark)
            with torch.cuda.stream(self._side):
                host.copy_(device, non_blocking=True)
            return CudaArrival(self._side)


def _find_raw_stream() -> Callable[[int], int]:
    import torch

    def public(index: int) -> int:
        return torch.cuda.current_stream(index).cuda_stream

    # Private, and what torch's own compiler puts into the code it makes: the public way makes an
    # object each time, which would be a quarter of what a log call costs.
    private: Callable[[int], int] | None = getattr(torch._C, "_cuda_getCurrentRawStream", None)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return public if private is None else private


class PlainBackend:
    """A device without streams to choose from: the reader's thread makes the copy."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def allocate(self, slots: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return slots on the device."""
        import torch

        # What is made in inference mode could not be written to outside of it.
        with torch.inference_mode(mode=False):
            return torch.zeros(slots, dtype=dtype, device=self._device), None

    def stream(self) -> int:
        """There is one."""
        return 0

    def mark(self, stream: int, old: Any) -> None:
        """Nothing is sent, so nothing is to be remembered."""
        del stream, old

    def send(self, device: torch.Tensor, host: torch.Tensor | None, mark: Any) -> Arrival | None:
        """Leave it to the reader."""
        del device, host, mark
        return None


class Page:
    """Memory for numbers that travel together."""

    __slots__ = ("_parts", "device", "host")

    def __init__(self, device: torch.Tensor, host: torch.Tensor | None) -> None:
        self.device = device
        self.host = host
        self._parts: dict[tuple[int, int], torch.Tensor] = {}

    def part(self, start: int, stop: int) -> torch.Tensor:
        """Return some slots; kept, as a loop asks for the same ones on each page."""
        part = self._parts.get((start, stop))
        if part is None:
            if len(self._parts) >= _MOST_PARTS:
                self._parts.clear()
            part = self._parts[start, stop] = self.device[start:stop]
        return part

    def read(self, used: int) -> list[Any]:
        """Return the first `used` numbers, of the host's side if there is one."""
        numbers = self.device if self.host is None else self.host
        return cast("list[Any]", numbers[:used].tolist())  # pyright: ignore[reportUnknownMemberType]


class Batch:
    """Numbers that travel together; `Ring` fills it.

    Attributes:
        stream: The number of the stream that puts them there.
        page: Where they are until they have been read.
        used: How many there are.
        filling: How many calls are just putting some there: more than one only where a signal's
            handler logs during a log call.
        mark: What the backend remembers for the sender.
    """

    __slots__ = (
        "_arrival",
        "_is_sent",
        "_numbers",
        "_ring",
        "filling",
        "mark",
        "page",
        "stream",
        "used",
    )

    def __init__(self, ring: Ring, page: Page, stream: int) -> None:
        self._ring = ring
        self.stream = stream
        self._arrival: Arrival | None = None
        self._numbers: list[Any] | None = None
        self._is_sent = False
        self.page: Page | None = page
        self.mark: Any = None
        self.filling = 0
        self.used = 0

    @property
    def is_ready(self) -> bool:
        """Whether `read` returns without waiting; has them sent if they are not yet."""
        if self._numbers is not None:
            return True
        if not self._is_sent:
            self._ring.send(self)
            if not self._is_sent:  # a call is just filling it
                return False
        return self._arrival is None or self._arrival.query()

    def wait(self) -> None:
        """Wait until `read` returns without waiting, except on a device without streams."""
        if self._numbers is None:
            self._ring.send(self)
            if self._arrival is not None:
                self._arrival.synchronize()

    def read(self) -> list[Any]:
        """Return the numbers; waits if they have not arrived."""
        self.wait()
        page = self.page
        if self._numbers is None and page is not None:
            # Not under the lock: on some devices this waits, and calls take the lock.
            self._ring.settle(self, page, page.read(self.used))
        assert self._numbers is not None
        return self._numbers

    def begin(self, backend: Backend) -> None:
        """Send them if that has not been done; called by the ring, under its lock."""
        page = self.page
        if page is None or self._is_sent:
            return
        host = None if page.host is None else page.host[: self.used]
        self._is_sent = True
        self._arrival = backend.send(page.part(0, self.used), host, self.mark)

    def settle(self, numbers: list[Any]) -> Page | None:
        """Keep the numbers, and let go of the page; called by the ring, under its lock."""
        if self._numbers is not None:
            return None
        self._numbers = numbers
        page, self.page, self._arrival, self.mark = self.page, None, None, None
        return page


class Ring:
    """The pages of one device for one type of number.

    Args:
        backend: How the device copies.
        dtype: Of the numbers.
        slots: In one page.
    """

    def __init__(self, backend: Backend, dtype: torch.dtype, slots: int = SLOTS) -> None:
        self.pages = 0
        self._backend = backend
        self._dtype = dtype
        self._slots = slots
        self._open: dict[int, Batch] = {}  # by stream
        self._sent: deque[Batch] = deque()
        self._free: list[Page] = []
        self._sent_at = float("-inf")
        # A signal's handler may log while the same thread is logging.
        self._lock = threading.RLock()

    def capture(self, values: Sequence[torch.Tensor]) -> tuple[Batch, int]:
        """Take numbers of the ring's type as they are now, without waiting for the device.

        Returns:
            What they travel with, and the place of the first one in there.
        """
        count = len(values)
        stream = self._backend.stream()
        with self._lock:
            batch = self._open.get(stream)
            if batch is None or batch.used + count > self._slots:
                batch = self._open_batch(stream, count)
            start = batch.used
            batch.used += count
            assert batch.page is not None
            batch.filling += 1
            try:
                _fill(batch.page.part(start, batch.used), values)
                batch.mark = self._backend.mark(stream, batch.mark)
            finally:
                batch.filling -= 1
            now = time.monotonic()
            if now - self._sent_at >= SEND_SECONDS:
                self._sent_at = now
                self.send(batch)
        return batch, start

    def send(self, batch: Batch) -> None:
        """Begin to copy a batch to the host, unless a call is just filling it; any thread may."""
        with self._lock:
            if batch.filling:
                return
            if self._open.get(batch.stream) is batch:
                del self._open[batch.stream]
                self._sent.append(batch)
            batch.begin(self._backend)

    def settle(self, batch: Batch, page: Page, numbers: list[Any]) -> None:
        """Take in what a batch has brought."""
        with self._lock:
            if batch.settle(numbers) is page and len(page.device) == self._slots:
                self._free.append(page)

    def _open_batch(self, stream: int, count: int) -> Batch:
        old = self._open.get(stream)
        if old is not None:
            self.send(old)
        while self._sent and self._sent[0].is_ready:
            self._sent.popleft().read()  # which frees its page
        if self._free and count <= self._slots:
            page = self._free.pop()
        else:
            page = Page(*self._backend.allocate(max(self._slots, count), self._dtype))
            self.pages += 1
        batch = self._open[stream] = Batch(self, page, stream)
        return batch


def _fill(part: torch.Tensor, values: Sequence[torch.Tensor]) -> None:
    import torch

    # Detached one by one where that is needed: the context `no_grad` costs as much as the copy.
    numbers = [value.detach() if value.requires_grad else value for value in values]
    numbers = [value.reshape(()) if value.dim() else value for value in numbers]
    if len(numbers) == 1:
        part.copy_(numbers[0], non_blocking=True)
    else:
        torch.stack(numbers, out=part)
