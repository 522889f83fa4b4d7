"""Workers that a DataLoader keeps between epochs, and that an earlier cell has started."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from nbviz.errors import attribute_of
from nbviz.training.background import leave_interrupts_to_the_foreground


def shield_workers(*loaders: object) -> None:
    """Keep the foreground's interrupts from the workers of an epoch; for a background run's thread.

    Workers block the signal if the thread that starts them does, as that of a background run does.
    Two things undo that. Python's resource tracker, which is started with the first process that
    is spawned and with shared memory, lets the signal through to the thread that starts it (as of
    3.11). And workers that the foreground has started, as by looking at a batch, heed it: with
    `persistent_workers` they would be used by the run, and are started anew.
    """
    data = sys.modules.get("torch.utils.data")
    if data is None or threading.current_thread() is threading.main_thread():
        return
    if any(isinstance(loader, data.DataLoader) and _spawns(loader) for loader in loaders):
        resource_tracker.ensure_running()
    leave_interrupts_to_the_foreground()
    for loader in loaders:
        # Private, and the only place where a loader keeps its workers; without it nothing is done.
        iterator: Any = attribute_of(loader, "_iterator", None)
        workers: Any = attribute_of(iterator, "_workers", None)
        if isinstance(loader, data.DataLoader) and workers and any(map(_heeds, workers)):
            vars(loader)["_iterator"] = None


def _spawns(loader: Any) -> bool:
    if not loader.num_workers:
        return False
    context = loader.multiprocessing_context
    method = multiprocessing.get_start_method() if context is None else context.get_start_method()
    return method != "fork"


def _heeds(worker: Any) -> bool:
    """Whether a worker heeds an interrupt; taken to be so where the system does not tell."""
    try:
        status = Path(f"/proc/{worker.pid}/status").read_text(encoding="ascii")
        blocked = status.partition("SigBlk:")[2].split()[0]
    except (OSError, IndexError):
        return True
    return not int(blocked, 16) >> (signal.SIGINT - 1) & 1
