"""Which trainers train now, and which cannot at the same time."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, Protocol

from nbviz.errors import RunActiveError
from nbviz.training.weak_registry import WeakRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from nbviz.recording.run import Run
    from nbviz.training.engine import Engine


class Active(Protocol):
    """What of a trainer is looked at."""

    run: Run
    engine: Engine
    relatives: Relatives

    @property
    def is_active(self) -> bool:
        """Whether the run's thread is alive."""
        ...


class Relatives:
    """Trainers that were forked off one another: they train in turns.

    They share torch's random numbers, which belong to the process, and each goes on with its own.

    Args:
        first: The one that is no fork.

    Attributes:
        all: All of them.
        on_fork: Called with each that comes.
    """

    def __init__(self, first: Any) -> None:
        self._first: weakref.ref[Any] = weakref.ref(first)
        self.all: WeakRegistry[Any] = WeakRegistry()
        self.on_fork: list[Callable[[Any], None]] = []
        self.all.add(first)

    @property
    def first(self) -> Any | None:
        """The one that is no fork, whose model is the user's own; None if it is gone."""
        return self._first()

    def add(self, fork: Any) -> None:
        """Take in one more."""
        self.all.add(fork)
        for notify in tuple(self.on_fork):
            notify(fork)

    def make_way(self, trainer: Active) -> None:
        """Let one train, in turns with the others if there are any."""
        others: list[Active] = [one for one in self.all if one is not trainer]
        trainer.engine.turn.is_shared = bool(others)
        for other in others:
            if not other.is_active:
                other.engine.turn.defer()


_all: WeakRegistry[Any] = WeakRegistry()
_lock = threading.Lock()


def active_trainers() -> list[Any]:
    """Return the trainers whose runs are active, in the order in which those began."""
    found = [trainer for trainer in _all if trainer.is_active]
    return sorted(found, key=lambda trainer: trainer.run.progress.started_at)


@contextlib.contextmanager
def claimed(trainer: Active) -> Generator[None]:
    """Make a trainer active in the block.

    Raises:
        RunActiveError: Another one trains its model.
    """
    with _lock:
        for other in _all:
            if other.is_active and other.engine.model is trainer.engine.model:
                raise RunActiveError(
                    f"{other.run.name!r} is training the same model; stop it first."
                )
        trainer.relatives.make_way(trainer)
        yield
        _all.add(trainer)


def _renew_lock() -> None:
    global _lock  # noqa: PLW0603  held, perhaps, by a thread that a forked child does not have
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
