"""What a run uses of its machine, as small charts over time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nbviz.panels.buckets import reduced
from nbviz.panels.panel import Extent, Panel
from nbviz.panels.system.samples import samples_of
from nbviz.recording.run import Run

if TYPE_CHECKING:
    from nbviz.panels.batch import Batch, SavedBatch
    from nbviz.panels.subject import Subject
    from nbviz.panels.system.samples import SystemSamples

MOST_BUCKETS = 1000
"""Of one measure in one message; a longer past is sent in so many buckets."""


@dataclass(slots=True)
class SystemEntry:
    """How many measures were listed, and how many samples of each were sent."""

    listed: int = 0
    points: list[int] = field(default_factory=list[int])


class SystemPanel(Panel["SystemSamples", SystemEntry, None]):
    """Processor, memory, disk and GPU of the machine on which a run trains."""

    name = "system"
    assets = ("system", "lines")

    def part(self, subject: Subject) -> SystemSamples | None:
        """Return the samples of a run that trains here; one read from files has none."""
        return samples_of(subject.run) if isinstance(subject.run, Run) else None

    def has_content(self, part: SystemSamples) -> bool:
        """Whether there is a sample."""
        return bool(part.measures)

    def entry(self) -> SystemEntry:
        """Return the entry of a page without samples."""
        return SystemEntry()

    def updates(
        self,
        part: SystemSamples,
        entry: SystemEntry,
        batch: Batch,
        extent: Extent[SystemEntry, None],
    ) -> None:
        """Add new measures, and new samples of all."""
        measures, series = part.measures, part.series()
        known = len(series) if extent.end is None else len(extent.end.points)
        if len(measures) > entry.listed:
            entry.listed = len(measures)
            batch.add(
                {
                    "kind": "system_listed",
                    "run_id": part.run_id,
                    "measures": [
                        {"chart": m.chart, "name": m.name, "unit": m.unit, "maximum": m.maximum}
                        for m in measures
                    ],
                }
            )
        counts: list[int] = []
        columns: list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = []
        for number in range(min(known, entry.listed)):
            if number == len(entry.points):
                entry.points.append(0)
            start = entry.points[number]
            stop = len(series[number]) if extent.end is None else extent.end.points[number]
            entry.points[number] = stop
            count, block = 0, np.empty(0)
            if stop > start:
                count, block = reduced(series[number], start, stop, min(stop - start, MOST_BUCKETS))
            counts.append(count)
            columns.append(block)
        if any(counts):
            batch.add(
                {
                    "kind": "system_sampled",
                    "run_id": part.run_id,
                    "counts": counts,
                    "buffer": batch.buffer(np.concatenate(columns)),
                }
            )

    def saved(self, part: SystemSamples, batch: SavedBatch, limit: float) -> bool:
        """Add all samples, in buckets."""
        self.updates(part, self.entry(), batch, Extent(limit=limit, full=True))
        return self.has_content(part)
