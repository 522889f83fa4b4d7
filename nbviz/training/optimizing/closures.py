"""Which optimizers evaluate the loss again inside their step, and so need a closure."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import torch

from nbviz.errors import ConfigurationError, describe, text_of

if TYPE_CHECKING:
    from torch.optim import Optimizer

_OF_THE_LOSS = frozenset({"loss", "losses", "loss_value", "metric", "metrics"})
_BY_ORDER = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_ANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def requires_closure(optimizer: Optimizer) -> tuple[bool, str]:
    """Return whether the optimizer's step must be given a closure, and by which name, if by one.

    Raises:
        ConfigurationError: Its step needs something else.
    """
    needed = [p for p in _parameters_of(optimizer) if p.default is p.empty and p.kind not in _ANY]
    if len(needed) > 1 or any(p.name in _OF_THE_LOSS for p in needed):
        names = ", ".join(p.name for p in needed)
        raise ConfigurationError(
            f"{type(optimizer).__name__}.step needs {names}, and nbviz gives it a closure or "
            f"nothing. {_YOURSELF}"
        )
    is_needed = bool(needed) or isinstance(optimizer, torch.optim.LBFGS)
    return is_needed, needed[0].name if needed and needed[0].kind not in _BY_ORDER else ""


def versions_of(optimizer: Optimizer) -> list[int]:
    """Return how often each of its parameters has been changed, as torch counts it."""
    return [p._version for group in optimizer.param_groups for p in group["params"]]  # noqa: SLF001


def asks_for_closure(optimizer: Optimizer, error: Exception, before: list[int]) -> bool:
    """Return whether the first step without a closure failed because there was none.

    Many that need one have `closure=None` in their signature, and an assert or nothing behind it.

    Args:
        optimizer: The optimizer.
        error: What its step raised.
        before: What `versions_of` returned before the step.

    Raises:
        ConfigurationError: There is no such step, or it cannot be made anew.
    """
    if isinstance(error, NotImplementedError):  # of those that are stepped in two parts
        raise ConfigurationError(
            f"{type(optimizer).__name__}.step raised {type(error).__name__}: {text_of(error)}. "
            f"{_YOURSELF}"
        ) from error
    may_have_one = any(p.name == "closure" or p.kind in _ANY for p in _parameters_of(optimizer))
    is_of_arguments = isinstance(error, TypeError | AssertionError | ValueError | IndexError)
    if "closure" not in text_of(error).lower() and not (may_have_one and is_of_arguments):
        return False
    if versions_of(optimizer) != before:
        raise ConfigurationError(
            f"{type(optimizer).__name__}.step raised {describe(error)}, after it had changed the "
            f"weights; if it needs a closure, its signature has to say so. {_YOURSELF}"
        ) from error
    return True


_YOURSELF = "Step it yourself in training_step=…, with optimizer=[optimizer]."


def _parameters_of(optimizer: Optimizer) -> list[inspect.Parameter]:
    # Of the class: a scheduler puts a function in the place of the object's own method.
    try:
        return list(inspect.signature(type(optimizer).step).parameters.values())[1:]
    except Exception:  # noqa: BLE001  its own code, or it has no signature
        return []
