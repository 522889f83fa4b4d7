"""What pages are told of a run itself: its name, its settings, and where it is now."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from nbviz.widgets.columns import finite, wire_text

if TYPE_CHECKING:
    from nbviz.recording.run import Run
    from nbviz.widgets.cursor import Batch, RunCursor

PROGRESS_SECONDS = 0.2


def add_run(run: Run, sent: RunCursor, batch: Batch) -> None:
    """Add what a page has to know of a run before all else."""
    info = (wire_text(run.name), run.commands)
    if sent.info == info:
        return
    sent.info = info
    batch.add(
        {
            "kind": "run_added",
            "run_id": run.run_id,
            "name": wire_text(run.name),
            "started_at": run.progress.started_at,
            "commands": list(run.commands),
        }
    )


def add_settings(run: Run, sent: RunCursor, batch: Batch) -> None:
    """Add what can be set on the run, where that changed."""
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


def add_progress(run: Run, sent: RunCursor, batch: Batch, dropped_frames: int) -> None:
    """Add where the run is now, a few times a second and at each change of its status."""
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
            "dropped_frames": dropped_frames,
        }
    )
