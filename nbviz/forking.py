"""What a fork of a trainer is made of: copies that belong together."""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING, Any

from nbviz.errors import CheckpointError, attribute_of, describe, has_attribute
from nbviz.training.random_numbers.random_state import is_generator

if TYPE_CHECKING:
    from nbviz.trainer_options import TrainerOptions

_COPIED = (
    "model", "optimizer", "scheduler", "loss_fn", "training_step", "validation_step",
    "prepare_batch", "metrics", "callbacks", "train_loader", "val_loader",
)  # fmt: skip


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
    memo = {id(one): one for one in loaders if type(one) in (list, tuple)}
    try:
        for one in loaders:
            if has_attribute(one, "dataset"):
                _of_its_own(one.dataset, memo)
        # Together, so that the copied optimizer steps the copied model.
        made = copy.deepcopy({name: fields[name] for name in _COPIED}, memo)
    except Exception as error:
        raise CheckpointError(
            f"the run cannot be forked, because something of it cannot be copied "
            f"({describe(error)})."
        ) from error
    return fields | made | others


def _of_its_own(dataset: Any, memo: dict[int, Any]) -> Any:
    """Return a data set that draws from generators of its own, with the same data.

    One that keeps no generator is returned as it is. Those that two loaders have stay one.
    """
    if id(dataset) in memo:
        return memo[id(dataset)]
    changes: dict[str, Any] = {
        name: copy.deepcopy(value, memo)
        for name, value in attribute_of(dataset, "__dict__", {}).items()
        if is_generator(value)
    }
    inner = attribute_of(dataset, "dataset", None)
    if inner is not None and (own := _of_its_own(inner, memo)) is not inner:
        changes["dataset"] = own
    made = copy.copy(dataset) if changes else dataset
    if changes:
        made.__dict__.update(changes)
    memo[id(dataset)] = made
    return made
