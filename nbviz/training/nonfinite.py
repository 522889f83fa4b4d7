"""Finds a loss that is NaN or infinite, without waiting for the device."""

from __future__ import annotations

import math
import time
from typing import Any

import torch

from nbviz.training.devices.cuda_events import CudaArrival, make_pinned

READ_SECONDS = 0.1  # between two looks at a device's sum


class NonFiniteWatch:
    """Tells when the loss turns NaN or infinite.

    On the CPU it is known at once. On a CUDA device the losses are summed there (a NaN stays), and
    the sum is copied to pinned memory every 0.1 s and read when the copy has arrived: it is known
    up to 0.2 s later, and no step waits. Elsewhere the sum is read every 0.1 s.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._was_finite = True
        self._sum: torch.Tensor | None = None
        self._host: torch.Tensor | None = None
        self._copied: CudaArrival | None = None
        self._read_at = 0.0

    def turned(self, loss: Any) -> bool:
        """Take in the loss of a step; returns whether a loss is not finite after finite ones."""
        if isinstance(loss, torch.Tensor) and loss.device.type != "cpu":
            is_finite = self._add(loss)
        else:
            is_finite = math.isfinite(loss)
        if is_finite is None:
            return False
        turned = self._was_finite and not is_finite
        self._was_finite = is_finite
        return turned

    def state_dict(self) -> dict[str, Any]:
        """Return what it has seen; losses that a device still holds count as seen."""
        return {"was_finite": self._was_finite}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._was_finite = state["was_finite"]
        self._sum, self._copied = None, None

    def _add(self, loss: torch.Tensor) -> bool | None:
        if self._sum is None:
            # 64 bits, so that a sum of large losses stays finite; MPS has 32.
            dtype = torch.float32 if self._device.type == "mps" else torch.float64
            self._sum = torch.zeros((), dtype=dtype, device=loss.device)
        self._sum.add_(loss.detach())
        return self._read_cuda(self._sum) if loss.device.type == "cuda" else self._read(self._sum)

    def _read(self, total: torch.Tensor) -> bool | None:
        if time.monotonic() - self._read_at < READ_SECONDS:
            return None
        self._read_at = time.monotonic()
        is_finite = math.isfinite(total.item())
        total.zero_()
        return is_finite

    def _read_cuda(self, total: torch.Tensor) -> bool | None:
        if self._host is None:
            self._host = make_pinned((), total.dtype)
        if self._copied is not None:
            if not self._copied.query():
                return None
            self._copied = None
            self._read_at = time.monotonic()
            return math.isfinite(self._host.item())
        if time.monotonic() - self._read_at < READ_SECONDS:
            return None
        self._host.copy_(total, non_blocking=True)
        # Of the loss's own GPU, which may not be the present one.
        self._copied = CudaArrival(torch.cuda.current_stream(total.device))
        total.zero_()
        return None
