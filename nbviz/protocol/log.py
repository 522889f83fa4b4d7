"""The lines of a run's log."""

from __future__ import annotations

from typing import Literal, TypedDict

LineLevel = Literal["info", "print", "warning", "error"]


class Line(TypedDict):
    """One line of a run's log."""

    level: LineLevel
    step: int
    wall_time: float  # seconds since the run started
    text: str


class LinesAppended(TypedDict):
    """New lines of the run's log. `dropped` lines before them are gone from memory."""

    kind: Literal["lines_appended"]
    run_id: str
    lines: list[Line]
    dropped: int


Updates = LinesAppended
"""What the kernel sends."""
