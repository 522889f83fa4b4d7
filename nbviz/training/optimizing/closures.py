"""Which optimizers evaluate the loss again inside their step, and so need a closure."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import torch

from nbviz.errors import ConfigurationError, text_of

if TYPE_CHECKING:
    from torch.optim import Optimizer

_OF_THE_LOSS = frozenset({"loss", "losses", "loss_value", "metric", "metrics"})
_BY_ORDER = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_ANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def requires_closure(optimizer: Optimizer) -> tuple[bool, bool]:
    """Return whether the optimizer's step must be given a closure, and whether by its name.

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
    return is_needed, bool(needed) and needed[0].kind not in _BY_ORDER


def asks_for_closure(optimizer: Optimizer, error: Exception) -> bool:
    """Return whether the first step without a closure failed because there was none.

    Many that need one have `closure=None` in their signature, and an assert or nothing behind it.

    Raises:
        ConfigurationError: There is no such step.
    """
    if isinstance(error, NotImplementedError):  # of those that are stepped in two parts
        raise ConfigurationError(
            f"{type(optimizer).__name__}.step raised {type(error).__name__}: {text_of(error)}. "
            f"{_YOURSELF}"
        ) from error
    text = text_of(error).lower()
    if "closure" in text:
        return True
    may_have_one = any(p.name == "closure" or p.kind in _ANY for p in _parameters_of(optimizer))
    is_of_arguments = isinstance(error, TypeError | AssertionError | ValueError | IndexError)
    return may_have_one and is_of_arguments


_YOURSELF = "Step it yourself in training_step=…, with optimizer=[optimizer]."


def _parameters_of(optimizer: Optimizer) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(optimizer.step).parameters.values())
    except Exception:  # noqa: BLE001  its own code, or it has no signature
        return []
