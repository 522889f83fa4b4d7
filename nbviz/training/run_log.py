"""The lines that an engine adds to its run's log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.training import clock
from nbviz.training.events import LineLogged

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.protocol.log import LineLevel
    from nbviz.training.events import Observer


class RunLog:
    """Logs lines as events.

    Args:
        emit: Receives them.
        step: Returns how many steps are completed.
    """

    def __init__(self, emit: Observer, step: Callable[[], int]) -> None:
        self._emit = emit
        self._step = step
        self._said: set[str] = set()

    def __call__(self, level: LineLevel, text: str) -> None:
        """Log a line."""
        self._emit(LineLogged(clock.now(), self._step(), level, text))

    def once(self, level: LineLevel, text: str, about: str = "") -> None:
        """Log a line, unless one about the same was logged before."""
        if (about or text) not in self._said:
            self._said.add(about or text)
            self(level, text)

    def forget(self) -> None:
        """Say everything again, in another run."""
        self._said.clear()

    def metric_dropped(self, name: str, reason: str) -> None:
        """Say that a metric is not computed any more."""
        self("error", f"the metric {name!r} {reason}. It is dropped; training goes on.")

    def value_left_out(self, name: str, reason: str) -> None:
        """Say that a value of a step's result is not recorded."""
        self.once(
            "warning", f"{name!r} is left out where it is not one number ({reason}).", about=name
        )
