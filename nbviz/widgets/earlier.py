"""What a view shows of the time when its cell ran before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.panels.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.recording.run import Run


def left_for_the_next(run: Run, shown: Sequence[Subject]) -> list[Subject]:
    """Return what the view of a cell that runs again is to show beside its new run.

    That is the run that has just been ended, in grey until a reader keeps or dismisses it, and the
    earlier ones that a reader has kept. All others are let go.

    Args:
        run: What the cell made; it is steered no more.
        shown: What its view showed.
    """
    kept = [
        Subject.of_run(subject.run, is_kept=True)
        for subject in shown
        if subject.is_kept and subject.run is not None
    ]
    if not run.meter.started_at:
        return kept
    run.leave_trainer()
    return [*kept, Subject.of_run(run, is_earlier=True)]
