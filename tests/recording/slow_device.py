"""A device whose copies arrive when a test lets them."""

from __future__ import annotations

import torch

from nbviz.recording.capture.device_ring import PlainBackend

CPU = torch.device("cpu")


class SlowBackend(PlainBackend):
    """A device whose copies arrive when the test lets them, in order, as on one stream."""

    def __init__(self) -> None:
        super().__init__(CPU)
        self.allocated = 0
        self.under_way: list[tuple[torch.Tensor, torch.Tensor, SlowArrival]] = []

    def allocate(self, slots: int) -> tuple[torch.Tensor, torch.Tensor]:
        self.allocated += 1
        return super().allocate(slots)

    def send(self, device: torch.Tensor, host: torch.Tensor) -> SlowArrival:
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
