"""What callbacks that follow one value have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.callbacks.monitor import Mode, Monitor

if TYPE_CHECKING:
    from nbviz.trainer import Trainer
    from nbviz.training.events import EpochEnded, StepEnded, ValidationEnded


class Monitoring:
    """Looks at a value after each validation that gives it, or at its mean after each epoch.

    Args:
        monitor: The tag: of a validation, or of steps, of which each epoch's mean counts.
        mode: "min", "max", or "auto": by the tag's name, where that tells.
    """

    def __init__(self, monitor: str, mode: Mode) -> None:
        self.monitor = Monitor(monitor, mode)

    @property
    def best(self) -> float | None:
        """The best value so far."""
        return self.monitor.best

    @property
    def best_step(self) -> int:
        """The step of the best value."""
        return self.monitor.best_step

    def on_step(self, trainer: Trainer, event: StepEnded) -> None:
        """Take in a step."""
        del trainer
        self.monitor.take_step(event)

    def on_validation(self, trainer: Trainer, event: ValidationEnded) -> None:
        """Look at a validation."""
        self._look(trainer, self.monitor.of_validation(event), event.step)

    def on_epoch(self, trainer: Trainer, event: EpochEnded) -> None:
        """Look at an epoch."""
        self._look(trainer, self.monitor.of_epoch(trainer, event), event.step)

    def _look(self, trainer: Trainer, value: float | None, step: int) -> None:
        raise NotImplementedError
