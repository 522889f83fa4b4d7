"""When a scheduler steps, and what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from torch.optim.lr_scheduler import ReduceLROnPlateau

from nbviz.errors import ConfigurationError
from nbviz.training.means import Means

if TYPE_CHECKING:
    from collections.abc import Mapping


class Schedule:
    """Steps a scheduler after each step or each epoch.

    `ReduceLROnPlateau` is told the epoch's `loss/val`, or the mean training loss if there is no
    validation in it; reading it waits for the device, once an epoch.

    Args:
        scheduler: With a `step()` method; None for none.
        interval: "step" or "epoch".

    Raises:
        ConfigurationError: A plateau is looked for at each step.
    """

    def __init__(self, scheduler: Any, interval: Literal["step", "epoch"]) -> None:
        self._scheduler = scheduler
        self._steps = scheduler is not None and interval == "step"
        self._is_plateau = isinstance(scheduler, ReduceLROnPlateau)
        self._losses = Means()
        self._validated: Any = None
        if self._is_plateau and self._steps:
            raise ConfigurationError(
                "ReduceLROnPlateau looks at each epoch's loss; give scheduler_interval='epoch'."
            )

    def step_ended(self, scalars: Mapping[str, Any]) -> None:
        """Step the scheduler, if it goes by steps."""
        if self._steps:
            self._scheduler.step()
        elif self._is_plateau and "loss/train" in scalars:
            self._losses.add({"loss": scalars["loss/train"]})

    def validated(self, scalars: Mapping[str, Any]) -> None:
        """Take in the means of a validation."""
        self._validated = scalars.get("loss/val")

    def epoch_ended(self) -> None:
        """Step the scheduler, if it goes by epochs."""
        if self._scheduler is None or self._steps:
            return
        if self._is_plateau:
            loss = self._losses.values().get("loss") if self._validated is None else self._validated
            self._losses, self._validated = Means(), None
            if loss is not None:
                self._scheduler.step(float(loss))
        else:
            self._scheduler.step()
