"""What a fork of a trainer is made of: copies that belong together."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import inspect
import threading
import weakref
from types import CellType, FunctionType
from typing import TYPE_CHECKING, Any, Protocol, cast

import torch

from nbviz.errors import CheckpointError, attribute_of, describe, has_attribute
from nbviz.rebinding import Rebinding
from nbviz.training.checkpoints.attributes import attributes_of, is_kept
from nbviz.training.checkpoints.loader_objects import MOST_LISTED, is_object, objects_of
from nbviz.training.checkpoints.used import FUNCTIONS, known_objects, used_objects
from nbviz.training.optimizing.optimizers import Optimizers
from nbviz.training.random_numbers.generators import is_generator

if TYPE_CHECKING:
    from nbviz.trainer_options import TrainerOptions
    from nbviz.training.engine import Engine

_COPIED = (
    "model", "optimizer", "scheduler", "loss_fn", "training_step", "validation_step",
    "prepare_batch", "metrics", "callbacks", "train_loader", "val_loader",
)  # fmt: skip
_MOST_DEEP = 8  # objects of a data set inside each other


class Fork(Protocol):
    """What of a fork is needed."""

    engine: Engine


def copied_options(options: TrainerOptions, **others: Any) -> dict[str, Any]:
    """Return the options of a trainer that goes its own way; data sets are shared.

    Args:
        options: Those of the trainer that is forked.
        **others: Options that the fork has of its own.

    Raises:
        CheckpointError: Something cannot be copied, or would not be the copy's own.
    """
    fields = {one.name: getattr(options, one.name) for one in dataclasses.fields(options)}
    try:
        return fields | _copied(options, {name: fields[name] for name in _COPIED}) | others
    except Exception as error:
        raise CheckpointError(
            f"the run cannot be forked, because something of it cannot be copied "
            f"({describe(error)})."
        ) from error


def _copied(options: TrainerOptions, fields: dict[str, Any]) -> dict[str, Any]:
    loaders: list[Any] = [
        one for one in (options.train_loader, options.val_loader) if one is not None
    ]
    memo: dict[int, Any] = {id(one): one for one in loaders if type(one) in (list, tuple)}
    for one in loaders:
        memo[id(attribute_of(one, "_iterator", None))] = None  # a fork's workers are its own
        for _, found in objects_of(one):
            _with_own_cells(found, memo)
        if has_attribute(one, "dataset"):
            _of_its_own(one.dataset, memo)
    used = used_objects(options)
    binding = Rebinding([*known_objects(options), *used.values()], memo)
    for name, value in fields.items():
        for one in value if name == "callbacks" else (value,):
            binding.prepare(one)
        _with_own_cells(value, memo)
    _detach(options.model, memo)
    # Together, so that the copied optimizer steps the copied model.
    made, own = copy.deepcopy((fields, used), memo)
    binding.name()
    for name, value in made.items():
        made[name] = _finished(binding, name, value)
    optimizers = [*Optimizers(options.optimizer), *used.values()]
    for one, copied in zip(
        optimizers, [*Optimizers(made["optimizer"]), *own.values()], strict=True
    ):
        if isinstance(one, torch.optim.Optimizer):
            _copy_attributes(one, copied, memo)
    return made


def guard_optimizers(options: TrainerOptions, fork: Fork) -> None:
    """Have the optimizers of a run refuse to be stepped by a fork of it, which has its own.

    Args:
        options: The run's.
        fork: The fork.
    """
    held = weakref.ref(fork)

    def check(optimizer: torch.optim.Optimizer, *_: object) -> None:
        one = held()
        turn = None if one is None else one.engine.turn
        if turn is not None and turn.is_held and turn.thread == threading.get_ident():
            raise CheckpointError(
                f"the fork's step would step the {type(optimizer).__name__} of the run that it was "
                "forked from, which it reaches in a way that is not seen. Name the optimizer in "
                "training_step itself, or keep it on the model."
            )

    for one in (*Optimizers(options.optimizer), *used_objects(options).values()):
        if isinstance(one, torch.optim.Optimizer):
            weakref.finalize(fork, one.register_step_pre_hook(check).remove)


def _finished(binding: Rebinding, name: str, value: Any) -> Any:
    if name == "callbacks":
        return type(value)(binding.finish(one) for one in value)
    return binding.finish(value) if name in FUNCTIONS else value


def _detach(model: torch.nn.Module, memo: dict[int, Any]) -> None:
    """Have tensors that a forward pass made be copied: weights that are computed anew in each."""
    for module in type(model).modules(model):
        for value in vars(module).values():
            if isinstance(value, torch.Tensor) and value.grad_fn is not None:
                memo[id(value)] = value.detach().clone()


def _copy_attributes(optimizer: object, copied: object, memo: dict[int, Any]) -> None:
    """Give a copied optimizer what its class keeps beside groups and state, which torch leaves."""
    known = vars(copied)
    for name, value in tuple(vars(optimizer).items()):
        if name not in known and not name.startswith("_optimizer_") and not callable(value):
            known[name] = copy.deepcopy(value, memo)


def _with_own_cells(function: Any, memo: dict[int, Any]) -> None:
    """Have a function that counts, or draws, where it was made, do so for the fork alone."""
    if not inspect.isfunction(function) or id(function) in memo:
        return
    own = {name: value for name, value in attributes_of(function) if is_kept(value)}
    if not own:
        return
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    closure = tuple(
        CellType(copy.deepcopy(own[name], memo)) if name in own else cell for name, cell in cells
    )
    made = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, closure
    )
    made.__kwdefaults__ = function.__kwdefaults__
    made.__dict__.update(vars(function))
    memo[id(function)] = made


def _of_its_own(value: Any, memo: dict[int, Any], depth: int = _MOST_DEEP) -> Any:
    """Return a data set, or what one keeps, that draws and counts for itself, with the same data.

    What does neither is returned as it is. Data sets that two loaders have stay one.
    """
    if id(value) in memo:
        return memo[id(value)]
    if type(value) in (list, tuple):
        items = cast("list[Any]", value)
        if len(items) > MOST_LISTED:
            return items
        own = [_of_its_own(one, memo, depth) for one in items]
        is_same = all(one is other for one, other in zip(own, items, strict=True))
        return items if is_same else type(items)(own)
    if depth == 0 or not is_object(value) or inspect.isfunction(value):
        return value
    changes: dict[str, Any] = {}
    counts = False
    for name, one in tuple(cast("dict[str, Any]", attribute_of(value, "__dict__", {})).items()):
        counts = counts or type(one) in (int, float)
        own = copy.deepcopy(one, memo) if is_generator(one) else _of_its_own(one, memo, depth - 1)
        if own is not one:
            changes[name] = own
    made = value
    if changes or counts:
        with contextlib.suppress(Exception):  # such as one that holds an open file
            made = copy.copy(value)
            vars(made).update(changes)
    memo[id(value)] = made
    return made
