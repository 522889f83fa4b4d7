"""The state of the optimizers of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from nbviz.errors import CheckpointError

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from nbviz.training.optimizing.optimizers import Optimizers


class OptimizersState:
    """What optimizers keep, and the values of their parameter groups.

    Args:
        optimizers: Those of the run.
    """

    def __init__(self, optimizers: Optimizers) -> None:
        self._optimizers = optimizers
        # Of each, the groups that it had at most: some are added in the middle of a training.
        self._groups: dict[str, list[dict[str, Any]]] = {}
        self._note_groups()

    def _note_groups(self) -> None:
        for name, optimizer in self._optimizers.items():
            if len(optimizer.param_groups) > len(self._groups.get(name, ())):
                self._groups[name] = list(optimizer.param_groups)

    def state_dict(self) -> dict[str, Any]:
        """Return it by the optimizers' names; the tensors are their own."""
        self._note_groups()
        return {
            name: {"kind": type(optimizer).__name__, "state": optimizer.state_dict()}
            for name, optimizer in self._optimizers.items()
        }

    def check(self, state: dict[str, Any]) -> None:
        """Raise CheckpointError unless the state is one of such optimizers."""
        self._note_groups()
        ours = dict(self._optimizers.items())
        if ours.keys() != state.keys():
            raise CheckpointError(
                f"the checkpoint has {_listed(state)}, and this run {_listed(ours)}. Give the "
                "optimizers under the names that they had."
            )
        for name, optimizer in ours.items():
            kind, there = type(optimizer).__name__, state[name]["kind"]
            if kind != there:
                raise CheckpointError(
                    f"the checkpoint's optimizer{f' {name!r}' if name else ''} is {there}, and "
                    f"this one is {kind}. Give one of the same kind."
                )
            groups = [len(group["params"]) for group in self._groups[name]]
            theirs = [len(group["params"]) for group in state[name]["state"]["param_groups"]]
            if groups[: len(theirs)] != theirs or not theirs:
                raise CheckpointError(
                    f"the checkpoint's {there} has groups of {theirs} parameters, and this one of "
                    f"{groups}. Make it over the same parameters, in the same groups."
                )

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Set them to it. They keep the tensors that they are given: give them copies."""
        for name, optimizer in self._optimizers.items():
            kept = state[name]["state"]
            # As many groups as there were then.
            known = self._groups[name][: len(kept["param_groups"])]
            if [*map(id, known)] != [*map(id, optimizer.param_groups)]:
                now = optimizer.param_groups[: len(known)]
                optimizer.param_groups[:] = [*now, *known[len(now) :]]
            optimizer.load_state_dict(kept)
            _keep_types(optimizer, kept)


def _keep_types(optimizer: Optimizer, kept: dict[str, Any]) -> None:
    """Undo what `Optimizer.load_state_dict` does to states that are not of their parameter's type.

    It makes those floating-point states as coarse as the parameter is.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    numbers = [n for group in kept["param_groups"] for n in group["params"]]
    for parameter, number in zip(parameters, numbers, strict=True):
        entries = optimizer.state.get(parameter)
        for key, value in kept["state"].get(number, {}).items():
            now: Any = None if entries is None else entries.get(key)
            if (
                isinstance(value, torch.Tensor)
                and isinstance(now, torch.Tensor)
                and now.dtype != value.dtype
                and entries is not None
            ):
                entries[key] = value.to(now.device)


def _listed(named: dict[str, Any]) -> str:
    if not named:
        return "no optimizer"
    names = [name for name in named if name]
    return f"the optimizers {', '.join(names)}" if names else "one optimizer"
