"""What a fork of a trainer is made of: copies that belong together."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import inspect
from types import CellType, FunctionType
from typing import TYPE_CHECKING, Any, cast

import torch

from nbviz.errors import CheckpointError, attribute_of, describe, has_attribute
from nbviz.training.checkpoints.attributes import attributes_of, is_kept
from nbviz.training.checkpoints.loader_objects import MOST_LISTED, is_object, objects_of
from nbviz.training.optimizing.optimizers import Optimizers
from nbviz.training.random_numbers.generators import is_generator

if TYPE_CHECKING:
    from nbviz.trainer_options import TrainerOptions

_COPIED = (
    "model", "optimizer", "scheduler", "loss_fn", "training_step", "validation_step",
    "prepare_batch", "metrics", "callbacks", "train_loader", "val_loader",
)  # fmt: skip
_MOST_DEEP = 8  # objects of a data set inside each other


def copied_options(options: TrainerOptions, **others: Any) -> dict[str, Any]:
    """Return the options of a trainer that goes its own way; data sets are shared.

    Args:
        options: Those of the trainer that is forked.
        **others: Options that the fork has of its own.

    Raises:
        CheckpointError: Something cannot be copied, or would not be the copy's own.
    """
    if options.training_step is not None and isinstance(options.optimizer, list | tuple | dict):
        raise CheckpointError(
            "a run whose training_step steps its optimizers cannot be forked: a copy of the step "
            "would step the same ones. Give optimizer=… and return the loss."
        )
    fields = {one.name: getattr(options, one.name) for one in dataclasses.fields(options)}
    loaders: list[Any] = [
        one for one in (options.train_loader, options.val_loader) if one is not None
    ]
    memo: dict[int, Any] = {id(one): one for one in loaders if type(one) in (list, tuple)}
    try:
        for one in loaders:
            memo[id(attribute_of(one, "_iterator", None))] = None  # a fork's workers are its own
            for _, found in objects_of(one):
                _with_own_cells(found, memo)
            if has_attribute(one, "dataset"):
                _of_its_own(one.dataset, memo)
        for name in _COPIED:
            _with_own_cells(fields[name], memo)
        _detach(options.model, memo)
        # Together, so that the copied optimizer steps the copied model.
        made = copy.deepcopy({name: fields[name] for name in _COPIED}, memo)
        both = zip(Optimizers(options.optimizer), Optimizers(made["optimizer"]), strict=True)
        for optimizer, copied in both:
            _copy_attributes(optimizer, copied, memo)
    except Exception as error:
        raise CheckpointError(
            f"the run cannot be forked, because something of it cannot be copied "
            f"({describe(error)})."
        ) from error
    return fields | made | others


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
