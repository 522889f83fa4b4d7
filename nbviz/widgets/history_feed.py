"""What happened in a run: its epochs, its events, the lines of its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.widgets.columns import wire_text

if TYPE_CHECKING:
    from nbviz.recording.run import Run
    from nbviz.widgets.cursor import Batch, RunCursor

SNAPSHOT_LINES = 500


def add_history(
    run: Run, sent: RunCursor, batch: Batch, *, full: bool, end: RunCursor | None
) -> None:
    """Add what is new up to `end`, or up to now.

    Args:
        run: Whose history.
        sent: Moved along.
        batch: Added to.
        full: It is a snapshot: earlier lines are not there rather than dropped.
        end: Where to end; None for now.
    """
    _add_epochs(run, sent, batch, end)
    _add_events(run, sent, batch, end)
    _add_lines(run, sent, batch, full=full, end=end)


def _add_epochs(run: Run, sent: RunCursor, batch: Batch, end: RunCursor | None) -> None:
    epochs = run.epochs[sent.epochs : None if end is None else end.epochs]
    if not epochs:
        return
    batch.add(
        {
            "kind": "epochs_started",
            "run_id": run.run_id,
            "first_epoch": sent.epochs + 1,
            "steps": [int(step) for step in epochs],
        }
    )
    sent.epochs += len(epochs)


def _add_events(run: Run, sent: RunCursor, batch: Batch, end: RunCursor | None) -> None:
    events = run.events[sent.events : None if end is None else end.events]
    if not events:
        return
    batch.add(
        {
            "kind": "events_recorded",
            "run_id": run.run_id,
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


def _add_lines(
    run: Run, sent: RunCursor, batch: Batch, *, full: bool, end: RunCursor | None
) -> None:
    total = run.lines.total if end is None else end.lines
    if total <= sent.lines:
        return
    lines, newest = run.lines.after(sent.lines)
    lines = lines[: len(lines) - max(0, newest - total)]
    shown = lines[-SNAPSHOT_LINES:]
    batch.add(
        {
            "kind": "lines_appended",
            "run_id": run.run_id,
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
