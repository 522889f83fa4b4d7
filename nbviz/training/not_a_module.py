"""What stands in the place of a model, in words, for errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch

from nbviz.errors import attribute_of
from nbviz.training.steps.numbers import shown


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
