"""Trainings that no page shows: their page was closed, their cell deleted or run again elsewhere.

The next view that opens says so. A kernel that is busy handles no page's messages, and then no run
seems to be shown: a run counts as unseen only if this session's page has answered for a while in
which no page of the run's has.
"""

from __future__ import annotations

import time
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbviz.errors import CommandError
from nbviz.text import clean_line, counted
from nbviz.training import clock as wall_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nbviz.protocol import run as messages
    from nbviz.recording.recorded_run import RecordedRun

UNSEEN_SECONDS = 20.0
LOOK_SECONDS = 2.0
SURE_SECONDS = 4.0  # for which this page has answered
SILENT_SECONDS = 5.0  # without an answer of it, after which that begins anew
OPENED_SECONDS = 60.0  # for which a view that has opened looks; then only what it has found
MOST_NAMED = 3
_MINUTE = 60.0
_HOUR = 3600.0

_seen_at: weakref.WeakKeyDictionary[RecordedRun, float] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is known of a session's pages.

    Attributes:
        opened_at: When the newest one opened.
        heard_at: When one that shows a view was last heard.
        is_seen: Whether one that shows a view answers now.
    """

    opened_at: float
    heard_at: float
    is_seen: bool


class UnseenRuns:
    """Knows, for one session, which runs train and are shown by no page.

    Args:
        training: Returns the runs that train in this notebook.
        show: Shows one of them in this session.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        training: Callable[[], Sequence[RecordedRun]],
        show: Callable[[RecordedRun], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._training = training
        self._show = show
        self._clock = clock
        self._looked_at = float("-inf")
        self._heard_at = float("-inf")
        self._since: dict[str, float] = {}  # when this page was first heard beside such a run
        self._found: dict[str, RecordedRun] = {}

    def note_seen(self, runs: Iterable[RecordedRun]) -> None:
        """Note that a page shows these runs now."""
        now = self._clock()
        for run in runs:
            _seen_at[run] = now

    def is_looking(self, pages: Sighting) -> bool:
        """Whether to `look` again in `LOOK_SECONDS`."""
        is_new = self._clock() - pages.opened_at < OPENED_SECONDS
        return bool(self._found) or (is_new and bool(self._training()))

    def look(self, shown: Iterable[RecordedRun], pages: Sighting) -> bool:
        """Look again, if the last time is long enough ago.

        Args:
            shown: The runs that this session shows.
            pages: What is known of its pages.

        Returns:
            Whether the page has to be heard, to be sure of what was found.
        """
        now = self._clock()
        if now - self._looked_at < LOOK_SECONDS or not self.is_looking(pages):
            return False
        self._looked_at = now
        if pages.heard_at - self._heard_at > SILENT_SECONDS:
            self._since.clear()
        self._heard_at = pages.heard_at
        own = {run.run_id for run in shown}
        unseen = {
            run.run_id: run
            for run in self._training()
            if run.run_id not in own and _unseen_seconds(run, now) >= UNSEEN_SECONDS
        }
        since = {name: self._since.get(name, pages.heard_at) for name in unseen}
        self._since = since
        self._found = {
            name: run
            for name, run in unseen.items()
            if name in self._found or pages.heard_at - since[name] >= SURE_SECONDS
        }
        return bool(unseen)

    @property
    def found(self) -> tuple[messages.UnseenRun, ...]:
        """What the page is told; the same until a run comes, goes, or a minute has passed."""
        now = self._clock()
        runs = list(self._found.values())
        said: list[messages.UnseenRun] = [
            {"run_id": run.run_id, "text": _text(run, _unseen_seconds(run, now))}
            for run in runs[:MOST_NAMED]
        ]
        if more := len(runs) - len(said):
            others = f"{counted(more, 'other')} without a view: see nbviz.active()."
            said.append({"run_id": "", "text": others})
        return tuple(said)

    def act(self, run_id: str, act: str) -> None:
        """Show one of the found runs in this session, or stop it.

        Raises:
            CommandError: There is no such run any more.
        """
        run = self._found.get(run_id)
        if run is None or not run.is_active:
            raise CommandError(f"no run {run_id!r} trains without a view any more.")
        if act == "show":
            self._show(run)
        else:
            (run.steering or run.control).stop()
        del self._found[run_id]


def _unseen_seconds(run: RecordedRun, now: float) -> float:
    """Return for how long no page has shown an active run; at most since it began."""
    since_start = wall_clock.now() - run.meter.started_at
    return min(since_start, now - _seen_at.get(run, float("-inf")))


def _text(run: RecordedRun, seconds: float) -> str:
    if seconds < _MINUTE:
        duration = "less than a minute"
    elif seconds < _HOUR:
        duration = f"{seconds // _MINUTE:.0f} min"
    else:
        duration = f"{seconds // _HOUR:.0f} h {seconds % _HOUR // _MINUTE:.0f} min"
    does = "paused" if run.progress.status == "paused" else "training"
    return f"{clean_line(run.name)!r} has been {does} without a view for {duration}."
