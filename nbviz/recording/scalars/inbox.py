"""What was logged and is not in the series yet: a few numbers for each call, in one list.

Python's garbage collector counts containers: a tuple or a dict that waits here would bring the next
full collection of the whole process nearer with each log call. It does not count numbers. To pack
them into bytes at the call would cost the caller more: in a training's loop that code is never in
the processor's cache.
"""

from __future__ import annotations

import struct
import threading
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nbviz.errors import LoggingError
from nbviz.recording.scalars.inputs import MOST_STEPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nbviz.recording.capture.captured import CapturedValues
    from nbviz.recording.progress import Steps

HEAD = 4
"""Numbers before the values: number of the tag set, monotonic seconds, thread, step."""

MOST_TAG_SETS = 4096
"""Beyond it, tags that come in a new combination are recorded one by one."""

_MOST_PLACES = 500_000
"""The same for the tags of all combinations, 8 bytes each."""


class CapturedEntry(NamedTuple):
    """One log call of which some numbers are still on their way from a device."""

    seconds: float  # monotonic
    thread: int
    step: int
    values: CapturedValues


class Inbox:
    """What waits, from any thread, in the order in which it was logged.

    Args:
        steps: Where each step is counted at the call.

    Attributes:
        entries: For each call `HEAD` numbers and a float a tag, or a `CapturedEntry`; added as one,
            without a lock, and taken out by the intake once they are stored. A list, of which a
            slice is one act, as is `extend`: while a deque is gone through, a finalizer may run,
            and another thread append.
        tag_sets: Tags that are logged together, in the order of the numbers in an entry.
        widths: How many numbers an entry of each tag set has.
        numbers: The number of each tag set.
        single_numbers: The same for those of one tag, by that tag.
    """

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.entries: list[float | CapturedEntry] = []
        self.tag_sets: list[tuple[str, ...]] = []
        self.widths: list[int] = []
        self.numbers: dict[tuple[str, ...], int] = {}
        self.single_numbers: dict[str, int] = {}
        self._places = 0
        self.renew_lock()

    def renew_lock(self) -> None:
        """After a fork, in the child: a thread that is not here may have held it."""
        # Reentrant: a signal's handler, or a finalizer, may log in the middle of a log call.
        self._lock = threading.RLock()

    def put(self, values: Mapping[str, float], step: int | None, seconds: float) -> None:
        """Add an entry of plain floats.

        Args:
            values: One float a tag.
            step: The step; one after the newest if None.
            seconds: Monotonic seconds.

        Raises:
            LoggingError: There is no step after the newest.
        """
        thread = threading.get_ident()
        if step is None:
            with self._lock:  # so that threads append in the order in which they count
                self.entries.extend(self.entry_of(values, self._next_step(), seconds, thread))
            return
        self._see(step)
        self.entries.extend(self.entry_of(values, step, seconds, thread))

    def put_captured(self, values: CapturedValues, step: int | None, seconds: float) -> None:
        """Add an entry of which some numbers are on their way; as `put` else."""
        with self._lock:
            if step is None:
                step = self._next_step()
            else:
                self._see(step)
            self.entries.append(CapturedEntry(seconds, threading.get_ident(), step, values))

    def entry_of(
        self, values: Mapping[str, float], step: int, seconds: float, thread: int
    ) -> list[float]:
        """Return an entry, or several where the tags are recorded one by one."""
        number = self._number_of(tuple(values))
        if number is not None:
            return [number, seconds, thread, step, *values.values()]
        found: list[float] = []
        for tag, value in values.items():
            single = self._number_of((tag,))
            if single is not None:
                found += (single, seconds, thread, step, value)
        return found

    def _see(self, step: int) -> None:
        self.steps.logged = max(self.steps.logged, step)

    def _next_step(self) -> int:
        if self.steps.present is not None:
            step = self.steps.present()
            self._see(step)
            return step
        with self._lock:
            step = self.steps.logged + 1
            if step >= MOST_STEPS:
                raise LoggingError(
                    f"there is no step after {self.steps.logged}, the newest that was logged; give "
                    "a step with the call."
                )
            self.steps.logged = step
        return step

    def _number_of(self, tags: tuple[str, ...]) -> int | None:
        with self._lock:
            known = self.numbers.get(tags)
            if known is not None:
                return known
            number = len(self.tag_sets)
            is_much = number >= MOST_TAG_SETS or self._places + len(tags) > _MOST_PLACES
            if is_much and len(tags) > 1:
                return None
            self._places += len(tags)
            self.tag_sets.append(tags)
            self.widths.append(HEAD + len(tags))
            self.numbers[tags] = number
            if len(tags) == 1:
                self.single_numbers[tags[0]] = number
            return number


class Columns(NamedTuple):
    """Entries of one tag set as columns; `values` has one for each tag."""

    places: NDArray[np.intp]
    seconds: NDArray[np.float64]
    threads: NDArray[np.int64]
    steps: NDArray[np.int64]
    values: list[NDArray[np.float64]]


def as_columns(entries: list[Any], width: int) -> Columns:
    """Return entries, all of one tag set and so of one width, as columns."""
    return columns_at(entries, 0, width, width)


def columns_at(entries: list[Any], begin: int, width: int, span: int) -> Columns:
    """Return entries of one tag set that come again and again, as columns.

    Args:
        entries: A whole number of rounds.
        begin: Where the first of them begins.
        width: How many numbers each has.
        span: How many numbers a round has.
    """
    return Columns(
        np.arange(begin, len(entries), span),
        _floats(entries[begin + 1 :: span]),
        _integers(entries[begin + 2 :: span]),
        _integers(entries[begin + 3 :: span]),
        [_floats(entries[begin + place :: span]) for place in range(HEAD, width)],
    )


# Twice as fast as `np.array`, which looks at each number twice.
def _floats(numbers: list[float]) -> NDArray[np.float64]:
    return np.frombuffer(struct.pack(f"{len(numbers)}d", *numbers), np.float64)


def _integers(numbers: list[int]) -> NDArray[np.int64]:
    return np.frombuffer(struct.pack(f"{len(numbers)}q", *numbers), np.int64)


def split_columns(entries: list[Any], numbers: list[int], width: int) -> dict[int, Columns]:
    """Return entries of several tag sets, all of one width, as columns by their tag set.

    Args:
        entries: Of which each `width` numbers are one.
        numbers: The number of each one's tag set.
        width: As above.

    Returns:
        The tag sets in the order in which they first appear.
    """
    whole, kinds = as_columns(entries, width), np.array(numbers, np.intp)
    order = np.argsort(kinds, kind="stable")
    kinds = kinds[order]
    cuts = [0, *(np.flatnonzero(np.diff(kinds)) + 1).tolist(), len(kinds)]
    seconds, threads, steps = whole.seconds[order], whole.threads[order], whole.steps[order]
    values = [column[order] for column in whole.values]
    parts: dict[int, Columns] = {}
    for start, stop in sorted(pairwise(cuts), key=lambda cut: order[cut[0]]):
        here = slice(start, stop)
        cut = [column[here] for column in values]
        parts[int(kinds[start])] = Columns(
            order[here], seconds[here], threads[here], steps[here], cut
        )
    return parts


def pick_columns(entries: list[Any], starts: list[int], width: int) -> Columns:
    """Return the entries that begin at these places, all of one tag set, as columns."""
    picked: list[Any] = []
    for start in starts:
        picked += entries[start : start + width]
    return as_columns(picked, width)._replace(places=np.array(starts, np.intp))
