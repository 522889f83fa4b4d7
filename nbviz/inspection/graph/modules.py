"""A model's modules: their paths, the names of their types, and what wraps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

if TYPE_CHECKING:
    from torch.nn import Module


def named_modules(model: Module) -> list[tuple[str, Module]]:
    """Return all modules with their paths, the model itself as ""; shared ones with each path."""
    return list(cast("Any", model).named_modules(remove_duplicate=False))


def wrapped_module(module: Module) -> Module | None:
    """Return the module inside one that only changes how it is run."""
    if isinstance(module, torch.nn.DataParallel):
        return cast("Module", module.module)
    if type(module).__name__ == "OptimizedModule":
        return cast("Any", module)._orig_mod
    return None


def type_name(module: Module) -> str:
    """Return the name of a module's class, as its author knows it."""
    if isinstance(module, torch.jit.ScriptModule):
        return str(getattr(module, "original_name", type(module).__name__))
    name = type(module).__name__
    return name.removeprefix("Parametrized")
