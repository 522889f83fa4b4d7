"""A function called every n steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbviz.errors import ConfigurationError, attribute_of
from nbviz.training.checks import check_count
from nbviz.training.steps.numbers import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.trainer import Trainer
    from nbviz.training.events import StepEnded


class every:  # noqa: N801  it reads as a word: every(100, sample)
    """Calls a function with the trainer after every n-th step.

    >>> callbacks = [nbviz.callbacks.every(100, lambda trainer: trainer.save("newest.pt"))]

    Args:
        n: At least 1.
        function: Called with the trainer, on the run's thread, between two steps.

    Raises:
        ConfigurationError: `n` is out of range, or `function` cannot be called.
    """

    def __init__(self, n: int, function: Callable[[Trainer], Any]) -> None:
        check_count("every: n", n)
        if not callable(function):
            raise ConfigurationError(
                f"every takes a function of the trainer, got {shown(function)}."
            )
        self.n = n
        self._function = function
        self.__name__ = attribute_of(function, "__name__", type(function).__name__)

    def on_step(self, trainer: Trainer, event: StepEnded) -> None:
        """Call the function, if it is time to."""
        if event.step % self.n == 0:
            self._function(trainer)
