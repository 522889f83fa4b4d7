"""A run's log and the marks on its curves."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbviz.protocol.log import LineLevel
    from nbviz.protocol.run import EventKind

LINES_KEPT = 10_000
CHARACTERS_KEPT = 4_000_000
LINE_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a run's log; `wall_time` is in seconds since the run started."""

    level: LineLevel
    step: int
    wall_time: float
    text: str


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """A mark on the curves; `wall_time` is in seconds since the run started."""

    event: EventKind
    step: int
    wall_time: float
    text: str


class Lines:
    """The newest lines of a log, by any thread; the oldest go as new ones come.

    Keeps 10,000 lines and 4 million characters, whichever is reached first.
    """

    def __init__(self) -> None:
        self._lines: deque[Line] = deque()
        self._characters = 0
        self._total = 0
        self._lock = threading.Lock()

    @property
    def total(self) -> int:
        """How many lines there have been, those that are gone included."""
        return self._total

    def __len__(self) -> int:
        return len(self._lines)

    def append(self, line: Line) -> None:
        """Add a line; of a very long one the end is cut and counted."""
        if len(line.text) > LINE_CHARACTERS:
            cut = len(line.text) - LINE_CHARACTERS
            text = f"{line.text[:LINE_CHARACTERS]} … and {cut:,} more characters"
            line = Line(line.level, line.step, line.wall_time, text)
        with self._lock:
            self._lines.append(line)
            self._characters += len(line.text)
            self._total += 1
            while len(self._lines) > LINES_KEPT or self._characters > CHARACTERS_KEPT:
                self._characters -= len(self._lines.popleft().text)

    def renew_lock(self) -> None:
        """After a fork, in the child: a thread that is not here may have held the lock."""
        self._lock = threading.Lock()

    def since(self, number: int) -> list[Line]:
        """Return the lines after the first `number` of all, as far as they are kept."""
        with self._lock:
            return self._newest(self._total - number)

    def after(self, number: int) -> tuple[list[Line], int]:
        """Return the lines after the first `number` of all that are kept, and `total`."""
        with self._lock:
            return self._newest(self._total - number), self._total

    def _newest(self, count: int) -> list[Line]:
        new = min(count, len(self._lines))
        return list(self._lines)[len(self._lines) - new :] if new > 0 else []
