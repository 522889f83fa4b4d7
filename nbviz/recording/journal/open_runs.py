"""All runs of a directory and of the folders below it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbviz.errors import ConfigurationError
from nbviz.recording.event_files.ends import read_many_ends
from nbviz.recording.journal.opened import OpenedRun
from nbviz.recording.journal.run_files import PATTERN, RunFiles, directories_below
from nbviz.recording.recorded_run import DEFAULT_MEDIA_BUDGET, DEFAULT_MEMORY_BUDGET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbviz.recording.event_files.ends import Ends

_READ_AT_ONCE = 32_000_000  # bytes of event files; a second or two
_END = 1 << 13  # bytes at each end of a file that tell the newest values


def open_runs(
    path: str | Path,
    *,
    memory_budget: int = DEFAULT_MEMORY_BUDGET,
    media_budget: int = DEFAULT_MEDIA_BUDGET,
) -> list[OpenedRun]:
    """Read all runs of a directory: those of its event files, and of the folders below it.

    A run is called after its folder, as in TensorBoard. Where several processes wrote into one
    folder at the same time, each is a run of its own, with its own status, called after its rank or
    name where nbviz wrote it. Each run reads on as `open_run`'s does.

    Where the files are long (32 MB in all), only their ends are read at first, which takes
    milliseconds a run: they tell the newest values, how far each run came and what it was made
    with. The points of a run are read when they are asked for, as by `run["loss"]`, `run.media` and
    `run.refresh()`, or when a dashboard shows them.

    Args:
        path: The directory, such as `lightning_logs`; or one event file.
        memory_budget: As for `Run`, of each.
        media_budget: As for `Run`, of each.

    Returns:
        The runs, folders in the order of their names (`version_2` before `version_10`).

    Raises:
        ConfigurationError: There is no event file.
    """
    root = Path(path).absolute()
    folders = {folder: _files_of(folder) for folder in _folders(root)}
    paths = [path for runs in folders.values() for files in runs for path in files.paths()]
    ends: dict[Path, Ends] | None = None
    if not root.is_file() and sum(map(_bytes_in, paths)) > _READ_AT_ONCE:
        ends = dict(zip(paths, read_many_ends(paths, _END), strict=True))
    runs: list[OpenedRun] = []
    for folder, files_of_runs in folders.items():
        name = root.name if folder == root else folder.relative_to(root).as_posix()
        of_folder = [
            OpenedRun(
                folder,
                name=name,
                memory_budget=memory_budget,
                media_budget=media_budget,
                files=files,
                ends=None if ends is None else [ends[path] for path in files.known],
            )
            for files in files_of_runs
        ]
        _tell_apart(of_folder)
        runs += sorted(of_folder, key=_rank)
    return runs


def _files_of(folder: Path) -> list[RunFiles]:
    first = RunFiles(folder)
    first.paths()
    return [first, *(RunFiles(folder, number) for number in range(1, first.beside + 1))]


def _bytes_in(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _folders(root: Path) -> Iterator[Path]:
    if not root.exists():
        raise ConfigurationError(f"{str(root)!r} does not exist; give a directory of event files.")
    if root.is_file():
        yield root
        return
    has_files = any(file.is_file() for file in root.glob(PATTERN))
    below = directories_below(root)
    if not has_files and not below:
        raise ConfigurationError(
            f"{str(root)!r} and the folders below it have no event files; they have names such as "
            "events.out.tfevents.1700000000.host.1."
        )
    if has_files:
        yield root
    yield from below


def _rank(run: OpenedRun) -> int:
    return run.identity.rank or 0 if run.identity else 0


def _tell_apart(runs: list[OpenedRun]) -> None:
    """Name runs of one folder by rank or name where these differ, else by number."""
    if len(runs) < 2:  # noqa: PLR2004
        return
    known = [run.identity for run in runs]
    ranks = [one.rank if one else None for one in known]
    names = [one.name if one else None for one in known]
    for number, run in enumerate(runs):
        if None not in ranks and len(set(ranks)) == len(runs):
            run.name = f"{run.name} (rank {ranks[number]})"
        elif None not in names and len(set(names)) == len(runs):
            run.name = f"{run.name} ({names[number]})"
        elif number:
            run.name = f"{run.name} ({number + 1})"
