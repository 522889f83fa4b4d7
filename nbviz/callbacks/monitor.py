"""The value that a callback looks at: a validation's, or a mean over the steps of an epoch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from nbviz.errors import ConfigurationError
from nbviz.training.better_values import better_values
from nbviz.training.checks import check_choice
from nbviz.training.steps.means import Means

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbviz.trainer import Trainer
    from nbviz.training.events import EpochEnded, StepEnded, ValidationEnded

Mode = Literal["auto", "min", "max"]


class Monitor:
    """Follows one tag, and knows what is better.

    A tag that validations give, such as `loss/val`, is looked at after each of them. Any other is
    looked at after each epoch, as the mean over its steps; so no step waits for a GPU.

    Args:
        tag: Such as "loss/val".
        mode: Whether less ("min") or more ("max") is better; "auto" goes by the tag's name.

    Attributes:
        best: The best value so far, None before the first.
        best_step: Its step.

    Raises:
        ConfigurationError: `mode` is none of these, or "auto" where the name does not tell.
    """

    def __init__(self, tag: str, mode: Mode = "auto") -> None:
        check_choice("mode", mode, ("auto", "min", "max"))
        self.tag = tag
        self.mode: Literal["min", "max"] = _mode_of(tag) if mode == "auto" else mode
        self.best: float | None = None
        self.best_step = 0
        self._is_validated = False
        self._has_warned = False
        self._begin_epoch()

    def is_better(self, value: float, than: float) -> bool:
        """Whether a value is better than another; NaN never is."""
        return value < than if self.mode == "min" else value > than

    def take_step(self, event: StepEnded) -> None:
        """Take in a step."""
        if not self._is_validated and self.tag in event.scalars:
            self._means.add({self.tag: event.scalars[self.tag]})

    def of_validation(self, event: ValidationEnded) -> float | None:
        """Return the value of a validation, None if it has none."""
        self._is_validated = self._is_validated or self.tag in event.scalars
        return _read(event.scalars, self.tag)

    def of_epoch(self, trainer: Trainer, event: EpochEnded) -> float | None:
        """Return the mean over an epoch's steps, None where validations give the value."""
        value = _read(self._means.values(), self.tag)
        self._begin_epoch()
        if value is None and not self._is_validated and not self._has_warned:
            self._has_warned = True
            trainer.run.note(
                f"no {self.tag!r} was logged in this epoch, so there is nothing to monitor; give "
                "another tag, such as monitor='loss/train'.",
                "warning",
                step=event.step,
            )
        return value

    def improves(self, value: float, step: int, least: float = 0.0) -> bool:
        """Whether a value is better than the best by more than `least`; then it is the best.

        Args:
            value: The value.
            step: Its step.
            least: At least 0.
        """
        if math.isnan(value):
            return False
        margin = least if self.mode == "max" else -least
        if self.best is not None and not self.is_better(value, self.best + margin):
            return False
        self.best, self.best_step = value, step
        return True

    def state_dict(self) -> dict[str, Any]:
        """Return the best value, and the sums of this epoch."""
        return {
            "best": self.best,
            "best_step": self.best_step,
            "is_validated": self._is_validated,
            "means": self._means.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.best, self.best_step = state["best"], state["best_step"]
        self._is_validated = state["is_validated"]
        self._means.load_state_dict(state["means"])

    def _begin_epoch(self) -> None:
        self._means = Means(_ignore)


def _mode_of(tag: str) -> Literal["min", "max"]:
    better = better_values(tag)
    if better is None:
        raise ConfigurationError(
            f"whether less or more is better cannot be told from the name {tag!r}; give mode='min' "
            "or mode='max'."
        )
    return "min" if better == "lower" else "max"


def _read(scalars: Mapping[str, Any], tag: str) -> float | None:
    return float(scalars[tag]) if tag in scalars else None


def _ignore(name: str, reason: str) -> None:
    del name, reason  # the engine has said it
