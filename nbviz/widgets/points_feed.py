"""The points of a run's series, on their way to the pages that draw them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbviz.widgets.columns import columns_of, reduced, wire_text

if TYPE_CHECKING:
    from collections.abc import Container

    from numpy.typing import NDArray

    from nbviz.recording.run import Run
    from nbviz.recording.scalars.series import Series
    from nbviz.widgets.cursor import Batch, RunCursor

BUCKET_BYTES = 56
LEAST_POINTS = 50
SNAPSHOT_POINTS = 4000  # of one series
FRAME_POINTS = 2000  # of one series; more new ones than this travel as buckets

_Block = tuple[int, int, "NDArray[np.float64]"]


def add_points(
    run: Run,
    sent: RunCursor,
    batch: Batch,
    limit: float,
    *,
    interest: Container[int],
    full: bool,
    end: RunCursor | None,
) -> None:
    """Add new tags, and the new points of those series that are looked at.

    The points of the others wait. Once a page looks, they come whole, as in a snapshot: so many
    series a frame as fit into `limit`, and the rest of them in the frames that follow.

    Args:
        run: Whose points.
        sent: Moved along.
        batch: Added to.
        limit: Bytes, about.
        interest: What is looked at.
        full: It is a snapshot.
        end: Where to end; None for now.
    """
    tags = run.tags[: None if end is None else len(end.points)]
    looked_at = sum(number in interest for number in range(len(tags)))
    most = SNAPSHOT_POINTS if full else FRAME_POINTS
    most = max(LEAST_POINTS, min(most, int(limit / BUCKET_BYTES / max(1, looked_at))))
    raw: list[_Block] = []
    buckets: list[_Block] = []
    size = 0  # of what was late
    for number, tag in enumerate(tags):
        if number == len(sent.points):
            sent.points.append(0)
            _add_series(run, number, tag, batch)
        if run.series(tag).restarts != sent.restarts.get(number, 0):
            # Pages begin the series anew, with its newest segment.
            sent.restarts[number] = run.series(tag).restarts
            sent.points[number] = 0
            _add_series(run, number, tag, batch)
        if number not in interest:
            sent.late.add(number)
            continue
        series = run.series(tag)
        start = sent.points[number]
        stop = len(series) if end is None else min(len(series), end.points[number])
        points = most
        if number in sent.late:
            if size > limit:
                continue
            if start == 0:
                _add_series(run, number, tag, batch)  # pages that have some of it begin anew
            sent.late.discard(number)
            points = SNAPSHOT_POINTS
        if stop == start:
            continue
        is_raw = stop - start <= points
        block = _block(series, number, start, stop, points)
        (raw if is_raw else buckets).append(block)
        if points > most:
            size += block[2].nbytes
        sent.points[number] = stop
    _add_blocks("points_appended", run, raw, batch)
    _add_blocks("buckets_appended", run, buckets, batch)


def rewind(sent: RunCursor, interest: Container[int]) -> None:
    """Let the series that nobody looks at begin anew when somebody does.

    A page that opens then need not be sent what the others have of them.
    """
    for number, points in enumerate(sent.points):
        if points > 0 and number not in interest:
            sent.points[number] = 0
            sent.late.add(number)


def _block(series: Series, number: int, start: int, stop: int, points: int) -> _Block:
    if stop - start <= points:
        return number, stop - start, columns_of(*series.slice(start, stop))
    return number, *reduced(series, start, stop, points)


def _add_series(run: Run, number: int, tag: str, batch: Batch) -> None:
    batch.add(
        {"kind": "series_added", "run_id": run.run_id, "series": number, "tag": wire_text(tag)}
    )


def _add_blocks(kind: str, run: Run, blocks: list[_Block], batch: Batch) -> None:
    if not blocks:
        return
    batch.add(
        {
            "kind": kind,
            "run_id": run.run_id,
            "series": [number for number, _, _ in blocks],
            "counts": [count for _, count, _ in blocks],
        },
        np.concatenate([columns for _, _, columns in blocks]),
    )
