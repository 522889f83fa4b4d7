"""Minimum, maximum and mean over ever longer units, so that any range can be drawn quickly.

The first level has a unit for each 64 points, every next one a unit for 16 of those below. A first
factor of 64 and not 16 takes a quarter of the memory (0.7 bytes a point in all), and a range of
2,000 buckets never has to look at more than 64,000 raw points. Levels are filled a whole block at a
time: point by point would cost 10 times as much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbviz.recording.scalars.units import Units, merge, reduce_points

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

FIRST_FACTOR = 64
FACTOR = 16
_COLUMNS = ("steps", "wall_times", "min", "max", "mean", "nan", "infinite")


class Level:
    """Units of equal size, `span` points each. One writer appends, any thread reads."""

    def __init__(self, span: int) -> None:
        self.span = span
        count_type = np.min_scalar_type(span)
        types = (np.int64, *[np.float64] * 4, count_type, count_type)
        self._columns: tuple[NDArray[Any], ...] = tuple(np.empty(0, kind) for kind in types)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def nbytes(self) -> int:
        """Memory in bytes, without the room to grow that was never touched."""
        return sum(column.itemsize for column in self._columns) * self._length

    @property
    def steps(self) -> NDArray[np.int64]:
        """First step of each unit."""
        length = self._length  # before the columns: they only ever grow
        return self._columns[0][:length]

    def append(self, units: Units) -> None:
        """Add complete units."""
        start, stop = self._length, self._length + len(units)
        if stop > len(self._columns[0]):
            room = max(64, stop, len(self._columns[0]) * 3 // 2)
            # Readers that hold the old columns go on with them.
            self._columns = tuple(_grown(column, start, room) for column in self._columns)
        for name, column in zip(_COLUMNS, self._columns, strict=True):
            column[start:stop] = getattr(units, name)
        self._length = stop

    def cut(self, points: int) -> Level:
        """Return a level of the units of so many points."""
        found = Level(self.span)
        found._length = min(self._length, points // self.span)
        found._columns = tuple(column[: found._length].copy() for column in self._columns)
        return found

    def slice(self, start: int, stop: int) -> Units:
        """Return units `start` up to `stop`."""
        steps, walls, low, high, mean, nan, infinite = (
            column[start:stop] for column in self._columns
        )
        count = np.full(len(steps), self.span, np.int64)
        return Units(
            steps,
            walls,
            low,
            high,
            mean,
            count,
            nan.astype(np.int64),
            infinite.astype(np.int64),
        )


class Pyramid:
    """The levels of one series. One writer appends, any thread reads without a lock."""

    def __init__(self) -> None:
        self.levels: list[Level] = [Level(FIRST_FACTOR)]

    @property
    def nbytes(self) -> int:
        """Memory in bytes."""
        return sum(level.nbytes for level in self.levels)

    def append(
        self,
        steps: NDArray[np.int64],
        wall_times: NDArray[np.float64],
        values: NDArray[np.float64],
    ) -> None:
        """Add the next points; their number must be a multiple of `FIRST_FACTOR`."""
        starts = np.arange(0, len(values), FIRST_FACTOR)
        self.levels[0].append(
            reduce_points(steps[::FIRST_FACTOR], wall_times[::FIRST_FACTOR], values, starts)
        )
        number = 0
        while True:
            below = self.levels[number]
            above = self.levels[number + 1] if number + 1 < len(self.levels) else None
            done = len(above) * FACTOR if above else 0
            ready = (len(below) - done) // FACTOR * FACTOR
            if not ready:
                return
            if above is None:
                above = Level(below.span * FACTOR)
                self.levels.append(above)
            above.append(merge(below.slice(done, done + ready), np.arange(0, ready, FACTOR)))
            number += 1

    def cut(self, points: int) -> Pyramid:
        """Return one of the first points, whose number is a multiple of `FIRST_FACTOR`."""
        found = Pyramid()
        levels = [level.cut(points) for level in self.levels]
        found.levels = [level for level in levels if len(level)] or [Level(FIRST_FACTOR)]
        return found

    def level_for(self, points: int, units: int) -> Level | None:
        """Return the coarsest level that has at least `units` units in a range of `points`."""
        best = None
        for level in self.levels:
            if points // level.span < units:
                break
            best = level
        return best


def _grown(column: NDArray[Any], length: int, room: int) -> NDArray[Any]:
    grown = np.empty(room, column.dtype)
    grown[:length] = column[:length]
    return grown
