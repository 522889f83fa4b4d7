"""What pages need of the subjects that a session shows: everything at first, then what is new."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from nbviz.panels.batch import Batch
from nbviz.panels.panel import Extent
from nbviz.session.cursors import Cursor, RunCursor
from nbviz.session.run_state import add_head, add_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbviz.panels.panel import Panel
    from nbviz.panels.subject import Subject
    from nbviz.protocol import run as messages
    from nbviz.session.wanted import Wanted

SNAPSHOT_BYTES = 16_000_000
SETTLED_SECONDS = 1.0  # between two looks at runs that are over, of which there may be hundreds
MOST_SHOWN = 20
"""Runs that a page shows unless it is told otherwise, beside those that are active."""
FEW = 6
"""So many runs, and those that are active, are sent to a page before it has said what it shows: of
more its table stands first."""


class Feed:
    """Reads the subjects of one session for its pages.

    Args:
        panels: All there are, in order.
        wanted: What pages look at.
        failed: Called with an exception in a run or a panel, which keeps nothing from the others.

    Attributes:
        subjects: What is shown; only ever appended to.
        unseen: The runs that train without a view, which is said beside what is shown.
    """

    def __init__(
        self,
        panels: Sequence[Panel[Any, Any, Any]],
        wanted: Wanted,
        failed: Callable[[Exception], None],
    ) -> None:
        self._failed = failed
        self.subjects: list[Subject] = []
        self.unseen: tuple[messages.UnseenRun, ...] = ()
        self._panels = tuple(panels)
        self._wanted = wanted
        self._dropped = 0
        self._is_touched = True
        self._has_more = False
        self._all_read_at = float("-inf")
        self._reads: dict[str, int] = {}  # of each subject

    def touch(self) -> None:
        """Look at all subjects with the next `read`, those that are over too."""
        self._is_touched = True

    @property
    def is_active(self) -> bool:
        """Whether something new may come at any time."""
        return self._has_more or any(subject.is_active for subject in self.subjects)

    @property
    def is_empty(self) -> bool:
        """Whether no number was logged yet."""
        return not any(subject.run is not None and subject.run.tags for subject in self.subjects)

    def cursor(self) -> Cursor:
        """Return a cursor to which everything is new."""
        return Cursor(generation=self._generation)

    def is_stale(self, cursor: Cursor) -> bool:
        """Whether a run was read anew, and what its pages have been sent holds no more."""
        return cursor.generation != self._generation

    @property
    def _generation(self) -> int:
        runs = [subject.run for subject in tuple(self.subjects)]
        return sum(run.generation for run in runs if run is not None)

    def read(self, *, may_wait: bool = True) -> None:
        """Take in what has been recorded. May wait for a device or a file: hold no lock.

        Of subjects that are over something new is rare: they are looked at once a second, or after
        `touch`.

        Args:
            may_wait: False looks at subjects only that are active, for which nothing is waited.
        """
        now = time.monotonic()
        is_due = self._is_touched or self._has_more or now - self._all_read_at >= SETTLED_SECONDS
        reads_all = may_wait and is_due
        if reads_all:
            self._is_touched, self._has_more, self._all_read_at = False, False, now
        for subject in tuple(self.subjects):
            is_new = may_wait and subject.run_id not in self._reads
            if not (reads_all or subject.is_active or is_new):
                continue
            self._reads[subject.run_id] = self._reads.get(subject.run_id, 0) + 1
            try:
                # A run that is active is read again soon: its device delays no frame of others.
                subject.drain(wait=not subject.is_active)
                if subject.run is not None:
                    subject.run.hasten_media(wait=may_wait)
                for panel in self._panels:
                    part = panel.part(subject)
                    if part is not None and panel.read(part):
                        self._has_more = True
            except Exception as error:  # noqa: BLE001  the other runs are shown all the same
                self._failed(error)

    def snapshot(
        self, cursor: Cursor, *, upto: Cursor | None = None, limit: float = SNAPSHOT_BYTES
    ) -> Batch:
        """Return all that a page needs to draw, as far as it has been read, in about `limit` bytes.

        Args:
            cursor: Moved to where the snapshot ends.
            upto: Where it ends; now if None. In it, series that no page draws begin anew.
            limit: Beyond it series come in coarser buckets, and pictures later.
        """
        cursor.runs.clear()
        cursor.unseen = ()
        cursor.generation = self._generation
        batch = Batch()
        for subject in tuple(self.subjects):
            end = None
            if upto is not None:
                end = upto.runs.get(subject.run_id) or RunCursor()
            self._collect(subject, cursor, batch, limit, full=True, end=end)
        self._add_unseen(cursor, batch)
        return batch

    def collect(self, cursor: Cursor, limit: float, room: float = math.inf) -> Batch:
        """Return what was read since the cursor, in about `limit` bytes, and move the cursor.

        Waits for nothing.

        Args:
            cursor: Moved to where it ends.
            limit: Bytes.
            room: As in `Extent`.
        """
        batch = Batch()
        for subject in tuple(self.subjects):
            sent = cursor.runs.setdefault(subject.run_id, RunCursor())
            reads = self._reads.get(subject.run_id, 0)
            if sent.settled_at == reads and not subject.is_active:
                continue
            before = len(batch.updates)
            self._collect(subject, cursor, batch, limit, room=room)
            is_late = subject.run is not None and sent.state.progress is not subject.run.progress
            if len(batch.updates) == before and not is_late:
                sent.settled_at = reads
        self._add_unseen(cursor, batch)
        return batch

    def _add_unseen(self, cursor: Cursor, batch: Batch) -> None:
        unseen = self.unseen
        if unseen != cursor.unseen:
            cursor.unseen = unseen
            batch.add({"kind": "unseen_changed", "runs": list(unseen)})

    def _collect(
        self,
        subject: Subject,
        cursor: Cursor,
        batch: Batch,
        limit: float,
        *,
        full: bool = False,
        end: RunCursor | None = None,
        room: float = math.inf,
    ) -> None:
        sent = cursor.runs.setdefault(subject.run_id, RunCursor())
        add_head(subject, sent.state, batch, None if end is None else end.state)
        dropped, before = batch.dropped, batch.size
        shows_undecided = len(self.subjects) <= FEW or subject.is_active
        limit /= min(len(self.subjects), MOST_SHOWN)
        for panel in self._panels:
            part = panel.part(subject)
            if part is None:
                continue
            entry = sent.panels.setdefault(panel.name, panel.entry())
            until = None if end is None else end.panels.setdefault(panel.name, panel.entry())
            wanted = self._wanted.of(subject.run_id, panel.name)
            mark = batch.mark
            try:
                left = room - (batch.size - before)
                extent = Extent(wanted, limit, full, until, shows_undecided, left)
                panel.updates(part, entry, batch, extent)
            except Exception as error:  # noqa: BLE001  what the other panels added is theirs
                batch.cut(mark)
                self._failed(error)
        self._dropped += batch.dropped - dropped
        add_progress(subject, sent.state, batch, self._dropped)
