"""A model's modules: their paths, the names of their types, and what wraps them."""

# pyright: reportPrivateUsage=false
# Tracing reaches into what PyTorch calls private; its versions from 2.6 on have all of it.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch.nn import Module


def named_modules(model: Module) -> list[tuple[str, Module]]:
    """Return all modules with their paths, the model itself as ""; shared ones with each path."""
    # PyTorch's own does the same by generators within generators, and takes several times longer.
    found: list[tuple[str, Module]] = []

    def visit(path: str, module: Module) -> None:
        found.append((path, module))
        for name, child in module._modules.items():
            if child is not None:
                visit(f"{path}.{name}" if path else name, child)

    visit("", model)
    return found


def all_parameters(model: Module) -> list[torch.nn.Parameter]:
    """Return every parameter once, also of models that have given `parameters` another meaning."""
    found = (p for _, module in named_modules(model) for p in module._parameters.values())
    return list({id(p): p for p in found if p is not None}.values())


def all_buffers(model: Module) -> list[torch.Tensor]:
    """Return every buffer once, as `all_parameters`."""
    found = (b for _, module in named_modules(model) for b in module._buffers.values())
    return list({id(b): b for b in found if b is not None}.values())


def all_modules(*models: Module) -> list[Module]:
    """Return every module once, the first model first, as `all_parameters`."""
    found = (module for model in models for _, module in named_modules(model))
    return list({id(module): module for module in found}.values())


def modules_in(given: Any) -> list[Module]:
    """Return the modules among a model's arguments: a teacher, weights in a `ParameterDict`."""
    if isinstance(given, torch.nn.Module):
        return [given]
    if not isinstance(given, list | tuple | dict):
        return []
    held: Any = cast("Any", given)
    items: list[Any] = list(held.values() if isinstance(given, dict) else held)
    return [module for item in items for module in modules_in(item)]


def has_children(module: Module) -> bool:
    """Whether a module has modules of its own."""
    return any(child is not None for child in module._modules.values())


def packed_parameters(modules: list[tuple[str, Module]]) -> list[tuple[str, torch.Tensor]]:
    """Return the weights that quantised modules keep packed, with their paths."""
    found: list[tuple[str, torch.Tensor]] = []
    for path, module in modules:
        if not type(module).__module__.startswith(_QUANTISED):
            continue
        for name in ("weight", "bias"):
            unpack = getattr(module, name, None)
            tensor = unpack() if callable(unpack) else None
            if isinstance(tensor, torch.Tensor):
                found.append((f"{path}.{name}" if path else name, tensor.detach()))
    return found


_QUANTISED = ("torch.ao.nn.quantized.", "torch.nn.quantized.")


def named_parameters(modules: list[tuple[str, Module]]) -> list[tuple[str, torch.Tensor]]:
    """Return the parameters of `named_modules`; shared ones with each path."""
    return [
        (f"{path}.{name}" if path else name, parameter)
        for path, module in modules
        for name, parameter in module._parameters.items()
        if parameter is not None
    ]


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


def unregistered_layers(modules: list[tuple[str, Module]]) -> list[str]:
    """Return what layers that can be trained are called that modules hold in plain containers.

    PyTorch does not know of them, so that no optimizer gets their parameters.
    """
    known = {id(module) for _, module in modules}
    found: dict[int, str] = {}

    def look(name: str, value: Any, depth: int) -> None:
        if isinstance(value, torch.nn.Module):
            if id(value) not in known and any(p.requires_grad for p in all_parameters(value)):
                found.setdefault(id(value), name)
        elif depth and isinstance(value, list | tuple | dict):
            held = cast("Any", value)
            for key, item in held.items() if isinstance(value, dict) else enumerate(held):
                look(f"{name}.{key}", item, depth - 1)

    for path, module in modules:
        for name, value in module.__dict__.items():
            if name not in _OWN_ATTRIBUTES and not isinstance(value, torch.nn.Module):
                look(f"{path}.{name}" if path else name, value, _DEEPEST)
    return list(found.values())


_OWN_ATTRIBUTES = frozenset(torch.nn.Module().__dict__)
_DEEPEST = 3  # of containers within containers


def copier_for(model: Module) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return a function that copies an input, which the model may write into, to where that is.

    A trainer moves its model to an accelerator, while what a loader gives is still on the CPU. Of a
    model that is on several devices inputs stay where they are.
    """
    devices = {tensor.device for tensor in (*all_parameters(model), *all_buffers(model))}
    device = devices.pop() if len(devices) == 1 else torch.device("meta")

    def copy(tensor: torch.Tensor) -> torch.Tensor:
        is_to_move = tensor.device.type == "cpu" and device.type not in ("cpu", "meta")
        copied = tensor.detach().to(device) if is_to_move else tensor.detach().clone()
        return copied.requires_grad_(tensor.requires_grad)

    return copy
