"""From logged records to series: in blocks, on whichever thread looks, never the caller's."""

from __future__ import annotations

import threading
from collections import deque
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.recording.capture.captured import CapturedValues
from nbviz.recording.scalars.block import BLOCK
from nbviz.recording.scalars.series import Series

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nbviz.recording.scalars.budget import MemoryBudget

    Record = tuple[float, int | None, dict[str, Any]]
    """Unix seconds, step (None: the next one), and tags to numbers.

    The last are `CapturedValues` where some numbers are on their way.
    """

CHUNK = 16_384
"""Records taken at once, so that nobody who helps or reads waits for long."""

_CHECK_POINTS = 64  # for each series; adding up the memory of a thousand series takes 1 ms
_STEP: Callable[[Record], int | None] = itemgetter(1)
_VALUES: Callable[[Record], dict[str, Any]] = itemgetter(2)


class Intake:
    """Turns the records of one run into series.

    Args:
        budget: Keeps the series within the run's memory.
    """

    def __init__(self, budget: MemoryBudget) -> None:
        self.inbox: deque[Record] = deque()
        self.series: dict[str, Series] = {}
        self.tags: list[str] = []  # in order of appearance; a list, so that readers can index it
        self.newest_step = 0
        self.started_at = 0.0
        self.lock = threading.Lock()
        self._budget = budget
        self._held: list[Record] = []
        self._unchecked = 0  # points since the budget was looked at

    def drain(self, *, wait: bool, limit: int | None = None) -> int:
        """Move what was logged into the series, and return how many records that were.

        Args:
            wait: Wait for scalars that are still on their way from the device; else they and all
                records after them stay for the next time.
            limit: Take about this many records at the most; what is there now if None.
        """
        left = limit
        if left is None:
            with self.lock:  # what another thread is taking in belongs to what is there now
                left = len(self.inbox) + len(self._held)
        total = 0
        while left > 0:
            with self.lock:
                records = self._take(min(CHUNK, left))
                if not records:
                    break
                self._record(records)
                left -= len(records)
                total += len(records)
                coming: Any = self._held[0][2] if self._held else None
            if coming is not None:
                if not wait:
                    break
                # Not under the lock: the training's own thread takes it, and waits for no device.
                coming.wait()
        return total

    def extend(
        self,
        tag: str,
        steps: NDArray[np.int64],
        wall_times: NDArray[np.float64],
        values: NDArray[np.float64],
    ) -> None:
        """Append points that were read from elsewhere; wall times are in Unix seconds."""
        with self.lock:
            self._extend(tag, steps, wall_times, values)
            self.newest_step = max(self.newest_step, int(steps[-1]))
            self._unchecked += len(steps)
            self._enforce_budget()

    def _take(self, count: int) -> list[Record]:
        records, self._held = self._held, []
        inbox = self.inbox
        records.extend([inbox.popleft() for _ in range(min(count, len(inbox)))])
        return records

    def _record(self, records: list[Record]) -> None:
        for tags, group in _grouped(self._settle(records)).items():
            # Column by column, in C, which takes half as long as a loop over the records.
            times, numbers, given = zip(*group, strict=True)
            wall_times = np.array(times)
            steps = np.array(numbers, np.int64)
            for tag in tags:
                values = np.fromiter(map(itemgetter(tag), given), np.float64, len(given))
                self._extend(tag, steps, wall_times, values)
            self._unchecked += len(group) * len(tags)
        self._enforce_budget()

    def _enforce_budget(self) -> None:
        if self._unchecked >= max(BLOCK, _CHECK_POINTS * len(self.series)):
            self._unchecked = 0
            self._budget.enforce(self.series.values())

    def _settle(self, records: list[Record]) -> list[Record]:
        """Return the records with their steps counted and their numbers read.

        Those from the first on whose numbers have not arrived are held, and taken off the list.
        """
        if not _counts(records):
            self.newest_step = max(self.newest_step, *(record[1] or 0 for record in records))
            return records
        newest = self.newest_step
        for number, (wall_time, given, values) in enumerate(records):
            step = newest + 1 if given is None else given
            if isinstance(values, CapturedValues):
                if not values.is_ready:
                    self._held = records[number:]
                    del records[number:]
                    break
                records[number] = (wall_time, step, values.read())
            elif given is None:
                records[number] = (wall_time, step, values)
            newest = max(step, newest)
        self.newest_step = newest
        return records

    def _extend(
        self,
        tag: str,
        steps: NDArray[np.int64],
        wall_times: NDArray[np.float64],
        values: NDArray[np.float64],
    ) -> None:
        series = self.series.get(tag)
        if series is None:
            series = self.series[tag] = Series(tag)
            self.tags.append(tag)
        floor = series.last_step
        if steps[0] < floor or (len(steps) > 1 and bool((steps[1:] < steps[:-1]).any())):
            # Two threads that log one tag may pass each other between the check and the append.
            order = np.argsort(steps, kind="stable")
            steps, values = np.maximum(steps[order], floor), values[order]
            wall_times = wall_times[order]
        series.extend(steps, wall_times - self.started_at, values)


def _counts(records: list[Record]) -> bool:
    """Whether a step is to be counted, or a number to be waited for."""
    return None in map(_STEP, records) or CapturedValues in map(type, map(_VALUES, records))


def _grouped(records: list[Record]) -> dict[tuple[str, ...], list[Record]]:
    """Put records with the same tags together, as a training's mostly are, each tag in order."""
    kinds = [tuple(values) for values in map(_VALUES, records)]
    groups: dict[tuple[str, ...], list[Record]] = {kind: [] for kind in dict.fromkeys(kinds)}
    if len(groups) == 1:
        return {kinds[0]: records}
    tags_in_groups = [tag for tags in groups for tag in tags]
    distinct = dict.fromkeys(tags_in_groups)
    if len(distinct) == len(tags_in_groups):
        for kind, record in zip(kinds, records, strict=True):
            groups[kind].append(record)
        return groups
    # A tag in calls of several kinds: taken tag by tag, so that its points stay in order.
    return {(tag,): [record for record in records if tag in record[2]] for tag in distinct}
