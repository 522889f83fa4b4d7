"""A run's series: those that pages draw, as they grow, and any of them between two steps."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from nbviz.errors import CommandError
from nbviz.panels.batch import Batch
from nbviz.panels.buckets import BUCKET_BYTES, bucket_columns
from nbviz.panels.curves.points import CurvesEntry, add_points, begin_anew
from nbviz.panels.curves.wanted_series import ALL_SERIES, WantedSeries
from nbviz.panels.panel import Extent, Reply, RunPanel, View
from nbviz.protocol import curves as messages

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbviz.panels.batch import SavedBatch
    from nbviz.recording.recorded_run import RecordedRun

MAX_POINTS = 4000  # of a series, in one answer
MAX_SERIES = 1000  # in one answer
LEAST_POINTS = 2  # of a series, however many are asked for


class CurvesPanel(RunPanel[CurvesEntry, WantedSeries]):
    """Scalars over steps."""

    name = "curves"
    assets = ("curves", "lines", "files")
    requests = (messages.SendRange,)
    slow = frozenset({"send_range"})

    def has_content(self, part: RecordedRun) -> bool:
        """Always: a run without points has axes, and says that nothing was logged."""
        del part
        return True

    def entry(self) -> CurvesEntry:
        """Return the entry of a page without points."""
        return CurvesEntry()

    def read(self, part: RecordedRun) -> bool:
        """Read the points of files: of long ones a part."""
        return part.read_part()

    def updates(
        self,
        part: RecordedRun,
        entry: CurvesEntry,
        batch: Batch,
        extent: Extent[CurvesEntry, WantedSeries],
    ) -> None:
        """Add new tags, and the new points of those series that pages draw."""
        wanted = extent.wanted or WantedSeries()
        if not extent.shows_undecided:
            wanted = WantedSeries(wanted.series, sys.maxsize)
        if part.summaries is not None:
            if any(number in wanted for number in range(len(part.tags))):
                part.want_points()
            wanted = WantedSeries(known=sys.maxsize)  # once they have been read
        if extent.end is not None:
            begin_anew(extent.end, wanted)
        add_points(
            part,
            entry,
            batch,
            extent.limit,
            wanted=wanted,
            full=extent.full,
            end=extent.end,
        )

    def view(self, part: RecordedRun, keys: Sequence[str], known: int) -> View:
        """Return which series a view draws; keys are their numbers."""
        for key in keys:
            if not key.isdecimal():
                raise CommandError(f"keys must be numbers of series, got {key!r}.")
        _check_series(part, map(int, keys))
        return View(tuple(keys), min(known, len(part.tags)))

    def join(self, views: Sequence[View], before: WantedSeries | None) -> WantedSeries | None:
        """Return which series are drawn. After the last page it stays: the next is about to say."""
        return WantedSeries.of(views) if views else before

    def answer(
        self, part: RecordedRun, request: messages.SendRange, reply: Reply[messages.RangeSent]
    ) -> None:
        """Send series between two steps, in buckets."""
        numbers = request["series"]
        if len(numbers) > MAX_SERIES:
            raise CommandError(
                f"series must be at most {MAX_SERIES:,} numbers, got {len(numbers):,}; ask for the "
                "others apart."
            )
        _check_series(part, numbers)
        fitting = int(reply.limit / BUCKET_BYTES / max(1, len(numbers)))
        points = max(LEAST_POINTS, min(MAX_POINTS, fitting, request["points"]))
        part.read_points()
        tags = part.tags
        samples = [
            part.series(tags[number]).sample(request["first_step"], request["last_step"], points)
            for number in numbers
        ]
        batch = Batch()
        columns = np.concatenate([np.empty(0), *map(bucket_columns, samples)])
        reply.send(
            {
                "kind": "range_sent",
                **reply.address,
                "run_id": part.run_id,
                "series": numbers,
                "counts": [len(sample.steps) for sample in samples],
                "buffer": batch.buffer(columns),
            },
            batch,
        )

    def saved(self, part: RecordedRun, batch: SavedBatch, limit: float) -> bool:
        """Add every series, also those that no page draws."""
        add_points(part, self.entry(), batch, limit, wanted=ALL_SERIES, full=True, end=None)
        return True


def _check_series(run: RecordedRun, numbers: Iterable[int]) -> None:
    bad = [number for number in numbers if not 0 <= number < len(run.tags)]
    if bad:
        raise CommandError(f"there is no series {bad[0]}; the run has {len(run.tags)}.")
