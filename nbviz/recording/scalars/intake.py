"""From the inbox to the series, in portions; an entry leaves the inbox once it is stored."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nbviz.errors import describe
from nbviz.recording.scalars.inbox import (
    HEAD,
    CapturedEntry,
    Columns,
    columns_at,
    pick_columns,
    split_columns,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from nbviz.recording.scalars.inbox import Inbox
    from nbviz.recording.scalars.store import ScalarStore

    Points = tuple[
        str, NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]
    ]
    from nbviz.recording.scalars.series import Restart


_MOMENT_SECONDS = 0.002

PORTION = 2048
"""Entries of a few tags stored at once: under a millisecond, in which no other thread can run."""

_MOST_NUMBERS = 65_536  # in a portion of many tags

_MOST_TAGS = 384
"""Tags in a portion where each call has others: what a tag takes, an array takes, too."""

_MOST_ROUND = _MOST_TAGS * (HEAD + 1)  # numbers


@dataclass(slots=True)
class _Tables:
    """Entries by the number of their tag set, and how far the inbox was read for them."""

    parts: dict[int, Columns] = field(default_factory=dict[int, Columns])
    taken: int = 0
    calls: int = 0
    coming: CapturedEntry | None = None


class FirstNan(NamedTuple):
    """The first value of a tag that is NaN."""

    tag: str
    step: int
    seconds: float  # since the run's start


class Intake:
    """Turns what one run has logged into points.

    Args:
        inbox: Where it waits.
        store: Where it goes.
        report: Called, once, with a sentence: what could not be stored.
        restarted: Called with where tags began again at an earlier step.
        turned_nan: Called with the first NaN of tags.

    Attributes:
        start: Monotonic seconds that the points' wall times count from.
    """

    def __init__(
        self,
        inbox: Inbox,
        store: ScalarStore,
        report: Callable[[str], None],
        restarted: Callable[[list[Restart]], None],
        turned_nan: Callable[[list[FirstNan]], None],
    ) -> None:
        self.start = 0.0
        self._inbox = inbox
        self._store = store
        self._report = report
        self._restarted = restarted
        self._turned_nan = turned_nan
        self._nan_tags: set[str] = set()
        self._nans: list[FirstNan] = []
        self._restarts: list[Restart] = []
        self._failures: list[str] = []
        self._has_reported = False

    def drain(self, *, wait: bool, limit: int | None = None) -> int:
        """Store what was logged, and return how many calls that were.

        Not for the main thread, where an interrupt could come between storing and taking out.

        Args:
            wait: Wait for scalars that are still on their way from the device; else they and all
                that was logged after them stay for the next time.
            limit: Store about this many numbers of entries; what is there now if None.
        """
        left = len(self._inbox.entries) if limit is None else limit
        total = 0
        while left > 0:
            # Who helps while it logs waits for a moment alone: another thread is at it.
            if not self._store.lock.acquire(timeout=-1 if limit is None else _MOMENT_SECONDS):
                break
            try:
                taken, calls, coming = self._store_some(left)
            finally:
                self._store.lock.release()
            self._notify()
            left -= taken
            total += calls
            if coming is not None:
                if not wait:
                    break
                # Not under the lock: the training's own thread takes it, and waits for no device.
                coming.values.wait()
            elif not taken:
                break
            elif left > 0:
                time.sleep(0)  # let the training's thread go on
        if limit is None:
            self._settle(at_once=wait)
        return total

    def _settle(self, *, at_once: bool) -> None:
        try:
            with self._store.lock:
                self._store.settle(at_once=at_once)
        except Exception as error:  # noqa: BLE001  memory that is not there; next time they are sorted in
            self._failures.append(f"points of several threads: {describe(error)}")
            self._notify()

    def _store_some(self, most: int) -> tuple[int, int, CapturedEntry | None]:
        """Store some entries.

        Returns:
            How many numbers, and calls, that were; and the entry at which they stop being there.
        """
        found = self._some_entries(most)
        tables = self._tables_of(found)
        if tables.parts:
            for tag, steps, seconds, values, threads in self._points(tables.parts):
                try:
                    seconds_here = seconds - self.start
                    self._restarts += self._store.append(tag, steps, seconds_here, values, threads)
                    self._store.enforce_budget()  # arrays of a thousand tags grow in one portion
                    if tag not in self._nan_tags:
                        self._look_for_nan(tag, steps, seconds_here, values)
                except Exception as error:  # noqa: BLE001  the other tags' points are none the worse
                    self._failures.append(f"points of {tag}: {describe(error)}")
        del self._inbox.entries[: tables.taken]
        return tables.taken, tables.calls, tables.coming

    def _some_entries(self, most: int) -> list[Any]:
        """Return a portion of about so many numbers at most; the last entry may be cut."""
        entries: list[Any] = self._inbox.entries
        first: int | CapturedEntry | None = entries[0] if entries else None
        if first is None or isinstance(first, CapturedEntry):
            return entries[: min(most, PORTION)]
        width = self._inbox.widths[first]
        return entries[: max(width, min(most, PORTION * width, _MOST_NUMBERS))]

    def _tables_of(self, found: list[Any]) -> _Tables:
        """Sort whole entries by their tag sets; `found` has those that were captured read then."""
        if found and not isinstance(found[0], CapturedEntry):
            tables = self._rounds(found) or self._as_wide(found)
            if tables is not None:
                return tables
        tables, widths = _Tables(), self._inbox.widths
        starts: dict[int, list[int]] = {}
        tables.calls = place = added = tags = 0
        while place < len(found) and tags < _MOST_TAGS:
            first: int | CapturedEntry = found[place]
            if isinstance(first, CapturedEntry):
                if not first.values.is_ready:
                    tables.coming = first
                    break
                read = self._read(first)
                found[place : place + 1] = read
                added += len(read) - 1
                continue
            end = place + widths[first]
            if end > len(found):
                break
            try:
                starts[first].append(place)
            except KeyError:
                starts[first] = [place]
                tags += widths[first] - HEAD
            tables.calls += 1
            place = end
        tables.taken = place - added
        for number, places in starts.items():
            tables.parts[number] = pick_columns(found, places, widths[number])
        return tables

    def _rounds(self, found: list[Any]) -> _Tables | None:
        """Sort entries of tag sets that take turns, as those of a loop do; None if few here do."""
        widths, begins = self._inbox.widths, dict[int, int]()
        first: int = found[0]
        span = 0
        while first not in begins:
            begins[first] = span
            span += widths[first]
            if span >= min(len(found), _MOST_ROUND) or isinstance(found[span], CapturedEntry):
                break
            first = found[span]
        rounds = len(found) // span
        # Each entry ends where the next begins: what has the right number there is an entry as
        # wide, if all before it were.
        for number, begin in begins.items():
            numbers = found[begin : rounds * span : span]
            if numbers.count(number) < rounds:
                rounds = next(place for place, one in enumerate(numbers) if one != number)
        if 2 * rounds * span < len(found):
            return None
        whole = found[: rounds * span]
        return _Tables(
            {
                number: columns_at(whole, begin, widths[number], span)
                for number, begin in begins.items()
            },
            taken=len(whole),
            calls=rounds * len(begins),
        )

    def _as_wide(self, found: list[Any]) -> _Tables | None:
        """Sort entries that are all of one width; None if they may be of others."""
        widths = self._inbox.widths
        first: int = found[0]
        width = widths[first]
        numbers = found[: len(found) // width * width : width]
        if not _are_as_wide(numbers, widths, width):
            return None
        numbers = _of_few_sets(numbers, _MOST_TAGS // (width - HEAD))
        taken = len(numbers) * width
        return _Tables(split_columns(found[:taken], numbers, width), taken, len(numbers))

    def _look_for_nan(
        self,
        tag: str,
        steps: NDArray[np.int64],
        seconds: NDArray[np.float64],
        values: NDArray[np.float64],
    ) -> None:
        is_nan = np.isnan(values)
        if is_nan.any():
            self._nan_tags.add(tag)
            place = int(is_nan.argmax())
            self._nans.append(FirstNan(tag, int(steps[place]), float(seconds[place])))

    def _read(self, entry: CapturedEntry) -> list[Any]:
        try:
            values = entry.values.read()
            return self._inbox.entry_of(values, entry.step, entry.seconds, entry.thread)
        except Exception as error:  # noqa: BLE001  a device that failed; what else was logged stays
            self._failures.append(f"points of {', '.join(entry.values)}: {describe(error)}")
            return []

    def _points(self, parts_by_number: dict[int, Columns]) -> Iterator[Points]:
        """Give each tag's points in the order in which they were logged."""
        columns: dict[str, list[tuple[Columns, int]]] = {}
        for number, part in parts_by_number.items():
            for place, tag in enumerate(self._inbox.tag_sets[number]):
                columns.setdefault(tag, []).append((part, place))
        for tag, parts in columns.items():
            if len(parts) == 1:
                part, number = parts[0]
                yield tag, part.steps, part.seconds, part.values[number], part.threads
            else:  # a tag in calls of several kinds
                order = np.argsort(np.concatenate([part.places for part, _ in parts]))
                yield (
                    tag,
                    np.concatenate([part.steps for part, _ in parts])[order],
                    np.concatenate([part.seconds for part, _ in parts])[order],
                    np.concatenate([part.values[number] for part, number in parts])[order],
                    np.concatenate([part.threads for part, _ in parts])[order],
                )

    def _notify(self) -> None:
        """Say what failed, once; not under the lock, since a run's log may wake other threads."""
        if self._failures and not self._has_reported:
            self._has_reported = True
            self._report(f"not recorded: {self._failures[0]}")
        self._failures.clear()
        if self._restarts:
            restarts, self._restarts = self._restarts, []
            self._restarted(restarts)
        if self._nans:
            nans, self._nans = self._nans, []
            self._turned_nan(nans)


def _are_as_wide(numbers: list[int], widths: list[int], width: int) -> bool:
    """Whether these are numbers of tag sets whose entries are all so wide."""
    # Behind an entry of another width there may be anything: values, steps, what was captured.
    if set(map(type, numbers)) != {int}:
        return False
    return all(number < len(widths) and widths[number] == width for number in set(numbers))


def _of_few_sets(numbers: list[int], most: int) -> list[int]:
    """Return those before the first of one tag set too many; one set there may always be."""
    allowed = max(1, most)
    sets = dict.fromkeys(numbers)  # in the order in which they first appear
    if len(sets) <= allowed:
        return numbers
    return numbers[: numbers.index(next(islice(sets, allowed, None)))]
