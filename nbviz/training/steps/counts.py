"""The counts behind the named metrics. They add up over batches and wait for no device.

Outputs of shape (N, classes, …) or (N, …, classes) are class scores for targets (N, …) of class
numbers. Outputs with the targets' own shape, or (N, 1) for targets (N,), are scores of one class
each, a yes above 0 as in `BCEWithLogitsLoss`. Targets below 0 are ignored, as `CrossEntropyLoss`
ignores -100.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

from nbviz.training.steps.means import sum_type

if TYPE_CHECKING:
    from torch import Tensor

YES = 0.5  # a target above it is a yes


def count_right(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return how many answers are right, and how many there are."""
    answers, truth, _ = _answers(outputs, targets)
    return (answers == truth).sum(), (truth >= 0).sum()


def count_top5(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return how many targets (N,) are among the five highest scores (N, classes), of how many."""
    if outputs.ndim != 2 or targets.ndim != 1:  # noqa: PLR2004  as the message says
        raise _mismatch(
            "top5_accuracy needs scores (N, classes) and targets (N,)", outputs, targets
        )
    best = outputs.topk(min(5, outputs.shape[1]), dim=1).indices
    return (best == targets[:, None]).sum(), (targets >= 0).sum()


def count_classes(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return for each class: right answers, targets, answers."""
    answers, truth, classes = _answers(outputs, targets)
    answers, truth = answers.reshape(-1), truth.reshape(-1)
    is_valid = (truth >= 0).long()
    is_right = (answers == truth).long()
    index = truth.clamp(min=0)
    none = torch.zeros(classes, device=outputs.device, dtype=torch.long)
    return (
        none.index_add(0, index, is_right * is_valid),
        none.index_add(0, index, is_valid),
        none.index_add(0, answers, is_valid),
    )


def add_absolute_errors(outputs: Tensor, targets: Tensor) -> tuple[Tensor, int]:
    """Return the sum of absolute errors, and how many."""
    errors = _errors(outputs, targets)
    return errors.abs().sum(dtype=sum_type(errors.device)), targets.numel()


def add_squared_errors(outputs: Tensor, targets: Tensor) -> tuple[Tensor, int]:
    """Return the sum of squared errors, and how many."""
    errors = _errors(outputs, targets)
    # In 64 bits from the start: squares overflow 32 from an error of 1.8e19 on.
    norm = torch.linalg.vector_norm(errors, dtype=sum_type(errors.device))  # pyright: ignore[reportUnknownVariableType]
    return cast("Tensor", norm).square(), targets.numel()


def share(part: Tensor, whole: Any) -> Tensor:
    """Return part of whole; NaN of nothing."""
    return part / whole


def macro_f1(right: Tensor, targets: Tensor, answers: Tensor) -> Tensor:
    """Return the mean F1 over the classes that occur, or the yes-class's F1 if there are two.

    F1 is 2 × right / (targets + answers), the harmonic mean of precision and recall.
    """
    total = targets + answers
    each = 2 * right / total.clamp(min=1)
    if len(each) == 2:  # noqa: PLR2004  no and yes
        return each[1]
    return each.sum() / (total > 0).sum()


def _answers(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, int]:
    """Return answers and targets as class numbers of one shape, and the number of classes."""
    if outputs.ndim == targets.ndim + 1 and outputs.shape[1] == 1:
        outputs = outputs.squeeze(1)
    if outputs.shape == targets.shape:
        return (outputs > 0).long(), (targets > YES).long(), 2
    if outputs.ndim == targets.ndim + 1:
        if outputs.shape[:1] + outputs.shape[2:] == targets.shape:
            return outputs.argmax(1), targets, outputs.shape[1]
        if outputs.shape[:-1] == targets.shape:
            return outputs.argmax(-1), targets, outputs.shape[-1]
    raise _mismatch("class scores and targets do not fit", outputs, targets)


def _errors(outputs: Tensor, targets: Tensor) -> Tensor:
    if outputs.numel() != targets.numel():
        raise _mismatch("outputs and targets do not fit", outputs, targets)
    return outputs.reshape(targets.shape).float() - targets.float()


def _mismatch(what: str, outputs: Tensor, targets: Tensor) -> ValueError:
    return ValueError(
        f"{what}: outputs have shape {tuple(outputs.shape)}, targets {tuple(targets.shape)}."
    )
