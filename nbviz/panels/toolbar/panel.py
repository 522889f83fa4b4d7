"""What can be set on a run, and the commands that steer it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbviz.errors import CommandError
from nbviz.panels.panel import Extent, Reply, RunPanel
from nbviz.panels.wire import finite, number
from nbviz.protocol import core
from nbviz.protocol import run as messages

if TYPE_CHECKING:
    from nbviz.panels.batch import Batch, SavedBatch
    from nbviz.recording.recorded_run import RecordedRun


_WAITING = frozenset({"reset"})  # commands that return when the present step has ended


@dataclass(slots=True)
class ToolbarEntry:
    """Which of a run's settings were sent."""

    settings: object = None


class ToolbarPanel(RunPanel[ToolbarEntry, None]):
    """Where a run is, and what can be done to it."""

    name = "toolbar"
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
        """Add what can be set on the run, where that changed."""
        del extent  # a page may be sent them twice
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
        self.updates(part, self.entry(), batch, Extent(limit=limit, full=True))
        return True
