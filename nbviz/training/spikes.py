"""Finds a loss that is suddenly much larger than before, without waiting for the device."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Any, cast

import torch

from nbviz.training.devices.cuda_events import CudaArrival, make_pinned
from nbviz.training.nonfinite import READ_SECONDS

STEPS = 100
"""So many steps a loss is compared with; before there are as many, none is."""
TIMES = 10.0
"""More than so many times their median is a spike."""


@dataclass(frozen=True, slots=True)
class Spike:
    """A loss that is much larger than those before it.

    Attributes:
        step: Its step.
        loss: The loss.
        median: That of the steps before it.
    """

    step: int
    loss: float
    median: float


class SpikeWatch:
    """Tells when the loss is more than 10 times the median of the 100 steps before.

    Of several such steps in a row the first is told. On the CPU it is known at once. Elsewhere the
    losses of some steps are read together every 0.1 s; on CUDA when their copy has arrived, so that
    no step waits. Where the median is not above 0, nothing is a spike.
    """

    def __init__(self) -> None:
        self._before: deque[float] = deque(maxlen=STEPS)
        self._is_high = False
        self._waiting: list[tuple[int, torch.Tensor]] = []
        self._arriving: tuple[list[int], torch.Tensor, CudaArrival] | None = None
        self._read_at = 0.0

    def take(self, step: int, loss: Any) -> Spike | None:
        """Take in the loss of a step; returns a spike that is known by now."""
        if not isinstance(loss, torch.Tensor) or loss.device.type == "cpu":
            return self._look(step, float(loss))
        self._waiting.append((step, loss.detach().clone()))
        spikes = [self._look(*one) for one in self._read(loss.device)]
        return next((one for one in spikes if one is not None), None)

    def state_dict(self) -> dict[str, Any]:
        """Return what it has seen; losses that a device still holds are left out."""
        return {"before": list(self._before), "is_high": self._is_high}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._before = deque(state["before"], STEPS)
        self._is_high = state["is_high"]
        self._waiting, self._arriving = [], None

    def _look(self, step: int, loss: float) -> Spike | None:
        if not math.isfinite(loss):
            return None
        before = self._before
        # A median is at least the least of them, which is found sooner.
        is_high = len(before) == STEPS and loss > TIMES * min(before)
        middle = median(before) if is_high else 0.0
        is_high = middle > 0 and loss > TIMES * middle
        turned = is_high and not self._is_high
        self._is_high = is_high
        before.append(loss)
        return Spike(step, loss, middle) if turned else None

    def _read(self, device: torch.device) -> list[tuple[int, float]]:
        if self._arriving is not None:
            steps, host, arrival = self._arriving
            if not arrival.query():
                return []
            self._arriving = None
            return list(zip(steps, cast("list[float]", host.tolist()), strict=True))
        if time.monotonic() - self._read_at < READ_SECONDS:
            return []
        self._read_at = time.monotonic()
        steps = [step for step, _ in self._waiting]
        losses = torch.stack([loss.reshape(()) for _, loss in self._waiting])
        self._waiting = []
        if device.type != "cuda":
            return list(zip(steps, cast("list[float]", losses.tolist()), strict=True))
        host = make_pinned(losses.shape, losses.dtype).copy_(losses, non_blocking=True)
        arrival = CudaArrival(torch.cuda.current_stream(device))
        self._arriving = steps, host, arrival
        return []
