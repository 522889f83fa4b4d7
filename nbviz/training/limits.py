"""Where a run ends by itself."""

from __future__ import annotations


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
        """Set the limits of a run that begins here; one that was reached is moved on."""
        self.last_epoch = _next_limit(epoch, self._max_epochs)
        self.last_step = _next_limit(step, self.max_steps)

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


def _next_limit(present: int, limit: int | None) -> int | None:
    if limit is None:
        return None
    return limit if present < limit else present + limit
