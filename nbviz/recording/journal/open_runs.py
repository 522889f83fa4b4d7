"""All runs of a directory and of the folders below it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbviz.errors import ConfigurationError
from nbviz.recording.journal.run_tree import RunTree
from nbviz.recording.recorded_run import DEFAULT_MEDIA_BUDGET, DEFAULT_MEMORY_BUDGET

if TYPE_CHECKING:
    from nbviz.recording.journal.opened import OpenedRun


def open_runs(
    path: str | Path,
    *,
    memory_budget: int = DEFAULT_MEMORY_BUDGET,
    media_budget: int = DEFAULT_MEDIA_BUDGET,
) -> list[OpenedRun]:
    """Read all runs of a directory: those of its event files, and of the folders below it.

    Of a folder without event files a CSV log is read, as `open_run` does.

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
        ConfigurationError: There is no event file, and no CSV log.
    """
    root = Path(path)
    if not root.exists():
        raise ConfigurationError(
            f"{str(root.absolute())!r} does not exist; give a directory of event files."
        )
    tree = RunTree(root, memory_budget=memory_budget, media_budget=media_budget)
    runs = tree.new_runs()
    if not runs:
        raise ConfigurationError(
            f"{str(tree.root)!r} and the folders below it have no event files, and no CSV logs; "
            "event files have names such as events.out.tfevents.1700000000.host.1."
        )
    return runs
