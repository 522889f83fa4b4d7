"""The random numbers of a run: those of the process and its device."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch

from nbviz.training.random_numbers.generators import is_same


class RandomState:
    """What torch (CPU and one device), numpy and Python draw from.

    Args:
        device: The run's.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def state_dict(self) -> dict[str, Any]:
        """Return where they are."""
        version, numbers, gauss = random.getstate()
        state: dict[str, Any] = {
            "torch": torch.get_rng_state(),
            "numpy": np.random.get_state(legacy=False),  # noqa: NPY002  what data sets draw from
            "python": [version, torch.tensor(numbers, dtype=torch.int64), gauss],
        }
        if self._device.type == "cuda":
            state["device"] = torch.cuda.get_rng_state(self._device)
        elif self._device.type == "mps":
            state["device"] = torch.mps.get_rng_state()
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Set them to where they were; a device's only where it is of the same kind."""
        torch.set_rng_state(state["torch"])
        np.random.set_state(state["numpy"])  # noqa: NPY002
        version, numbers, gauss = state["python"]
        random.setstate((version, tuple(numbers.tolist()), gauss))
        of_device: torch.Tensor | None = state.get("device")
        if of_device is None:
            return
        if self._device.type == "cuda" and of_device.numel() == _cuda_size(self._device):
            torch.cuda.set_rng_state(of_device, self._device)
        elif self._device.type == "mps":
            torch.mps.set_rng_state(of_device)

    def is_at(self, state: dict[str, Any]) -> bool:
        """Whether they are where they were, those of which the state knows."""
        now = RandomState.state_dict(self)
        return all(is_same(now[name], one) for name, one in state.items() if name in now)


class DeferredRandomState(RandomState):
    """Random numbers that are set when the run begins: until then other cells may draw some."""

    def __init__(self, device: torch.device) -> None:
        super().__init__(device)
        self._due: dict[str, Any] | None = None

    def state_dict(self) -> dict[str, Any]:
        """Return where they are, or will be."""
        return self._due or super().state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Have `begin` set them."""
        self._due = state

    def defer(self) -> dict[str, Any]:
        """Have `begin` set them to where they are now, or to what it would set; returns that."""
        self._due = self.state_dict()
        return self._due

    def begin(self) -> None:
        """Set them, if they are to be set."""
        if self._due is not None:
            super().load_state_dict(self._due)
            self._due = None


def _cuda_size(device: torch.device) -> int:
    return torch.cuda.get_rng_state(device).numel()
