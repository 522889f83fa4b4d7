"""Checkpoints that a run makes by itself: copied between two steps, written beside the training."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from nbviz.errors import NbvizError, text_of
from nbviz.training.random_numbers.turns import lent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbviz.training.checkpoints.parts import Checkpoint
    from nbviz.training.events import EpochEnded, RunEnded, StepEnded


class CheckpointKeeper:
    """Keeps the state every so often and at the end of the run, in files of which the newest stay.

    It is a callback. The training waits for the copy in memory, not for the disk: where a file
    takes longer than it is to the next one, that one is made when it is written.

    Args:
        every: Steps, or "epoch".
        keep: How many files stay, at least 1.
        folder: Returns where they are.
        write: Writes one, with what belongs to it.
        say: Logs a warning.
    """

    def __init__(
        self,
        every: int | str,
        keep: int,
        *,
        folder: Callable[[], Path],
        write: Callable[[Path, Checkpoint], object],
        say: Callable[[str], None],
    ) -> None:
        self._every = every
        self._keep = keep
        self._folder = folder
        self._write = write
        self._say = say
        self._spare: Checkpoint | None = None
        self._writer: threading.Thread | None = None
        self._kept_step: int | None = None
        self._has_skipped = self._is_behind = False

    def on_step(self, trainer: Any, event: StepEnded) -> None:
        """Keep the state, if it is time to."""
        is_due = self._every != "epoch" and event.step % int(self._every) == 0
        if is_due or (self._is_behind and not self._is_writing):
            self._begin(trainer, event.step)

    def on_epoch(self, trainer: Any, event: EpochEnded) -> None:
        """Keep the state, if it is time to."""
        if self._every == "epoch":
            self._begin(trainer, event.step)

    def on_end(self, trainer: Any, event: RunEnded) -> None:
        """Keep the last state, and wait for the disk."""
        self._join()
        if event.step and event.step != self._kept_step:
            self._begin(trainer, event.step)
            self._join()

    @property
    def _is_writing(self) -> bool:
        return self._writer is not None and self._writer.is_alive()

    def _begin(self, trainer: Any, step: int) -> None:
        self._is_behind = self._is_writing
        if self._is_behind:
            if not self._has_skipped:
                self._has_skipped = True
                self._say(
                    "a checkpoint takes longer to write than it is to the next one, so they are "
                    "made less often; the last state is kept when the run ends. Give a larger "
                    "checkpoint_every."
                )
            return
        checkpoint = trainer.engine.capture(self._spare)
        self._spare, self._kept_step = checkpoint, step
        path = self._folder() / f"step-{step:09d}.pt"
        self._writer = threading.Thread(
            target=self._write_file, args=(path, checkpoint), name="nbviz-checkpoint", daemon=True
        )
        self._writer.start()

    def _join(self) -> None:
        if self._writer is not None:
            with lent():
                self._writer.join()
            self._writer = None

    def _write_file(self, path: Path, checkpoint: Checkpoint) -> None:
        try:
            self._write(path, checkpoint)
            files = sorted(path.parent.glob("step-*.pt"), key=lambda file: file.stat().st_mtime_ns)
            for old in files[: -self._keep]:
                with contextlib.suppress(OSError):
                    old.unlink()
        except (NbvizError, OSError) as error:
            self._kept_step = None
            self._say(f"{text_of(error)} Training goes on.")
