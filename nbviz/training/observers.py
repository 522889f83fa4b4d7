"""Gives each event to every observer; one that raises is reported and dropped."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from nbviz.errors import attribute_of, text_of
from nbviz.training import clock
from nbviz.training.events import LineLogged, RunEnded

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

from nbviz.training.events import Event, Observer


class Observers:
    """Observers of one engine, called in order on the run's thread."""

    def __init__(self, observers: Iterable[Observer]) -> None:
        self._all = tuple(observers)
        self._observers = list(self._all)

    def begin(self) -> None:
        """Take back those that were dropped: a run begins, and each is asked again."""
        self._observers = list(self._all)

    def replace(self, old: Observer, new: Observer) -> None:
        """Give events to another one in its place; only while no run is active."""
        self._all = tuple(new if each is old else each for each in self._all)

    @contextmanager
    def instead(self, observer: Observer) -> Generator[None]:
        """Give the events of runs in the block to one observer alone."""
        before, self._all = self._all, (observer,)
        try:
            yield
        finally:
            self._all = before
            self._observers = list(before)

    def __call__(self, event: Event) -> None:
        """Give an event to every observer; none of them can end the run."""
        for observer in tuple(self._observers):
            try:
                observer(event)
            except Exception as error:  # noqa: BLE001  a drawing bug never ends a run
                self._drop(observer, error, event)

    def _drop(self, observer: Observer, error: Exception, event: Event) -> None:
        position = self._observers.index(observer)
        self._observers.remove(observer)
        # RunEnded comes last: who has it already hears no more.
        notified = self._observers[position:] if isinstance(event, RunEnded) else self._observers
        name = attribute_of(observer, "__qualname__", None) or type(observer).__name__
        text = (
            f"the observer {name} raised {type(error).__name__} at {type(event).__name__} and gets "
            f"no more events of this run; training goes on. {text_of(error)}"
        )
        line = LineLogged(clock.now(), event.step, "error", text.strip())
        for other in tuple(notified):
            if other not in self._observers:
                continue
            try:
                other(line)
            except Exception as another:  # noqa: BLE001  the same
                self._drop(other, another, event)
