"""Where a run ends by itself."""

from __future__ import annotations

from typing import Any


class Limits:
    """The last epoch and the last step of a run, anew each time it begins.

    Args:
        max_epochs: None for no bound.
        max_steps: None for no bound.
    """

    def __init__(self, max_epochs: int | None, max_steps: int | None) -> None:
        self.max_steps = max_steps
        self.last_epoch: int | None = None
        self.last_step: int | None = None
        self._max_epochs = max_epochs

    def begin(self, step: int, epoch: int) -> None:
        """Set the limits of a run that begins here; one that was reached is moved on.

        Args:
            step: Completed steps.
            epoch: Completed epochs.
        """
        self.last_epoch = _next_limit(epoch, self._max_epochs, self.last_epoch)
        self.last_step = _next_limit(step, self.max_steps, self.last_step)

    def state_dict(self) -> dict[str, Any]:
        """Return them, and what they were made of."""
        return {
            "max_epochs": self._max_epochs,
            "max_steps": self.max_steps,
            "last_epoch": self.last_epoch,
            "last_step": self.last_step,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over those limits whose options are the same here."""
        same_epochs = state["max_epochs"] == self._max_epochs
        same_steps = state["max_steps"] == self.max_steps
        self.last_epoch = state["last_epoch"] if same_epochs else None
        self.last_step = state["last_step"] if same_steps else None

    def is_reached(self, step: int, epoch: int) -> bool:
        """Return whether the run is over after this epoch and step."""
        return epoch == self.last_epoch or step == self.last_step

    def total_steps(self, step: int, epoch: int, epoch_steps: int | None) -> int | None:
        """Return the number of the last step, None if it is not known yet.

        Args:
            step: Completed steps.
            epoch: Completed epochs.
            epoch_steps: Steps in one epoch, None if unknown.
        """
        if epoch_steps is None or self.last_epoch is None:
            return self.last_step
        by_epochs = step + (self.last_epoch - epoch) * epoch_steps
        return by_epochs if self.last_step is None else min(by_epochs, self.last_step)


def _next_limit(present: int, limit: int | None, last: int | None) -> int | None:
    if limit is None:
        return None
    if last is not None and present < last:  # a run that was stopped before it got there
        return last
    return limit if present < limit else present + limit
