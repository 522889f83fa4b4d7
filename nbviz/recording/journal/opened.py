"""Runs read back from event files, of any writer, also while they are being written."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn, cast, get_args

import numpy as np

from nbviz.errors import ConfigurationError, LoggingError, ReadOnlyError, RunInactiveError
from nbviz.protocol.log import LineLevel
from nbviz.protocol.run import EventKind
from nbviz.recording.embeddings.listed_embeddings import ListedEmbeddings
from nbviz.recording.event_files.batch import MediaRecord
from nbviz.recording.event_files.messages import NBVIZ
from nbviz.recording.event_files.reader import EventFileReader, begun_at
from nbviz.recording.event_files.recognise import recognise
from nbviz.recording.hyperparameters import CONFIG_TAG
from nbviz.recording.journal.allowance import Allowance
from nbviz.recording.journal.csv_logs import CsvReader, is_csv
from nbviz.recording.journal.identity import IDENTITY_TAG, read_identity
from nbviz.recording.journal.left_out import LeftOut
from nbviz.recording.journal.run_files import RunFiles, directories_below
from nbviz.recording.journal.source import EPOCH_TAG, EVENT_TAG, LOG_TAG, NAME_TAG
from nbviz.recording.lines import Line, RecordedEvent
from nbviz.recording.meshes.mesh_events import joined
from nbviz.recording.off_main_thread import off_main_thread
from nbviz.recording.origin import ORIGIN_TAG, read_origin
from nbviz.recording.outward.outward_run import OutwardRun
from nbviz.recording.predictions.forms import InputsByKey
from nbviz.recording.recorded_run import (
    DEFAULT_MEDIA_BUDGET,
    DEFAULT_MEMORY_BUDGET,
    MARK_CHARACTERS,
    MOST_NAME,
)
from nbviz.recording.scalars.series_parts import SeriesParts
from nbviz.recording.scalars.summaries import Summaries
from nbviz.text import counted, shortened
from nbviz.training import clock
from nbviz.training.commands import Control

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbviz.recording.event_files.batch import Batch, Points, Text
    from nbviz.recording.event_files.ends import Ends
    from nbviz.recording.journal.identity import Identity
    from nbviz.recording.media.store import MediaStore
    from nbviz.training.events import EndReason

RUNNING_SECONDS = 60.0
"""Without a new byte before a run that has not said how it ended is taken to be over."""

_REFRESH_SECONDS = 1.0
# Of the time, for reading many long files beside the user's cells: what is shown comes first.
_of_shown, _of_others = Allowance(0.8), Allowance(0.5)
_AFTER_SHOWN = 0.5  # seconds
_TEXT_SUFFIX = "/text_summary"  # torch's own addition to the tag of a text
_FACTS = frozenset({IDENTITY_TAG, CONFIG_TAG, NAME_TAG, ORIGIN_TAG})
_KINDS, _LEVELS = get_args(EventKind), get_args(LineLevel)
_SHOWN = 3  # directories named in an error
_WRITING = frozenset(
    {
        *(
            "begin",
            "finish",
            "log",
            "log_embedding",
            "log_histogram",
            "log_image",
            "log_images",
            "log_mesh",
            "log_predictions",
            "log_tensor",
        ),
        *("log_text", "log_weights", "print", "record", "safe_point", "steer", "track", "watch"),
    }
)


def open_run(
    path: str | Path,
    *,
    name: str | None = None,
    memory_budget: int = DEFAULT_MEMORY_BUDGET,
    media_budget: int = DEFAULT_MEDIA_BUDGET,
) -> OpenedRun:
    """Read a run from TensorBoard event files, written by nbviz or any other library.

    Scalars are read, exact where nbviz wrote them, and images, sounds, texts … into `media`;
    meshes and the like are counted and left out. The files may still be written, by this or another
    machine: `refresh` reads on, and a dashboard that shows the run does so each second. A torn
    record at the end waits; a damaged one is left out, and the run's log says so.

    Several files in a directory are read in the order in which they were begun, as one training
    that was started again. Where a writer says at which step it does so (`purge_step`), what was
    recorded from there on no longer counts, as in TensorBoard; where it does not, a tag that begins
    again at an earlier step begins a new segment of its series, as it does in the run that records,
    and media go on as `note (2)`. Files that were written at the same time are several runs, of
    which this reads the first, and the log says so: see `open_runs`.

    Args:
        path: An event file, or a directory with event files. Where there is none, a CSV file, or a
            directory with one, such as the `metrics.csv` of Lightning's CSVLogger: its columns are
            tags, at the steps of its column `step`, else `epoch`, else of its rows.
        name: What the run is called; after the directory or file if None.
        memory_budget: As for `Run`.
        media_budget: As for `Run`.

    Raises:
        ConfigurationError: There is no event file, and no CSV log.
    """
    return OpenedRun(path, name=name, memory_budget=memory_budget, media_budget=media_budget)


class OpenedRun(OutwardRun):
    """A run that is read from files; see `open_run`. It cannot be logged to or steered.

    Its status is how it says it ended; without that it is "running" while its files have grown in
    the last minute, and else "finished", or "stopped" where nbviz wrote it.

    Of a run among many, `open_runs` first reads the ends of its files: they tell the newest values,
    how far it came and what it was made with. The points are read when they are asked for or shown.

    Attributes:
        path: The file or directory that it was read from.
        identity: Who wrote it: run, process and rank, where nbviz did; else None.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        name: str | None,
        memory_budget: int,
        media_budget: int,
        files: RunFiles | None = None,
        ends: Sequence[Ends] | None = None,
    ) -> None:
        self.path = Path(path).absolute()
        self._files = files or RunFiles(self.path)
        paths = self._files.paths()
        super().__init__(
            name or self.path.name,
            FilesControl(),
            memory_budget=memory_budget,
            media_budget=media_budget,
            warn=lambda text: self._say(text, "warning"),
        )
        self._memory_at = float("inf")  # this process's memory is none of the run's
        self._reading = threading.Lock()
        self._read_at = 0.0
        self._paths = paths
        self._is_filling = ends is None
        if ends is None:
            self.refresh()
        else:
            self.summaries = Summaries()
            self._take_ends(ends, self.summaries)
        if not self._newest and self.path.is_file() and paths[0].stat().st_size:
            what = self._aliens.get(paths[0])
            if is_csv(self.path):
                raise ConfigurationError(
                    f"{str(self.path)!r} holds no numbers; a CSV log has a line of names, such as "
                    "step,loss, and numbers below."
                )
            raise ConfigurationError(
                f"{str(self.path)!r} holds no event{f': {what}' if what else ''}; give an event "
                "file, such as events.out.tfevents.1700000000.host.1, or a directory with some."
            )
        if files is None:
            self._tell_of_other_runs()

    def _make_empty(self) -> None:
        super()._make_empty()
        self._readers: dict[Path, EventFileReader | CsvReader] = {}
        self._parts = SeriesParts(self._store)
        self._media_parts: dict[str, int] = {}
        self._inputs = InputsByKey()
        self._unreadable: set[Path] = set()
        # Files that several runs of a directory have in common are those of the first.
        is_first = self._files.is_first
        self._embeddings = ListedEmbeddings(self.path, self._media.budget) if is_first else None
        self._newest = 0.0
        self._reason: EndReason | None = None
        self._is_own = False
        self._left_out = LeftOut(self._say)
        self._aliens: dict[Path, str] = {}
        self.identity: Identity | None = None
        self.summaries = None
        self._again: dict[Path, int] = {}
        self._is_wanted = False
        self._is_filling = True
        self._going_on: Iterator[int] | None = None

    def refresh(self) -> int:
        """Read what has been written since the last time, and return how many points that were.

        Where one of the files turns out to be another run's, the others are read from their start.
        """
        with self._reading:
            count = 0
            while self.summaries is not None:
                count += self._read_next(fills=True) or 0
        return count + self._read_on()

    def want_points(self) -> None:
        """Have the points read soon; see `read_part`."""
        self._is_wanted = True

    def read_part(self) -> bool:
        """Read a part of the points if they are wanted, else of what is to be known of them.

        Returns:
            Whether more is left, to be read soon.
        """
        if not self._has_more:
            return False
        fills = self._is_wanted or self._is_filling
        allowance = _of_shown if fills else _of_others
        if not fills and time.monotonic() - _of_shown.spent_at < _AFTER_SHOWN:
            return True
        with self._reading:
            while allowance.has_room and self._has_more:
                began = time.monotonic()
                self._read_next(fills=fills)
                allowance.spend(time.monotonic() - began)
        return self._has_more

    @property
    def _has_more(self) -> bool:
        """Whether points, or what they come to, are still to be read."""
        summaries = self.summaries
        return summaries is not None and (self._is_wanted or not summaries.is_whole)

    def read_summaries(self) -> None:
        """Look at all points, of which only the newest, the lowest and the highest are kept."""
        with self._reading:
            while self.summaries is not None and not self.summaries.is_whole:
                self._read_next(fills=self._is_filling)
        if self._is_wanted:  # the steps went back
            self.read_points()

    def read_points(self) -> None:
        """Read all points, as `refresh` does."""
        if self.summaries is not None:
            off_main_thread(self.refresh)

    @property
    def media(self) -> MediaStore:
        """The media by tag, as of any run."""
        self.read_points()
        return super().media

    def drain(self) -> None:
        """Read on, at most once a second."""
        if time.monotonic() - self._read_at >= _REFRESH_SECONDS:
            off_main_thread(self._read_on)

    def drain_ready(self) -> None:
        """Do what `drain` does, which waits for no device here."""
        self.drain()

    # ------------------------------------------------------------ reading

    def _look(self) -> None:
        self.read_points()
        super()._look()

    def _take_ends(self, ends: Sequence[Ends], summaries: Summaries) -> None:
        """Take in what the ends of the files tell; the rest of them tells it again."""
        for path, (head, tail) in zip(self._paths, ends, strict=True):
            if not self.meter.started_at and (began := begun_at(path)):
                self.meter.begin(began)
                self._store.started_at = began
            for batch in (*head, *tail):
                self._begin(batch)
                for tag, points in batch.points.items():
                    self._see(points)
                    self._store.announce(tag)
                for text in batch.texts:
                    self._newest = max(self._newest, text.wall_time)
                    self._take_fact(text)
                self.hyperparameters.add_foreign(batch.hparams)
            for batch in tail or head:
                summaries.see_newest(batch.points, self._store.started_at)
        self._read_at = time.monotonic()
        self._set_status()
        self._see_progress()

    def _read_next(self, *, fills: bool) -> int | None:
        """Read on by a part, with the lock held; returns how many points it had, None for the end.

        Args:
            fills: Read the points, and not only what they come to.
        """
        if fills and not self._is_filling:
            # What is known but for the points and media is not taken in again.
            self._is_filling = True
            self._again = {path: reader.position for path, reader in self._readers.items()}
            self._readers.clear()
            self._going_on = None
        going_on = self._going_on or self._read_files()
        count = next(going_on, None)
        self._going_on = None if count is None else going_on
        if count is None:
            self._finish_reading()
        return count

    def _finish_reading(self) -> None:
        if self._is_filling:
            self._read_embeddings()
        self._recognise_aliens()
        self._left_out.report()
        self._read_at = time.monotonic()
        self._set_status()
        if self.summaries is None:
            return
        self.meter.end_later(self._newest)  # than the ends of the files told
        self.summaries.finish()
        if self._is_filling:
            self.summaries = None
            self._is_wanted = False
        self._renew_progress()
        self.notify()

    def _renew_progress(self) -> None:
        """See where it is, also where that is not what the ends of the files told."""
        with self._progress_lock:
            known = self.progress
            self.progress = self.meter.read(
                clock.now(), self.status, self._memory, notices=known.notices
            )

    def _read_on(self) -> int:
        """Read what has been written since the last time, and return how many points that were."""
        with self._reading:
            count = 0
            if self.summaries is None or (self.summaries.is_whole and not self._is_filling):
                count = sum(self._read_files())
                if self.summaries is None:
                    self._read_embeddings()
                self._recognise_aliens()
                self._left_out.report()
            self._read_at = time.monotonic()
            self._set_status()
        self._see_progress()
        if count:
            self.notify()
        return count

    def _read_files(self) -> Iterator[int]:
        """Read the files part by part; yields how many new points there were in each."""
        paths = self._paths = self._files.paths() if self.path.exists() else []
        others = [path for path in self._readers if path not in paths and path.exists()]
        if paths and others:
            self._make_empty()
            self.generation += 1
        for path in paths:
            if path not in self._readers:
                self._readers[path] = CsvReader(path) if is_csv(path) else EventFileReader(path)
            reader = self._readers[path]
            again = self._again.pop(path, 0)
            try:
                for part in reader.read_parts(again) if again else ():
                    yield sum(self._take_points(path, batch) for batch in (part, *part.rest))
                for part in reader.read_parts():
                    yield sum(self._take(path, batch) for batch in (part, *part.rest))
            except OSError as error:
                if path not in self._unreadable:
                    self._unreadable.add(path)
                    self._say(f"{path.name} cannot be read: {error}", "warning")
        if paths and others:
            self._say(
                f"{', '.join(path.name for path in others)} was read as a restart of this run "
                "and is another run, which is written at the same time: "
                f"nbviz.open_runs({str(self.path)!r}) opens each.",
                "warning",
            )

    def _take(self, path: Path, batch: Batch) -> int:
        self._begin(batch)
        count = self._take_points(path, batch) if self._is_filling else self._summarise(batch)
        for text in batch.texts:
            self._newest = max(self._newest, text.wall_time)
            self._take_text(text)
        # After the texts, which hold those of nbviz's own runs exactly.
        self.hyperparameters.add_foreign(batch.hparams)
        self._left_out.add(path, batch)
        return count

    def _begin(self, batch: Batch) -> None:
        if batch.first_wall_time is not None and not self.meter.started_at:
            self.meter.begin(batch.first_wall_time)
            self._store.started_at = batch.first_wall_time
        self._is_own = self._is_own or batch.writer == NBVIZ
        self._newest = max(self._newest, batch.first_wall_time or 0.0)

    def _take_points(self, path: Path, batch: Batch) -> int:
        """Take in points and media, and return how many points there were."""
        if batch.restart is not None:
            self._restart(path, batch.restart)
        for tag, points in batch.points.items():
            self._see(points)
            self._parts.extend(path, tag, points)
        for text in batch.texts:
            if _is_medium(text.tag):
                name = text.tag.removesuffix(_TEXT_SUFFIX)
                record = MediaRecord(text.wall_time, text.step, name, "text", text.text)
                self._take_medium(record)
        problems: list[str] = []
        for record in self._inputs.completed(joined(batch.media, problems)):
            self._newest = max(self._newest, record.wall_time)
            self._take_medium(record)
        for problem in problems:
            self._say(problem, "warning")
        return _count(batch)

    def _summarise(self, batch: Batch) -> int:
        """Take in what points come to, and return how many there were."""
        assert self.summaries is not None
        for tag, points in batch.points.items():
            self._see(points)
            self._store.announce(tag)
        could = self.summaries.take(batch.points, self._store.started_at)
        if batch.restart is not None or not could:
            self.want_points()
        return _count(batch)

    def _see(self, points: Points) -> None:
        self._newest = max(self._newest, float(np.max(points.wall_times)))
        self._steps.logged = max(self._steps.logged, int(np.max(points.steps)))

    def _read_embeddings(self) -> None:
        if self._embeddings is None:
            return
        for record in self._embeddings.read():
            self._take_medium(record)
        for problem in self._embeddings.problems:
            self._say(problem, "warning")
        self._embeddings.problems.clear()

    def _restart(self, path: Path, step: int) -> None:
        count = self._parts.restart(path, step) + self._media.purge(step)
        if count:
            self._say(
                f"The training was started again at step {step:,}; what there was from "
                "there on no longer counts: "
                f"{counted(count, 'point or medium', 'points and media')}.",
                "info",
            )

    def _take_text(self, text: Text) -> None:
        tag, step = text.tag, text.step
        seconds = text.wall_time - self.meter.started_at
        kind = tag.removeprefix(EVENT_TAG)
        level = tag.removeprefix(LOG_TAG)
        if tag.startswith(EVENT_TAG) and kind in _KINDS:
            said = shortened(text.text, MARK_CHARACTERS)
            self.events.append(RecordedEvent(cast("EventKind", kind), step, seconds, said))
            self._take_event(kind, text.text)
        elif tag.startswith(LOG_TAG) and level in _LEVELS:
            self.lines.append(Line(cast("LineLevel", level), step, seconds, text.text))
        elif tag in _FACTS:
            self._take_fact(text)
        elif tag == EPOCH_TAG:
            self.mark_epoch(len(self.epochs) + 1, step)
        elif not self._is_own:
            self.lines.append(Line("info", step, seconds, f"{tag}: {text.text}"))

    def _take_fact(self, text: Text) -> None:
        """Take in what a text says of the run as a whole; twice says no more than once."""
        if text.tag.startswith(EVENT_TAG):
            self._take_event(text.tag.removeprefix(EVENT_TAG), text.text)
        elif text.tag == IDENTITY_TAG:
            self.identity = self.identity or read_identity(text.text)
        elif text.tag == CONFIG_TAG:
            self.hyperparameters.read_text(text.text)
        elif text.tag == NAME_TAG:
            self.name = shortened(text.text, MOST_NAME)
        elif text.tag == ORIGIN_TAG:
            origin = read_origin(text.text)
            if origin is not None and origin != self.origin:  # else it would be sent again
                self.origin = origin

    def _take_medium(self, record: MediaRecord) -> None:
        """Take an item in; where its tag's steps begin again, or are of another kind, beside it."""
        while True:
            part = self._media_parts.setdefault(record.tag, 1)
            tag = record.tag if part == 1 else f"{record.tag} ({part})"
            try:
                self._media.add(
                    tag, record.kind, max(0, record.step), record.wall_time, record.value
                )
            except LoggingError:
                self._media_parts[record.tag] = part + 1
            else:
                return

    def _take_event(self, kind: str, text: str) -> None:
        if kind == "started":
            self._reason = None
        elif kind == "ended":
            word = text.split(" ", 1)[0].rstrip(":")
            self._reason = cast("EndReason", word) if word in ("stopped", "failed") else "finished"

    def _set_status(self) -> None:
        status: EndReason | Literal["running"] | None = self._reason
        if status is None:
            is_growing = any(
                path.exists() and time.time() - path.stat().st_mtime < RUNNING_SECONDS
                for path in self._paths
                if path not in self._aliens
            )
            over: EndReason = "stopped" if self._is_own else "finished"
            status = "running" if is_growing else over
        if status == "running":
            self.meter.resume(self._newest)
        else:
            self.meter.end(self._newest, status)

    def _recognise_aliens(self) -> None:
        """Say of files that are none, or were damaged as a whole, what they are."""
        for path, reader in self._readers.items():
            if path in self._aliens or not (reader.waiting or path in self._left_out.files):
                continue
            try:
                what = recognise(path, is_unread=reader.position == 0)
            except OSError:
                continue
            if what is not None:
                self._aliens[path] = what
                self._say(f"{path.name} is no event file that can be read: {what}.", "warning")

    def _tell_of_other_runs(self) -> None:
        if self._files.beside:
            self._say(
                f"{self.path.name} has {self._files.beside + 1} runs, which were written at the "
                f"same time; this is the first. nbviz.open_runs({str(self.path)!r}) opens each.",
                "warning",
            )
        if self.path.is_file():
            return
        below = [
            folder.relative_to(self.path).as_posix() for folder in directories_below(self.path)
        ]
        if below:
            named = ", ".join(below[:_SHOWN]) + (", …" if len(below) > _SHOWN else "")
            self._say(
                f"There are more runs in folders below ({len(below):,}: {named}); "
                f"nbviz.open_runs({str(self.path)!r}) opens them all.",
                "warning",
            )

    def _say(self, text: str, level: LineLevel) -> None:
        seconds = max(0.0, self._newest - self.meter.started_at)
        self.lines.append(Line(level, self.meter.step, seconds, text))

    def __getattr__(self, name: str) -> NoReturn:
        if name in _WRITING:
            raise ReadOnlyError(
                f"the run {self.name!r} was read from {str(self.path)!r} and cannot be logged to; "
                "make a new one: nbviz.Run(dir=…) writes its own file beside."
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name)


def _count(batch: Batch) -> int:
    return sum(len(points.steps) for points in batch.points.values())


def _is_medium(tag: str) -> bool:
    """Whether a text of this tag is shown among the media, and is none of nbviz's own words."""
    if tag in _FACTS or tag == EPOCH_TAG:
        return False
    is_event = tag.startswith(EVENT_TAG) and tag.removeprefix(EVENT_TAG) in _KINDS
    return not is_event and not (tag.startswith(LOG_TAG) and tag.removeprefix(LOG_TAG) in _LEVELS)


class FilesControl(Control):
    """Refuses commands: what trains, if anything, is another process."""

    def _require_active(self, command: str) -> NoReturn:
        where = "where it runs" if " " in command else "it where it runs"
        raise RunInactiveError(f"the run was read from files: {command} {where}.")

    def set(self, **values: float) -> NoReturn:
        """Refuse.

        Raises:
            RunInactiveError: Always.
        """
        del values
        self._require_active("set values")
