"""What a run's marks and its log say of its life."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from nbviz.errors import describe
from nbviz.recording.cell_names import name_cells
from nbviz.text import counted
from nbviz.training.events import (
    DataChanged,
    LineLogged,
    PhaseLeft,
    PhaseReached,
    RunPaused,
    RunResumed,
    SettingApplied,
)
from nbviz.training.phases.phase import Phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.recording.recorded_run import RecordedRun
    from nbviz.recording.scalars.intake import FirstNan
    from nbviz.recording.scalars.series import Restart
    from nbviz.training.events import Event, RunEnded

_TAGS_NAMED = 3


def record_command(run: RecordedRun, event: Event) -> None:
    """Record what a command did: RunPaused, PhaseReached, SettingApplied, LineLogged and so on."""
    if isinstance(event, RunPaused | RunResumed | PhaseReached | PhaseLeft):
        _record_place(run, event)
    elif isinstance(event, SettingApplied):
        text = f"{event.name} {event.old:.6g} → {event.new:.6g}"
        run.mark("command", event.step, text, event.wall_time)
    elif isinstance(event, DataChanged):
        run.mark("command", event.step, event.text, event.wall_time)
    elif isinstance(event, LineLogged):
        run.note(event.text, event.level, step=event.step, wall_time=event.wall_time)


def _record_place(
    run: RecordedRun, event: RunPaused | RunResumed | PhaseReached | PhaseLeft
) -> None:
    """Record that the run stands, or goes on."""
    if isinstance(event, RunPaused):
        run.meter.pause(event.wall_time)
        if run.phase is not None:
            run.phase = Phase(run.phase.step, "end", phases=run.phase.phases)
        run.weights.complete(event.step)  # however new the last ones are
        run.mark("command", event.step, "paused", event.wall_time)
    elif isinstance(event, PhaseReached):
        run.meter.pause(event.wall_time)
        run.phase = event.phase
        if event.phase.name == "optimizer":
            run.weights.complete(event.step)
        run.notify()
    else:
        run.meter.resume(event.wall_time)
        if isinstance(event, RunResumed):
            run.phase = run.phase if event.into else None
            run.mark("command", event.step, _resumed_text(event.steps), event.wall_time)


def end_text(event: RunEnded) -> str:
    """Return how a run ended."""
    if event.reason == "failed" and event.error is not None:
        return f"failed: {describe(event.error)}"
    return f"{event.reason} after {counted(event.step, 'step')}"


def mark_restarts(run: RecordedRun, restarts: Sequence[Restart]) -> None:
    """Mark each step at which tags began again."""
    by_step: dict[int, list[Restart]] = {}
    for restart in restarts:
        by_step.setdefault(restart.step, []).append(restart)
    for step, those in by_step.items():
        tags = _names([one.tag for one in those])
        after = those[0].after
        run.mark("started", step, f"restart at step {step:,}, after step {after:,}: {tags}")


def mark_nans(run: RecordedRun, nans: Sequence[FirstNan]) -> None:
    """Mark each step at which tags turned NaN, on every curve."""
    by_step: dict[int, list[FirstNan]] = {}
    for nan in nans:
        by_step.setdefault(nan.step, []).append(nan)
    for step, those in by_step.items():
        text = f"NaN in {_names([one.tag for one in those])} at step {step:,}"
        run.mark("warning", step, text, run.meter.started_at + those[0].seconds)


def _names(tags: Sequence[str]) -> str:
    more = f" and {len(tags) - _TAGS_NAMED} more" if len(tags) > _TAGS_NAMED else ""
    return ", ".join(tags[:_TAGS_NAMED]) + more


def traceback_of(error: BaseException) -> str:
    """Return an error's traceback, or only its message where its own code fails."""
    try:
        return name_cells("".join(traceback.format_exception(error)).rstrip())
    except Exception:  # noqa: BLE001  an error's attributes may raise
        return describe(error)


def _resumed_text(steps: int | None) -> str:
    if steps is None:
        return "resumed"
    return "one step" if steps == 1 else counted(steps, "step")
