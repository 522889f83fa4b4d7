"""How one batch is trained and validated: the supervised step, or the user's functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from nbviz.training.batches import split_batch
from nbviz.training.step_results import StepResult, read_result

UserStep = Callable[[Any, Any], Any]
"""Called with (model, batch); returns a loss, a dict of scalars with "loss", or None."""

StepFunction = Callable[[torch.nn.Module, Any], StepResult]


def training_function(
    loss_fn: Callable[..., Any] | None, training_step: UserStep | None
) -> StepFunction:
    """Return what gives the loss of a training batch."""
    if training_step is not None:
        return _users(training_step, "training_step")
    assert loss_fn is not None  # as check_step made sure
    return _supervised(loss_fn)


def validation_function(
    loss_fn: Callable[..., Any] | None,
    training_step: UserStep | None,
    validation_step: UserStep | None,
    *,
    has_optimizer: bool,
) -> StepFunction | None:
    """Return what gives the loss of a validation batch; None if nothing can.

    A `training_step` can if the engine has the optimizer; else it trains when it is called.
    """
    if validation_step is not None:
        return _users(validation_step, "validation_step")
    if training_step is not None and has_optimizer:
        return _users(training_step, "training_step")
    return None if loss_fn is None else _supervised(loss_fn)


def _users(step: UserStep, source: str) -> StepFunction:
    return lambda model, batch: read_result(step(model, batch), source)


def _supervised(loss_fn: Callable[..., Any]) -> StepFunction:
    def step(model: torch.nn.Module, batch: Any) -> StepResult:
        inputs, named, targets = split_batch(batch)
        outputs = model(*inputs, **named)
        return StepResult(loss_fn(outputs, targets), outputs=outputs, targets=targets)

    return step
