"""Keeps a run's series within its memory: the oldest points move to a file."""

from __future__ import annotations

import heapq
import time
from typing import TYPE_CHECKING

from nbviz.recording.scalars.spill import SpillFile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from nbviz.recording.scalars.series import Series

RETRY_SECONDS = 60.0
_HEADROOM = 0.9  # spill down to this share, so that not every block is a spill of its own


class MemoryBudget:
    """How much memory series may take.

    Args:
        limit: Bytes.
        warn: Called, once, with a sentence, when the file cannot be written.
        file: Where the oldest points go.
    """

    def __init__(
        self, limit: int, warn: Callable[[str], None], file: SpillFile | None = None
    ) -> None:
        self.limit = limit
        self.warn = warn
        self._file = SpillFile() if file is None else file
        self._retry_at = 0.0
        self._has_warned = False

    @property
    def spilled_bytes(self) -> int:
        """Bytes in the file."""
        return self._file.nbytes

    def enforce(self, series: Collection[Series], beside: int = 0) -> None:
        """Move the oldest blocks to the file while the series take more than the limit.

        Args:
            series: The series.
            beside: Bytes of the limit that are taken elsewhere.

        A disk that is full or gone leaves them in memory: training goes on.
        """
        used = beside + sum(one.nbytes for one in series)
        if used <= self.limit or time.monotonic() < self._retry_at:
            return
        segments = [segment for one in series for segment in one.segments.kept]
        oldest = [
            (start, number, one)
            for number, one in enumerate(segments)
            if (start := one.oldest_in_memory) is not None
        ]
        heapq.heapify(oldest)
        try:
            while oldest and used > self.limit * _HEADROOM:
                _, number, one = heapq.heappop(oldest)
                used -= one.spill_oldest(self._file)
                start = one.oldest_in_memory
                if start is not None:
                    heapq.heappush(oldest, (start, number, one))
        except OSError as error:
            self._retry_at = time.monotonic() + RETRY_SECONDS
            if not self._has_warned:
                self._has_warned = True
                self.warn(
                    f"The recording has reached its memory budget of {self.limit / 1e6:,.0f} MB, "
                    f"and older points could not be moved to a temporary file ({error}). They stay "
                    "in memory. Make room on the disk, or set TMPDIR to another one."
                )
