"""What a step gives back: a loss, more scalars, and what metrics are computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import torch

from nbviz.errors import TrainingError, text_of
from nbviz.training.steps.numbers import read_number, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

UserStep = Callable[[Any, Any], Any]
"""Called with (model, batch); returns a loss, a dict of scalars with "loss", or None."""

PrepareBatch = Callable[[Any], Any]
"""Called with a batch; returns (inputs, targets), as `batches.read_prepared` tells."""


@dataclass(slots=True)
class StepResult:
    """The result of one batch.

    `has_loss` is False of a mapping of the user's step without a loss in it, not of one with None.
    `outputs`, `targets` and what the model was given are None after a step of the user's.
    """

    loss: Any
    scalars: dict[str, Any] = field(default_factory=dict[str, Any])
    has_loss: bool = True
    outputs: Any = None
    targets: Any = None
    inputs: Any = None


def read_result(result: Any, source: str) -> StepResult:
    """Read what the user's `training_step` or `validation_step` returned.

    Args:
        result: A loss, a mapping of names to scalars (nested ones become tags joined by slashes,
            as in `Run.log`), or None.
        source: The function's name, for messages.

    Raises:
        TrainingError: It is none of these.
    """
    if isinstance(result, Mapping):
        scalars = dict(_flatten(cast("Mapping[Any, Any]", result)))
        has_loss = "loss" in scalars
        return StepResult(scalars.pop("loss", None), scalars, has_loss)
    if result is None or isinstance(result, torch.Tensor):
        return StepResult(result)
    try:
        return StepResult(read_number(result))
    except ValueError as error:
        raise TrainingError(
            f"{source} must return a scalar loss tensor or a dict with 'loss', {error}."
        ) from None


def _flatten(values: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        whole = prefix + text_of(name)
        if isinstance(value, Mapping):
            yield from _flatten(cast("Mapping[Any, Any]", value), f"{whole}/")
        else:
            yield whole, value


def check_loss(loss: Any, source: str) -> torch.Tensor:
    """Return the loss as a tensor without dimensions, fit for `backward()`.

    Raises:
        TrainingError: It is no tensor, not one number, or depends on no parameter.
    """
    if not isinstance(loss, torch.Tensor):
        got = "no 'loss'" if loss is None else shown(loss)
        raise TrainingError(
            f"{source} must return a scalar loss tensor, got {got}. "
            "Return the tensor itself, not its .item()."
        )
    if loss.numel() != 1:
        raise TrainingError(
            f"the loss of {source} is not one number but a tensor of shape {tuple(loss.shape)}. "
            "Reduce it, such as with .mean(), or give the loss function reduction='mean'."
        )
    if not loss.requires_grad:
        raise TrainingError(
            f"the loss of {source} does not depend on any parameter that requires a gradient. "
            "Compute it from the model's outputs, without .detach(), .item() or no_grad."
        )
    return loss.reshape(()) if loss.ndim else loss


def tagged(name: str, part: str) -> str:
    """Return the tag of a scalar: `loss` in `train` is `loss/train`. A full tag stays."""
    return name if name.endswith(("/train", "/val")) else f"{name}/{part}"
