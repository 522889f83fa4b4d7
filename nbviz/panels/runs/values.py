"""The newest, lowest and highest value of each tag of a run, read as its series grow."""

from __future__ import annotations

import itertools
import threading
import time
import weakref
from typing import TYPE_CHECKING

import numpy as np

from nbviz.recording.journal.allowance import Allowance
from nbviz.recording.scalars.block import BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.recording.recorded_run import RecordedRun
    from nbviz.recording.scalars.series import Series

MOST_TAGS = 100
"""Of one run; those of a watch are not among them."""

SECONDS = 0.5  # between two looks at an active run
COLUMNS = 6
_OF_WATCHES = ("weights/", "gradients/", "activations/", "update_to_weight_ratio/")
_PART = 65_536  # points of which the extremes are searched at once
_BUCKETS = 64


class Extremes:
    """The lowest and highest finite value of a series, as far as it was looked at."""

    __slots__ = ("_numbering", "high", "low", "seen")

    def __init__(self) -> None:
        self._forget(0)

    def look(self, series: Series) -> bool:
        """Look at the points that are new, and return whether there were any."""
        numbering = series.numbering
        if numbering != self._numbering:
            self._forget(numbering)
        start, stop = self.seen, len(series)
        if start == stop:
            return False
        if stop - start > _PART:
            start, stop = self._narrow(series)
        self.seen = stop
        self._search(series, start, stop)
        return True

    def _forget(self, numbering: int) -> None:
        self._numbering = numbering
        self.seen = 0  # points
        self.low = self.high = (np.nan, np.nan)  # value and step

    def _narrow(self, series: Series) -> tuple[int, int]:
        """Find the extremes of a long past by its buckets; return which points are left."""
        sample = series.sample(None, None, _BUCKETS)
        ends = np.cumsum(sample.count)
        stop = int(ends[-1])
        with np.errstate(invalid="ignore"):
            least = np.where(np.isfinite(sample.min), sample.min, np.inf)
            most = np.where(np.isfinite(sample.max), sample.max, -np.inf)
        for bucket in {int(least.argmin()), int(most.argmax())}:
            self._search(series, int(ends[bucket] - sample.count[bucket]), int(ends[bucket]))
        return stop, len(series)

    def _search(self, series: Series, start: int, stop: int) -> None:
        """Take in the extremes of points `start` up to `stop`."""
        low, high = self.low[0], self.high[0]
        lowest = highest = None
        segment = series.segments[-1]
        stop = min(stop, len(segment))  # it may have begun since
        # Block by block nothing is copied.
        edges = [start, *range(start - start % BLOCK + BLOCK, stop, BLOCK), stop]
        for first, end in itertools.pairwise(edges):
            if first >= end:
                continue
            values = segment.values_between(first, end)
            least, most = values.argmin(), values.argmax()
            if not (np.isfinite(values[least]) and np.isfinite(values[most])):  # NaN is either, too
                finite = np.isfinite(values)
                if not finite.any():
                    continue
                least = np.where(finite, values, np.inf).argmin()
                most = np.where(finite, values, -np.inf).argmax()
            if not values[least] >= low:
                low, lowest = float(values[least]), first + int(least)
            if not values[most] <= high:
                high, highest = float(values[most]), first + int(most)
        if lowest is not None:
            self.low = (low, float(segment.step_at(lowest)))
        if highest is not None:
            self.high = (high, float(segment.step_at(highest)))


class RunValues:
    """What the table shows of a run's tags.

    Args:
        run: The run; not kept alive.

    Attributes:
        tags: Those that are shown, in the order in which they came.
        version: Changes with each look that found something.
        is_whole: Whether the last look saw all that there was.
        generation: Of the run when these were begun.
    """

    def __init__(self, run: RecordedRun) -> None:
        self._run = weakref.ref(run)
        self.generation = run.generation
        self.tags: tuple[str, ...] = ()
        self.version = 0
        self._known = 0  # tags of the run that were looked at
        self._extremes: dict[str, Extremes] = {}
        self._lengths: dict[str, int] = {}
        self._looked_at = float("-inf")
        self._status: object = None
        self._summarised = 0
        self.is_whole = False

    def look(self) -> None:
        """Read what is new; of a long past a part, and the rest when it is called again."""
        self._look(is_patient=False)

    def look_at_all(self) -> None:
        """Read all that is new, however long it takes."""
        self._look(is_patient=True)

    def _look(self, *, is_patient: bool) -> None:
        run = self._run()
        if run is None:
            return
        if is_patient:
            run.read_summaries()
        self.find_tags()
        summaries = run.summaries
        if summaries is not None:
            self.is_whole = True  # reading the files goes on without being asked here
            if summaries.version != self._summarised:
                self._summarised = summaries.version
                self.version += 1
            return
        now = time.monotonic()
        is_due = is_patient or not self.is_whole or self._status != run.status
        if not is_due and now - self._looked_at < SECONDS:
            return
        self._looked_at, self._status = now, run.status
        is_new, self.is_whole = False, True
        for place, tag in enumerate(self.tags):
            series = run.series(tag)
            extremes = self._extremes.setdefault(tag, Extremes())
            # The first is always read, so that a later look finds less to do.
            if place and not is_patient and not _allowance.has_room:
                self.is_whole = False
                break
            if extremes.seen != len(series):
                began = time.monotonic()
                is_new = extremes.look(series) or is_new
                _allowance.spend(time.monotonic() - began)
        lengths = {tag: len(run.series(tag)) for tag in self.tags}
        if is_new or lengths != self._lengths:
            self._lengths = lengths
            self.version += 1

    def columns(self) -> NDArray[np.float64]:
        """Return six numbers for each tag, as `protocol.runs.ValuesRead` lays them out."""
        run = self._run()
        found = np.full((len(self.tags), COLUMNS), np.nan)
        if run is None:
            return found
        summaries = run.summaries
        if summaries is not None:
            for row, tag in zip(found, self.tags, strict=True):
                known = summaries.of(tag)
                if known.newest is not None:
                    row[:2] = known.newest.value, known.newest.step
                if summaries.is_whole:
                    row[2:] = *known.low, *known.high
            return found
        for row, tag in zip(found, self.tags, strict=True):
            last = run.series(tag).last
            if last is not None:
                row[:2] = last.value, last.step
            extremes = self._extremes.get(tag)
            if extremes is not None:
                row[2:] = *extremes.low, *extremes.high
        return found

    def find_tags(self) -> None:
        """Take in tags that are new: their newest values are known before the extremes are."""
        run = self._run()
        tags = run.tags if run is not None else []
        if len(tags) == self._known or len(self.tags) >= MOST_TAGS:
            return
        new = [tag for tag in tags[self._known :] if not tag.startswith(_OF_WATCHES)]
        self._known = len(tags)
        self.tags = (*self.tags, *new)[:MOST_TAGS]
        self.version += 1


# For the extremes of runs that are over, of which there may be hundreds. The curves that a page
# waits for are made on the same thread.
_allowance = Allowance(0.4)
_values: weakref.WeakKeyDictionary[RecordedRun, RunValues] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def values_of(run: RecordedRun) -> RunValues:
    """Return the values of a run, which all sessions share."""
    with _lock:
        found = _values.get(run)
        if found is None or found.generation != run.generation:
            found = _values[run] = RunValues(run)
        return found
