"""What is known of a run's series whose points have not been read: newest values and extremes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbviz.recording.scalars.segment import Point

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbviz.recording.event_files.batch import Points

_UNKNOWN = (float("nan"), float("nan"))


class Summary:
    """Of one series.

    Attributes:
        newest: Its newest point, None while that is not known.
        low: The lowest finite value and its step, NaN where there is none.
        high: The highest.
    """

    __slots__ = ("_seen", "high", "low", "newest")

    def __init__(self) -> None:
        self.newest: Point | None = None
        self.low = _UNKNOWN
        self.high = _UNKNOWN
        self._seen = -1  # the step up to which points have been taken in

    def take(self, points: Points, started_at: float) -> bool:
        """Take in points that follow; returns whether their steps do, which is all it can do."""
        steps = points.steps
        if steps[0] < self._seen or bool((steps[1:] < steps[:-1]).any()):
            return False
        self._seen = int(steps[-1])
        if self.newest is None or self._seen >= self.newest.step:
            seconds = float(points.wall_times[-1]) - started_at
            self.newest = Point(self._seen, seconds, float(points.values[-1]))
        finite = np.isfinite(points.values)
        if finite.any():
            low = int(np.where(finite, points.values, np.inf).argmin())
            high = int(np.where(finite, points.values, -np.inf).argmax())
            if not points.values[low] >= self.low[0]:
                self.low = (float(points.values[low]), float(steps[low]))
            if not points.values[high] <= self.high[0]:
                self.high = (float(points.values[high]), float(steps[high]))
        return True


class Summaries:
    """Of all series of a run.

    Attributes:
        version: Changes with what is known.
        is_whole: Whether all points have been looked at, so that the extremes are known.
    """

    def __init__(self) -> None:
        self.version = 0
        self.is_whole = False
        self._by_tag: dict[str, Summary] = {}

    def of(self, tag: str) -> Summary:
        """Return what is known of a series."""
        found = self._by_tag.get(tag)
        return Summary() if found is None else found

    def see_newest(self, points: Mapping[str, Points], started_at: float) -> None:
        """Take in the newest points, before those that come before them are known."""
        for tag, (steps, wall_times, values, is_late) in points.items():
            at = -1 if is_late is None else -1 - int(is_late[::-1].argmin())
            newest = Point(int(steps[at]), float(wall_times[at]) - started_at, float(values[at]))
            self._by_tag.setdefault(tag, Summary()).newest = newest
        self.version += 1

    def take(self, points: Mapping[str, Points], started_at: float) -> bool:
        """Take in points in the order of the file.

        Returns:
            Whether it could: where a series' steps go back, all its points must be read.
        """
        could = True
        for tag, new in points.items():
            could = self._by_tag.setdefault(tag, Summary()).take(new, started_at) and could
        if self.is_whole:
            self.version += 1
        return could

    def finish(self) -> None:
        """All points have been looked at."""
        if not self.is_whole:
            self.is_whole = True
            self.version += 1
