"""The numbers of an optimizer's parameter groups, as settable values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from nbviz.training.optimizing.manual_rate import rescale_schedule
from nbviz.training.optimizing.optimizers import rate_tags

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch.optim import Optimizer

    from nbviz.protocol.run import ValueScale

# Written into the groups by schedulers, for their own use.
_OF_SCHEDULERS = frozenset(
    {"initial_lr", "max_lr", "min_lr", "base_momentum", "max_momentum", "swa_lr"}
)
_BELOW_ONE = frozenset({"momentum", "dampening", "beta1", "beta2", "beta3", "alpha", "rho"})
_IN_PROPORTION = frozenset({"lr", "weight_decay"})
_LOGARITHMIC = frozenset({"lr", "weight_decay", "eps"})


@dataclass(frozen=True, slots=True)
class OptimizerValue:
    """One number, for all groups that have it. Its least value is 0."""

    name: str
    get: Callable[[], float]
    set: Callable[[float], None]
    maximum: float | None  # itself not allowed
    scale: ValueScale
    includes_zero: bool
    driver: str  # the class of the scheduler that changes it; empty if none does


def optimizer_values(
    optimizer: Optimizer, scheduler: object = None, name: str = ""
) -> list[OptimizerValue]:
    """Return what can be set on an optimizer: every number in its parameter groups.

    `betas` is given as `beta1` and `beta2`. All groups are set together. `lr` and `weight_decay`
    show the first group that is not 0, and setting them keeps the ratios between groups, so that a
    group without weight decay stays without. Where there are several groups, each has its own
    learning rate beside: `lr/0`, or `lr/` and the group's name. With a `name` for the optimizer it
    is `lr/name`, `lr/name/0`, `momentum/name`.

    With a scheduler, a new `lr` moves the rest of its schedule in proportion (`rescale_schedule`);
    so it must be above 0 there.
    """
    names: dict[str, None] = {}
    for group in optimizer.param_groups:
        for key, value in group.items():
            if key == "betas":
                names.update(dict.fromkeys(f"beta{i + 1}" for i in range(len(value))))
            elif key not in _OF_SCHEDULERS and _is_number(value):
                names[key] = None
    if isinstance(optimizer, torch.optim.RMSprop) and not optimizer.param_groups[0]["momentum"]:
        # It makes its buffers only at the first step with momentum, and would fail without.
        del names["momentum"]
    found: list[OptimizerValue] = []
    for key in names:
        found.append(_value(optimizer, scheduler, key, f"{key}/{name}" if name else key))
        if key == "lr" and len(optimizer.param_groups) > 1:
            found += [
                _value(optimizer, scheduler, key, tag, place)
                for place, tag in enumerate(rate_tags(optimizer, name))
            ]
    return found


def _value(
    optimizer: Optimizer, scheduler: object, name: str, shown: str, place: int | None = None
) -> OptimizerValue:
    """Return one value: of all groups, or of that at a place."""
    value = _GroupValue(optimizer, name, place)
    has_schedule = name == "lr" and scheduler is not None

    def set_lr(new: float) -> None:
        old = value.get()
        value.set(new)
        if old > 0:
            rescale_schedule(scheduler, new / old, place)

    return OptimizerValue(
        name=shown,
        get=value.get,
        set=set_lr if has_schedule else value.set,
        maximum=1.0 if name in _BELOW_ONE else None,
        scale="log" if name in _LOGARITHMIC else "linear",
        includes_zero=not has_schedule,
        driver=type(scheduler).__name__ if has_schedule else "",
    )


class _GroupValue:
    """Reads and writes one number in all groups that have it."""

    def __init__(self, optimizer: Optimizer, name: str, place: int | None = None) -> None:
        self._optimizer = optimizer
        self._place = place
        self._name = name
        self._beta = int(name[4:]) - 1 if name.startswith("beta") and name[4:].isdigit() else None
        self._ratios: list[float] | None = None

    def get(self) -> float:
        values = [self._read(group) for group in self._groups()]
        if self._name in _IN_PROPORTION:
            return next((value for value in values if value), 0.0)
        return values[0]

    def set(self, new: float) -> None:
        groups = self._groups()
        ratios = self._keep_ratios(groups) if self._name in _IN_PROPORTION else [1.0] * len(groups)
        for group, ratio in zip(groups, ratios, strict=True):
            self._write(group, new * ratio)

    def _groups(self) -> list[dict[str, Any]]:
        key = self._name if self._beta is None else "betas"
        groups = self._optimizer.param_groups
        if self._place is not None:
            groups = groups[self._place : self._place + 1]
        return [group for group in groups if key in group]

    def _keep_ratios(self, groups: list[dict[str, Any]]) -> list[float]:
        # Remembered, so that setting 0 does not lose them.
        values = [self._read(group) for group in groups]
        reference = next((value for value in values if value), 0.0)
        if reference:
            self._ratios = [value / reference for value in values]
        if self._ratios is None or len(self._ratios) != len(groups):
            return [1.0] * len(groups)
        return self._ratios

    def _read(self, group: dict[str, Any]) -> float:
        value = group[self._name] if self._beta is None else group["betas"][self._beta]
        return float(value)

    def _write(self, group: dict[str, Any], value: float) -> None:
        if self._beta is not None:
            betas = list(group["betas"])
            betas[self._beta] = value
            group["betas"] = tuple(betas)
        elif isinstance(group[self._name], torch.Tensor):
            group[self._name].fill_(value)
        else:
            group[self._name] = value


def _is_number(value: object) -> bool:
    if isinstance(value, torch.Tensor):
        return value.numel() == 1 and value.is_floating_point()
    return isinstance(value, int | float) and not isinstance(value, bool)
