"""What a run has logged, taken in: by a reader, by the collector, or by a call that helps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from nbviz.errors import describe
from nbviz.recording.progress import ENDED
from nbviz.recording.scalars.intake import PORTION

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.recording.media.inbox import MediaInbox
    from nbviz.recording.progress import ProgressMeter
    from nbviz.recording.recorded_run import RecordedRun
    from nbviz.recording.scalars.log import ScalarLog

QUIET_SECONDS = 2.0  # without anything new before the collector leaves a run alone
MOST_WAITING = 50_000  # numbers not yet stored before the caller helps: 8,000 calls of two tags


class Draining:
    """Takes in what one run has logged, and knows when something last came.

    Args:
        scalars: What is logged.
        media: Media that wait to be made.
        meter: Where the time that it takes is counted.

    Attributes:
        active_at: Monotonic seconds at which something was last taken in, or woke the run.
    """

    def __init__(self, scalars: ScalarLog, media: MediaInbox, meter: ProgressMeter) -> None:
        self._scalars = scalars
        self._media = media
        self._meter = meter
        self._has_reported = False
        self.active_at = 0.0

    @property
    def something_waits(self) -> bool:
        """Whether something has been logged that is not taken in."""
        return bool(self._scalars.something_waits or self._media)

    def drain_scalars(self, *, wait: bool) -> None:
        """Store the scalars logged so far; `wait` for those still on their way from a device."""
        if self._scalars.something_waits and (count := self._scalars.drain(wait=wait)):
            self._meter.count_calls(count)
            self.active_at = time.monotonic()

    def help_out(self) -> int:
        """Store some where more is logged than one thread can; returns how many may wait then."""
        entries = self._scalars.entries
        if len(entries) > MOST_WAITING:  # the thread that logs helps: memory is bounded
            self._meter.count_calls(self._scalars.drain(wait=False, limit=PORTION))
        return max(MOST_WAITING, len(entries) + PORTION // 2)

    def collect(self, run: RecordedRun) -> bool:
        """Take in all that is there, for the collector; returns whether the run is not quiet."""
        self._try(run, run.drain_ready, self._make_media)
        is_over = self._meter.status in ENDED
        return not is_over and time.monotonic() - self.active_at < QUIET_SECONDS

    def make_media(self, run: RecordedRun) -> None:
        """Make the media that are ready, for the collector, between two times that it takes in."""
        self._try(run, self._make_media)

    def _make_media(self) -> None:
        if self._media.drain(wait=False):
            self.active_at = time.monotonic()

    def _try(self, run: RecordedRun, *acts: Callable[[], None]) -> None:
        started = time.thread_time()
        try:
            for act in acts:
                act()
        except Exception as error:  # noqa: BLE001  the next time may succeed, and other runs come after
            if not self._has_reported:
                self._has_reported = True
                text = f"recording failed, and is tried again: {describe(error)}"
                run.note(text, "warning")
        self._meter.spend(time.thread_time() - started)
