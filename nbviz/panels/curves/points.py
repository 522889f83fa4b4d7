"""The points of a run's series, on their way to the pages that draw them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nbviz.panels.buckets import BUCKET_BYTES, columns_of, reduced
from nbviz.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Container

    from numpy.typing import NDArray

    from nbviz.panels.batch import Batch
    from nbviz.recording.recorded_run import RecordedRun
    from nbviz.recording.scalars.series import Series

LEAST_POINTS = 50
SNAPSHOT_POINTS = 4000  # of one series
LATE_FRAMES = 16  # in which series that a page begins to look at come, where they are many
FRAME_POINTS = 2000  # of one series; more new ones than this travel as buckets

_Block = tuple[int, int, "NDArray[np.float64]"]


@dataclass(slots=True)
class CurvesEntry:
    """How many points of each series were sent, and by which numbering."""

    points: list[int] = field(default_factory=list[int])
    numberings: list[int] = field(default_factory=list[int])
    is_expected: bool = False  # the page knows which tags will come
    late: set[int] = field(default_factory=set[int])  # series whose points were held back


def add_points(
    run: RecordedRun,
    sent: CurvesEntry,
    batch: Batch,
    limit: float,
    *,
    wanted: Container[int],
    full: bool,
    end: CurvesEntry | None,
) -> None:
    """Add new tags, and the new points of those series that are looked at.

    The points of the others wait. Once a page looks, they come whole, as in a snapshot: so many
    series a frame as fit into `limit`, and the rest of them in the frames that follow.

    Args:
        run: Whose points.
        sent: Moved along.
        batch: Added to.
        limit: Bytes, about.
        wanted: What is looked at.
        full: It is a snapshot.
        end: Where to end; None for now.
    """
    if run.expected_tags and not sent.is_expected:
        sent.is_expected = True
        expected = [clean_line(tag) for tag in run.expected_tags]
        batch.add({"kind": "tags_expected", "run_id": run.run_id, "tags": expected})
    tags = run.tags[: None if end is None else len(end.points)]
    looked_at = sum(number in wanted for number in range(len(tags)))
    most = SNAPSHOT_POINTS if full else FRAME_POINTS
    most = max(LEAST_POINTS, min(most, int(limit / BUCKET_BYTES / max(1, looked_at))))
    late = LATE_FRAMES * limit / BUCKET_BYTES / max(1, looked_at)
    most_late = max(most, int(min(late, SNAPSHOT_POINTS)))
    raw: list[_Block] = []
    buckets: list[_Block] = []
    size = 0  # of what was late
    for number, tag in enumerate(tags):
        series = run.series(tag)
        _begin(run, number, series, sent, batch)
        if number not in wanted:
            sent.late.add(number)
            continue
        start = sent.points[number]
        stop = len(series) if end is None else min(len(series), end.points[number])
        points = most
        if number in sent.late:
            if size > limit:
                continue
            if start == 0:
                _add_series(run, number, tag, batch)  # pages that have some of it begin anew
            sent.late.discard(number)
            points = most_late
        if stop == start:
            continue
        is_raw = stop - start <= points
        block = _block(series, number, start, stop, points)
        (raw if is_raw else buckets).append(block)
        if points > most:
            size += block[2].nbytes
        sent.points[number] = stop
    _add_raw(run, raw, batch)
    _add_buckets(run, buckets, batch)


def _begin(run: RecordedRun, number: int, series: Series, sent: CurvesEntry, batch: Batch) -> None:
    """Have pages begin a series that is new, or whose points have other indices now."""
    numbering = series.numbering
    if number == len(sent.points):
        sent.points.append(0)
        sent.numberings.append(numbering)
    elif sent.numberings[number] != numbering:
        sent.points[number], sent.numberings[number] = 0, numbering
    else:
        return
    _add_series(run, number, series.tag, batch)


def begin_anew(sent: CurvesEntry, wanted: Container[int]) -> None:
    """Let the series that no page draws begin anew when one does.

    A page that opens then need not be sent what the others have of them.
    """
    for number, points in enumerate(sent.points):
        if points > 0 and number not in wanted:
            sent.points[number] = 0
            sent.late.add(number)


def _block(series: Series, number: int, start: int, stop: int, points: int) -> _Block:
    if stop - start <= points:
        return number, stop - start, columns_of(*series.slice(start, stop))
    return number, *reduced(series, start, stop, points)


def _add_series(run: RecordedRun, number: int, tag: str, batch: Batch) -> None:
    batch.add(
        {"kind": "series_added", "run_id": run.run_id, "series": number, "tag": clean_line(tag)}
    )


def _add_raw(run: RecordedRun, blocks: list[_Block], batch: Batch) -> None:
    if blocks:
        batch.add(
            {
                "kind": "points_appended",
                "run_id": run.run_id,
                "series": [number for number, _, _ in blocks],
                "counts": [count for _, count, _ in blocks],
                "buffer": batch.buffer(_columns(blocks)),
            }
        )


def _add_buckets(run: RecordedRun, blocks: list[_Block], batch: Batch) -> None:
    if blocks:
        batch.add(
            {
                "kind": "buckets_appended",
                "run_id": run.run_id,
                "series": [number for number, _, _ in blocks],
                "counts": [count for _, count, _ in blocks],
                "buffer": batch.buffer(_columns(blocks)),
            }
        )


def _columns(blocks: list[_Block]) -> NDArray[np.float64]:
    return np.concatenate([columns for _, _, columns in blocks])
