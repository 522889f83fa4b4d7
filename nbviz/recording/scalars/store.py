"""A run's series by tag, within their memory."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from nbviz.recording.scalars.segment import POINT_BYTES, SEGMENT_BYTES
from nbviz.recording.scalars.series import Series
from nbviz.text import shortened, text_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbviz.recording.scalars.budget import MemoryBudget
    from nbviz.recording.scalars.segment import Points
    from nbviz.recording.scalars.series import Restart

TAG_BYTES = SEGMENT_BYTES + 800
"""What a tag takes beside its points: its series, and what is remembered of it elsewhere."""

SHORT_NAME_BYTES = 200
"""Of a tag's own text, which are in `TAG_BYTES`; what it has more is counted beside."""

LEAST_TAGS = 1000
"""Tags that are taken whatever the budget."""

_TIMES_SETTLING = 19  # as long as it took it is not done again
_NAMED = 100  # characters of a tag in a sentence
_UNCHECKED_SHARE = 0.05  # of the budget; adding up the memory of a thousand series takes 1 ms


class ScalarStore:
    """The series of one run. One thread at a time writes, with the lock; any thread reads.

    Args:
        budget: Keeps the series within the run's memory.

    Attributes:
        series: By tag.
        tags: In order of appearance; a list, so that readers can index it.
        started_at: Unix seconds that the series' wall times count from.
        lock: Held by who writes.
        tag_bytes: What the tags take beside their points.
    """

    def __init__(self, budget: MemoryBudget) -> None:
        self.series: dict[str, Series] = {}
        self.tags: list[str] = []
        self.started_at = 0.0
        self.lock = threading.Lock()
        self.tag_bytes = 0
        self._most_tag_bytes = max(LEAST_TAGS * TAG_BYTES, budget.limit // 2)
        self._budget = budget
        self._has_refused = False
        self._unsettled: dict[str, None] = {}
        self._settles_from = 0.0  # monotonic seconds
        self._unchecked = 0  # bytes since the budget was looked at
        self._most_unchecked = int(budget.limit * _UNCHECKED_SHARE)

    def extend(
        self,
        tag: str,
        steps: NDArray[np.int64],
        wall_times: NDArray[np.float64],
        values: NDArray[np.float64],
        writer: int = 1,
    ) -> None:
        """Append points that come from elsewhere; wall times are in Unix seconds.

        Args:
            tag: Their tag.
            steps: Their steps.
            wall_times: Unix seconds.
            values: Any float64.
            writer: Stands for what wrote them, such as a file.
        """
        with self.lock:
            writers = np.full(len(steps), writer, np.int64)
            self.append(tag, steps, wall_times - self.started_at, values, writers)
            self.settle(at_once=True)
            self.enforce_budget()

    def sort_in(
        self,
        tag: str,
        steps: NDArray[np.int64],
        wall_times: NDArray[np.float64],
        values: NDArray[np.float64],
    ) -> None:
        """Sort points that come from elsewhere into a series; as `extend` else."""
        with self.lock:
            self.series[tag].sort_in(steps, wall_times - self.started_at, values)
            self._unsettled[tag] = None
            self.settle(at_once=True)
            self.enforce_budget()

    def announce(self, tag: str) -> None:
        """Begin a tag whose points come later."""
        with self.lock:
            if tag not in self.series and self.admits(tag, len(self.tags), self.tag_bytes):
                self._take(Series(tag))

    def take_segments(self, tag: str, segments: Sequence[Points]) -> None:
        """Begin a tag with segments that were recorded before; seconds are since the start."""
        with self.lock:
            if tag in self.series or not self.admits(tag, len(self.tags), self.tag_bytes):
                return
            series = Series(tag)
            for number, (steps, seconds, values) in enumerate(segments):
                if number:
                    series.restart()
                series.extend(steps, seconds, values)
            self._unchecked += series.nbytes
            self._take(series)
            self.enforce_budget()

    def append(
        self,
        tag: str,
        steps: NDArray[np.int64],
        seconds: NDArray[np.float64],
        values: NDArray[np.float64],
        writers: NDArray[np.int64],
    ) -> list[Restart]:
        """Append points, with the lock held, as `Series.append`; `seconds` are since the start."""
        series = self.series.get(tag)
        if series is None:
            if not self.admits(tag, len(self.tags), self.tag_bytes):
                return []
            series = Series(tag)
            self._take(series)
        segments = series.segments
        before = segments[-1].nbytes
        restarts = series.append(steps, seconds, values, writers)
        if series.segments is segments:
            self._unchecked += segments[-1].nbytes - before
        else:
            self._unchecked += SEGMENT_BYTES + POINT_BYTES * len(steps)
        if not series.is_settled:
            self._unsettled[tag] = None
        return restarts

    @property
    def is_settled(self) -> bool:
        """Whether no points wait for `settle`."""
        return not self._unsettled

    def settle(self, *, at_once: bool) -> None:
        """Sort in what came after later steps, with the lock held.

        Args:
            at_once: However long it takes; else it waits while it has taken more than a twentieth
                of the time, as where one thread is a million points behind another.
        """
        started = time.monotonic()
        if not at_once and started < self._settles_from:
            return
        for tag in tuple(self._unsettled):
            series = self.series[tag]
            before = series.nbytes
            series.settle()
            del self._unsettled[tag]  # now: without memory they wait on
            self._unchecked += max(0, series.nbytes - before)
        now = time.monotonic()
        self._settles_from = now + _TIMES_SETTLING * (now - started)

    def _take(self, series: Series) -> None:
        self.series[series.tag] = series
        self.tags.append(series.tag)
        self.tag_bytes += bytes_of_tag(series.tag)

    def admits(self, tag: str, known: int, nbytes: int) -> bool:
        """Whether there is room for a new tag; warns the first time that there is none.

        Args:
            tag: The tag.
            known: How many there are.
            nbytes: What those take.
        """
        if nbytes + bytes_of_tag(tag) <= self._most_tag_bytes:
            return True
        if not self._has_refused:
            self._has_refused = True
            self._budget.warn(
                f"{known:,} tags take half of the memory budget of "
                f"{self._budget.limit / 1e6:,.0f} MB: {shortened(tag, _NAMED)!r} and other new "
                "tags are not recorded. Log to fewer tags or to shorter ones, or give the run a "
                "larger memory_budget."
            )
        return False

    def enforce_budget(self, beside: int = 0) -> None:
        """Keep to the memory, with the lock held.

        Args:
            beside: Bytes by which series have grown that are not appended to by `append`.
        """
        self._unchecked += beside
        if self._unchecked > self._most_unchecked:
            self._unchecked = 0
            names = max(0, self.tag_bytes - TAG_BYTES * len(self.series))
            self._budget.enforce(self.series.values(), names)

    def forget_writers(self) -> None:
        """Take what comes next for another training's: an earlier step is a restart."""
        with self.lock:
            for series in self.series.values():
                series.forget_writers()

    def renew_lock(self) -> None:
        """After a fork, in the child: a thread that is not here may have held it."""
        self.lock = threading.Lock()


def bytes_of_tag(tag: str) -> int:
    """Return what a tag takes of the budget beside its points."""
    return TAG_BYTES + max(0, text_bytes(tag) - SHORT_NAME_BYTES)
