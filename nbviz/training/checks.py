"""Checks of what an engine is given, before anything is trained."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import TYPE_CHECKING, Any, cast

import torch

from nbviz.errors import CommandError, ConfigurationError, attribute_of, repr_of
from nbviz.training.steps.numbers import read_number, shown, whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.training.optimizing.optimizers import Optimizers

_MOST_SEEDS = 1 << 63


def check_choice(name: str, value: object, allowed: Sequence[str]) -> None:
    """Raise ConfigurationError unless the value is one of those allowed."""
    if not isinstance(value, str) or value not in allowed:
        known = ", ".join(repr(each) for each in allowed)
        raise ConfigurationError(f"{name} must be one of {known}; got {repr_of(value)}.")


def check_count(name: str, value: object, alternative: str | None = None) -> None:
    """Raise ConfigurationError unless the value is a whole number above 0, or the alternative."""
    if isinstance(value, str) and value == alternative:
        return
    whole = whole_number(value)
    if whole is None or whole < 1:
        other = "" if alternative is None else f" or {alternative!r}"
        raise ConfigurationError(
            f"{name} must be a whole number of at least 1{other}, got {repr_of(value)}."
        )


def check_steps(command: str, value: object) -> None:
    """Raise CommandError unless a command is given a whole number of steps above 0."""
    whole = whole_number(value)
    if whole is None or whole < 1:
        raise CommandError(
            f"{command} takes a whole number of steps, at least 1; got {repr_of(value)}."
        )


def check_positive(name: str, value: object) -> None:
    """Raise ConfigurationError unless the value is a number above 0, or None."""
    if value is None:
        return
    try:
        number = float(read_number(value))
    except ValueError:
        number = math.nan
    if isinstance(value, bool) or not number > 0:
        raise ConfigurationError(
            f"{name} must be above 0, or None for no bound; got {repr_of(value)}."
        )


def check_callable(name: str, value: object) -> None:
    """Raise ConfigurationError unless the value can be called, or is None."""
    if value is not None and not callable(value):
        raise ConfigurationError(
            f"{name} must be a function or another callable; got {repr_of(value)}."
        )


def check_text(name: str, value: object) -> None:
    """Raise ConfigurationError unless the value is a string, or None."""
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(f"{name} must be a string; got {repr_of(value)}.")


def check_seed(seed: object) -> None:
    """Raise ConfigurationError unless Python, numpy and torch take the seed, or it is None."""
    whole = whole_number(seed)
    if seed is not None and (whole is None or not 0 <= whole < _MOST_SEEDS):
        raise ConfigurationError(
            f"seed must be a whole number from 0 to 2**63 - 1, or None; got {repr_of(seed)}."
        )


def read_several(name: str, values: object) -> Any:
    """Return what was given as a list or another iterable as one that can be gone through again.

    A mapping and a string stay as they are; None is nothing.

    Raises:
        ConfigurationError: It is no iterable.
    """
    if values is None:
        return ()
    if isinstance(values, str | Mapping):
        return cast("object", values)
    if not isinstance(values, Iterable) or isinstance(values, type):
        raise ConfigurationError(
            f"{name} must be a list, such as [{name[:-1]}]; got {repr_of(values)}."
        )
    return tuple(cast("Iterable[object]", values))


def check_module(model: object) -> None:
    """Raise ConfigurationError unless the model is a module."""
    if not isinstance(model, torch.nn.Module):
        raise ConfigurationError(f"model must be a torch.nn.Module, got {not_a_module(model)}.")


def check_model(model: object) -> None:
    """Raise ConfigurationError unless the model is a module that can be watched and traced."""
    check_module(model)
    if isinstance(model, torch.jit.ScriptModule):
        raise ConfigurationError(
            f"the model is a {model.original_name} of TorchScript (torch.jit.script or "
            "torch.jit.trace), whose layers cannot be traced. Give the nn.Module that it was made "
            "of, and script it when it is trained; or train it as a layer: nn.Sequential(model)."
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
        is_generator = inspect.isgeneratorfunction(loader)
        call = f" {loader.__name__}; give a list of what it yields" if is_generator else ""
        raise ConfigurationError(
            f"{name} must be an iterable of batches, such as a DataLoader or a list; got "
            f"{kind}{call}."
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
            f"{missing} is missing. Give loss_fn=… and optimizer=…, or training_step=… that takes "
            "(model, batch), such as lambda model, batch: model(**batch).loss."
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
    except Exception:  # noqa: BLE001  a DataLoader of an IterableDataset, or another's own code
        return None


def is_one_pass(loader: object) -> bool:
    """Return whether the loader is a generator or another iterator."""
    return isinstance(loader, Iterator)


def not_a_module(given: object) -> str:
    """Return what was given, and what to give in its place where that is known.

    Args:
        given: Anything but a `torch.nn.Module`.
    """
    kind = type(given).__name__
    if isinstance(given, type):
        is_model = issubclass(given, torch.nn.Module)
        more = f"; give a model of it, such as {given.__name__}(…)" if is_model else ""
        return f"the class {given.__name__}{more}"
    if kind == "ExportedProgram":
        return f"an {kind}; give its .module()"
    if isinstance(given, torch.optim.Optimizer):
        return f"the optimizer {kind}"
    if _is_state(given):
        return f"a state_dict ({kind}); load it into a model: model.load_state_dict(…)"
    name = attribute_of(given, "__name__")
    if callable(given) and isinstance(name, str):
        return f"the function {name}; call it in the forward of a module"
    return shown(given)


def _is_state(given: object) -> bool:
    if not isinstance(given, Mapping):
        return False
    values = list(cast("Mapping[Any, Any]", given).values())
    return bool(values) and all(isinstance(one, torch.Tensor) for one in values)
