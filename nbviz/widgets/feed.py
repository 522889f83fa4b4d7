"""What pages need of the runs that a dashboard shows: everything at first, then what is new."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.widgets.columns import (
    bucket_columns,
    columns_of,
    finite,
    picture_fields,
    reduced,
    wire_text,
)
from nbviz.widgets.media_feed import new_media

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbviz import protocol
    from nbviz.recording.run import Run

SNAPSHOT_BYTES = 16_000_000
BUCKET_BYTES = 56
LEAST_POINTS = 50
SNAPSHOT_POINTS = 4000  # of one series
FRAME_POINTS = 2000  # of one series; more new ones than this travel as buckets
SNAPSHOT_LINES = 500
PROGRESS_SECONDS = 0.2


@dataclass(slots=True)
class _RunCursor:
    """How much of one run a page, or all pages, have been sent."""

    points: list[int] = field(default_factory=list[int])
    events: int = 0
    lines: int = 0
    epochs: int = 0
    progress: object = None
    progress_at: float = float("-inf")
    settings: object = None
    layers: object = None
    info: object = None
    weights: dict[str, int] = field(default_factory=dict[str, int])
    overlays: dict[str, int] = field(default_factory=dict[str, int])
    media: int = 0


@dataclass(slots=True)
class Cursor:
    """How much has been sent, run by run."""

    runs: dict[str, _RunCursor] = field(default_factory=dict[str, _RunCursor])


class _Batch:
    """Updates and their buffers."""

    def __init__(self) -> None:
        self.updates: list[Any] = []
        self.buffers: list[bytes] = []
        self.size = 0

    def add(self, update: dict[str, Any], buffer: NDArray[Any] | None = None) -> None:
        if buffer is not None:
            update["buffer"] = len(self.buffers)
            # A copy: the comm sends later, and must not see what the array becomes by then.
            self.buffers.append(buffer.tobytes())
            self.size += buffer.nbytes
        self.updates.append(update)


class Feed:
    """Reads the runs of one dashboard.

    Args:
        runs: The runs to show; may grow later.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs: list[Run] = list(runs)
        self.dropped_frames = 0
        self.graphs: set[str] = set()  # ids of the runs whose model's graph can be asked for

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
    ) -> tuple[list[protocol.Update], list[bytes]]:
        """Return all that a page needs to draw, in about `limit` bytes.

        Args:
            cursor: Moved to where the snapshot ends.
            upto: Where it ends; now if None.
            limit: Beyond it series come in coarser buckets, and pictures later.
        """
        cursor = Cursor() if cursor is None else cursor
        cursor.runs.clear()
        batch = _Batch()
        for run in self.runs:
            end = None if upto is None else upto.runs.get(run.run_id, _RunCursor())
            self._collect_run(run, cursor, batch, limit, full=True, end=end)
        return batch.updates, batch.buffers

    def collect(self, cursor: Cursor, limit: float) -> tuple[list[protocol.Update], list[bytes]]:
        """Return what is new since the cursor, in about `limit` bytes, and move the cursor."""
        batch = _Batch()
        for run in self.runs:
            self._collect_run(run, cursor, batch, limit, full=False)
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
        batch: _Batch,
        limit: float,
        *,
        full: bool,
        end: _RunCursor | None = None,
    ) -> None:
        if end is None:
            run.drain()
        sent = cursor.runs.get(run.run_id)
        info = (wire_text(run.name), run.commands, run.run_id in self.graphs)
        if sent is None:
            sent = cursor.runs[run.run_id] = _RunCursor()
        if sent.info != info:
            sent.info = info
            batch.add(
                {
                    "kind": "run_added",
                    "run_id": run.run_id,
                    "name": wire_text(run.name),
                    "started_at": run.progress.started_at,
                    "commands": list(run.commands),
                    "has_graph": run.run_id in self.graphs,
                }
            )
        self._collect_settings(run, sent, batch)
        self._collect_points(run, sent, batch, limit, full=full, end=end)
        self._collect_history(run, sent, batch, full=full, end=end)
        media = new_media(run, sent.media, None if end is None else end.media, limit / 4)
        if media is not None:
            sent.media, update, steps = media
            batch.add(update, steps)
        self._collect_weights(run, sent, batch, limit)
        self._collect_overlays(run, sent, batch)
        self._collect_progress(run, sent, batch)

    def _collect_progress(self, run: Run, sent: _RunCursor, batch: _Batch) -> None:
        progress = run.progress
        now = time.monotonic()
        if progress is sent.progress:
            return
        due = now - sent.progress_at >= PROGRESS_SECONDS
        if not due and getattr(sent.progress, "status", None) == progress.status:
            return
        sent.progress, sent.progress_at = progress, now
        batch.add(
            {
                "kind": "run_changed",
                "run_id": run.run_id,
                "status": progress.status,
                "started_at": progress.started_at,
                "step": progress.step,
                "total_steps": progress.total_steps,
                "epoch": progress.epoch,
                "total_epochs": progress.total_epochs,
                "steps_per_second": finite(progress.steps_per_second),
                "eta_seconds": finite(progress.eta_seconds),
                "elapsed_seconds": progress.elapsed_seconds,
                "overhead": finite(progress.overhead),
                "device": progress.device,
                "memory_bytes": progress.memory_bytes,
                "memory_total": progress.memory_total,
                "dropped_frames": self.dropped_frames,
            }
        )

    def _collect_settings(self, run: Run, sent: _RunCursor, batch: _Batch) -> None:
        settings = tuple(run.control.settings())
        if settings == sent.settings:
            return
        sent.settings = settings
        batch.add(
            {
                "kind": "settings_changed",
                "run_id": run.run_id,
                "settings": [
                    {
                        "name": s.name,
                        "value": s.value,
                        "minimum": s.minimum,
                        "maximum": s.maximum,
                        "scale": s.scale,
                    }
                    for s in settings
                ],
            }
        )

    def _collect_points(
        self,
        run: Run,
        sent: _RunCursor,
        batch: _Batch,
        limit: float,
        *,
        full: bool,
        end: _RunCursor | None,
    ) -> None:
        tags = run.tags[: None if end is None else len(end.points)]
        most = SNAPSHOT_POINTS if full else FRAME_POINTS
        most = max(LEAST_POINTS, min(most, int(limit / BUCKET_BYTES / max(1, len(tags)))))
        raw: list[tuple[int, int, NDArray[np.float64]]] = []
        buckets: list[tuple[int, int, NDArray[np.float64]]] = []
        for number, tag in enumerate(tags):
            series = run.series(tag)
            if number == len(sent.points):
                sent.points.append(0)
                batch.add(
                    {
                        "kind": "series_added",
                        "run_id": run.run_id,
                        "series": number,
                        "tag": wire_text(tag),
                    }
                )
            start = sent.points[number]
            stop = len(series) if end is None else end.points[number]
            if stop == start:
                continue
            if stop - start <= most:
                raw.append((number, stop - start, columns_of(*series.slice(start, stop))))
            else:
                count, columns = reduced(series, start, stop, most)
                buckets.append((number, count, columns))
            sent.points[number] = stop
        for kind, blocks in (("points_appended", raw), ("buckets_appended", buckets)):
            if blocks:
                batch.add(
                    {
                        "kind": kind,
                        "run_id": run.run_id,
                        "series": [number for number, _, _ in blocks],
                        "counts": [count for _, count, _ in blocks],
                    },
                    np.concatenate([columns for _, _, columns in blocks]),
                )

    def _collect_history(
        self, run: Run, sent: _RunCursor, batch: _Batch, *, full: bool, end: _RunCursor | None
    ) -> None:
        run_id = run.run_id
        epochs = run.epochs[sent.epochs : None if end is None else end.epochs]
        if epochs:
            batch.add(
                {
                    "kind": "epochs_started",
                    "run_id": run_id,
                    "first_epoch": sent.epochs + 1,
                    "steps": [int(step) for step in epochs],
                }
            )
            sent.epochs += len(epochs)
        events = run.events[sent.events : None if end is None else end.events]
        if events:
            batch.add(
                {
                    "kind": "events_recorded",
                    "run_id": run_id,
                    "events": [
                        {
                            "event": e.event,
                            "step": e.step,
                            "wall_time": e.wall_time,
                            "text": wire_text(e.text),
                        }
                        for e in events
                    ],
                }
            )
            sent.events += len(events)
        total = run.lines.total if end is None else end.lines
        if total > sent.lines:
            lines, newest = run.lines.after(sent.lines)
            lines = lines[: len(lines) - max(0, newest - total)]
            shown = lines[-SNAPSHOT_LINES:]
            batch.add(
                {
                    "kind": "lines_appended",
                    "run_id": run_id,
                    "lines": [
                        {
                            "level": line.level,
                            "step": line.step,
                            "wall_time": line.wall_time,
                            "text": wire_text(line.text),
                        }
                        for line in shown
                    ],
                    "dropped": 0 if full else total - sent.lines - len(shown),
                }
            )
            sent.lines = total

    def _collect_weights(self, run: Run, sent: _RunCursor, batch: _Batch, limit: float) -> None:
        layers = tuple(run.weights.layers)
        if layers and layers != sent.layers:
            sent.layers = layers
            batch.add(
                {
                    "kind": "layers_listed",
                    "run_id": run.run_id,
                    "layers": [{"name": name, "shape": list(shape)} for name, shape in layers],
                }
            )
        for name in sorted(run.weights.wanted):
            version = run.weights.version(name)
            image = run.weights.latest(name)
            if image is None or sent.weights.get(name) == version:
                continue
            if batch.size + image.cells.nbytes > limit and batch.updates:
                self.dropped_frames += 1
                continue
            sent.weights[name] = version
            batch.add(
                {
                    "kind": "weights_updated",
                    "run_id": run.run_id,
                    "name": name,
                    "step": image.step,
                    **picture_fields(image),
                },
                image.cells,
            )

    def _collect_overlays(self, run: Run, sent: _RunCursor, batch: _Batch) -> None:
        if run.overlays is None:
            return
        for name in sorted(run.overlays.wanted):
            version, latest = run.overlays.version(name), run.overlays.latest(name)
            if latest is None or sent.overlays.get(name) == version:
                continue
            sent.overlays[name] = version
            batch.add(
                {
                    "kind": "overlay_updated",
                    "run_id": run.run_id,
                    "overlay": name,
                    "step": latest.step,
                    "nodes": list(latest.values),
                    "note": wire_text(latest.note),
                    "first": list(latest.first),
                },
                np.fromiter(latest.values.values(), np.float64, len(latest.values)),
            )
