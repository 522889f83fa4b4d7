"""The values of a run that can be changed while it runs, such as its learning rate."""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbviz.errors import CommandError
from nbviz.training.optimizing.values import optimizer_values
from nbviz.training.steps.numbers import read_number, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import nn
    from torch.optim import Optimizer

    from nbviz.protocol.run import ValueScale
    from nbviz.training.optimizing.optimizers import Optimizers


@dataclass(frozen=True, slots=True)
class Setting:
    """One settable value, as it is now. The fields are those of `protocol.run.Setting`."""

    name: str
    value: float
    minimum: float
    maximum: float | None
    scale: ValueScale
    driver: str


@dataclass(frozen=True, slots=True)
class _Entry:
    get: Callable[[], float]
    set: Callable[[float], None]
    minimum: float
    maximum: float | None
    scale: ValueScale
    includes_minimum: bool
    includes_maximum: bool
    driver: str

    def admits(self, value: float) -> bool:
        above = value >= self.minimum if self.includes_minimum else value > self.minimum
        if self.maximum is None:
            return above
        return above and (value <= self.maximum if self.includes_maximum else value < self.maximum)

    def range_of(self, name: str) -> str:
        text = f"{self.minimum:g} {'≤' if self.includes_minimum else '<'} {name}"
        if self.maximum is not None:
            text += f" {'≤' if self.includes_maximum else '<'} {self.maximum:g}"
        return text


class Settings:
    """What can be set on a run, by name."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._optimizers: weakref.WeakSet[Optimizer] = weakref.WeakSet()

    def add(
        self,
        name: str,
        get: Callable[[], float],
        set: Callable[[float], None],  # noqa: A002  its name in every caller's eyes
        *,
        minimum: float = 0.0,
        maximum: float | None = None,
        scale: ValueScale = "linear",
        includes_minimum: bool = True,
        includes_maximum: bool = True,
        driver: str = "",
    ) -> None:
        """Make a value settable; a name that exists already is replaced.

        Args:
            name: As in `trainer.set(name=value)`.
            get: Returns the value now; called from any thread.
            set: Applies a value; called between two steps on the run's thread.
            minimum: The least value.
            maximum: The greatest value, None for no bound.
            scale: How a slider should divide the range.
            includes_minimum: Whether `minimum` itself is allowed.
            includes_maximum: Whether `maximum` itself is allowed.
            driver: What changes the value by itself, such as a scheduler's class; empty if nothing.
        """
        self._entries[name] = _Entry(
            get, set, minimum, maximum, scale, includes_minimum, includes_maximum, driver
        )

    def for_optimizer(self, optimizer: Optimizer, scheduler: object = None, name: str = "") -> None:
        """Add the numbers of an optimizer's parameter groups, as `optimizer_values` describes.

        Args:
            optimizer: The optimizer.
            scheduler: What drives its learning rate, if anything does.
            name: Added to the names, as in `lr/name`, where there are several optimizers.
        """
        self._optimizers.add(optimizer)
        for value in optimizer_values(optimizer, scheduler, name):
            self.add(
                value.name,
                value.get,
                value.set,
                maximum=value.maximum,
                scale=value.scale,
                includes_minimum=value.includes_zero,
                includes_maximum=False,
                driver=value.driver,
            )

    def for_another(self, optimizer: Optimizer) -> None:
        """Add an optimizer's numbers beside those that are there, as `lr/2` where one has `lr`."""
        if optimizer in self._optimizers:
            return
        names, number = [""], 1
        while any(
            value.name in self._entries for value in optimizer_values(optimizer, None, names[-1])
        ):
            number += 1
            names.append(str(number))
        self.for_optimizer(optimizer, name=names[-1])

    def for_dropout(self, model: nn.Module) -> None:
        """Add `dropout`, 0 ≤ dropout < 1, if the model has any `nn.Dropout*` layer.

        It shows the first layer's probability and sets that of all of them. A compiled model
        compiles again at the next step, because it was compiled for the old value.
        """
        from torch.nn.modules.dropout import (
            _DropoutNd,  # pyright: ignore[reportPrivateUsage]  the one base of all of them
        )

        layers = [module for module in type(model).modules(model) if isinstance(module, _DropoutNd)]
        if not layers:
            return

        def apply(value: float) -> None:
            for layer in layers:
                layer.p = value

        self.add("dropout", lambda: layers[0].p, apply, maximum=1.0, includes_maximum=False)

    def for_training(self, model: nn.Module, optimizers: Optimizers, scheduler: object) -> None:
        """Add what can be set on a training: its optimizers' numbers, its model's dropout."""
        for name, optimizer in optimizers.items():
            self.for_optimizer(optimizer, None if optimizers.own is None else scheduler, name)
        self.for_dropout(model)

    def now(self) -> list[Setting]:
        """Return every settable value as it is now."""
        return [
            Setting(
                name,
                float(entry.get()),
                entry.minimum,
                entry.maximum,
                entry.scale,
                entry.driver,
            )
            for name, entry in list(self._entries.items())
        ]

    def check(self, values: Mapping[str, object]) -> dict[str, float]:
        """Return the values as floats, all of them valid.

        Raises:
            CommandError: A name does not exist, or a value is no number or out of range.
        """
        return {name: self._check_one(name, value) for name, value in values.items()}

    def _check_one(self, name: str, value: object) -> float:
        entry = self._entries.get(name)
        if entry is None:
            known = ", ".join(self._entries) or "nothing"
            raise CommandError(f"there is no {name!r} to set; this run has: {known}.")
        if isinstance(value, bool):
            raise CommandError(f"{name} must be a number, got {shown(value)}.")
        try:
            number = float(read_number(value))
        except ValueError as error:
            raise CommandError(f"{name} must be a number, {error}.") from None
        if not math.isfinite(number) or not entry.admits(number):
            raise CommandError(f"{name} must be finite and {entry.range_of(name)}, got {value}.")
        return number

    def apply(self, name: str, value: float) -> tuple[float, float]:
        """Set a checked value, and return the old and the new one."""
        entry = self._entries[name]
        old = float(entry.get())
        entry.set(value)
        return old, float(entry.get())
