"""What was set while a run trained, and where, so that its steps can be made again."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

from nbviz.training.events import (
    EpochEnded,
    EpochStarted,
    RunStarted,
    SettingApplied,
    StepEnded,
    ValidationEnded,
    ValidationStarted,
)

if TYPE_CHECKING:
    from nbviz.training.events import Event

_PLACES = (StepEnded, ValidationStarted, ValidationEnded, EpochEnded, EpochStarted)


@dataclass(frozen=True, slots=True)
class Change:
    """A value that was set.

    Attributes:
        step: Completed steps.
        place: After which event of that step: one of `StepEnded`, `ValidationStarted` and so on.
        name: What was set.
        value: To what.
    """

    step: int
    place: str
    name: str
    value: float


def changes_of(state: list[list[Any]]) -> list[Change]:
    """Return what `Changes.to_state` was made of; raises TypeError or ValueError if it is not."""
    return [
        Change(int(step), str(place), str(name), float(value)) for step, place, name, value in state
    ]


class Changes:
    """Keeps what was set; an observer of an engine."""

    def __init__(self) -> None:
        self._all: list[Change] = []
        self._place = StepEnded.__name__

    def __call__(self, event: Event) -> None:
        """Take note of an event of the engine's."""
        if isinstance(event, _PLACES):
            self._place = type(event).__name__
        elif isinstance(event, RunStarted):
            self._place = StepEnded.__name__
        elif isinstance(event, SettingApplied):
            self._all.append(Change(event.step, self._place, event.name, event.new))

    def at(self, event: Event) -> dict[str, float]:
        """Return what was set between this event and the next."""
        if not self._all or not isinstance(event, _PLACES):
            return {}
        where = event.step, type(event).__name__
        return {one.name: one.value for one in self._all if (one.step, one.place) == where}

    def until(self, step: int) -> list[Change]:
        """Return what was set before this step was completed."""
        return [one for one in self._all if one.step < step]

    def to_state(self) -> list[list[Any]]:
        """Return all as what a file holds."""
        return [list(astuple(one)) for one in self._all]

    def set_to(self, changes: list[Change]) -> None:
        """Know of these alone."""
        self._all = changes
