"""What pages need of the runs that a dashboard shows: everything at first, then what is new."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from nbviz.widgets.columns import bucket_columns
from nbviz.widgets.cursor import Batch, Cursor, RunCursor
from nbviz.widgets.history_feed import add_history
from nbviz.widgets.interest import Interests
from nbviz.widgets.media_feed import new_media
from nbviz.widgets.picture_feed import add_overlays, add_weights
from nbviz.widgets.points_feed import add_points, rewind
from nbviz.widgets.state_feed import add_progress, add_run, add_settings

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from numpy.typing import NDArray

    from nbviz import protocol
    from nbviz.recording.run import Run

SNAPSHOT_BYTES = 16_000_000
ALL_SERIES = range(sys.maxsize)


class Feed:
    """Reads the runs of one dashboard.

    Args:
        runs: The runs to show; may grow later.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs: list[Run] = list(runs)
        self.dropped_frames = 0
        self.graphs: set[str] = set()  # ids of the runs whose model's graph can be asked for
        self.interests = Interests()

    @property
    def is_active(self) -> bool:
        """Whether a run is active, so that something new may come at any time."""
        return any(run.is_active for run in self.runs)

    def cursor(self) -> Cursor:
        """Return a cursor to which everything is new."""
        return Cursor()

    def snapshot(
        self,
        cursor: Cursor | None = None,
        *,
        upto: Cursor | None = None,
        limit: float = SNAPSHOT_BYTES,
        whole: bool = False,
    ) -> tuple[list[protocol.Update], list[bytes]]:
        """Return all that a page needs to draw, in about `limit` bytes.

        Args:
            cursor: Moved to where the snapshot ends.
            upto: Where it ends; now if None. In it, series that nobody looks at begin anew.
            limit: Beyond it series come in coarser buckets, and pictures later.
            whole: Also the points that no page looks at.
        """
        cursor = Cursor() if cursor is None else cursor
        cursor.runs.clear()
        batch = Batch()
        for run in self.runs:
            interest = ALL_SERIES if whole else self.interests.of(run.run_id)
            end = None
            if upto is not None:
                end = upto.runs.get(run.run_id) or RunCursor()
                rewind(end, interest)
            self._collect_run(run, cursor, batch, limit, interest, full=True, end=end)
        return batch.updates, batch.buffers

    def collect(self, cursor: Cursor, limit: float) -> tuple[list[protocol.Update], list[bytes]]:
        """Return what is new since the cursor, in about `limit` bytes, and move the cursor."""
        batch = Batch()
        for run in self.runs:
            interest = self.interests.of(run.run_id)
            self._collect_run(run, cursor, batch, limit, interest, full=False)
        return batch.updates, batch.buffers

    def range(
        self, run: Run, series: Sequence[int], first_step: int, last_step: int, points: int
    ) -> tuple[list[int], NDArray[np.float64]]:
        """Return bucket counts and columns of several series between two steps."""
        tags = run.tags
        samples = [
            run.series(tags[number]).sample(first_step, last_step, points) for number in series
        ]
        blocks = [bucket_columns(sample) for sample in samples]
        return [len(s.steps) for s in samples], np.concatenate([np.empty(0), *blocks])

    def _collect_run(
        self,
        run: Run,
        cursor: Cursor,
        batch: Batch,
        limit: float,
        interest: Container[int],
        *,
        full: bool,
        end: RunCursor | None = None,
    ) -> None:
        if end is None:
            run.drain()
            run.capture_idle_weights()
        sent = cursor.runs.setdefault(run.run_id, RunCursor())
        add_run(run, sent, batch)
        if run.run_id in self.graphs and not sent.has_graph:
            sent.has_graph = True
            batch.add({"kind": "graph_added", "run_id": run.run_id})
        add_settings(run, sent, batch)
        add_points(run, sent, batch, limit, interest=interest, full=full, end=end)
        add_history(run, sent, batch, full=full, end=end)
        media = new_media(run, sent.media, None if end is None else end.media, limit / 4)
        if media is not None:
            sent.media, update, steps = media
            batch.add(update, steps)
        self.dropped_frames += add_weights(run, sent, batch, limit)
        add_overlays(run, sent, batch)
        add_progress(run, sent, batch, self.dropped_frames)
