"""Callbacks: what of the user's a trainer calls between two steps; none can make it fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from nbviz.errors import (
    ConfigurationError,
    RunStopped,
    StopTraining,
    attribute_of,
    describe,
    text_of,
)
from nbviz.training.events import (
    EpochEnded,
    RunEnded,
    RunPaused,
    RunStarted,
    StepEnded,
    ValidationEnded,
)
from nbviz.training.steps.numbers import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbviz.protocol.log import LineLevel
    from nbviz.training.events import Event

METHODS: dict[type[Any], str] = {
    RunStarted: "on_start",
    StepEnded: "on_step",
    EpochEnded: "on_epoch",
    ValidationEnded: "on_validation",
    RunPaused: "on_pause",
    RunEnded: "on_end",
}


class Callback(Protocol):
    """An object with some of `METHODS`, each taking (trainer, event)."""


def check_callbacks(callbacks: Iterable[object]) -> None:
    """Raise ConfigurationError unless each has a method to call."""
    for callback in callbacks:
        if isinstance(callback, type):
            raise ConfigurationError(
                f"callbacks: {callback.__name__} is a class; give an object of it, "
                f"{callback.__name__}()."
            )
        if not any(callable(attribute_of(callback, name, None)) for name in METHODS.values()):
            raise ConfigurationError(
                f"callbacks: {shown(callback)} has none of the methods "
                f"{', '.join(METHODS.values())}. A function is called every n steps by "
                "nbviz.callbacks.every(n, function)."
            )


class Callbacks:
    """Calls callbacks in order, with what happened.

    Args:
        callbacks: The user's.
        say: Logs a line.

    Attributes:
        owner: What they are given as the trainer.
        recomputes: Whether steps are made again: then those that were added are not called, and of
            the user's only what belongs to a step, as what they do there may be part of it.
    """

    def __init__(
        self, callbacks: Iterable[Callback], say: Callable[[LineLevel, str], None]
    ) -> None:
        self.owner: Any = None
        self.recomputes = False
        self._all: list[Any] = list(callbacks)
        self._given = len(self._all)
        self._off: set[int] = set()
        self._say = say

    @property
    def has_steps(self) -> bool:
        """Whether there is one to be called at each step."""
        return bool(self._all)

    def add(self, callback: Callback) -> None:
        """Call one more of nbviz's own, after the others."""
        self._all.append(callback)

    def __call__(self, event: Event) -> None:
        """Call all of them.

        Raises:
            RunStopped: One raised `StopTraining`.
        """
        name = METHODS[type(event)]
        if isinstance(event, RunStarted):
            self._off.clear()
        if self.recomputes and isinstance(event, RunPaused | RunEnded):
            return
        if self.recomputes and isinstance(event, RunStarted) and event.step:
            return
        called = self._all[: self._given] if self.recomputes else self._all
        for number, callback in enumerate(called):
            method: Any = attribute_of(callback, name, None)
            if method is None or number in self._off:
                continue
            try:
                method(self.owner, event)
            except StopTraining as stop:
                text = text_of(stop) or f"{_name_of(callback)} ended the training."
                self._say("info", text)
                raise RunStopped(text) from None
            except Exception as error:  # noqa: BLE001  a callback never ends the training
                self._off.add(number)
                self._say(
                    "error",
                    f"the callback {_name_of(callback)} raised {describe(error)} in {name} and is "
                    "called no more in this run; training goes on.",
                )

    def state_dict(self) -> dict[str, Any]:
        """Return the state of those that have one, by kind and place among their kind."""
        return {
            name: callback.state_dict()
            for name, callback in self._named()
            if callable(attribute_of(callback, "state_dict", None))
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Give those that are there their state; new ones begin."""
        for name, callback in self._named():
            if name in state and callable(attribute_of(callback, "load_state_dict", None)):
                callback.load_state_dict(state[name])

    def _named(self) -> list[tuple[str, Any]]:
        counts: dict[str, int] = {}
        named: list[tuple[str, Any]] = []
        for callback in self._all:
            kind = type(callback).__name__
            counts[kind] = counts.get(kind, 0) + 1
            named.append((f"{kind} {counts[kind]}", callback))
        return named


def _name_of(callback: object) -> str:
    return attribute_of(callback, "__name__", None) or type(callback).__name__
