"""Which series pages draw: the points of all others wait in the recording."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.panels.panel import View

UNKNOWN_SERIES = 100
"""Series that a page has not decided on are sent, so many of them: a kernel that is busy with a
cell hears no decision before its end, and its new tags are to be seen meanwhile."""

ALL_SERIES = range(sys.maxsize)


@dataclass(frozen=True, slots=True)
class WantedSeries:
    """What all pages together draw, of one run."""

    series: frozenset[int] = frozenset()
    known: int = 0  # series up to here were decided on

    def __contains__(self, series: object) -> bool:
        if not isinstance(series, int):
            return False
        return series in self.series or 0 <= series - self.known < UNKNOWN_SERIES

    @staticmethod
    def of(views: Sequence[View]) -> WantedSeries:
        """Return what some views draw together; a series is decided on once all have."""
        series = frozenset(int(key) for view in views for key in view.keys)
        return WantedSeries(series, min(view.known for view in views))
