"""How one batch is trained and validated: the supervised step, or the user's functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch

from nbviz.errors import TrainingError, add_note, attribute_of, has_attribute
from nbviz.text import counted
from nbviz.training.devices.device import to_device
from nbviz.training.steps.batches import SplitBatch, read_prepared, split_batch
from nbviz.training.steps.forward import Forward
from nbviz.training.steps.step_results import PrepareBatch, StepResult, UserStep, read_result

if TYPE_CHECKING:
    from nbviz.training.options import TrainingOptions
    from nbviz.training.steps.sample_weights import WeighedLoss

StepFunction = Callable[[torch.nn.Module, Any], StepResult]


class Splitter:
    """Splits batches for the supervised step of one model.

    Args:
        model: The model.
        prepare_batch: The user's own way.
        device: Where what it returns is moved.
        has_loss: Whether there is a `loss_fn`; without one the model is given the targets.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        prepare_batch: PrepareBatch | None,
        device: torch.device,
        *,
        has_loss: bool,
    ) -> None:
        self._device = device
        self.forward = Forward.of(model)
        self._prepare = prepare_batch
        self._keeps_targets = not has_loss

    @property
    def gives_targets(self) -> bool:
        """Whether the model is given the targets, so that it can compute the loss."""
        if not self._keeps_targets or self.forward is None:
            return False
        return self._prepare is not None or bool(self.forward.labels)

    def __call__(self, batch: Any) -> SplitBatch:
        """Split a batch.

        Raises:
            TrainingError: As `split_batch`.
        """
        if self._prepare is not None:
            return to_device(read_prepared(self._prepare(batch)), self._device)
        return split_batch(batch, self.forward, keeps_targets=self._keeps_targets)


def training_function(
    options: TrainingOptions, split: Splitter, weighed: WeighedLoss
) -> StepFunction:
    """Return what gives the loss of a training batch, whose samples `weighed` may weight."""
    if options.training_step is not None:
        return _users(options.training_step, "training_step")
    return _supervised(None if options.loss_fn is None else weighed, split)


def validation_function(
    options: TrainingOptions, split: Splitter, *, steps_itself: bool
) -> tuple[StepFunction | None, str]:
    """Return what gives the loss of a validation batch, None if nothing can, and its name.

    A `training_step` can unless it trains when it is called.
    """
    if options.validation_step is not None:
        return _users(options.validation_step, "validation_step"), "validation_step"
    if options.training_step is not None and not steps_itself:
        return _users(options.training_step, "training_step"), "training_step"
    if options.loss_fn is None and options.training_step is not None:
        return None, ""
    return _supervised(options.loss_fn, split), "loss_fn"


def _users(step: UserStep, source: str) -> StepFunction:
    return lambda model, batch: read_result(step(model, batch), source)


def _supervised(loss_fn: Callable[..., Any] | None, split: Splitter) -> StepFunction:
    """Return the supervised step; without a `loss_fn` the loss is the one in the model's output."""

    def step(model: torch.nn.Module, batch: Any) -> StepResult:
        inputs, named, targets = split(batch)
        try:
            given = model(*inputs, **named)
            own_loss, outputs = read_output(given)
            if loss_fn is not None:
                own_loss = loss_fn(outputs, targets)
        except Exception as error:
            if len(inputs) > 1 and isinstance(batch, tuple | list):
                add_note(
                    error,
                    f"The model was given {counted(len(inputs), 'input')}: all parts of the "
                    "batch but the "
                    "last, which is taken to be the targets. prepare_batch=… splits it otherwise.",
                )
            raise
        if loss_fn is None and own_loss is None:
            raise TrainingError(
                f"{type(model).__name__} gave no .loss in its output "
                f"({type(given).__name__}); pass loss_fn=…"
            )
        return StepResult(own_loss, outputs=outputs, targets=targets, inputs=inputs)

    return step


def read_output(given: Any) -> tuple[Any, Any]:
    """Return the loss that a model has computed itself, or None, and what a loss function takes.

    That is `.logits` of an output such as Hugging Face's `ModelOutput`, else the whole output.
    """
    if isinstance(given, torch.Tensor):
        return None, given
    output: Any = given
    is_mapping = isinstance(given, Mapping)
    loss = output.get("loss") if is_mapping else attribute_of(output, "loss", None)
    if has_attribute(output, "logits") and (is_mapping or has_attribute(output, "loss")):
        return loss, output.logits
    return loss, output
