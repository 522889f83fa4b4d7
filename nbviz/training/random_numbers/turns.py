"""Runs that take turns: each goes on with the random numbers that it had, though all share them.

The numbers that torch, NumPy and Python draw by default belong to the process. Of several runs that
must not change each other's one trains at a time, for some steps; at a safe point it keeps where
its random numbers are, and the next one sets its own.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from nbviz.errors import RunActiveError, describe
from nbviz.training.devices.intraop import release_workers

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from nbviz.training.random_numbers.random_state import DeferredRandomState

TURN_SECONDS = 0.1
"""How long a run trains while others wait: long beside a change of turns, short beside a glance."""

LOOK_SECONDS = 30.0
"""How long nbviz waits for the end of a turn before it does what should leave no trace in it."""

_DRAWN = (
    "another cell, or another thread, drew random numbers or set a seed between two turns of this "
    "run. That changes nothing in it: it goes on with its own. A draw in the middle of a turn "
    "would: draw from a torch.Generator of your own, or in a block of trainer.between_steps()."
)


@dataclass(eq=False, slots=True)
class _Look:
    """A block in which no run has a turn.

    Attributes:
        thread: Whose it is.
    """

    thread: int


class _Turns:
    """Whose turn it is. Its lock is taken last, and nothing is waited for under it but a turn."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.holder: Turn | None = None
        self.waiting: deque[Turn] = deque()
        self.looks: list[_Look] = []
        self.members: set[Turn] = set()  # runs that have begun and not ended
        self.left: dict[str, Any] | None = None  # where the last turn left the process's numbers
        self.draws = 0  # how often they were found elsewhere

    def grant(self) -> None:
        """Give the turn to whose it is; with the lock held."""
        if self.holder is None and not self.looks and self.waiting:
            self.holder = self.waiting.popleft()
        self.changed.notify_all()

    def take(self, turn: Turn) -> None:
        """Wait until it is a run's turn."""
        with self.changed:
            self.waiting.append(turn)
            self.grant()
            holder = self.holder
        if holder is not None and holder is not turn:
            holder.attend()
        with self.changed:
            self.changed.wait_for(lambda: self.holder is turn)

    def give_up(self, turn: Turn) -> None:
        """End a run's turn, or its wait for one; harmless if it has neither."""
        with self.changed:
            if self.holder is turn:
                self.holder = None
            elif turn in self.waiting:
                self.waiting.remove(turn)
            self.grant()

    def begin(self, look: _Look, seconds: float | None) -> None:
        """Wait until no run has a turn; none is given one before `end`."""
        with self.changed:
            self.looks.append(look)
            holder = self.holder
        if holder is not None:
            holder.attend()
            with self.changed:
                self.changed.wait_for(lambda: self.holder is None, seconds)

    def end(self, look: _Look) -> None:
        """End a look; harmless if it has ended."""
        with self.changed:
            if look in self.looks:
                self.looks.remove(look)
            self.grant()


_turns = _Turns()


class Turn:
    """A run's turn to train. Used on the run's own thread alone, but for `attend` and `stands`.

    Args:
        random: The run's random numbers.
        attend: Has the run come to its next safe point; from any thread.
        say: Logs a line, once about the same.

    Attributes:
        is_shared: Whether the run takes turns. Else all here but `keep` and `go_on` does nothing.
        is_held: Whether it is this run's turn.
        thread: That of the run.
        attend: As given.
    """

    def __init__(
        self, random: DeferredRandomState, attend: Callable[[], None], say: Callable[..., None]
    ) -> None:
        self.is_shared = self.is_held = False
        self.thread = 0
        self.attend = attend
        self._random = random
        self._say = say
        self._began = 0.0
        self._draws = 0

    @property
    def is_away(self) -> bool:
        """Whether the run has to wait for its turn before it goes on."""
        return self.is_shared and not self.is_held

    @property
    def is_wanted(self) -> bool:
        """Whether it is this run's turn, and another one waits."""
        return self.is_held and bool(_turns.waiting or _turns.looks)

    @property
    def is_over(self) -> bool:
        """Whether the turn should be left at this safe point."""
        passed = time.monotonic() - self._began
        return self.is_wanted and (bool(_turns.looks) or passed >= TURN_SECONDS)

    def defer(self) -> None:
        """Have the run go on later with the random numbers of now; only while it does not train."""
        self._random.defer()

    def begin(self) -> None:
        """Wait for the first turn of a run.

        Raises:
            RunActiveError: Another run has its turn on this very thread.
        """
        if not self.is_shared:
            return
        holder, thread = _turns.holder, threading.get_ident()
        if holder is not None and holder.thread == thread:
            raise RunActiveError(
                "a fork cannot train inside a step or a callback of its own run, on the same "
                "thread: each has its turn. Start it in another cell."
            )
        self.thread = thread
        _turns.members.add(self)
        _turns.take(self)
        self.is_held = True
        self._began = time.monotonic()
        self._find_draws()
        self._draws = _turns.draws
        self._random.begin()

    def take(self) -> None:
        """Wait for the next turn, and set the random numbers to where this run left them."""
        _turns.take(self)
        self.is_held = True
        self._began = time.monotonic()
        self._find_draws()
        if self._draws != _turns.draws:
            self._draws = _turns.draws
            self._say("warning", _DRAWN, about="draws")
        self._random.begin()

    def keep(self) -> None:
        """Keep where the random numbers are: what is drawn until `go_on` is none of the run's."""
        if self.is_held or not self.is_shared:
            self._random.defer()

    def go_on(self) -> None:
        """Set the random numbers to where they were kept, if they were, in the same turn."""
        if self.is_held or not self.is_shared:
            self._random.begin()

    def leave(self) -> None:
        """Keep where the random numbers are, and let another one have its turn; does not wait."""
        if self.is_held:
            _turns.left = self._random.defer()
            if torch.get_num_threads() > 1:
                release_workers()  # idle, they would slow those of the next run
            self.is_held = False
            _turns.give_up(self)

    def end(self) -> None:
        """End the last turn of a run; harmless if it has ended, or not begun."""
        if self not in _turns.members:
            return
        try:
            self.leave()
        except Exception as error:  # noqa: BLE001  the run ends all the same
            text = f"where its random numbers are could not be kept ({describe(error)})"
            self._say("warning", f"{text}: started again, it draws from those of the process.")
        finally:
            self.is_held = False
            _turns.members.discard(self)
            if not _turns.members:
                _turns.left = None  # whatever is drawn while no run trains is nothing to be told
            _turns.give_up(self)

    @contextmanager
    def stands(self) -> Generator[None]:
        """Have all runs that take turns stand in the block, if this one does; from any thread."""
        if self.is_shared:
            with still(None):
                yield
        else:
            yield

    def _find_draws(self) -> None:
        if _turns.left is not None and not self._random.is_at(_turns.left):
            _turns.draws += 1
            _turns.left = None


@contextmanager
def still(seconds: float | None = LOOK_SECONDS, *, sets: bool = False) -> Generator[None]:
    """Have all runs that take turns stand in the block: what it draws is not theirs.

    On the thread of a run that has its turn, and where no run takes turns, nothing is waited for.

    Args:
        seconds: How long to wait; then the block is entered all the same. None waits for ever.
        sets: Whether the block sets random numbers, of which nobody is to be told.
    """
    thread = threading.get_ident()
    if _is_held_by(thread):
        yield
        return
    look = _Look(thread)
    try:
        _turns.begin(look, seconds)
        yield
        if sets:
            _turns.left = None
    finally:
        _turns.end(look)


@contextmanager
def lent() -> Generator[None]:
    """Let other runs have their turns in a block in which the present thread waits for one."""
    thread = threading.get_ident()
    if _is_held_by(thread):
        turn = _turns.holder
        assert turn is not None  # as it is held
        turn.leave()
        try:
            yield
        finally:
            turn.take()
        return
    looks = [one for one in tuple(_turns.looks) if one.thread == thread]
    for look in looks:
        _turns.end(look)
    try:
        yield
    finally:
        for look in looks:
            _turns.begin(look, None)


def _is_held_by(thread: int) -> bool:
    holder = _turns.holder
    return holder is not None and holder.is_held and holder.thread == thread


def _forget_other_threads() -> None:
    # In a forked child: the parent's threads do not train there.
    global _turns  # noqa: PLW0603  held, perhaps, by a thread that the child does not have
    _turns = _Turns()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_other_threads)
