"""Checks of what an engine is given, before anything is trained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import TYPE_CHECKING, cast

import torch

from nbviz.errors import CommandError, ConfigurationError
from nbviz.training.steps.numbers import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.training.optimizing.optimizers import Optimizers


def check_choice(name: str, value: object, allowed: Sequence[str]) -> None:
    """Raise ConfigurationError unless the value is one of those allowed."""
    if value not in allowed:
        known = ", ".join(repr(each) for each in allowed)
        raise ConfigurationError(f"{name} must be one of {known}; got {value!r}.")


def check_count(name: str, value: object, alternative: str | None = None) -> None:
    """Raise ConfigurationError unless the value is a whole number above 0, or the alternative."""
    if value == alternative:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        other = "" if alternative is None else f" or {alternative!r}"
        raise ConfigurationError(
            f"{name} must be a whole number of at least 1{other}, got {value!r}."
        )


def check_steps(command: str, value: object) -> None:
    """Raise CommandError unless a command is given a whole number of steps above 0."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise CommandError(f"{command} takes a whole number of steps, at least 1; got {value!r}.")


def check_positive(name: str, value: float | None) -> None:
    """Raise ConfigurationError unless the value is above 0, or None."""
    if value is not None and not value > 0:
        raise ConfigurationError(f"{name} must be above 0, or None for no bound; got {value!r}.")


def check_module(model: object) -> None:
    """Raise ConfigurationError unless the model is a module."""
    if not isinstance(model, torch.nn.Module):
        raise ConfigurationError(f"model must be a torch.nn.Module, got {shown(model)}.")


def check_model(model: object) -> None:
    """Raise ConfigurationError unless the model is a module that can be watched and traced."""
    check_module(model)
    if isinstance(model, torch.jit.ScriptModule):
        raise ConfigurationError(
            f"the model is a scripted {model.original_name}, which takes no hooks and cannot be "
            "traced. Give the nn.Module itself, and script it when it is trained."
        )


def check_loader(name: str, loader: object, passes: int | None) -> None:
    """Raise ConfigurationError if the loader cannot give batches, or not often enough.

    Args:
        name: The argument's name.
        loader: Any iterable of batches.
        passes: How often it will be read; None if that is open.
    """
    kind = type(loader).__name__
    if not isinstance(loader, Iterable):
        raise ConfigurationError(
            f"{name} must be an iterable of batches, such as a DataLoader or a list; got {kind}."
        )
    if length_of(cast("object", loader)) == 0:
        raise ConfigurationError(
            f"{name} has no batches. Check its data set, and that batch_size is not greater than "
            "the data set with drop_last=True."
        )
    if is_one_pass(cast("object", loader)) and passes is not None and passes > 1:
        raise ConfigurationError(
            f"{name} is a {kind}, which can be read only once, and it is needed "
            f"{passes} times. Give a DataLoader or a list, or an object whose __iter__ begins anew."
        )


def check_step(
    *, has_loss: bool, optimizers: Optimizers, training_step: object, metrics: Sequence[str]
) -> None:
    """Raise ConfigurationError unless there is one way to make a training step."""
    if training_step is None and optimizers and optimizers.own is None:
        raise ConfigurationError(
            "several optimizers are stepped by training_step=…, which is missing; it takes (model, "
            "batch). Or give one optimizer, not in a dict or list."
        )
    if training_step is None and not (has_loss and optimizers):
        missing = "optimizer" if has_loss else "loss_fn"
        raise ConfigurationError(
            f"{missing} is missing. Give loss_fn=… and optimizer=…, "
            "or training_step=… that takes (model, batch)."
        )
    if training_step is not None and metrics:
        raise ConfigurationError(
            f"metrics ({', '.join(metrics)}) need the supervised step's outputs. Compute "
            'them in training_step, and return {"loss": loss, "accuracy": accuracy}.'
        )


def check_own_stepping(accumulate: int, gradient_clip: float | None, precision: str) -> None:
    """Raise ConfigurationError for options that act on an optimizer which is not given."""
    for name, is_given in (
        ("accumulate", accumulate > 1),
        ("gradient_clip", gradient_clip is not None),
        ('precision="fp16"', precision == "fp16"),
    ):
        if is_given:
            raise ConfigurationError(
                f"{name} needs optimizer=…; a training_step that steps by itself does this too."
            )


def length_of(loader: object) -> int | None:
    """Return the number of batches, None if the loader does not know it."""
    if not isinstance(loader, Sized):
        return None
    try:
        return len(loader)
    except (TypeError, NotImplementedError):  # a DataLoader of an IterableDataset
        return None


def is_one_pass(loader: object) -> bool:
    """Return whether the loader is a generator or another iterator."""
    return isinstance(loader, Iterator)
