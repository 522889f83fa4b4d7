"""Keeps the state of the step at which a value was best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbviz.callbacks.monitoring import Monitoring
from nbviz.errors import ConfigurationError

if TYPE_CHECKING:
    from nbviz.callbacks.monitor import Mode
    from nbviz.trainer import Trainer
    from nbviz.training.events import RunStarted


class BestCheckpoint(Monitoring):
    """Saves the run's state each time a value is the best so far; `Trainer.load` reads it.

    Args:
        monitor: The tag: of a validation, or of steps, of which each epoch's mean counts.
        mode: "min", "max", or "auto": by the tag's name, where that tells.
        path: The file; `checkpoints/best.pt` in the run's `dir` if None.

    Attributes:
        best: The best value so far, None before the first.
        best_step: Its step.
        path: The file, None until the run begins.
    """

    def __init__(
        self, monitor: str = "loss/val", mode: Mode = "auto", path: str | Path | None = None
    ) -> None:
        super().__init__(monitor, mode)
        self.path = None if path is None else Path(path).absolute()

    def on_start(self, trainer: Trainer, event: RunStarted) -> None:
        """Find out where to write."""
        del event
        if self.path is None:
            if trainer.run.journal is None:
                raise ConfigurationError(
                    "BestCheckpoint needs path=…, or a trainer with dir=…, to have where to write"
                )
            self.path = trainer.run.journal.directory / "checkpoints" / "best.pt"

    def state_dict(self) -> dict[str, Any]:
        """Return the best value so far."""
        return self.monitor.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.monitor.load_state_dict(state)

    def _look(self, trainer: Trainer, value: float | None, step: int) -> None:
        if value is not None and self.path is not None and self.monitor.improves(value, step):
            trainer.save(self.path)
            trainer.run.mark("command", step, f"best {self.monitor.tag}: {value:.6g}, saved")
