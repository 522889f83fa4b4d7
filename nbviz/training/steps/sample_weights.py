"""Losses in which some samples count more than others."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch
from torch import nn

from nbviz.errors import TrainingError, attribute_of
from nbviz.text import counted
from nbviz.training.steps.numbers import shown

if TYPE_CHECKING:
    from torch import Tensor

LossFunction = Callable[..., Any]


class Weighed(NamedTuple):
    """A sample, or a batch of them, with what it counts; DataLoader pins it as any named tuple."""

    content: Any
    weight: Any


class WeighingCollate:
    """Puts samples with weights together as a loader's own function does without them.

    Args:
        collate: The loader's.
    """

    def __init__(self, collate: Callable[[list[Any]], Any]) -> None:
        self._collate = collate

    def __call__(self, samples: list[Weighed]) -> Weighed:
        """Return a batch with its weights; float32, shape (samples,)."""
        weights = torch.tensor([one.weight for one in samples], dtype=torch.float32)
        return Weighed(self._collate([one.content for one in samples]), weights)


class WeighedLoss:
    """A loss function that can count samples more or less; without weights it is what was given.

    With weights it is the weighted mean of the samples' losses: a sample of weight 2 counts as if
    it were in the batch twice.

    Args:
        loss_fn: The training's; None where a `training_step` computes the loss.

    Attributes:
        weights: Of the present batch; None for none.
        refused: Why samples cannot be weighted, as a part of a sentence; empty if they can.
    """

    def __init__(self, loss_fn: LossFunction | None) -> None:
        self._loss_fn = loss_fn
        self._single, self.refused = _single(loss_fn)
        self.weights: Tensor | None = None

    def __call__(self, outputs: Any, targets: Any) -> Any:
        """Return the loss of a batch.

        Raises:
            TrainingError: There is no loss of each sample.
        """
        assert self._loss_fn is not None
        if self.weights is None:
            return self._loss_fn(outputs, targets)
        assert self._single is not None  # since weights were accepted
        losses = self._single(outputs, targets)
        count = len(self.weights)
        if not isinstance(losses, torch.Tensor) or not losses.dim() or len(losses) != count:
            raise TrainingError(
                f"samples have weights, but loss_fn with reduction='none' gave {shown(losses)} for "
                f"a batch of {counted(count, 'sample')}; restore the weights with "
                "trainer.data.restore()."
            )
        losses = losses.reshape(count, -1).mean(1)
        weights = self.weights.to(losses.device, losses.dtype, non_blocking=True)
        ignored = attribute_of(self._loss_fn, "ignore_index", None)
        if ignored is not None and attribute_of(targets, "shape", None) == weights.shape:
            weights = weights * (targets != ignored)
        least = torch.finfo(losses.dtype).tiny
        return (losses * weights).sum() / weights.sum().clamp_min(least)


def unweighed(batch: Any) -> tuple[Any, Tensor | None]:
    """Return a batch, and its weights if it has some."""
    if isinstance(batch, Weighed):
        return batch.content, batch.weight
    return batch, None


def _single(loss_fn: LossFunction | None) -> tuple[LossFunction | None, str]:
    """Return what gives a loss for each sample, or why there is none."""
    if loss_fn is None:
        return None, "training_step, or the model itself, computes the loss"
    name = attribute_of(loss_fn, "__name__", type(loss_fn).__name__)
    if isinstance(loss_fn, nn.Module):
        reduction = attribute_of(loss_fn, "reduction", None)
        if reduction != "mean":
            return None, f"{name} has reduction={reduction!r} and not 'mean'"
        if attribute_of(loss_fn, "weight", None) is not None:
            return None, f"{name} has weights of its own"
        made = copy.copy(loss_fn)
        cast("Any", made).reduction = "none"
        return made, ""
    try:
        has_reduction = "reduction" in inspect.signature(loss_fn).parameters
    except Exception:  # noqa: BLE001  its own code, or it has no signature
        has_reduction = False
    if not has_reduction:
        return None, f"{name} takes no reduction='none', which gives the loss of each sample"
    return partial(loss_fn, reduction="none"), ""
