"""All runs of a directory and of the folders below it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbviz.errors import ConfigurationError
from nbviz.recording.journal.opened import OpenedRun
from nbviz.recording.journal.run_files import PATTERN, RunFiles, directories_below
from nbviz.recording.recorded_run import DEFAULT_MEDIA_BUDGET, DEFAULT_MEMORY_BUDGET

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    runs: list[OpenedRun] = []
    for folder in _folders(root):
        name = root.name if folder == root else folder.relative_to(root).as_posix()
        first = RunFiles(folder)
        first.paths()
        of_folder = [
            OpenedRun(
                folder,
                name=name,
                memory_budget=memory_budget,
                media_budget=media_budget,
                files=RunFiles(folder, number),
            )
            for number in range(first.beside + 1)
        ]
        _tell_apart(of_folder)
        runs += sorted(of_folder, key=_rank)
    return runs


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
