"""The lines that an engine adds to its run's log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.training import clock
from nbviz.training.events import LineLogged

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.protocol.log import LineLevel
    from nbviz.training.events import Observer


class RunLog:
    """Logs lines as events.

    Args:
        emit: Receives them.
        step: Returns how many steps are completed.
    """

    def __init__(self, emit: Observer, step: Callable[[], int]) -> None:
        self._emit = emit
        self._step = step
        self._said: set[str] = set()

    def __call__(self, level: LineLevel, text: str) -> None:
        """Log a line."""
        self._emit(LineLogged(clock.now(), self._step(), level, text))

    def once(self, level: LineLevel, text: str, about: str = "") -> None:
        """Log a line, unless one about the same was logged before."""
        if (about or text) not in self._said:
            self._said.add(about or text)
            self(level, text)

    def forget(self) -> None:
        """Say everything again, in another run."""
        self._said.clear()

    def metric_dropped(self, name: str, reason: str) -> None:
        """Say that a metric is not computed any more."""
        self("error", f"the metric {name!r} {reason}. It is dropped; training goes on.")

    def value_left_out(self, name: str, reason: str) -> None:
        """Say that a value of a step's result is not recorded."""
        self.once(
            "warning", f"{name!r} is left out where it is not one number ({reason}).", about=name
        )

    def update_skipped(self, count: int) -> None:
        """Say that fp16's gradients overflowed, at the 1st, 2nd, 4th, 8th … time.

        Args:
            count: How often they have.
        """
        if count & (count - 1) == 0:
            self(
                "warning",
                "fp16: the gradients overflowed, so an update was left out and the loss is scaled "
                f"less from now on ({count:,} so far). It does not count as a step.",
            )

    def loss_nonfinite(self, where: str, step: int) -> None:
        """Say that the loss turned NaN or infinite, `where` being "at" a step or shortly before."""
        self(
            "warning",
            f"the loss became NaN or infinite {where} step {step:,}. Try a lower learning "
            "rate, or gradient_clip=1.0.",
        )

    def loss_spiked(self, step: int, loss: float, median: float) -> None:
        """Say that the loss is much larger than `median`, that of the steps before."""
        self(
            "warning",
            f"the loss of step {step:,} is {loss:.4g}, more than 10 times the median of the 100 "
            f"steps before it, {median:.4g}.",
        )
