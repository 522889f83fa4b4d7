"""Tags whose steps begin again: each time a series of its own."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable

    from nbviz.recording.event_files.batch import Points
    from nbviz.recording.scalars.intake import Intake

MOST_PARTS = 50
"""Of one tag; what begins again after that stays at the step where the last part is."""


class SeriesParts:
    """Gives points of several sources to series, whose steps never go backwards.

    A source goes on where it was. A source that is new to a tag continues the tag's newest series
    if it begins at its last step or after; else it begins a series `tag (2)`, `tag (3)` …

    Args:
        intake: Where the series are.
    """

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._counts: dict[str, int] = {}
        self._owners: dict[str, Hashable] = {}  # of series

    def extend(self, source: Hashable, tag: str, points: Points) -> None:
        """Append points of one tag in the order in which they were written."""
        falls = np.flatnonzero(np.diff(points.steps) < 0) + 1
        cuts = [0, *falls.tolist(), len(points.steps)]
        for start, stop in pairwise(cuts):
            part = slice(start, stop)
            name = self._series_for(source, tag, int(points.steps[start]))
            self._owners[name] = source
            self._intake.extend(
                name, points.steps[part], points.wall_times[part], points.values[part]
            )

    def _series_for(self, source: Hashable, tag: str, step: int) -> str:
        count = self._counts.get(tag, 0)
        names = [_name(tag, number) for number in range(count, 0, -1)]
        owned = [name for name in names if self._owners[name] == source]
        for name in (*owned[:1], *names[:1]):
            last = self._intake.series[name].last
            if last is None or step >= last.step:
                return name
        if count >= MOST_PARTS:
            return names[0]
        self._counts[tag] = count + 1
        return _name(tag, count + 1)


def _name(tag: str, number: int) -> str:
    return tag if number == 1 else f"{tag} ({number})"
