"""Weighted means of scalars, kept on their device so that nothing waits for it."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

import torch

from nbviz.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Means:
    """Means of named scalars over several batches; a NaN in one makes the mean NaN."""

    def __init__(self) -> None:
        self._sums: dict[str, Any] = {}
        self._weights: dict[str, float] = {}

    def add(self, scalars: Mapping[str, Any], weight: float = 1) -> None:
        """Add one batch.

        Raises:
            TrainingError: A value is not one number.
        """
        for name, value in scalars.items():
            number = _read(name, value)
            if weight != 1:  # one operation less on a training step
                number = number * weight
            if name in self._sums:
                self._sums[name] = self._sums[name] + number
                self._weights[name] += weight
            else:
                self._sums[name] = number
                self._weights[name] = weight

    def values(self) -> dict[str, Any]:
        """Return each mean, as a tensor where tensors were added."""
        return {
            name: total if self._weights[name] == 1 else total / self._weights[name]
            for name, total in self._sums.items()
        }


def _read(name: str, value: Any) -> Any:
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        number = value.detach()
        if number.ndim:
            number = number.reshape(())
        return number if number.is_floating_point() else number.float()
    if isinstance(value, numbers.Real):
        return float(value)
    kind = (
        f"a tensor of shape {tuple(value.shape)}"
        if isinstance(value, torch.Tensor)
        else f"{type(value).__name__} {value!r:.60}"
    )
    raise TrainingError(f"{name!r} must be one number for each batch, got {kind}.")
