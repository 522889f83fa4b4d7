"""CUDA devices on the processor: streams whose work is done later, and memory that is used again.

What a test asks of them is what a real device would show by chance only: work of one stream may be
done long before or after that of another, memory that was given back holds what others wrote, and
each time that the host waits is written down, with the thread that waited.

This file knows streams, events and memory; `simulated_tensors` the tensors, and `simulated_cuda`
puts both in place of `torch.cuda`.
"""

from __future__ import annotations

import collections
import random
import threading
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable

Schedule = Literal["random", "callers first", "others first", "behind"]
"""Whose work is done first; "behind": only as much as the host waits for."""

_LEAST_BYTES = 1 << 14  # so that what is small takes each other's place, as in torch's 2 MB pages
_GARBAGE = 0xFF  # NaN as a float, -1 as an integer


class Ticket:
    """A place in a stream's work."""

    is_done = False
    at = 0  # in steps of work done


@dataclass(eq=False)
class Stream:
    """Work in order; as `torch.cuda.Stream`."""

    simulation: Simulation
    device: torch.device
    cuda_stream: int
    work: collections.deque[Callable[[], bool]] = field(default_factory=collections.deque)

    def wait_event(self, event: Event) -> None:
        self.simulation.count("cudaStreamWaitEvent")
        ticket = event.ticket
        if ticket is not None:
            self.simulation.push(self, lambda: ticket.is_done)

    def wait_stream(self, other: Stream) -> None:
        self.wait_event(other.record_event())

    def record_event(self, event: Event | None = None) -> Event:
        event = event or self.simulation.event()
        event.record(self)
        return event

    def query(self) -> bool:
        self.simulation.ask("stream.query")
        return not self.work

    def synchronize(self) -> None:
        self.simulation.wait("stream.synchronize", lambda: not self.work)


class Event:
    """As `torch.cuda.Event`; `Simulation.event` makes them."""

    simulation: Simulation

    def __init__(self, enable_timing: bool = False, blocking: bool = False) -> None:
        self.ticket: Ticket | None = None
        self.blocking = blocking
        self.enable_timing = enable_timing
        self.simulation.count("cudaEventCreate")

    def record(self, stream: Stream | None = None) -> None:
        simulation = self.simulation
        stream = stream or simulation.current()
        simulation.count("cudaEventRecord")
        if stream in simulation.capturing:
            simulation.faults.append("an event was recorded on a stream that is captured")
        self.ticket = simulation.place(stream)

    def query(self) -> bool:
        self.simulation.ask("event.query")
        return self.ticket is None or self.ticket.is_done

    def synchronize(self) -> None:
        ticket = self.ticket
        if ticket is not None and not ticket.is_done:
            self.simulation.wait("event.synchronize", lambda: ticket.is_done)

    def wait(self, stream: Stream | None = None) -> None:
        (stream or self.simulation.current()).wait_event(self)

    def elapsed_time(self, other: Event) -> float:
        assert self.enable_timing
        assert other.enable_timing
        assert self.ticket is not None
        assert other.ticket is not None
        assert self.ticket.is_done, "elapsed_time of an event that is not done raises"
        assert other.ticket.is_done
        return float(other.ticket.at - self.ticket.at)


class Wait(NamedTuple):
    """What the host waited for, the name of the thread, and nbviz's functions that had it wait."""

    what: str
    thread: str
    where: tuple[str, ...]


def _where() -> tuple[str, ...]:
    frames = (frame for frame, _ in traceback.walk_stack(None))
    names = [frame.f_globals.get("__name__", "") + "." + frame.f_code.co_name for frame in frames]
    return tuple(name for name in names if name.startswith("nbviz."))


class Block:
    """Memory of a stream's pool."""

    def __init__(self, simulation: Simulation, stream: Stream, memory: torch.Tensor) -> None:
        self.simulation, self.stream, self.memory = simulation, stream, memory
        self.used_on: set[Stream] = set()

    def __del__(self) -> None:
        self.simulation.free(self)


class Simulation:
    """Some CUDA devices.

    Args:
        seed: Of what is done first.
        schedule: How that is chosen.
        devices: How many there are.

    Attributes:
        calls: What was asked of the driver and of torch, by name, since `forget`.
        launches: Kernels and copies, by name.
        waits: What the host waited for.
        faults: What would have ended a graph's capture.
        capturing: Streams whose work becomes part of a CUDA graph.
        free_bytes: What the driver says of the devices' memory.
    """

    def __init__(self, seed: int = 0, schedule: Schedule = "random", devices: int = 1) -> None:
        self.schedule = schedule
        self.calls: collections.Counter[str] = collections.Counter()
        self.launches: collections.Counter[str] = collections.Counter()
        self.waits: list[Wait] = []
        self.faults: list[str] = []
        self.capturing: set[Stream] = set()
        self.reused = 0
        self.live_bytes = self.peak_bytes = 0
        self.free_bytes = 1 << 33
        self.pinned_bytes = 0
        self.done = 0
        self._random = random.Random(seed)
        self._lock = threading.RLock()
        self._local = threading.local()
        self._pools: dict[Stream, list[tuple[torch.Tensor, list[Ticket]]]] = {}
        self._pinned: dict[int, list[np.ndarray[Any, Any]]] = {}
        self._pinned_places: dict[int, int] = {}
        self.streams: list[Stream] = []
        self.default = [self.new_stream(torch.device("cuda", n), 0) for n in range(devices)]
        self.event = type("SimulatedEvent", (Event,), {"simulation": self})

    def forget(self) -> None:
        """Count from here on."""
        self.calls.clear()
        self.launches.clear()
        self.waits.clear()
        self.peak_bytes = self.live_bytes

    @property
    def training_waits(self) -> list[Wait]:
        """Waits of all threads but nbviz's own; to be asked for before anything is read."""
        own = ("nbviz-collector", "nbviz-numbers")
        return [one for one in self.waits if not one.thread.startswith(own)]

    def count(self, name: str) -> None:
        with self._lock:
            self.calls[name] += 1

    # ------------------------------------------------------------ threads

    @property
    def device(self) -> int:
        """The present thread's device."""
        return getattr(self._local, "device", 0)

    @device.setter
    def device(self, index: int) -> None:
        self._local.device = index

    @property
    def is_relaxed(self) -> bool:
        """Whether the present thread may do what disturbs a capture in others."""
        return getattr(self._local, "is_relaxed", False)

    @is_relaxed.setter
    def is_relaxed(self, value: bool) -> None:
        self._local.is_relaxed = value

    def current(self, index: int | None = None) -> Stream:
        """The stream of the present thread on a device, the present one if None."""
        index = self.device if index is None else index
        return getattr(self._local, f"stream{index}", self.default[index])

    def set_current(self, stream: Stream) -> None:
        setattr(self._local, f"stream{stream.device.index}", stream)

    def new_stream(self, device: torch.device, number: int | None = None) -> Stream:
        with self._lock:
            stream = Stream(self, device, len(self.streams) + 1 if number is None else number)
            self.streams.append(stream)
            self._pools[stream] = []
        return stream

    # ------------------------------------------------------------ work

    def push(self, stream: Stream, work: Callable[[], bool]) -> None:
        with self._lock:
            stream.work.append(work)

    def place(self, stream: Stream) -> Ticket:
        """Return a ticket that is done when the stream comes to it."""
        ticket = Ticket()

        def reach() -> bool:
            ticket.is_done, ticket.at = True, self.done
            return True

        self.push(stream, reach)
        return ticket

    def launch(self, stream: Stream, name: str, kernel: Callable[[], object]) -> None:
        def run() -> bool:
            with (
                torch.inference_mode(mode=False),
                torch.no_grad(),
                torch._C._DisableTorchDispatch(),
            ):
                kernel()
            return True

        with self._lock:
            self.launches[name] += 1
            self.push(stream, run)
        if self.schedule != "behind":
            self.work(self._random.choice((0, 0, 1, 2)))

    def work(self, most: int) -> bool:
        """Do some of what waits, as the schedule has it; returns whether anything could be done."""
        with self._lock:
            for _ in range(most):
                waiting = [stream for stream in self.streams if stream.work]
                first = len(self.default)
                if self.schedule == "callers first":
                    waiting.sort(key=lambda one: self.streams.index(one) >= first)
                elif self.schedule == "others first":
                    waiting.sort(key=lambda one: self.streams.index(one) < first)
                else:
                    self._random.shuffle(waiting)
                for stream in waiting:
                    if stream.work[0]():
                        stream.work.popleft()
                        self.done += 1
                        break
                else:
                    return not waiting
        return True

    def finish(self) -> None:
        """Do all that waits."""
        while any(stream.work for stream in self.streams):
            assert self.work(1), "streams wait for each other"

    def ask(self, name: str) -> None:
        """A question about the device; it works on meanwhile."""
        self.count(name)
        self._check_capture(name)
        if self.schedule != "behind":
            self.work(self._random.choice((0, 1, 5, 50)))

    def wait(self, name: str, until: Callable[[], bool]) -> None:
        """Have the host wait."""
        self.count(name)
        self._check_capture(name)
        self.waits.append(Wait(name, threading.current_thread().name, _where()))
        while not until():
            assert self.work(1), "what is waited for never comes"

    def _check_capture(self, name: str) -> None:
        if self.capturing and not self.is_relaxed:
            self.faults.append(f"{name} while a graph is captured")

    # ------------------------------------------------------------ memory

    def allocate(self, nbytes: int, stream: Stream) -> Block:
        size = max(_LEAST_BYTES, -(-nbytes // _LEAST_BYTES) * _LEAST_BYTES)
        with self._lock:
            self.live_bytes += size
            self.peak_bytes = max(self.peak_bytes, self.live_bytes)
            pool = self._pools[stream]
            for number in reversed(range(len(pool))):  # the newest, whose work may be under way
                memory, tickets = pool[number]
                if memory.numel() == size and all(ticket.is_done for ticket in tickets):
                    del pool[number]
                    self.reused += 1
                    return Block(self, stream, memory)
            self.calls["cudaMalloc"] += 1
            self._check_capture("cudaMalloc")
            memory = torch.empty(size, dtype=torch.uint8, device="cpu").fill_(_GARBAGE)
            return Block(self, stream, memory)

    def free(self, block: Block) -> None:
        with self._lock:
            tickets = [self.place(stream) for stream in block.used_on]
            self._pools[block.stream].append((block.memory, tickets))
            self.live_bytes -= block.memory.numel()

    def pin(self, nbytes: int) -> np.ndarray[Any, Any]:
        """Return pinned memory, of a power of two bytes as torch allocates it.

        What a stream still writes to is kept by the stream's work, as torch's allocator does.
        """
        size = 1 << max(0, nbytes - 1).bit_length()
        with self._lock:
            self.count("pinned")
            free = self._pinned.setdefault(size, [])
            if free:
                memory = free.pop()
            else:
                self.count("cudaHostAlloc")
                self._check_capture("cudaHostAlloc")
                memory = np.full(size, _GARBAGE, np.uint8)
            self.pinned_bytes += size
            place = memory.ctypes.data
            self._pinned_places[place] = size
        return np.asarray(_Pinned(self, memory, place))

    def unpin(self, memory: np.ndarray[Any, Any], place: int) -> None:
        with self._lock:
            self.pinned_bytes -= len(memory)
            del self._pinned_places[place]
            self._pinned[len(memory)].append(memory)

    def is_pinned(self, tensor: torch.Tensor) -> bool:
        place = tensor.data_ptr()
        with self._lock:
            return any(at <= place < at + size for at, size in self._pinned_places.items())


class _Pinned:
    """Owns pinned memory as long as an array or a tensor looks at it."""

    def __init__(self, simulation: Simulation, memory: np.ndarray[Any, Any], place: int) -> None:
        self._simulation, self._memory, self._place = simulation, memory, place
        self.__array_interface__ = memory.__array_interface__

    def __del__(self) -> None:
        self._simulation.unpin(self._memory, self._place)
