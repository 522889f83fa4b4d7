"""Which event files of a directory belong to one run; where there are none, which CSV logs.

Files that were written one after the other are one run, which was started again. Files whose times
overlap are two runs, such as the ranks of a distributed training; two files of one process are one
run nevertheless if they share no tag, as TensorBoard's writers are used for two kinds of values.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nbviz.errors import ConfigurationError
from nbviz.recording.event_files.ends import read_ends
from nbviz.recording.event_files.reader import begun_at
from nbviz.recording.journal.csv_logs import csv_logs, folders_with_logs, is_csv
from nbviz.recording.journal.identity import IDENTITY_TAG, Identity, read_identity

if TYPE_CHECKING:
    from pathlib import Path

PATTERN = "*tfevents*"
_SECOND = re.compile(r"tfevents\.(\d+)")
# torch and TensorFlow write second.host.process.number into the name, nbviz, too.
_PROCESS = re.compile(r"tfevents\.\d+\.(.+?)\.(\d+)\.(\d+)(?:\.|$)")
_SAMPLE = 1 << 18  # bytes at each end of a file that tell its times and tags
_MOST_SAMPLE = 1 << 24  # if the last record is longer than that
_SHOWN = 3  # directories named in an error
LOOK_AGAIN_SECONDS = 5.0


@dataclass(slots=True)
class EventFile:
    """What the two ends of an event file tell.

    Attributes:
        path: The file.
        began: Unix seconds of its first event, 0 if there is none yet.
        ended: Unix seconds of its last event so far.
        process: Machine and process that wrote it, None if neither name nor content tell.
        identity: Who wrote it, if nbviz did.
        tags: Tags at the ends of the file.
    """

    path: Path
    began: float
    ended: float
    process: tuple[str, str] | None = None
    identity: Identity | None = None
    tags: set[str] = field(default_factory=set[str])


def event_files(path: Path) -> list[Path]:
    """Return event files in the order in which they were begun; without any, CSV logs.

    Raises:
        ConfigurationError: There is neither.
    """
    if path.is_file():
        return [path]
    found = [file for file in path.glob(PATTERN) if file.is_file()]
    if found:
        return sorted(found, key=lambda file: (_second_in_name(file), begun_at(file), file.name))
    if found := csv_logs(path):
        return found
    if not path.exists():
        raise ConfigurationError(
            f"{str(path)!r} does not exist; give an event file, or a directory with some."
        )
    below = [str(directory) for directory in directories_below(path)]
    hint = ""
    if below:
        more = ", …" if len(below) > _SHOWN else ""
        hint = (
            f"; there are some in {', '.join(below[:_SHOWN])}{more}: nbviz.open_runs opens each of "
            "them"
        )
    raise ConfigurationError(f"{str(path)!r} has no event files in it, and no CSV log{hint}.")


def directories_below(path: Path) -> list[Path]:
    """Return the folders below a directory that have event files or CSV logs in them, in order."""
    folders = {file.parent for file in path.rglob(PATTERN) if file.is_file()} - {path}
    folders |= folders_with_logs(path)
    return sorted(folders, key=lambda folder: _natural(folder.as_posix()))


def runs_of(paths: list[Path]) -> list[list[EventFile]]:
    """Put files of one directory together that are one run; runs and files as they were begun."""
    if len(paths) == 1:
        return [[EventFile(paths[0], 0.0, 0.0)]]
    runs: list[list[EventFile]] = []
    for path in paths:
        file = look_at(path)
        run = next((run for run in runs if _belongs(file, run)), None)
        if run is None:
            runs.append([file])
        else:
            run.append(file)
    return runs


class RunFiles:
    """The event files of one run, among them those that are begun later.

    A file that was begun when all others seemed to have ended may turn out to be another run's:
    they go on being written beside it. So it is looked again while they grow.

    Args:
        path: An event file, or the directory that they are in.
        number: Which of the directory's runs, from 0.

    Attributes:
        beside: How many other runs the directory has.
    """

    def __init__(self, path: Path, number: int = 0) -> None:
        self.path = path
        self.beside = 0
        self._number = number
        self._known: list[Path] = []
        self._chosen: list[Path] = []
        self._earlier: list[int] = []  # bytes of the chosen files but the last
        self._looked_at = float("-inf")

    @property
    def known(self) -> list[Path]:
        """The files that `paths` returned last."""
        return self._chosen

    @property
    def is_first(self) -> bool:
        """Whether it is the first run of a directory."""
        return self._number == 0 and self.path.is_dir()

    def paths(self) -> list[Path]:
        """Return the files that are there now, in the order in which they were begun.

        Raises:
            ConfigurationError: There is no event file.
        """
        known = event_files(self.path)
        now = time.monotonic()
        if known != self._known or (
            now - self._looked_at >= LOOK_AGAIN_SECONDS
            and self._earlier != _sizes(self._chosen[:-1])
        ):
            self._known, self._looked_at = known, now
            runs = [[file.path for file in run] for run in runs_of(known)]
            if not self._chosen:
                mine = runs[min(self._number, len(runs) - 1)]
            else:  # of a file that is gone, what has been read stays
                mine = next((run for run in runs if self._chosen[0] in run), self._chosen)
            self.beside = len(runs) - 1
            self._chosen = [path for path in known if path in mine]
            self._earlier = _sizes(self._chosen[:-1])
        return self._chosen


def look_at(path: Path) -> EventFile:
    """Return what the ends of a file tell; a file that cannot be read tells nothing."""
    if is_csv(path):
        return EventFile(path, 0.0, float("inf"))  # each is a run of its own
    named = _PROCESS.search(path.name)
    file = EventFile(path, 0.0, 0.0, (named[1], named[2]) if named else None)
    try:
        head, tail = read_ends(path, _SAMPLE, _MOST_SAMPLE)
    except OSError:
        return file
    times = [batch.first_wall_time for batch in head if batch.first_wall_time is not None]
    file.began = min(times, default=0.0)
    file.ended = file.began
    for batch in (*head, *tail):
        file.tags |= set(batch.points) | {record.tag for record in batch.media}
        times = [float(np.max(points.wall_times)) for points in batch.points.values()]
        times += [one.wall_time for one in (*batch.texts, *batch.media)]
        file.ended = max([file.ended, *times])
        for text in batch.texts:
            if text.tag == IDENTITY_TAG:
                file.identity = file.identity or read_identity(text.text)
    if file.identity is not None:
        file.process = (file.identity.host, str(file.identity.process))
    return file


def _belongs(file: EventFile, run: list[EventFile]) -> bool:
    ours = [one.identity for one in run if one.identity is not None]
    if file.identity is not None and ours:
        if any(one.run_id == file.identity.run_id for one in ours):
            return True
        if ours[0].rank != file.identity.rank:
            return False
    overlapping = [one for one in run if file.began < one.ended and one.began <= file.ended]
    return all(
        file.identity is None
        and one.process is not None
        and one.process == file.process
        and one.tags.isdisjoint(file.tags)
        for one in overlapping
    )


def _sizes(paths: list[Path]) -> list[int]:
    return [path.stat().st_size if path.exists() else 0 for path in paths]


def _second_in_name(file: Path) -> int:
    found = _SECOND.search(file.name)
    return int(found[1]) if found else 0


def _natural(text: str) -> list[tuple[int, str]]:
    """A key that sorts `version_10` after `version_9`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]
