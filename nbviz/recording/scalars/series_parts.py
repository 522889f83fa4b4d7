"""Points of several sources, such as files, in one series a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbviz.recording.scalars.segment import POINT_BYTES

if TYPE_CHECKING:
    from collections.abc import Hashable

    from nbviz.recording.event_files.batch import Points
    from nbviz.recording.scalars.store import ScalarStore

_COPIED = 65_536  # points at once


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
        for part in points.cut():
            self._extend(source, tag, part)

    def _extend(self, source: Hashable, tag: str, points: Points) -> None:
        number = self._sources.setdefault(source, len(self._sources) + 1)
        owners = self._owners.setdefault(tag, [number])
        series = self._store.series.get(tag)
        first = int(points.steps[0])
        if points.is_late is not None and series is not None and owners[-1] == number:
            self._store.sort_in(tag, points.steps, points.wall_times, points.values)
            return
        if series is not None and owners[-1] != number:
            if number in owners:
                older = series.segments.growing(_last_place(owners, number))
                is_rising = not (points.steps[1:] < points.steps[:-1]).any()
                if older is not None and first >= older.last_step and is_rising:
                    seconds = points.wall_times - self._store.started_at
                    with self._store.lock:
                        older.extend(points.steps, seconds, points.values)
                        self._store.enforce_budget(POINT_BYTES * len(points.steps))
                    return
            if first < series.last_step:
                with self._store.lock:
                    series.restart(may_grow=True)
                owners.append(number)
            else:
                owners[-1] = number
        self._store.extend(tag, points.steps, points.wall_times, points.values, number)
        series = self._store.series.get(tag)
        if series is None:  # one tag too many
            del self._owners[tag]
            return
        owners += [number] * (len(series.segments) - len(owners))

    def restart(self, source: Hashable, step: int) -> int:
        """Begin every tag anew at a step, as a writer says that it does.

        What was recorded before the step goes on to count; the rest stays in the segments before.

        Args:
            source: Who says so.
            step: The first step that no longer counts.

        Returns:
            How many points no longer count.
        """
        number = self._sources.setdefault(source, len(self._sources) + 1)
        count = 0
        for tag, series in list(self._store.series.items()):
            newest = series.segments[-1]
            if not len(newest) or newest.last_step < step:
                continue
            stop = int(np.searchsorted(newest.steps, step))
            count += len(newest) - stop
            with self._store.lock:
                series.restart(may_grow=True)
                for start in range(0, stop, _COPIED):
                    series.extend(*newest.slice(start, min(stop, start + _COPIED)))
                self._store.enforce_budget(POINT_BYTES * stop)
            owners = self._owners.setdefault(tag, [number])
            owners += [number] * (len(series.segments) - len(owners))
        return count


def _last_place(owners: list[int], number: int) -> int:
    return next(place for place in reversed(range(len(owners))) if owners[place] == number)
