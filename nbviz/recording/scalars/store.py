"""A run's series by tag, within their memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from nbviz.recording.scalars.block import BLOCK
from nbviz.recording.scalars.segment import SEGMENT_BYTES
from nbviz.recording.scalars.series import Series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbviz.recording.scalars.budget import MemoryBudget
    from nbviz.recording.scalars.segment import Points
    from nbviz.recording.scalars.series import Restart

TAG_BYTES = SEGMENT_BYTES + 800
"""What a tag takes beside its points: its series, and what is remembered of it elsewhere."""

LEAST_TAGS = 1000
"""Tags that are taken whatever the budget."""

_CHECK_POINTS = 16  # for each series; adding up the memory of a thousand series takes 1 ms


class ScalarStore:
    """The series of one run. One thread at a time writes, with the lock; any thread reads.

    Args:
        budget: Keeps the series within the run's memory.

    Attributes:
        series: By tag.
        tags: In order of appearance; a list, so that readers can index it.
        started_at: Unix seconds that the series' wall times count from.
        lock: Held by who writes.
        most_tags: Beyond it new tags are left out.
    """

    def __init__(self, budget: MemoryBudget) -> None:
        self.series: dict[str, Series] = {}
        self.tags: list[str] = []
        self.started_at = 0.0
        self.lock = threading.Lock()
        self.most_tags = max(LEAST_TAGS, budget.limit // 2 // TAG_BYTES)
        self._budget = budget
        self._has_refused = False
        self._unchecked = 0  # points since the budget was looked at

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
            self.enforce_budget()

    def announce(self, tag: str) -> None:
        """Begin a tag whose points come later."""
        with self.lock:
            if tag not in self.series and self.admits(tag, len(self.tags)):
                self.series[tag] = Series(tag)
                self.tags.append(tag)

    def take_segments(self, tag: str, segments: Sequence[Points]) -> None:
        """Begin a tag with segments that were recorded before; seconds are since the start."""
        with self.lock:
            if tag in self.series or not self.admits(tag, len(self.tags)):
                return
            series = Series(tag)
            for number, (steps, seconds, values) in enumerate(segments):
                if number:
                    series.restart()
                series.extend(steps, seconds, values)
                self._unchecked += len(steps)
            self.series[tag] = series
            self.tags.append(tag)
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
            if not self.admits(tag, len(self.tags)):
                return []
            series = self.series[tag] = Series(tag)
            self.tags.append(tag)
        self._unchecked += len(steps)
        return series.append(steps, seconds, values, writers)

    def admits(self, tag: str, known: int) -> bool:
        """Whether there is room for a new tag beside those known; warns the first time not."""
        if known < self.most_tags:
            return True
        if not self._has_refused:
            self._has_refused = True
            self._budget.warn(
                f"{known:,} tags take half of the memory budget of {self._budget.limit / 1e6:,.0f} "
                f"MB: {tag!r} and other new tags are not recorded. Log to fewer tags, or give the "
                "run a larger memory_budget."
            )
        return False

    def enforce_budget(self) -> None:
        """Keep to the memory, with the lock held."""
        if self._unchecked >= max(BLOCK, _CHECK_POINTS * len(self.series)):
            self._unchecked = 0
            self._budget.enforce(self.series.values())

    def forget_writers(self) -> None:
        """Take what comes next for another training's: an earlier step is a restart."""
        with self.lock:
            for series in self.series.values():
                series.forget_writers()

    def renew_lock(self) -> None:
        """After a fork, in the child: a thread that is not here may have held it."""
        self.lock = threading.Lock()
