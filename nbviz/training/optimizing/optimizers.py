"""The optimizers of a run: the one that the engine steps, or those that `training_step` steps."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.optim import Optimizer

from nbviz.errors import ConfigurationError, attribute_of
from nbviz.text import counted
from nbviz.training.optimizing.step_counts import StepCount
from nbviz.training.steps.numbers import shown

if TYPE_CHECKING:
    from collections.abc import Iterator


GivenOptimizer = Optimizer | Mapping[str, Optimizer] | Sequence[Optimizer] | None

_SHOWN = 5  # names of parameters in a line


class Optimizers:
    """The optimizers by name; the name of a single one is empty.

    Args:
        given: One, which the engine steps; or a dict or a list of them (named by their places),
            which `training_step` steps; or None.

    Attributes:
        own: The one that the engine steps, None if `training_step` steps by itself.

    Raises:
        ConfigurationError: Something given is no optimizer.
    """

    def __init__(self, given: GivenOptimizer) -> None:
        self.own = given if isinstance(given, Optimizer) else None
        pairs: list[tuple[str, Any]] = []
        if self.own is not None:
            pairs = [("", given)]
        elif isinstance(given, Mapping):
            pairs = [(str(name), each) for name, each in given.items()]
        elif isinstance(given, Sequence) and not isinstance(given, str):
            pairs = [(str(place), each) for place, each in enumerate(given)]
        elif given is not None:
            raise _no_optimizer(given)
        for _, each in pairs:
            if not isinstance(each, Optimizer):
                raise _no_optimizer(each)
        self._named: dict[str, Optimizer] = dict(pairs)
        self._counts: dict[int, StepCount] = {}
        self._before: dict[int, int] = {}
        self._with_modes: list[Any] = [each for _, each in pairs if _has_modes(each)]

    def __iter__(self) -> Iterator[Optimizer]:
        return iter(self._named.values())

    def __len__(self) -> int:
        return len(self._named)

    def items(self) -> Iterator[tuple[str, Optimizer]]:
        """Return them with their names."""
        return iter(self._named.items())

    def parameters(self) -> Iterator[torch.Tensor]:
        """Return what they train."""
        for optimizer in self:
            for group in optimizer.param_groups:
                yield from group["params"]

    def begin_step(self) -> None:
        """Begin to follow which of them make a step; those that have modes are set to train."""
        for optimizer in self._with_modes:
            optimizer.train()
        if self.own is None and not self._counts:
            self._counts = {id(each): StepCount(each) for each in self}
        self._before = {key: count.made for key, count in self._counts.items()}

    def has_stepped(self, optimizer: object = None) -> bool:
        """Return whether this one has made a step since `begin_step`, or, without one, any.

        True where that is not known: of one that is not stepped by `training_step`, or that does
        not tell.
        """
        keys = self._counts if optimizer is None else (id(optimizer),)
        known = [key for key in keys if key in self._counts]
        return not known or any(
            not self._counts[key].is_told or self._counts[key].made > self._before.get(key, 0)
            for key in known
        )

    def evaluate(self) -> None:
        """Set those that have modes to eval mode: such as train other weights than they end with.

        Schedule-free ones are the example. The next step sets them to train mode.
        """
        for optimizer in self._with_modes:
            optimizer.eval()

    def end_run(self) -> None:
        """As `evaluate`; a failure is not raised in place of training's own error."""
        with contextlib.suppress(Exception):
            self.evaluate()

    def rates(self) -> dict[str, Any]:
        """Return the learning rates by tag: `lr`, `lr/0` by group, `lr/name` by optimizer."""
        return {
            tag: rate.detach().clone() if isinstance(rate := group["lr"], torch.Tensor) else rate
            for name, optimizer in self.items()
            for tag, group in zip(rate_tags(optimizer, name), optimizer.param_groups, strict=True)
            if group.get("lr") is not None  # one may find its own, as Adafactor
        }

    def describe_missing(self, model: nn.Module, loss_fn: object = None) -> str | None:
        """Return a sentence on the parameters that none of them trains, if there are.

        Those of a loss that has some, such as a learned weight of its parts, are named `loss_fn.…`.
        """
        if not self._named:
            return None
        theirs = {id(parameter) for parameter in self.parameters()}
        named = list(model.named_parameters())
        if isinstance(loss_fn, nn.Module):
            of_model = {id(parameter) for _, parameter in named}
            of_loss = loss_fn.named_parameters(prefix="loss_fn")
            named += [(name, p) for name, p in of_loss if id(p) not in of_model]
        missing = [name for name, p in named if p.requires_grad and id(p) not in theirs]
        if not missing:
            return None
        names = ", ".join(missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
        many = len(missing) > 1
        text = (
            f"{counted(len(missing), 'trainable parameter')} ({names}) "
            f"{'are' if many else 'is'} in no optimizer and will not change"
        )
        stale = len(theirs - {id(parameter) for _, parameter in named})
        if stale:
            text += f", and the optimizer holds {stale:,} that the model does not have"
        return text + ". Make the optimizer after the last change to the model's layers."


def _has_modes(optimizer: Any) -> bool:
    return all(callable(attribute_of(optimizer, name)) for name in ("train", "eval"))


def rate_tags(optimizer: Optimizer, name: str = "") -> list[str]:
    """Return the tag of each group's learning rate: by the group's name or place, if many."""
    whole = f"lr/{name}" if name else "lr"
    groups = optimizer.param_groups
    if len(groups) == 1:
        return [whole]
    tags = [f"{whole}/{group.get('name', place)}" for place, group in enumerate(groups)]
    if len(set(tags)) < len(tags):
        tags = [f"{whole}/{place}" for place in range(len(groups))]
    return tags


def _no_optimizer(given: object) -> ConfigurationError:
    return ConfigurationError(
        f"optimizer must be a torch.optim.Optimizer, or a dict or list of them, got {shown(given)}."
    )
