"""The states that a run kept in its directory while it trained: where, and of which run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from nbviz.errors import CheckpointError
from nbviz.recording.kept.kept_state import KeptState
from nbviz.training.checkpoints.ring_files import RingFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbviz.recording.run import Run
    from nbviz.training.checkpoints.ring_files import Key

FOLDER = "ring"


class Kept(Protocol):
    """What of a trainer is needed."""

    run: Run
    options: Any
    write: Callable[..., Any]


def ring_files(trainer: Kept) -> RingFiles | None:
    """Return what keeps a trainer's states in its directory; None where that is not asked for."""
    options = trainer.options

    def spend(seconds: float) -> None:
        trainer.run.meter.spend(seconds)

    if options.dir is None or options.ring_disk == 0:
        return None
    return RingFiles(
        Path(options.dir).absolute() / FOLDER,
        trainer.run.run_id,
        options.ring_disk,
        write=trainer.write,
        say=lambda text: trainer.run.note(text, "warning"),
        spend=spend,
    )


def newest_kept(files: RingFiles | None, keys: Iterable[Key]) -> KeptState | None:
    """Return the newest state that can be read; each that cannot is named in the log."""
    if files is None:
        return None
    for key in sorted(keys, reverse=True):
        try:
            return KeptState(files.path(key))
        except CheckpointError as error:
            files.note_damaged(key, error)
    return None
