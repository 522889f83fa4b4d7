"""Ends a run that gets no better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbviz.callbacks.monitoring import Monitoring
from nbviz.errors import StopTraining
from nbviz.text import counted
from nbviz.training.checks import check_count

if TYPE_CHECKING:
    from nbviz.callbacks.monitor import Mode
    from nbviz.trainer import Trainer
    from nbviz.training.events import RunStarted


class EarlyStopping(Monitoring):
    """Ends the run once a value has not got better for a while.

    `patience` can be changed while the run is active: `trainer.set(patience=10)`.

    Args:
        monitor: The tag: of a validation, or of steps, of which each epoch's mean counts.
        patience: How many values in a row may be no better, at least 1.
        mode: "min", "max", or "auto": by the tag's name, where that tells.
        min_delta: By how much a value has to be better, at least 0.

    Attributes:
        best: The best value so far, None before the first.
        best_step: Its step.
        waited: How many values have been no better since.
    """

    def __init__(
        self,
        monitor: str = "loss/val",
        patience: int = 5,
        mode: Mode = "auto",
        min_delta: float = 0.0,
    ) -> None:
        check_count("patience", patience)
        super().__init__(monitor, mode)
        self.patience = patience
        self.min_delta = min_delta
        self.waited = 0

    def on_start(self, trainer: Trainer, event: RunStarted) -> None:
        """Let `patience` be set."""
        del event
        trainer.control.registry.add(
            "patience", lambda: float(self.patience), self._set_patience, minimum=1.0
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the best value and how long it was waited."""
        state = self.monitor.state_dict()
        return {"monitor": state, "waited": self.waited, "patience": self.patience}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there; `patience` is what was given here."""
        self.monitor.load_state_dict(state["monitor"])
        self.waited = state["waited"]

    def _look(self, trainer: Trainer, value: float | None, step: int) -> None:
        if value is None:
            return
        if self.monitor.improves(value, step, self.min_delta):
            self.waited = 0
            return
        self.waited += 1
        if self.waited >= self.patience:
            best = "any"
            if self.best is not None:
                best = f"{self.best:.6g} at step {self.best_step:,}"
            text = (
                f"early stopping: {self.monitor.tag} {value:.6g} is no better than {best}, "
                f"{counted(self.waited, 'time')} in a row"
            )
            self.waited = 0  # a run that is started again gets as long again
            trainer.run.mark("command", step, text)
            raise StopTraining(text)

    def _set_patience(self, patience: float) -> None:
        self.patience = max(1, round(patience))
