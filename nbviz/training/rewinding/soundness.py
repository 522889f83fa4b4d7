"""Which of a model's numbers have become unfit to go on with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from nbviz.training.checkpoints.model_state import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbviz.training.checkpoints.parts import Checkpoint


def values_of(tensor: torch.Tensor) -> torch.Tensor | None:
    """Return the values that a tensor holds, of a sparse one those that it names; None for none."""
    tensor = tensor.detach()
    if tensor.layout is torch.sparse_coo:
        # `values()` is of coalesced ones alone, and lies elsewhere.
        values: Any = getattr(tensor, "_values", None)
        tensor = tensor.coalesce().values() if values is None else values()
    elif tensor.layout is not torch.strided:
        values = getattr(tensor, "values", None)
        if values is None:
            return None
        tensor = values()
    return None if tensor.layout is not torch.strided or tensor.is_meta else tensor


def is_finite(tensor: torch.Tensor) -> bool:
    """Whether all values of a tensor are finite; waits for its device."""
    if not (tensor.is_floating_point() or tensor.is_complex()):
        return True
    values = values_of(tensor)
    return values is None or not values.numel() or bool(torch.isfinite(values).all())


def all_finite(tensors: Iterable[torch.Tensor]) -> bool:
    """Whether all values of all tensors are finite."""
    return all(is_finite(tensor) for tensor in tensors)


def has_nan(tensor: torch.Tensor) -> bool:
    """Whether a value of a tensor is NaN; waits for its device."""
    values = None if is_finite(tensor) else values_of(tensor)
    return values is not None and bool(torch.isnan(values).any())


class Soundness:
    """Tells which weights are not finite any more, and which buffers became NaN.

    Buffers may be infinite, as a mask is, and NaN where they were so from the beginning. So may
    weights that began so: probabilities of 0, as logarithms, or what is never used.

    Args:
        model: The model.
        first: The first state that is known of it; None where there is none.
    """

    def __init__(self, model: torch.nn.Module, first: Checkpoint | None) -> None:
        self._model = model
        named: Any = model.named_parameters(remove_duplicate=False)
        self._weights = frozenset(plain_name(name) for name, _ in named)
        self._may_be_nan: frozenset[str] = frozenset()
        self._may_be_infinite: frozenset[str] = frozenset()
        if first is not None:
            spoiled = self.of(first)
            self._may_be_nan = frozenset(name for name, tensor in spoiled if has_nan(tensor))
            self._may_be_infinite = frozenset(name for name, _ in spoiled)

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
            and name not in self._may_be_nan
            and (has_nan(tensor) if self._may_be_inf(name) else not is_finite(tensor))
        ]

    def _may_be_inf(self, name: str) -> bool:
        return name not in self._weights or name in self._may_be_infinite
