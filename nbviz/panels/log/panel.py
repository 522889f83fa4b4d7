"""The lines of a run's log, the newest ones of a long log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbviz.panels.panel import Extent, RunPanel
from nbviz.panels.wire import number
from nbviz.text import clean_text

if TYPE_CHECKING:
    from nbviz.panels.batch import Batch, SavedBatch
    from nbviz.recording.recorded_run import RecordedRun

MOST_LINES = 500  # in one frame, and in a snapshot


@dataclass(slots=True)
class LogEntry:
    """How many lines were sent, those that were left out included."""

    lines: int = 0


class LogPanel(RunPanel[LogEntry, None]):
    """What a run said."""

    name = "log"
    assets = ("log",)

    def has_content(self, part: RecordedRun) -> bool:
        """Whether there is a line."""
        return part.lines.total > 0

    def entry(self) -> LogEntry:
        """Return the entry of a page without lines."""
        return LogEntry()

    def updates(
        self, part: RecordedRun, entry: LogEntry, batch: Batch, extent: Extent[LogEntry, None]
    ) -> None:
        """Add new lines; of more than 500 the newest. A snapshot does not call that dropped."""
        total = part.lines.total if extent.end is None else extent.end.lines
        if total <= entry.lines:
            return
        lines, newest = part.lines.after(entry.lines)
        lines = lines[: len(lines) - max(0, newest - total)]
        shown = lines[-MOST_LINES:]
        batch.add(
            {
                "kind": "lines_appended",
                "run_id": part.run_id,
                "lines": [
                    {
                        "level": line.level,
                        "step": line.step,
                        "wall_time": number(line.wall_time),
                        "text": clean_text(line.text),
                    }
                    for line in shown
                ],
                "dropped": 0 if extent.full else total - entry.lines - len(shown),
            }
        )
        entry.lines = total

    def saved(self, part: RecordedRun, batch: SavedBatch, limit: float) -> bool:
        """Add the newest lines."""
        self.updates(part, self.entry(), batch, Extent(limit=limit, full=True))
        return self.has_content(part)
