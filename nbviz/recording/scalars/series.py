"""All points of one tag in one run, its restarts included."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nbviz.recording.scalars import export
from nbviz.recording.scalars.sampling import Sample
from nbviz.recording.scalars.segment import Point
from nbviz.recording.scalars.segments import Segments
from nbviz.text import counted

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from nbviz.recording.scalars.segment import Points

__all__ = ["Point", "Restart", "Sample", "Series"]

MOST_STRAYS = 1000
PASSING_SECONDS = 1.0
"""Threads of which one logs a tag so soon after another are at work side by side."""

_POINT_BYTES = 150
_MOST_LATE = 65_536  # points that wait


class Restart(NamedTuple):
    """Where a tag began again: the newest step before, and the first one after."""

    tag: str
    after: int
    step: int


class Series:
    """All points of one tag in one run.

    Steps never go backwards in it. Where a training began again at an earlier step, a new segment
    begins: `steps`, `values` and all else here are of the newest one, and `segments` has them all.
    A point that comes alone after later steps is in `strays`. Threads that log one tag may pass
    each other, by however much: their points are sorted.

    One thread at a time appends; any thread reads at any time, without a lock.

    Args:
        tag: The series' name, such as `loss/train`.

    Attributes:
        segments: All segments as they are now, the newest last.
        stray_count: How many points have come alone after later steps.
    """

    __slots__ = (
        "__weakref__", "_late", "_open", "_strays", "_writer", "_writers", "segments",
        "stray_count", "tag",
    )  # fmt: skip

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.segments = Segments()
        self.stray_count = 0
        self._strays: tuple[Point, ...] = ()
        # To be sorted in. No empty list: of what there is for each tag, the collector of garbage
        # has to look at every list.
        self._late: list[Point] | None = None
        # Points behind the newest step, by who wrote them: alone, or the first of a new segment.
        self._open: dict[int, Point] | None = None
        self._writer = 0
        # Each one's newest step and when it came, if there are several.
        self._writers: dict[int, tuple[int, float]] | None = None

    # ------------------------------------------------------------ reading

    def __len__(self) -> int:
        return len(self.segments[-1])

    def __repr__(self) -> str:
        last = self.last
        end = f", last {last.value:.6g} at step {last.step}" if last else ""
        again = f", {counted(self.restarts, 'restart')} before" if self.restarts else ""
        return f"Series({self.tag!r}, {counted(len(self), 'point')}{end}{again})"

    @property
    def restarts(self) -> int:
        """How often it began again."""
        return len(self.segments) - 1

    @property
    def numbering(self) -> int:
        """Rises where points get other indices: it began again, or some were sorted in."""
        return self.segments.numbering

    @property
    def is_settled(self) -> bool:
        """Whether no points wait for `settle`."""
        return not self._late

    @property
    def open_count(self) -> int:
        """How many of `strays`, the last ones, may still turn out to begin a new segment."""
        return len(self._open) if self._open else 0

    @property
    def strays(self) -> tuple[Point, ...]:
        """Points that came alone after later steps, at the steps given; the newest 1,000."""
        return self._strays + (tuple(self._open.values()) if self._open else ())

    @property
    def steps(self) -> NDArray[np.int64]:
        """Steps of all points, shape (points,)."""
        return self.segments[-1].steps

    @property
    def wall_times(self) -> NDArray[np.float64]:
        """Seconds since the run started of all points, shape (points,)."""
        return self.segments[-1].wall_times

    @property
    def values(self) -> NDArray[np.float64]:
        """Values of all points, NaN and ±inf among them, shape (points,)."""
        return self.segments[-1].values

    @property
    def last(self) -> Point | None:
        """The newest point, None if there is none."""
        return self.segments[-1].last

    @property
    def last_step(self) -> int:
        """The newest point's step, 0 if there is none."""
        return self.segments[-1].last_step

    def slice(self, start: int, stop: int) -> Points:
        """Return steps, wall times and values of points `start` up to `stop`, by their index.

        The arrays may be views of the recording: copy them before changing them.
        """
        return self.segments[-1].slice(start, stop)

    def values_between(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the values of points `start` up to `stop`, by their index."""
        return self.segments[-1].values_between(start, stop)

    def at(self, indices: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return steps and wall times of the points with these rising indices."""
        return self.segments[-1].at(indices)

    def sample(
        self, first_step: int | None = None, last_step: int | None = None, points: int = 2000
    ) -> Sample:
        """Reduce a range of steps to a few buckets of neighbours that keep every extreme.

        Takes under 1 ms for 10 million points. A range of at most `points` points comes back point
        by point.

        Args:
            first_step: The first step, from the start if None.
            last_step: The last step, included; to the end if None.
            points: The most buckets, at least 1.

        Raises:
            ConfigurationError: `points` is below 1.
        """
        return self.segments[-1].sample(first_step, last_step, points)

    def to_numpy(self) -> NDArray[Any]:
        """Return all points as a structured array with fields step, wall_time and value."""
        return export.to_numpy(self.segments[-1])

    def to_pandas(self) -> Any:
        """Return all points as a `pandas.DataFrame` with columns step, wall_time and value.

        Raises:
            MissingDependencyError: pandas is not installed.
        """
        return export.to_pandas(self.segments[-1])

    def to_csv(self, path: str | Path) -> None:
        """Write all points as CSV with a header; values read back equal."""
        export.to_csv(self.segments[-1], path)

    def to_parquet(self, path: str | Path) -> None:
        """Write all points as Parquet with columns step, wall_time and value.

        Raises:
            MissingDependencyError: pyarrow is not installed.
        """
        export.to_parquet(self.segments[-1], path)

    # ------------------------------------------------------------ writing

    @property
    def nbytes(self) -> int:
        """Bytes in memory, without what was moved to a file."""
        return self.segments.nbytes + _POINT_BYTES * (len(self._strays) + len(self._late or ()))

    def extend(
        self,
        steps: NDArray[np.int64],
        wall_times: NDArray[np.float64],
        values: NDArray[np.float64],
    ) -> None:
        """Append points; only one thread at a time may.

        Args:
            steps: Steps that never go backwards, nor behind the last one here.
            wall_times: Seconds since the run started.
            values: Any float64.
        """
        self.segments[-1].extend(steps, wall_times, values)

    def restart(self, *, may_grow: bool = False) -> None:
        """Begin a new segment.

        Args:
            may_grow: Whether points may still come that belong to the one before.
        """
        self.settle()
        self.stray_count += self.open_count
        self._strays = self.strays[-MOST_STRAYS:]
        self._open = self._writers = None
        self.segments = self.segments.followed(may_grow=may_grow)

    def append(
        self,
        steps: NDArray[np.int64],
        wall_times: NDArray[np.float64],
        values: NDArray[np.float64],
        writers: NDArray[np.int64],
    ) -> list[Restart]:
        """Append points in the order in which they were logged, and return where it began again.

        What comes after later steps of another thread waits for `settle`.

        Args:
            steps: Steps in any order.
            wall_times: Seconds since the run started.
            values: Any float64.
            writers: Which thread logged each.
        """
        newest = self.segments[-1]
        is_rising = len(steps) == 1 or not bool((steps[1:] < steps[:-1]).any())
        if is_rising and not self._open and steps[0] >= newest.last_step:
            newest.extend(steps, wall_times, values)
            self._see(writers, steps, wall_times)
            return []
        return self._sort_in(steps, wall_times, values, writers)

    def sort_in(
        self,
        steps: NDArray[np.int64],
        wall_times: NDArray[np.float64],
        values: NDArray[np.float64],
    ) -> None:
        """Take points that another thread logged after later ones, for `settle` to sort in."""
        columns = (steps.tolist(), wall_times.tolist(), values.tolist())
        self._add_late(list(map(Point, *columns)))

    def _add_late(self, points: list[Point]) -> None:
        self._late = (self._late or []) + points
        if len(self._late) > _MOST_LATE:
            self.settle()

    def settle(self) -> None:
        """Sort in what came after later steps: all at once, as all points behind it move."""
        if self._late:
            ordered = sorted(self._late, key=_step_of)
            self.segments = self.segments.sorted_in(*_columns(ordered))
            self._late = None

    def forget_writers(self) -> None:
        """Take what comes next for another training's: an earlier step is a restart."""
        self._writers, self._writer = None, 0

    def _see(
        self,
        writers: NDArray[np.int64],
        steps: NDArray[np.int64],
        wall_times: NDArray[np.float64],
    ) -> None:
        first = int(writers[0])
        if self._writers is None:
            if (first == self._writer or not self._writer) and bool((writers == first).all()):
                self._writer = first
                return
            self._writers = {}
            known = len(self) - len(steps)  # points, all by the one writer so far
            if self._writer and known:
                last_steps, last_times, _ = self.slice(known - 1, known)
                self._writers[self._writer] = int(last_steps[0]), float(last_times[0])
        for writer in np.unique(writers).tolist():
            last = int(np.flatnonzero(writers == writer)[-1])
            self._writers[writer] = (int(steps[last]), float(wall_times[last]))

    def _sort_in(
        self,
        steps: NDArray[np.int64],
        wall_times: NDArray[np.float64],
        values: NDArray[np.float64],
        writers: NDArray[np.int64],
    ) -> list[Restart]:
        """Tell restarts and strays from threads that passed each other, point by point."""
        top = self.last_step if len(self) else -1
        known, waiting = self._writers, self._open or {}
        if known is None:
            last = self.last
            known = {self._writer: (top, last.wall_time)} if self._writer and last else {}
        ready: list[Point] = []
        restarts: list[Restart] = []
        columns = (steps.tolist(), wall_times.tolist(), values.tolist())
        for writer, point in zip(writers.tolist(), map(Point, *columns), strict=True):
            own, step = known.get(writer), point.step
            known[writer] = (step, point.wall_time)
            before = waiting.pop(writer, None)
            if before is not None:
                if before.step <= step <= top:
                    self._put(ready)
                    self._open = waiting
                    self.restart()
                    restarts.append(Restart(self.tag, top, before.step))
                    known, waiting = {writer: (step, point.wall_time)}, {}
                    ready, top = [before, point], step
                    continue
                self._strays = (*self._strays, before)[-MOST_STRAYS:]
                self.stray_count += 1
            if own is None:
                since = point.wall_time - PASSING_SECONDS
                passes = any(at > since for other, (_, at) in known.items() if other != writer)
            else:
                passes = step >= own[0] and before is None
            if step >= top or passes:
                ready.append(point)
                top = max(top, step)
            else:
                waiting[writer] = point
        self._put(ready)
        self._writers, self._open = known, waiting or None
        return restarts

    def _put(self, points: list[Point]) -> None:
        if not points:
            return
        ordered = sorted(points, key=_step_of)  # stable: each step's points in their order
        late = bisect.bisect_left(ordered, self.last_step, key=_step_of) if len(self) else 0
        if late:
            self._add_late(ordered[:late])
        self.extend(*_columns(ordered[late:]))


def _columns(points: list[Point]) -> Points:
    return (
        np.array([point.step for point in points], np.int64),
        np.array([point.wall_time for point in points], np.float64),
        np.array([point.value for point in points], np.float64),
    )


def _step_of(point: Point) -> int:
    return point.step
