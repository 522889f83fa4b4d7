"""The runs in a directory and the folders below it, those that begin later too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbviz.recording.event_files.ends import read_many_ends
from nbviz.recording.journal.csv_logs import csv_logs, is_csv
from nbviz.recording.journal.opened import OpenedRun
from nbviz.recording.journal.run_files import PATTERN, RunFiles, directories_below
from nbviz.recording.recorded_run import DEFAULT_MEDIA_BUDGET, DEFAULT_MEMORY_BUDGET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbviz.recording.event_files.ends import Ends

_READ_AT_ONCE = 32_000_000  # bytes of event files; a second or two
_END = 1 << 13  # bytes at each end of a file that tell the newest values


class RunTree:
    """Opens runs as they come.

    Args:
        path: The directory; or one event file.
        name: What the run in the directory itself is called; after the directory if None.
        prefix: What the names of the others begin with.
        memory_budget: As for `Run`, of each.
        media_budget: As for `Run`, of each.

    Attributes:
        root: The directory.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        name: str | None = None,
        prefix: str = "",
        memory_budget: int = DEFAULT_MEMORY_BUDGET,
        media_budget: int = DEFAULT_MEDIA_BUDGET,
    ) -> None:
        self.root = Path(path).absolute()
        self._name = name or self.root.name
        self._prefix = prefix
        self._memory_budget = memory_budget
        self._media_budget = media_budget
        self._first: dict[Path, RunFiles] = {}
        self._opened: dict[Path, int] = {}  # runs of each folder

    def new_runs(self) -> list[OpenedRun]:
        """Open the runs that have begun since the last time, folders in the order of their names.

        Raises:
            OSError: A directory cannot be read.
        """
        folders = {folder: self._new_files(folder) for folder in self._folders()}
        paths = [path for runs in folders.values() for files in runs for path in files.paths()]
        paths = [path for path in paths if not is_csv(path)]
        ends: dict[Path, Ends] | None = None
        if not self.root.is_file() and sum(map(_bytes_in, paths)) > _READ_AT_ONCE:
            ends = dict(zip(paths, read_many_ends(paths, _END), strict=True))
        found: list[OpenedRun] = []
        for folder, files_of_runs in folders.items():
            runs = [self._open(folder, files, ends) for files in files_of_runs]
            _tell_apart(runs, self._opened[folder] - len(runs))
            found += sorted(runs, key=_rank)
        return found

    def _folders(self) -> Iterator[Path]:
        has_events = any(file.is_file() for file in self.root.glob(PATTERN))
        if self.root.is_file() or has_events or csv_logs(self.root):
            yield self.root
        if not self.root.is_file():
            yield from directories_below(self.root)

    def _new_files(self, folder: Path) -> list[RunFiles]:
        first = self._first.setdefault(folder, RunFiles(folder))
        first.paths()
        known = self._opened.get(folder, 0)
        self._opened[folder] = first.beside + 1
        return [
            RunFiles(folder, number) if number else first
            for number in range(known, first.beside + 1)
        ]

    def _open(self, folder: Path, files: RunFiles, ends: dict[Path, Ends] | None) -> OpenedRun:
        is_root = folder == self.root
        is_of_csv = any(map(is_csv, files.known))
        return OpenedRun(
            folder,
            name=self._name if is_root else self._prefix + folder.relative_to(self.root).as_posix(),
            memory_budget=self._memory_budget,
            media_budget=self._media_budget,
            files=files,
            ends=None if ends is None or is_of_csv else [ends[path] for path in files.known],
        )


def _bytes_in(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _rank(run: OpenedRun) -> int:
    return run.identity.rank or 0 if run.identity else 0


def _tell_apart(runs: list[OpenedRun], before: int) -> None:
    """Name runs of one folder by rank or name where these differ, else by number."""
    if len(runs) + before < 2:  # noqa: PLR2004
        return
    known = [run.identity for run in runs]
    ranks = [one.rank if one else None for one in known]
    names = [one.name if one else None for one in known]
    for number, run in enumerate(runs):
        if None not in ranks and len(set(ranks)) == len(runs):
            run.name = f"{run.name} (rank {ranks[number]})"
        elif None not in names and len(set(names)) == len(runs):
            run.name = f"{run.name} ({names[number]})"
        elif number + before:
            run.name = f"{run.name} ({number + before + 1})"
