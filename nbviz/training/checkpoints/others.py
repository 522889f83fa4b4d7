"""The user's own objects that a state includes, and what is found of them that it does not."""

from __future__ import annotations

import functools
import inspect
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from nbviz.errors import attribute_of
from nbviz.training import checks
from nbviz.training.checkpoints.attributes import Attributes, is_kept
from nbviz.training.checkpoints.used import FUNCTIONS, Used, owner_of
from nbviz.training.optimizing.optimizers import Optimizers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbviz.training.checkpoints.parts import Stateful
    from nbviz.training.options import TrainingOptions

_SHOWN = 4


def stateful_of(options: TrainingOptions) -> dict[str, Stateful]:
    """Return the objects behind the options' functions that give and take a state.

    Such are a loss that is a module, and the object whose method `training_step` is.
    """
    found: dict[str, Stateful] = {}
    objects = list(_objects_of(options))
    attributes = Attributes(lambda: objects)
    for name in FUNCTIONS:
        owner = owner_of(getattr(options, name))
        known = (options.model, *found.values())
        if _keeps_state(owner) and not any(owner is one for one in known):
            found[name] = _Owned(owner)
    return {"attributes": attributes, "used": Used(options), **found}


def _objects_of(options: TrainingOptions) -> Iterator[tuple[str, object]]:
    """Return the objects of a run that may count, or draw random numbers, each by a name."""
    for name, optimizer in Optimizers(options.optimizer).items():
        yield f"optimizer {name}", optimizer
    counts: Counter[str] = Counter()
    for callback in options.callbacks:
        kind = type(callback).__name__
        counts[kind] += 1
        if not _keeps_state(callback):
            yield f"{kind} {counts[kind]}", callback
    for name in FUNCTIONS:
        yield from _objects_of_function(name, getattr(options, name), options.model)


def _objects_of_function(
    name: str, function: Any, model: torch.nn.Module
) -> Iterator[tuple[str, object]]:
    while isinstance(function, functools.partial):
        function = cast("Any", function).func
    owner = owner_of(function)
    if inspect.isfunction(function):
        yield name, function
    elif isinstance(owner, torch.nn.Module):
        own = set(map(id, type(model).modules(model)))  # one may have an __eq__ of its own
        for place, one in cast("Any", owner).named_modules():
            if id(one) not in own:
                yield f"{name} {place}", one
    elif owner is not None and not _keeps_state(owner):
        yield name, owner


class _Owned:
    """An object of the user's."""

    def __init__(self, owner: Any) -> None:
        self._owner = owner

    def state_dict(self) -> dict[str, Any]:
        """Return its state, as it gives it."""
        return self._owner.state_dict()

    def load_state_dict(self, state: Any) -> None:
        """Have it take a state."""
        self._owner.load_state_dict(state)


def describe_left_out(options: TrainingOptions) -> str | None:
    """Return a sentence on what a checkpoint of such a run cannot hold, None if it holds all.

    As far as it can be seen: in the closures of the user's functions, in the globals that they
    name, in the attributes of their objects, and in the loader.
    """
    found = [*_of_loader(options.train_loader), *_of_scheduler(options.scheduler)]
    for name in FUNCTIONS:
        found += _of_function(name, getattr(options, name))
    if not found:
        return None
    unique = list(dict.fromkeys(found))
    more = f"; and {len(unique) - _SHOWN} more" if len(unique) > _SHOWN else ""
    return (
        "a checkpoint of this run does not hold everything, so that a run that goes on from it "
        f"may differ: {'; '.join(unique[:_SHOWN])}{more}."
    )


def _of_loader(loader: object) -> Iterator[str]:
    if checks.is_one_pass(loader):
        yield f"train_loader is a {type(loader).__name__}, which cannot be read again"
    elif attribute_of(loader, "persistent_workers", False) and attribute_of(
        loader, "num_workers", 0
    ):
        yield (
            "persistent_workers=True keeps the random numbers of its processes over epochs, which "
            "new ones do not have"
        )


def _of_scheduler(scheduler: object) -> Iterator[str]:
    if scheduler is not None and not _keeps_state(scheduler):
        yield f"scheduler ({type(scheduler).__name__}) has no state_dict and load_state_dict"


def _of_function(name: str, function: Any) -> Iterator[str]:
    owner = owner_of(function)
    if owner is not None and not _keeps_state(owner):
        kept = [
            attribute
            for attribute, value in _attributes(owner)
            if _is_number(value) and not is_kept(value)
        ]
        kept = [attribute for attribute in kept if not _is_constant(owner, attribute)]
        if kept:
            yield (
                f"{name} ({type(owner).__name__}) may keep a state (.{kept[0]}) and has no "
                "state_dict and load_state_dict"
            )


def _attributes(owner: object) -> list[tuple[str, object]]:
    return list(attribute_of(owner, "__dict__", {}).items())


def _is_number(value: object) -> bool:
    kinds = int | float | torch.Tensor | np.ndarray
    return isinstance(value, kinds) and not isinstance(value, bool)


def _is_constant(owner: object, attribute: str) -> bool:
    """Whether an attribute is an argument of the object's `__init__`: so it was given, not kept."""
    try:
        return attribute.lstrip("_") in inspect.signature(type(owner)).parameters
    except Exception:  # noqa: BLE001  its own code, or it has no signature
        return False


def _keeps_state(owner: Any) -> bool:
    return callable(attribute_of(owner, "state_dict", None)) and callable(
        attribute_of(owner, "load_state_dict", None)
    )
