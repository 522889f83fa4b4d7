"""Which of a model's numbers have become unfit to go on with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from nbviz.training.checkpoints.model_state import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbviz.training.checkpoints.parts import Checkpoint


def is_finite(tensor: torch.Tensor) -> bool:
    """Whether all values of a tensor are finite; waits for its device."""
    if tensor.layout is not torch.strided or tensor.is_meta or not tensor.numel():
        return True
    if not (tensor.is_floating_point() or tensor.is_complex()):
        return True
    return bool(torch.isfinite(tensor).all())


def all_finite(tensors: Iterable[torch.Tensor]) -> bool:
    """Whether all values of all tensors are finite."""
    return all(is_finite(tensor) for tensor in tensors)


def has_nan(tensor: torch.Tensor) -> bool:
    """Whether a value of a tensor is NaN; waits for its device."""
    return not is_finite(tensor) and bool(torch.isnan(tensor).any())


class Soundness:
    """Tells which weights are not finite, and which buffers became NaN.

    Buffers may be infinite, as a mask is, and NaN where they were so from the beginning.

    Args:
        model: The model.
        first: The first state that is known of it; None where there is none.
    """

    def __init__(self, model: torch.nn.Module, first: Checkpoint | None) -> None:
        self._model = model
        named: Any = model.named_parameters(remove_duplicate=False)
        self._weights = frozenset(plain_name(name) for name, _ in named)
        self._meant: frozenset[str] = frozenset()
        if first is not None:
            spoiled = [name for name, _ in self.of(first)]
            self._meant = frozenset(spoiled) - self._weights

    def of(self, checkpoint: Checkpoint) -> list[tuple[str, torch.Tensor]]:
        """Return what of a state is not sound, by name."""
        state = checkpoint.parts["model"]
        return self._spoiled({**state["tensors"], **state["buffers"]}.items())

    def of_model(self) -> list[tuple[str, torch.Tensor]]:
        """Return what of the model as it is now is not sound, by name."""
        model = self._model
        every = [*model.named_parameters(), *model.named_buffers()]
        return self._spoiled((plain_name(name), tensor) for name, tensor in every)

    def _spoiled(self, named: Iterable[tuple[str, Any]]) -> list[tuple[str, torch.Tensor]]:
        return [
            (name, tensor)
            for name, tensor in named
            if isinstance(tensor, torch.Tensor)
            and name not in self._meant
            and (not is_finite(tensor) if name in self._weights else has_nan(tensor))
        ]
