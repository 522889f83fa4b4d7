"""All runs of this process, to which they belong: what a fork or a copy of one meets."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from nbviz.errors import LoggingError
from nbviz.training import clock
from nbviz.training.weak_registry import WeakRegistry

if TYPE_CHECKING:
    from nbviz.recording.recorded_run import RecordedRun

_runs: WeakRegistry[RecordedRun] = WeakRegistry()


def add(run: RecordedRun) -> None:
    """Have a run know of forks; it is not kept alive."""
    _runs.add(run)


def read_wall_clock() -> None:
    """Follow a wall clock that was set, unless a run is active: its times never go back."""
    if not any(run.is_active for run in _runs):
        clock.read_wall_clock()


def copy_refused(name: str) -> LoggingError:
    """Return what is raised where a run is pickled or copied."""
    return LoggingError(
        f"the run {name!r} cannot be copied or sent to another process, such as a DataLoader "
        "worker; log from the process that made it."
    )


def fork_refused(name: str) -> LoggingError:
    """Return what is raised where a forked child logs to a run of its parent."""
    if _is_loaders_worker():
        return LoggingError(
            f"the run {name!r} belongs to the process that made it, and this is a worker of a "
            "DataLoader; log from the training loop, or use num_workers=0."
        )
    return LoggingError(
        f"the run {name!r} belongs to the process that made it, and this is another one, forked "
        "from it; make a run here, nbviz.Run(dir=...), and nbviz.open_runs shows all of them."
    )


def _is_loaders_worker() -> bool:
    loading: Any = sys.modules.get("torch.utils.data")
    return loading is not None and loading.get_worker_info() is not None


def _leave_all_to_parent() -> None:
    for run in _runs:
        run.leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_all_to_parent)
