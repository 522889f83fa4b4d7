"""Workers that a DataLoader keeps between epochs, and that an earlier cell has started."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

from nbviz.errors import attribute_of


def renew_workers(*loaders: object) -> None:
    """Have loaders start their workers anew, where an interrupt of the foreground would end them.

    Workers block the signal if the thread that starts them does, as that of a background run does.
    Those that the foreground has started, as by looking at a batch, do not; with
    `persistent_workers` they would be used by the run.
    """
    data = sys.modules.get("torch.utils.data")
    if data is None:
        return
    for loader in loaders:
        # Private, and the only place where a loader keeps its workers; without it nothing is done.
        iterator: Any = attribute_of(loader, "_iterator", None)
        workers: Any = attribute_of(iterator, "_workers", None)
        if isinstance(loader, data.DataLoader) and workers and any(map(_heeds, workers)):
            vars(loader)["_iterator"] = None


def _heeds(worker: Any) -> bool:
    """Whether a worker heeds an interrupt; taken to be so where the system does not tell."""
    try:
        status = Path(f"/proc/{worker.pid}/status").read_text(encoding="ascii")
        blocked = status.partition("SigBlk:")[2].split()[0]
    except (OSError, IndexError):
        return True
    return not int(blocked, 16) >> (signal.SIGINT - 1) & 1
