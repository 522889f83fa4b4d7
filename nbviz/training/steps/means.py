"""Weighted means of scalars, kept on their device so that nothing waits for it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from nbviz.training.steps.numbers import read_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Means:
    """Means of named scalars over several batches; a NaN in one makes the mean NaN.

    Sums are kept in 64 bits (in 32 on MPS, which has no more), so that a mean of half-precision
    values is as exact as they are. What is added is copied: the output of a CUDA graph is
    overwritten by its next replay.

    Args:
        report: Called with the name and the reason of a value that is not one number; it is left
            out, and training goes on.
        is_single: Whether one batch alone will be added: its values are kept as they are, because
            on a training step each operation counts.
    """

    def __init__(self, report: Callable[[str, str], None], *, is_single: bool = False) -> None:
        self._report = report
        self._is_single = is_single
        self._sums: dict[str, Any] = {}
        self._weights: dict[str, float] = {}

    def add(self, scalars: Mapping[str, Any], weight: float = 1) -> None:
        """Add one batch."""
        for name, value in scalars.items():
            try:
                number = read_number(value)
            except ValueError as error:
                self._report(name, str(error))
                continue
            if not weight:  # a batch without samples, whose loss is NaN
                self._sums.setdefault(name, 0.0)
                self._weights.setdefault(name, 0)
                continue
            if self._is_single:
                self._sums[name] = number
                self._weights[name] = 1
                continue
            if isinstance(number, torch.Tensor):
                number = number.to(sum_type(number.device), copy=True)
            if weight != 1:
                number = number * weight
            self._sums[name] = self._sums[name] + number if name in self._sums else number
            self._weights[name] = self._weights.get(name, 0) + weight

    def state_dict(self) -> dict[str, Any]:
        """Return the sums so far."""
        return {"sums": dict(self._sums), "weights": dict(self._weights)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from these sums."""
        self._sums, self._weights = dict(state["sums"]), dict(state["weights"])

    def values(self) -> dict[str, Any]:
        """Return each mean, as a tensor where tensors were added."""
        return {
            name: total if self._weights[name] == 1 else self._mean(name, total)
            for name, total in self._sums.items()
        }

    def _mean(self, name: str, total: Any) -> Any:
        weight = self._weights[name]
        return total / weight if weight else math.nan


def sum_type(device: torch.device) -> torch.dtype:
    """Return the widest floating-point type of a device."""
    return torch.float32 if device.type == "mps" else torch.float64
