"""A device whose copies arrive when a test lets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from nbviz.recording.capture.device_ring import PlainBackend, Ring

if TYPE_CHECKING:
    import pytest

CPU = torch.device("cpu")


class SlowBackend(PlainBackend):
    """A device whose copies arrive when the test lets them, in order, as on one stream."""

    def __init__(self) -> None:
        super().__init__(CPU)
        self.allocated = 0
        self.under_way: list[tuple[torch.Tensor, torch.Tensor, SlowArrival]] = []

    def allocate(self, slots: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        self.allocated += 1
        return super().allocate(slots, dtype)[0], torch.full((slots,), 77).to(dtype)

    def send(self, device: torch.Tensor, host: torch.Tensor | None, mark: Any) -> SlowArrival:
        del mark
        assert host is not None
        arrival = SlowArrival(self)
        self.under_way.append((device, host, arrival))
        return arrival

    def arrive(self, count: int) -> None:
        for device, host, arrival in self.under_way[:count]:
            host.copy_(device)
            arrival.has_arrived = True
        del self.under_way[:count]


class SlowArrival:
    def __init__(self, backend: SlowBackend) -> None:
        self.backend = backend
        self.has_arrived = False

    def query(self) -> bool:
        return self.has_arrived

    def synchronize(self) -> None:
        while not self.has_arrived:
            self.backend.arrive(1)


def make_slow(monkeypatch: pytest.MonkeyPatch, backend: SlowBackend) -> None:
    """Have float32 scalars of this machine's processor go the way of a device's."""
    from nbviz.recording.capture import captured
    from nbviz.recording.scalars import inputs

    ring = Ring(backend, torch.float32)
    monkeypatch.setitem(captured._rings, (CPU, torch.float32), ring)
    monkeypatch.setattr(inputs, "_read_tensor", lambda _, tensor: captured.CapturedScalar(tensor))
