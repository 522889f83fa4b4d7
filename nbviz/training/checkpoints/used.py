"""What the user's functions use of what was defined around them, and a training changes.

Such are an average of the weights, a second optimizer, a scheduler, a gradient scaler or a
generator of random numbers: found by the names in the functions' code and in that of functions
which they call.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.nn.parameter import is_lazy
from torch.optim.lr_scheduler import LRScheduler

from nbviz.errors import attribute_of
from nbviz.training.callbacks import METHODS
from nbviz.training.checkpoints.loader_objects import MOST_LISTED
from nbviz.training.checkpoints.model_state import ModelState
from nbviz.training.checkpoints.optimizer_state import OptimizersState
from nbviz.training.checkpoints.trees import bytes_of
from nbviz.training.optimizing.optimizers import Optimizers
from nbviz.training.random_numbers.generators import (
    is_generator,
    read_generator,
    write_generator,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbviz.training.checkpoints.parts import Stateful
    from nbviz.training.options import TrainingOptions

FUNCTIONS = ("loss_fn", "training_step", "validation_step", "prepare_batch")
MOST_DEEP = 5
"""Functions that call each other, and objects inside each other, that are looked at."""

_KEPT = (
    torch.nn.Module,
    torch.optim.Optimizer,
    LRScheduler,
    torch.amp.GradScaler,  # pyright: ignore[reportPrivateImportUsage]
)


class Used:
    """The state of what the user's functions use, which is no option of the run.

    Args:
        options: The run's.

    Attributes:
        is_optional: A state may have none of it: files of earlier versions do not.
    """

    is_optional = True

    def __init__(self, options: TrainingOptions) -> None:
        self._parts = {name: _part_of(one) for name, one in used_objects(options).items()}

    def state_dict(self) -> dict[str, Any]:
        """Return it, by the names in the functions' code."""
        return {name: part.state_dict() for name, part in self._parts.items()}

    def check(self, state: dict[str, Any]) -> None:
        """Raise CheckpointError unless it fits."""
        for name, part in self._parts.items():
            check: Any = getattr(part, "check", None)
            if check is not None and name in state:
                check(state[name])

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Set to it what is in it."""
        for name, part in self._parts.items():
            if name in state:
                part.load_state_dict(state[name])


def used_objects(options: TrainingOptions) -> dict[str, Any]:
    """Return what the functions use that keeps a state, by name, without what the options have.

    Of modules those that can be trained; a frozen one, such as the target of another network, where
    it is not larger than the model: larger ones are teachers and judges, which stay as they are.
    """
    known = {id(one) for one in known_objects(options)}
    own = {id(one) for one in type(options.model).parameters(options.model)}
    largest = _bytes_of_module(options.model)
    found: dict[str, Any] = {}
    for function in functions_of(options):
        for name, value in used_by(function):
            if id(value) in known or not (isinstance(value, _KEPT) or is_generator(value)):
                continue
            if isinstance(value, torch.nn.Module) and not _is_changed(value, own, largest):
                continue
            known.add(id(value))
            found[name if name not in found else f"{name} {len(found)}"] = value
    return found


def known_objects(options: TrainingOptions) -> list[object]:
    """Return the model and its parts, the optimizers, the scheduler and the loss's modules."""
    known: list[object] = [*type(options.model).modules(options.model), options.scheduler]
    known += list(Optimizers(options.optimizer))
    for name in FUNCTIONS:
        owner = owner_of(getattr(options, name))
        if isinstance(owner, torch.nn.Module):
            known += list(owner.modules())
    return [one for one in known if one is not None]


def functions_of(options: TrainingOptions) -> Iterator[Any]:
    """Return the options' functions, and the methods of callbacks."""
    for name in FUNCTIONS:
        if getattr(options, name) is not None:
            yield getattr(options, name)
    for callback in options.callbacks:
        for name in METHODS.values():
            method = attribute_of(callback, name, None)
            if inspect.ismethod(method):
                yield method


def used_by(function: Any) -> Iterator[tuple[str, Any]]:
    """Return what a function uses, by name: what it names, and what those functions and objects do.

    Not what libraries' functions and objects do.
    """
    yield from _used_by(function, "", MOST_DEEP, set())


def _used_by(value: Any, name: str, depth: int, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if depth < 0 or id(value) in seen:
        return
    seen.add(id(value))
    yield name, value
    if isinstance(value, torch.nn.Module):
        return
    for inner, one in used_directly(value):
        whole = f"{name}.{inner}" if name and not isinstance(value, FunctionType) else str(inner)
        yield from _used_by(one, whole, depth - 1, seen)


def used_directly(value: Any) -> Iterable[tuple[Any, Any]]:
    """Return what a function names, or what a small container, an object or a module holds."""
    found: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, FunctionType):
        found = [*names_of(value), *_defaults_of(value)] if is_own(value) else ()
    elif isinstance(value, MethodType):
        found = [("self", value.__self__), ("function", value.__func__)]
    elif isinstance(value, functools.partial):
        partial = cast("Any", value)
        args = cast("tuple[Any, ...]", partial.args)
        named = cast("dict[str, Any]", partial.keywords)
        found = [("function", partial.func), *enumerate(args), *named.items()]
    elif isinstance(value, torch.nn.Module):
        found = list(enumerate(type(value).modules(value)))[1:]
    elif type(value) in (dict, list, tuple):
        found = _listed(value)
    elif not _is_atom(value):
        found = tuple(cast("dict[str, Any]", attribute_of(value, "__dict__", {})).items())
    return found


def _defaults_of(function: FunctionType) -> list[tuple[str, Any]]:
    values = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    return [(f"default {place}", value) for place, value in enumerate(values)]


def names_of(function: FunctionType) -> list[tuple[str, Any]]:
    """Return what a function's code names around it: in its closure, and of its globals."""
    found: list[tuple[str, Any]] = []
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):  # not set yet
            found.append((name, cell.cell_contents))
    for name in dict.fromkeys(_global_names(function.__code__)):
        try:
            value = function.__globals__[name]
        except KeyError:
            continue
        if not isinstance(value, ModuleType | type):
            found.append((name, value))
    return found


def _listed(value: Any) -> Iterable[tuple[Any, Any]]:
    items = cast("list[Any]", value)
    if len(items) > MOST_LISTED:
        return ()
    return tuple(cast("dict[Any, Any]", value).items() if type(value) is dict else enumerate(items))


def _is_atom(value: Any) -> bool:
    if isinstance(value, type | ModuleType | torch.Tensor | str | bytes | int | float | None):
        return True
    name = str(value.__class__.__module__)
    if name.startswith("nbviz."):
        return not name.startswith("nbviz.callbacks.")
    module = sys.modules.get(name.partition(".")[0])
    return "site-packages" in str(getattr(module, "__file__", None))


def is_own(function: FunctionType) -> bool:
    """Whether a function is the user's, not a library's or nbviz's."""
    module = function.__module__ or ""
    return "site-packages" not in function.__code__.co_filename and module.split(".")[0] != "nbviz"


def owner_of(function: Any) -> Any:
    """Return the object that a function belongs to, or is, if any."""
    while isinstance(function, functools.partial):
        function = cast("Any", function).func
    if inspect.ismethod(function):
        return function.__self__
    if function is None or inspect.isroutine(function) or isinstance(function, type):
        return None
    return function


def _global_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for one in code.co_consts:
        if isinstance(one, CodeType):  # of a function inside it
            yield from _global_names(one)


def _part_of(value: Any) -> Stateful:
    if isinstance(value, torch.nn.Module):
        return ModelState(value, keeps_gradients=False)
    if isinstance(value, torch.optim.Optimizer):
        return OptimizersState(Optimizers(value))
    return _Drawn(value) if is_generator(value) else value


class _Drawn:
    """Where a generator of random numbers is."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    def state_dict(self) -> dict[str, Any]:
        """Return it."""
        return {"generator": read_generator(self._generator)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Set it there."""
        write_generator(self._generator, state["generator"])


def _is_changed(module: torch.nn.Module, own: set[int], largest: int) -> bool:
    parameters = list(type(module).parameters(module))
    if parameters and all(id(one) in own for one in parameters):
        return False  # it is around the model
    if any(one.requires_grad for one in parameters):
        return True
    return 0 < _bytes_of_module(module) <= largest


def _bytes_of_module(module: torch.nn.Module) -> int:
    kind = type(module)  # a model may keep data under the names of methods
    tensors = [*kind.parameters(module), *kind.buffers(module)]
    return bytes_of([one for one in tensors if not is_lazy(one)])
