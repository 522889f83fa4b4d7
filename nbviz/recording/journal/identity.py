"""Who writes a journal: the run, and the process that it is in."""

from __future__ import annotations

import json
import os
import socket
import sys
from dataclasses import asdict, dataclass
from typing import Any

IDENTITY_TAG = "nbviz/run"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who writes an event file.

    Attributes:
        run_id: Unique.
        name: What the run is called.
        process: The operating system's number of the process.
        host: The machine's name.
        rank: Of several processes that train one model the number of this one, from 0; None if it
            is alone.
        world_size: How many processes train; None if it is alone.
    """

    run_id: str
    name: str
    process: int
    host: str
    rank: int | None = None
    world_size: int | None = None

    def to_text(self) -> str:
        """Return it as the text that a journal begins with."""
        return json.dumps(asdict(self))


def identity_of(run_id: str, name: str) -> Identity:
    """Return who this process is, for a run in it."""
    rank, world_size = _place()
    return Identity(run_id, name, os.getpid(), socket.gethostname(), rank, world_size)


def read_identity(text: str) -> Identity | None:
    """Return what `Identity.to_text` wrote, None if the text is something else."""
    try:
        found: Any = json.loads(text)
        return Identity(
            str(found["run_id"]),
            str(found["name"]),
            int(found["process"]),
            str(found["host"]),
            None if found["rank"] is None else int(found["rank"]),
            None if found["world_size"] is None else int(found["world_size"]),
        )
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


def _place() -> tuple[int | None, int | None]:
    """The rank and how many there are, as torch.distributed knows them, or its launcher."""
    distributed: Any = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return _number("RANK"), _number("WORLD_SIZE")


def _number(variable: str) -> int | None:
    value = os.environ.get(variable, "")
    return int(value) if value.isascii() and value.isdigit() else None
