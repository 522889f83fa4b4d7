"""What was recorded of a run before: kept with its state, and given to a run that goes on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.recording.journal.opened import OpenedRun
from nbviz.recording.journal.run_files import RunFiles, event_files, look_at, runs_of
from nbviz.recording.lines import RecordedEvent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.recording.recorded_run import RecordedRun
    from nbviz.recording.run import Run
    from nbviz.recording.scalars.segment import Points, Segment

MOST_POINTS = 1000  # of a tag in a file
_MOST_TAGS = 500
_MOST_EVENTS = 1000


@dataclass(slots=True)
class Past:
    """Curves, epochs and marks of a run until now.

    Attributes:
        run_id: Whose.
        started_at: Unix seconds, which all times count from.
        elapsed_seconds: How long it was active.
        points: The segments of each tag: steps, seconds since the start, values.
        epochs: As `RecordedRun.epochs`.
        events: As `RecordedRun.events`.
        is_whole: Whether it has all points, from a journal; else a part of them.
    """

    run_id: str
    started_at: float
    elapsed_seconds: float
    points: dict[str, list[Points]]
    epochs: list[int] = field(default_factory=list[int])
    events: list[RecordedEvent] = field(default_factory=list[RecordedEvent])
    is_whole: bool = False

    @staticmethod
    def of(run: RecordedRun) -> Past:
        """Return that of a run, as far as it has been drained, few enough points for a file."""
        points = {
            tag: [_thinned(run.series(tag).segments[-1].slice(0, len(run.series(tag))))]
            for tag in tuple(run.tags)[:_MOST_TAGS]
        }
        return Past(
            run.run_id,
            run.meter.started_at,
            run.progress.elapsed_seconds,
            points,
            list(run.epochs),
            run.events[-_MOST_EVENTS:],
        )

    @staticmethod
    def until(run: RecordedRun, step: int, *, before_validation: bool) -> Past:
        """Return all points of a run that has been drained, up to a step.

        Args:
            run: The run.
            step: The last step.
            before_validation: Whether a validation that was made after that step is left out.
        """
        points: dict[str, list[Points]] = {}
        for tag in tuple(run.tags):
            last = step - (before_validation and tag.endswith("/val"))
            segments = [_cut(one, last) for one in run.series(tag).segments]
            if kept := [one for one in segments if len(one[0])]:
                points[tag] = kept
        kinds = () if before_validation else ("validation",)
        events = [
            one
            for one in run.events
            if one.step < step or (one.step == step and one.event in kinds)
        ]
        elapsed = max((one[1][-1] for kept in points.values() for one in kept), default=0.0)
        epochs = [one for one in run.epochs if one <= step]
        return Past(run.run_id, run.meter.started_at, float(elapsed), points, epochs, events)

    def to_state(self) -> dict[str, Any]:
        """Return it as dicts, lists, arrays and numbers."""
        return {
            "run_id": self.run_id,
            "started_at": self.started_at,
            "elapsed_seconds": self.elapsed_seconds,
            "points": {tag: list(segments[-1]) for tag, segments in self.points.items()},
            "epochs": np.array(self.epochs, np.int64),
            "events": [[one.event, one.step, one.wall_time, one.text] for one in self.events],
        }

    @staticmethod
    def from_state(state: dict[str, Any]) -> Past:
        """Return what `to_state` was made of."""
        return Past(
            state["run_id"],
            state["started_at"],
            state["elapsed_seconds"],
            {tag: [(one[0], one[1], one[2])] for tag, one in state["points"].items()},
            state["epochs"].tolist(),
            [RecordedEvent(*one) for one in state["events"]],
        )

    def whole_from(self, directory: str | Path) -> Past:
        """Return it with all points from the journal of the same run, if that is there.

        One of a run that `rewind` or `reset` gave is in a folder of the directory.
        """
        number = _journal_of(Path(directory), self.run_id)
        if number is None:
            for folder in (*Path(directory).glob("rewind-*"), *Path(directory).glob("reset-*")):
                found = self.whole_from(folder)
                if found.is_whole:  # but not in the directory's own files
                    return replace(found, is_whole=False)
            return self
        opened = OpenedRun(
            directory,
            name=None,
            memory_budget=1 << 62,
            media_budget=1 << 62,
            files=RunFiles(Path(directory).absolute(), number),
        )
        points = {
            tag: [one.slice(0, len(one)) for one in opened.series(tag).segments if len(one)]
            for tag in opened.tags
        }
        return Past(
            self.run_id,
            opened.meter.started_at,
            self.elapsed_seconds,
            points,
            list(opened.epochs),
            list(opened.events),
            is_whole=True,
        )


def go_on_from(run: Run, past: Past, step: int, epoch: int) -> None:
    """Have a run that has not begun go on where another one was.

    Args:
        run: The run.
        past: What was recorded before. What comes from the run's own directory is not written
            there again.
        step: Completed steps.
        epoch: The epoch that it is in, or has completed.
    """
    run.take_points_of(past.points)
    run.events.extend(past.events)
    run.epochs.extend(past.epochs[:epoch])
    run.meter.epoch = epoch
    run.meter.step = step
    if past.is_whole and run.journal is not None:
        run.journal.skip_what_is_there(run)
    if past.started_at:
        run.meter.go_on(past.started_at, past.elapsed_seconds)
    run.drain()


def _journal_of(directory: Path, run_id: str) -> int | None:
    """Return which of a directory's runs is this one."""
    if not directory.is_dir():
        return None
    try:
        runs = runs_of(event_files(directory))
    except ValueError:  # none
        return None
    for number, files in enumerate(runs):
        known = [file.identity or look_at(file.path).identity for file in files]
        if any(one is not None and one.run_id == run_id for one in known):
            return number
    return None


def _cut(segment: Segment, last: int) -> Points:
    return segment.slice(0, int(np.searchsorted(segment.steps, last, side="right")))


def _thinned(points: Points) -> Points:
    """Return at most `MOST_POINTS` points, the extremes of each stretch among them."""
    steps, seconds, values = points
    count = len(steps)
    if count <= MOST_POINTS:
        return steps.copy(), seconds.copy(), values.copy()
    width = -(-count // (MOST_POINTS // 4))
    starts = np.arange(0, count, width)
    padded: NDArray[np.float64] = np.full(len(starts) * width, np.nan)
    padded[:count] = values
    rows = padded.reshape(len(starts), width)
    lowest = starts + np.argmin(np.where(np.isnan(rows), np.inf, rows), axis=1)
    highest = starts + np.argmax(np.where(np.isnan(rows), -np.inf, rows), axis=1)
    chosen = np.unique(np.concatenate([starts, lowest, highest, [count - 1]]))
    return steps[chosen], seconds[chosen], values[chosen]
