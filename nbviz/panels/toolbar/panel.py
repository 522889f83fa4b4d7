"""What can be set on a run, and the commands that steer it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbviz.errors import CommandError
from nbviz.going_back import COMMANDS_OF_FORKS, GoingBack
from nbviz.panels.panel import Extent, Reply, RunPanel
from nbviz.panels.wire import finite, number
from nbviz.protocol import core
from nbviz.protocol import run as messages
from nbviz.text import clean_text

if TYPE_CHECKING:
    from nbviz.panels.batch import Batch, SavedBatch
    from nbviz.recording.recorded_run import RecordedRun


# Commands that return when the present step, or its phase, has ended.
_WAITING = frozenset({"reset", "step_into", "inject_fault"})
_REACH_SECONDS = 1.0  # between two messages that say no more than which states are kept


_NOTHING: messages.GoingBackChanged = {
    "kind": "going_back_changed",
    "run_id": "",
    "refused": "the trainer goes on with another run",
    "kept": [],
    "reach": [],
    "step_seconds": None,
    "doing": "",
    "first": 0,
    "last": 0,
    "at": 0,
    "outcome": "",
    "is_failure": False,
    "outcome_run": "",
    "outcome_panel": "",
    "number": 0,
}


@dataclass(slots=True)
class ToolbarEntry:
    """Which of a run's settings were sent, and what of its way back."""

    settings: object = None
    act: object = None
    reach: object = None
    reach_at: float = float("-inf")
    phase: object = None


class ToolbarPanel(RunPanel[ToolbarEntry, None]):
    """Where a run is, and what can be done to it."""

    name = "toolbar"
    live_assets = ("timeline", "unseen", "settings")
    requests = (messages.Control,)

    def has_content(self, part: RecordedRun) -> bool:
        """Always: every run has a step and a status."""
        del part
        return True

    def entry(self) -> ToolbarEntry:
        """Return the entry of a page that knows no settings."""
        return ToolbarEntry()

    def updates(
        self,
        part: RecordedRun,
        entry: ToolbarEntry,
        batch: Batch,
        extent: Extent[ToolbarEntry, None],
    ) -> None:
        """Add what can be set on the run and how it can go back, where that changed."""
        del extent  # a page may be sent them twice
        _add_going_back(part, entry, batch)
        _add_phase(part, entry, batch)
        self._add_settings(part, entry, batch)

    def _add_settings(self, part: RecordedRun, entry: ToolbarEntry, batch: Batch) -> None:
        settings = tuple(part.control.settings())
        if settings == entry.settings:
            return
        entry.settings = settings
        batch.add(
            {
                "kind": "settings_changed",
                "run_id": part.run_id,
                "settings": [
                    {
                        "name": one.name,
                        "value": number(one.value),
                        "minimum": number(one.minimum),
                        "maximum": finite(one.maximum),
                        "scale": one.scale,
                        "driver": one.driver,
                    }
                    for one in settings
                ],
            }
        )

    def answer(
        self, part: RecordedRun, request: messages.Control, reply: Reply[core.CommandDone]
    ) -> None:
        """Carry out a command."""
        name = request["name"]
        if name not in part.commands:
            known = ", ".join(part.commands) or "none"
            raise CommandError(f"this run has no command {name!r}; it has: {known}.")
        steering: Any = part.steering or part.control
        if name in COMMANDS_OF_FORKS:
            steering = steering.going_back

        def carry_out() -> None:
            getattr(steering, name)(**request["arguments"])
            reply.send({"kind": "command_done", **reply.address})

        if name not in _WAITING:
            carry_out()
            return

        def report() -> None:
            try:
                carry_out()
            except Exception as error:  # noqa: BLE001  whatever it is, the page is told
                reply.fail(error)

        # Neither the user's thread nor another answer waits for the present step to end.
        threading.Thread(target=report, name=f"nbviz-{name}", daemon=True).start()

    def saved(self, part: RecordedRun, batch: SavedBatch, limit: float) -> bool:
        """Add the settings as they are."""
        del limit
        self._add_settings(part, self.entry(), batch)
        return True


def _add_phase(part: RecordedRun, entry: ToolbarEntry, batch: Batch) -> None:
    phase = part.phase
    if phase is entry.phase:
        return
    entry.phase = phase
    batch.add(
        {
            "kind": "phase_changed",
            "run_id": part.run_id,
            "step": 0 if phase is None else phase.step,
            "phase": "" if phase is None else phase.name,
            "phases": [] if phase is None else list(phase.phases),
            "text": "" if phase is None else clean_text(phase.text),
        }
    )


def _add_going_back(part: RecordedRun, entry: ToolbarEntry, batch: Batch) -> None:
    going_back = getattr(part.steering, "going_back", None)
    if not isinstance(going_back, GoingBack):
        # A run that was left behind by its trainer can do nothing any more.
        if entry.act is not None:
            entry.act = None
            batch.add({**_NOTHING, "run_id": part.run_id})
        return
    act, refused, reach = going_back.now, going_back.refused, going_back.reach
    at = going_back.step if act.doing else 0
    now = time.monotonic()
    is_due = now - entry.reach_at >= _REACH_SECONDS or not part.is_active
    if entry.act == (act, refused, at) and (entry.reach == reach or not is_due):
        return
    entry.act, entry.reach, entry.reach_at = (act, refused, at), reach, now
    batch.add(
        {
            "kind": "going_back_changed",
            "run_id": part.run_id,
            "refused": clean_text(refused),
            "kept": [step for step, _ in reach],
            "reach": [step for _, step in reach],
            "step_seconds": finite(going_back.step_seconds),
            "doing": clean_text(act.doing),
            "first": act.first,
            "last": act.last,
            "at": at,
            "outcome": clean_text(act.outcome),
            "is_failure": act.is_failure,
            "outcome_run": act.run_id,
            "outcome_panel": act.panel,
            "number": act.number,
        }
    )
