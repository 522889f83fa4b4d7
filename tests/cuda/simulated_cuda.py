"""Puts a simulation in place of `torch.cuda`, in all threads that begin meanwhile."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from simulated_tensors import Factories

from nbviz.training.devices import cuda_events
from nbviz.training.devices.device_guard import keep_device_guard

if TYPE_CHECKING:
    from collections.abc import Generator

    import pytest
    from simulated_device import Simulation, Stream

_RELAXED = 2


@contextlib.contextmanager
def in_place_of_cuda(simulation: Simulation, patch: pytest.MonkeyPatch) -> Generator[Simulation]:
    """Have torch find the simulation's devices; `patch` takes them away again."""
    keep_device_guard()  # before a GPU seems to be there
    for name, value in _names(simulation).items():
        patch.setattr(torch.cuda, name, value)
    patch.setattr(torch._C, "_cuda_getCurrentRawStream", _raw_stream(simulation), raising=False)
    patch.setattr(cuda_events, "_exchange", lambda: _exchange(simulation))
    run = threading.Thread.run

    def run_inside(thread: threading.Thread) -> None:
        with Factories(simulation):
            run(thread)

    patch.setattr(threading.Thread, "run", run_inside)
    with Factories(simulation):
        yield simulation


def _names(simulation: Simulation) -> dict[str, Any]:
    @contextlib.contextmanager
    def stream_context(stream: Stream | None) -> Generator[None]:
        if stream is None:
            yield
            return
        simulation.count("torch.cuda.stream")
        device, before = simulation.device, simulation.current(stream.device.index)
        simulation.device = stream.device.index or 0
        simulation.set_current(stream)
        try:
            yield
        finally:
            simulation.set_current(before)
            simulation.device = device

    class DeviceContext:
        def __init__(self, device: Any) -> None:
            self._index = _index(simulation, device)

        def __enter__(self) -> None:
            self._before, simulation.device = simulation.device, self._index

        def __exit__(self, *_: object) -> None:
            simulation.device = self._before

    def current_stream(device: Any = None) -> Stream:
        simulation.count("torch.cuda.current_stream")
        return simulation.current(_index(simulation, device))

    def synchronize(device: Any = None) -> None:
        index = _index(simulation, device)
        own = [one for one in simulation.streams if one.device.index == index]
        simulation.wait("synchronize", lambda: not any(one.work for one in own))

    def set_device(device: Any) -> None:
        simulation.device = _index(simulation, device)

    def new_stream(device: Any = None, priority: int = 0) -> Stream:
        del priority
        return simulation.new_stream(torch.device("cuda", _index(simulation, device)))

    return {
        "Stream": new_stream,
        "Event": simulation.event,
        "stream": stream_context,
        "device": DeviceContext,
        "set_device": set_device,
        "current_stream": current_stream,
        "default_stream": lambda device=None: simulation.default[_index(simulation, device)],
        "synchronize": synchronize,
        "current_device": lambda: simulation.device,
        "device_count": lambda: len(simulation.default),
        "is_available": lambda: True,
        "is_initialized": lambda: True,
        "is_current_stream_capturing": lambda: simulation.current() in simulation.capturing,
        "memory_reserved": lambda _=None: simulation.live_bytes,
        "memory_allocated": lambda _=None: simulation.live_bytes,
        "mem_get_info": lambda _=None: (simulation.free_bytes, 1 << 34),
        "get_device_properties": lambda _=None: SimpleNamespace(total_memory=1 << 34),
        "get_rng_state": lambda _="cuda": torch.zeros(16, dtype=torch.uint8),
        "set_rng_state": lambda state, device="cuda": None,
        "manual_seed_all": lambda seed: None,  # of real devices, where the machine has some
        "_lazy_init": lambda: None,
    }


def _raw_stream(simulation: Simulation) -> Any:
    return lambda index: simulation.current(index).cuda_stream


def _exchange(simulation: Simulation) -> Any:
    """The driver's `cuThreadExchangeStreamCaptureMode`."""

    def exchange(reference: Any) -> int:
        mode = ctypes.cast(reference, ctypes.POINTER(ctypes.c_int))
        before = _RELAXED if simulation.is_relaxed else 0
        simulation.is_relaxed = mode.contents.value == _RELAXED
        mode.contents.value = before
        return 0

    return exchange


def _index(simulation: Simulation, device: Any) -> int:
    if device is None:
        return simulation.device
    if isinstance(device, int):
        return device
    index = torch.device(device).index
    return simulation.device if index is None else index
