"""What every panel of a page needs of a run: its name, where it is, its epochs and events.

It belongs to no panel: a page may show any of them without the others, each marks epochs and events
or follows the status, and a graph without a run has a name, too. So the session always sends it,
the name before what the panels send, and where the run is after it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbviz.panels.wire import finite, number
from nbviz.text import clean_line, clean_text

if TYPE_CHECKING:
    from nbviz.panels.batch import Batch
    from nbviz.panels.subject import Subject
    from nbviz.recording.recorded_run import RecordedRun

PROGRESS_SECONDS = 0.2


@dataclass(slots=True)
class RunStateEntry:
    """How much of it was sent."""

    info: object = None
    epochs: int = 0
    events: int = 0
    progress: object = None
    progress_at: float = float("-inf")


def add_head(
    subject: Subject, entry: RunStateEntry, batch: Batch, end: RunStateEntry | None = None
) -> None:
    """Add what comes before all else: name and commands, new epochs and events.

    Args:
        subject: Whose.
        entry: Moved along.
        batch: Added to.
        end: Where to end; None for now.
    """
    run = subject.run
    commands = run.commands if run is not None else ()
    again = run.again if run is not None else ""
    name = clean_line(subject.name if run is None else run.name)
    info = (name, again, commands, subject.is_earlier)
    if entry.info != info:
        entry.info = info
        batch.add(
            {
                "kind": "run_added",
                "run_id": subject.run_id,
                "name": name,
                "started_at": number(run.progress.started_at) if run is not None else 0.0,
                "again": again,
                "commands": list(commands),
                "is_earlier": subject.is_earlier,
            }
        )
    if run is not None:
        _add_epochs(run, entry, batch, end)
        _add_events(run, entry, batch, end)


def add_progress(subject: Subject, entry: RunStateEntry, batch: Batch, dropped: int) -> None:
    """Add where the run is now, a few times a second and at each change of its status.

    Args:
        subject: Whose.
        entry: Moved along.
        batch: Added to.
        dropped: Pictures that were left for a later frame so far.
    """
    if subject.run is None:
        return
    progress = subject.run.progress
    now = time.monotonic()
    if progress is entry.progress:
        return
    due = now - entry.progress_at >= PROGRESS_SECONDS
    if not due and getattr(entry.progress, "status", None) == progress.status:
        return
    entry.progress, entry.progress_at = progress, now
    batch.add(
        {
            "kind": "run_changed",
            "run_id": subject.run_id,
            "status": progress.status,
            "started_at": number(progress.started_at),
            "step": progress.step,
            "total_steps": progress.total_steps,
            "epoch": progress.epoch,
            "total_epochs": progress.total_epochs,
            "steps_per_second": finite(progress.steps_per_second),
            "eta_seconds": finite(progress.eta_seconds),
            "elapsed_seconds": number(progress.elapsed_seconds),
            "overhead": finite(progress.overhead),
            "overhead_text": progress.overhead_text,
            "device": progress.device,
            "memory_bytes": progress.memory_bytes,
            "memory_total": progress.memory_total,
            "status_text": progress.status_text,
            "notices": [clean_line(one) for one in progress.notices],
            "dropped_frames": dropped,
        }
    )


def _add_epochs(
    run: RecordedRun, entry: RunStateEntry, batch: Batch, end: RunStateEntry | None
) -> None:
    epochs = run.epochs[entry.epochs : None if end is None else end.epochs]
    if not epochs:
        return
    batch.add(
        {
            "kind": "epochs_started",
            "run_id": run.run_id,
            "first_epoch": entry.epochs + 1,
            "steps": [int(step) for step in epochs],
        }
    )
    entry.epochs += len(epochs)


def _add_events(
    run: RecordedRun, entry: RunStateEntry, batch: Batch, end: RunStateEntry | None
) -> None:
    events = run.events[entry.events : None if end is None else end.events]
    if not events:
        return
    batch.add(
        {
            "kind": "events_recorded",
            "run_id": run.run_id,
            "events": [
                {
                    "event": event.event,
                    "step": event.step,
                    "wall_time": number(event.wall_time),
                    "text": clean_text(event.text),
                }
                for event in events
            ],
        }
    )
    entry.events += len(events)
