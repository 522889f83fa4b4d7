"""What a run has to add to its journal: records of what is new since the last time."""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nbviz.errors import describe
from nbviz.recording.embeddings.embedding import Embedding
from nbviz.recording.embeddings.projector_files import ProjectorFiles
from nbviz.recording.event_files.messages import (
    hparams_event,
    media_event,
    scalar_records,
    text_event,
)
from nbviz.recording.event_files.records import frame
from nbviz.recording.hyperparameters import CONFIG_TAG
from nbviz.recording.origin import ORIGIN_TAG
from nbviz.recording.scalars.block import WALL_TIME_ERROR
from nbviz.training import clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from nbviz.recording.event_files.hparams import Parameter
    from nbviz.recording.origin import Origin
    from nbviz.recording.recorded_run import RecordedRun
    from nbviz.recording.scalars.segment import Segment
    from nbviz.recording.scalars.series import Point, Series

EVENT_TAG = "nbviz/event/"
LOG_TAG = "nbviz/log/"
EPOCH_TAG = "nbviz/epoch"
NAME_TAG = "nbviz/name"
_PART = 16_384  # points of a tag taken at once
_MOST_TAGS = 32  # in one event; readers take long events one by one
_OF_THE_PATH = (errno.ENAMETOOLONG, errno.EINVAL, errno.EEXIST, errno.ENOTDIR, errno.EISDIR)


class Place(NamedTuple):
    """Where a tag's points go: a folder of the journal's directory, and the tag there."""

    folder: str
    tag: str


Write = Callable[..., None]
"""Takes records, and as `folder` the folder in whose own file they belong."""


class _Column(NamedTuple):
    tag: str
    segment: int
    stop: int
    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    values: NDArray[np.float64]


class _Reached:
    """How far a series has been written."""

    __slots__ = ("early", "index", "segment", "strays", "turn")

    def __init__(self) -> None:
        self.segment = 0
        self.index = 0
        self.turn = 0  # of sorting in, up to which `index` counts
        self.strays = 0
        self.early: Point | None = None  # written before it was known what it is


class JournalSource:
    """Reads a run by cursors, which move on when what was read has been written.

    Args:
        name: What the file says already that the run is called.
        places: Tags that have files of their own; as it is at each writing.
        directory: Where what an event cannot hold is written beside.
        report: Called with what cannot be written whatever the disk does; the rest is.

    Attributes:
        payloads: Events to be written as they are.
    """

    def __init__(
        self,
        name: str,
        places: Mapping[str, Place],
        directory: Path,
        report: Callable[[str], None],
    ) -> None:
        self._report = report
        self._projector = ProjectorFiles(directory)
        self.payloads: deque[bytes] = deque()
        self._places = places
        self._points: dict[str, _Reached] = {}
        self._events = 0
        self._lines = 0
        self._epochs = 0
        self._media = 0
        self._hparams: dict[str, Parameter] = {}
        self._origin: Origin | None = None
        self._name = name

    def skip(self, run: RecordedRun) -> None:
        """Take what the run has now as written."""
        for tag in tuple(run.tags):
            place = self._points[tag] = _Reached()
            segments = run.series(tag).segments
            newest = segments[-1]
            place.segment, place.index = len(segments) - 1, len(newest)
            place.turn = 0 if newest.late is None else newest.late.turn
        self._events, self._epochs = len(run.events), len(run.epochs)
        self._lines = run.lines.total

    def write_new(self, run: RecordedRun, write: Write) -> bool:
        """Give everything new to `write`, in parts; returns whether there was any.

        What `write` raises is raised in the end; what could not be written comes again next time.
        """
        something, failure = False, None
        for part in (
            self._write_facts,
            self._write_payloads,
            self._write_texts,
            self._write_media,
            self._write_points,
        ):
            try:
                something = part(run, write) or something
            except OSError as error:  # there is no room for an image; for points there may be
                failure = failure or error
        if failure is not None:
            raise failure
        return something

    def _write_payloads(self, _run: RecordedRun, write: Write) -> bool:
        something = bool(self.payloads)
        while self.payloads:
            write(frame([self.payloads[0]]))
            self.payloads.popleft()
        return something

    def _write_points(self, run: RecordedRun, write: Write) -> bool:
        # What is drained meanwhile comes next time: its strays would not be known here.
        reached = {tag: _end_of(run.series(tag)) for tag in tuple(run.tags)}
        something = self._write_strays(run, write)
        while columns := list(self._new_columns(run, reached, write)):
            for group in _groups(columns, self._places):
                self._write_group(run, group, write)
            something = True
        return something

    def _write_group(self, run: RecordedRun, group: list[_Column], write: Write) -> None:
        places = [self._place(column.tag) for column in group]
        records = scalar_records(
            run.meter.started_at + group[0].wall_times,
            group[0].steps,
            [place.tag for place in places],
            [column.values for column in group],
        )
        write(records, folder=places[0].folder)
        for column in group:
            place = self._points[column.tag]
            place.segment, place.index = column.segment, column.stop

    def count_new(self, run: RecordedRun) -> int:
        """Return how many points, lines, events and media are not written; any thread may ask."""
        count = len(run.events) + len(run.epochs) - self._events - self._epochs
        count += run.lines.after(self._lines)[1] - self._lines + len(run.media_since(self._media))
        for tag in tuple(run.tags):
            place, segments = self._points.get(tag), run.series(tag).segments
            if place is None:
                count += segments.count_points()
            else:
                count += segments.count_points(place.segment) - place.index
        return count

    def _new_columns(
        self, run: RecordedRun, reached: Mapping[str, tuple[int, int]], write: Write
    ) -> Iterator[_Column]:
        for tag, (last, length) in reached.items():
            number, start, segment = self._next(run, tag, write)
            if number > last:
                continue
            stop = min(start + _PART, length if number == last else len(segment))
            if start < stop:
                yield _Column(tag, number, stop, *segment.slice(start, stop))

    def _next(self, run: RecordedRun, tag: str, write: Write) -> tuple[int, int, Segment]:
        """Return the segment and the index of the first point that is not written.

        What was sorted in before that index is written.
        """
        place, segments = self._points.setdefault(tag, _Reached()), run.series(tag).segments
        segment = segments[place.segment]
        self._write_late(run, tag, segment, write)
        while place.index >= len(segment) and place.segment + 1 < len(segments):
            place.segment, place.index, place.turn = place.segment + 1, 0, 0
            segment = segments[place.segment]
            if place.early is not None and _begins(segment, place.early):
                place.index, place.early = 1, None
            self._write_late(run, tag, segment, write)
        return place.segment, place.index, segment

    def _write_late(self, run: RecordedRun, tag: str, segment: Segment, write: Write) -> None:
        """Write what was sorted in before points that are written, as what it is."""
        place, late = self._points[tag], segment.late
        if late is None or late.turn == place.turn:
            return
        new = late.places[late.turns > place.turn]
        count = int(np.searchsorted(new - np.arange(len(new)), place.index))
        if count:
            steps, seconds = segment.at(new[:count])
            first, last = int(new[0]), int(new[count - 1])
            values = segment.values_between(first, last + 1)[new[:count] - first]
            where = self._place(tag)
            records = scalar_records(
                run.meter.started_at + seconds, steps, [where.tag], [values], is_late=True
            )
            write(records, folder=where.folder)
        place.index, place.turn = place.index + count, late.turn

    def _write_strays(self, run: RecordedRun, write: Write) -> bool:
        """Write what came alone after later steps, between the points before and after it.

        Only so does reading find it as it was: two of them in a row would be a restart.
        """
        something = False
        for tag in tuple(run.tags):
            series, place = run.series(tag), self._points.setdefault(tag, _Reached())
            count, strays = series.stray_count, series.strays
            closed = len(strays) - (series.open_count)
            for number, point in enumerate(strays):
                is_open = number >= closed
                is_known = not is_open and number < closed - (count - place.strays)
                if is_known:
                    continue
                if point == place.early:
                    if not is_open:
                        place.early = None  # it has come alone, and begins no segment
                    continue
                self._write_until(run, tag, point.wall_time, write)
                seconds = np.array([run.meter.started_at + point.wall_time])
                steps, values = np.array([point.step]), np.array([point.value])
                where = self._place(tag)
                records = scalar_records(seconds, steps, [where.tag], [values])
                write(records, folder=where.folder)
                something = True
                if is_open:
                    place.early = point
            place.strays = count
        return something

    def _write_until(self, run: RecordedRun, tag: str, wall_time: float, write: Write) -> None:
        """Write the points of a tag that were logged until then."""
        while True:
            number, start, segment = self._next(run, tag, write)
            points = segment.slice(start, start + _PART)
            count = int(np.searchsorted(points[1], wall_time, side="right"))
            if not count:
                return
            steps, wall_times, values = points
            columns = steps[:count], wall_times[:count], values[:count]
            self._write_group(run, [_Column(tag, number, start + count, *columns)], write)

    def _place(self, tag: str) -> Place:
        return self._places.get(tag) or Place("", tag)

    def _write_facts(self, run: RecordedRun, write: Write) -> bool:
        """Write what is so of the run as a whole."""
        hparams, name, origin = run.hyperparameters.all, run.name, run.origin
        payloads: list[bytes] = []
        if hparams is not self._hparams and hparams:
            text = run.hyperparameters.to_text()
            payloads += self._made("the table", hparams_event, run.meter.started_at, hparams)
            payloads += self._text(run.meter.started_at, 0, CONFIG_TAG, text)
        if name != self._name:
            payloads += self._text(clock.now(), run.meter.step, NAME_TAG, name)
        if origin is not self._origin and origin is not None:
            payloads += self._text(run.meter.started_at, 0, ORIGIN_TAG, origin.to_text())
        if payloads:
            write(frame(payloads))
        self._hparams, self._name, self._origin = hparams, name, origin
        return bool(payloads)

    def _write_texts(self, run: RecordedRun, write: Write) -> bool:
        started_at = run.meter.started_at
        events, epochs = run.events[self._events :], run.epochs[self._epochs :]
        lines, total = run.lines.after(self._lines)
        payloads: list[bytes] = []
        for one in events:
            at = started_at + one.wall_time
            payloads += self._text(at, one.step, f"{EVENT_TAG}{one.event}", one.text)
        for one in lines:
            at = started_at + one.wall_time
            payloads += self._text(at, one.step, f"{LOG_TAG}{one.level}", one.text)
        for number, step in enumerate(epochs, 1):
            payloads += self._text(clock.now(), step, EPOCH_TAG, f"epoch {self._epochs + number}")
        if payloads:
            write(frame(payloads))
        self._events += len(events)
        self._epochs += len(epochs)
        self._lines = total
        return bool(payloads)

    def _write_media(self, run: RecordedRun, write: Write) -> bool:
        items = run.media_since(self._media)
        for tag, _, item in items:
            if isinstance(item.value, Embedding):
                self._write_embedding(tag, item.step, item.value)
            elif made := self._made(tag, media_event, item.wall_time, item.step, tag, item.value):
                write(frame(made))
            self._media = item.version
        return bool(items)

    def _write_embedding(self, tag: str, step: int, embedding: Embedding) -> None:
        try:
            self._projector.write(tag, step, embedding)
        except Exception as error:
            if isinstance(error, OSError) and error.errno not in _OF_THE_PATH:
                raise  # the disk, which may have room later
            self._report(f"{tag} cannot be written ({describe(error)})")

    def _text(self, wall_time: float, step: int, tag: str, text: str) -> list[bytes]:
        return self._made(tag, text_event, wall_time, step, tag, text)

    def _made(self, what: str, make: Callable[..., bytes], *given: Any) -> list[bytes]:
        """Return a record, or none if it cannot be made: the others must not wait for it."""
        try:
            return [make(*given)]
        except Exception as error:  # noqa: BLE001  whatever it is, the rest is written
            self._report(f"{what} cannot be written ({describe(error)})")
            return []


def _begins(segment: Segment, point: Point) -> bool:
    """Whether it is a segment's first point, and not only of the same step."""
    steps, seconds, values = (column[0] for column in segment.slice(0, 1))
    is_then = abs(seconds - point.wall_time) <= 2 * WALL_TIME_ERROR
    is_same = np.array_equal(values, point.value, equal_nan=True)
    return bool(steps == point.step and is_then and is_same)


def _end_of(series: Series) -> tuple[int, int]:
    segments = series.segments
    return len(segments) - 1, len(segments[-1])


def _groups(columns: list[_Column], places: Mapping[str, Place]) -> list[list[_Column]]:
    """Put tags together that were logged together: those with the same steps and wall times."""
    groups: list[list[_Column]] = []
    open_groups: dict[tuple[object, int, int, float], list[_Column]] = {}
    for column in columns:
        place = places.get(column.tag)
        last = int(column.steps[-1]), float(column.wall_times[-1])
        kind = (place and place.folder, len(column.steps), *last)
        group = open_groups.get(kind)
        if group is None or len(group) == _MOST_TAGS or not _go_together(group[0], column):
            group = open_groups[kind] = []
            groups.append(group)
        group.append(column)
    return groups


def _go_together(one: _Column, other: _Column) -> bool:
    return np.array_equal(one.steps, other.steps) and np.array_equal(
        one.wall_times, other.wall_times
    )
