"""Points of several sources, such as files, in one series a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from nbviz.recording.event_files.batch import Points
    from nbviz.recording.scalars.store import ScalarStore


class SeriesParts:
    """Gives points of several sources to series, whose steps never go backwards.

    A source that is new to a tag continues its series if it begins at the last step or after; else
    it begins a new segment, as a restarted training does. A source whose segment is no longer the
    newest goes on in it.

    Args:
        store: Where the series are.
    """

    def __init__(self, store: ScalarStore) -> None:
        self._store = store
        self._sources: dict[Hashable, int] = {}
        self._owners: dict[str, list[int]] = {}  # of each tag's segments

    def extend(self, source: Hashable, tag: str, points: Points) -> None:
        """Append points of one tag in the order in which they were written."""
        number = self._sources.setdefault(source, len(self._sources) + 1)
        owners = self._owners.setdefault(tag, [number])
        series = self._store.series.get(tag)
        first = int(points.steps[0])
        if series is not None and owners[-1] != number:
            if number in owners:
                older = series.segments[len(owners) - 1 - owners[::-1].index(number)]
                if first >= older.last_step and not (points.steps[1:] < points.steps[:-1]).any():
                    seconds = points.wall_times - self._store.started_at
                    with self._store.lock:
                        older.extend(points.steps, seconds, points.values)
                    return
            if first < series.last_step:
                with self._store.lock:
                    series.restart()
                owners.append(number)
            else:
                owners[-1] = number
        self._store.extend(tag, points.steps, points.wall_times, points.values, number)
        owners += [number] * (len(self._store.series[tag].segments) - len(owners))
