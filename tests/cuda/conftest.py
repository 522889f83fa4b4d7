"""A simulated CUDA device for each test, with nbviz's own state as new."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import pytest
import torch
from simulated_cuda import in_place_of_cuda
from simulated_device import Simulation

from nbviz.inspection.graph.overlays import device_values
from nbviz.recording import collector
from nbviz.recording import run as run_module
from nbviz.recording.capture import captured, staging
from nbviz.training.devices import side_copies

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from simulated_device import Schedule


class EndingCollector(collector.Collector):
    """One that leaves its runs alone once the devices that they are on are gone."""

    def __init__(self) -> None:
        super().__init__()
        self._is_over = False
        self._collecting = threading.Lock()

    def _collect(self) -> bool:
        with self._collecting:
            if self._is_over:
                self._runs.clear()
                return False
            return super()._collect()

    def _make_media(self) -> bool:
        with self._collecting:
            return not self._is_over and super()._make_media()

    def end(self) -> None:
        with self._collecting:
            self._is_over = True


@pytest.fixture
def nobody_collects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the test's own thread asks for anything."""
    monkeypatch.setattr(run_module, "keep_drained", lambda _: None)


@pytest.fixture
def simulate(monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[..., Simulation]]:
    """Return a function that puts a simulation in place of CUDA; called once in a test."""
    with contextlib.ExitStack() as stack:

        def begin(seed: int = 0, schedule: Schedule = "random", devices: int = 1) -> Simulation:
            monkeypatch.setattr(captured, "_rings", {})
            for kept in (
                device_values._thread,
                device_values._side_stream,
                side_copies._side_stream,
            ):
                kept.cache_clear()
                stack.callback(kept.cache_clear)
            monkeypatch.setattr(staging, "_side_streams", {})
            monkeypatch.setattr(staging, "_pinned", {})
            monkeypatch.setattr(collector, "INTERVAL_SECONDS", 0.02)
            looking = EndingCollector()
            monkeypatch.setattr(collector, "_collector", looking)
            simulation = Simulation(seed, schedule, devices)
            stack.enter_context(in_place_of_cuda(simulation, monkeypatch))
            stack.callback(looking.end)
            return simulation

        yield begin


@pytest.fixture
def deterministic() -> Generator[None]:
    """Memory is filled when it is made, and some operations go another way."""
    torch.set_deterministic_debug_mode("error")  # imports no compiler, as the usual function does
    yield
    torch.set_deterministic_debug_mode("default")
