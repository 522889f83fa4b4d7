"""What of event files was left out, and why, in sentences for a run's log."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from nbviz.recording.event_files.batch import Batch
from nbviz.recording.event_files.records import MOST_PAYLOAD
from nbviz.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbviz.protocol.log import LineLevel

_MOST_REASONS = 6  # named in one sentence
_AGAIN = 10  # times as many values are left out before that is said again


class LeftOut:
    """Collects what was left out while files are read, and says it once they have been.

    Args:
        say: Takes a sentence and how much it matters.

    Attributes:
        files: Those that are damaged, until it has been said.
    """

    def __init__(self, say: Callable[[str, LineLevel], None]) -> None:
        self._say = say
        self.files: dict[Path, Batch] = {}
        self._values: Counter[str] = Counter()
        self._reported = 0

    def add(self, path: Path, batch: Batch) -> None:
        """Take in what a part of a file had that was left out."""
        self._values += batch.left_out
        if batch.damaged or batch.skipped or batch.too_long or batch.odd_times:
            so_far = self.files.setdefault(path, Batch())
            so_far.damaged += batch.damaged
            so_far.skipped += batch.skipped
            so_far.too_long += batch.too_long
            so_far.odd_times += batch.odd_times

    def report(self) -> None:
        """Say what has come since the last time."""
        for path, batch in self.files.items():
            for text in _damage(batch):
                self._say(f"{path.name}: {text}", "warning")
        self.files.clear()
        total = self._values.total()
        if total and total >= _AGAIN * self._reported:
            self._reported = total
            named = self._values.most_common(_MOST_REASONS)
            reasons = [f"{count:,} × {reason.rstrip('.')}" for reason, count in named]
            if len(self._values) > len(named):
                reasons.append("…")
            were = counted(total, "value was", "values were")
            self._say(f"{were} left out: {'; '.join(reasons)}.", "info")


def _damage(batch: Batch) -> list[str]:
    found: list[str] = []
    if batch.damaged or batch.skipped:
        parts = [counted(batch.damaged, "record")] if batch.damaged else []
        parts += [f"{counted(batch.skipped, 'byte')} between records"] if batch.skipped else []
        found.append(f"it is damaged; left out: {' and '.join(parts)}.")
    if batch.too_long:
        were = counted(batch.too_long, "record was", "records were")
        found.append(f"{were} left out: longer than {MOST_PAYLOAD:,} bytes, which are not read.")
    if batch.odd_times:
        have = counted(batch.odd_times, "event has", "events have")
        found.append(
            f"{have} a wall time that is infinite, not a number, or out of range; that of the "
            "event before stands in its place."
        )
    return found
