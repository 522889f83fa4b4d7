"""Steps made again from a state that was kept, exactly as they were made the first time."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from nbviz.errors import CheckpointError, NbvizError
from nbviz.training.events import RunPaused, StepEnded

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from nbviz.training.checkpoints.parts import Checkpoint
    from nbviz.training.engine import Engine
    from nbviz.training.events import Event, Observer
    from nbviz.training.rewinding.changes import Changes

LOSS = "loss/train"


class RecomputingCancelledError(Exception):
    """It was cancelled before it had reached its step."""


@dataclass(slots=True)
class Divergence:
    """How steps that were made again differ from the first time.

    Attributes:
        step: The first whose loss differs; 0 if none does.
        largest: The largest difference of a loss; not finite where one of both is not.
    """

    step: int = 0
    largest: float = 0.0

    def compare(self, step: int, first: float, again: float) -> None:
        """Take in the loss of a step: as it was, and as it is."""
        if first == again or (math.isnan(first) and math.isnan(again)):
            return
        self.step = self.step or step
        difference = abs(first - again)
        if not difference <= self.largest:
            self.largest = difference

    def describe(self) -> str | None:
        """Return a sentence; None where every loss was the same to the last bit."""
        if not self.step:
            return None
        return (
            "the steps that were made again are not to the last bit those of the first time: from "
            f"step {self.step:,} on their loss differs, by up to {self.largest:.3g}. Something "
            "that they depend on is not in the state, such as a list that a module keeps, a worker "
            "that lives on, or a device whose sums have no fixed order."
        )


class Recomputing:
    """Makes steps of one engine again; on a thread of its own, while no run of it is active.

    Args:
        engine: Whose.
        changes: What was set on the way.
        loss_of: Returns the loss that a step had, None if that is not known.

    Attributes:
        divergence: How the steps differ from the first time.
    """

    def __init__(
        self, engine: Engine, changes: Changes, loss_of: Callable[[int], float | None]
    ) -> None:
        self.divergence = Divergence()
        self._engine = engine
        self._changes = changes
        self._loss_of = loss_of
        self._is_cancelled = False

    def cancel(self) -> None:
        """Have it end after the present step; from any thread."""
        self._is_cancelled = True
        with contextlib.suppress(NbvizError):  # nothing runs just now
            self._engine.control.stop()

    def go_to(
        self,
        checkpoint: Checkpoint | None,
        step: int,
        each: Callable[[StepEnded], bool] | None = None,
    ) -> None:
        """Restore a state, and make the steps from there to another one.

        Args:
            checkpoint: The state; None goes on from where the engine is.
            step: The last step to be made.
            each: Called after each step; where it returns True, that was the last.

        Raises:
            RecomputingCancelledError: `cancel` was called.
            CheckpointError: The state does not fit, or the training ends before the step.
            Exception: Whatever training raised.
        """
        engine = self._engine
        observer = _Repeating(self, step, each)
        with _repeating(engine, observer):
            if checkpoint is not None:
                self.restore(checkpoint)
            while engine.step < step and not observer.is_done:
                before = engine.step
                self._check()
                engine.run()
                self._check()
                if observer.error is not None:
                    raise observer.error
                if engine.step == before and not observer.is_done:
                    raise CheckpointError(
                        f"the training ended after step {before:,} when it was made again."
                    )
            if engine.step > step:  # an observer that fails is dropped, and ends nothing
                raise CheckpointError(f"the training went past step {step:,}: it was not followed.")

    def restore(self, checkpoint: Checkpoint) -> None:
        """Set the engine to a state, as one whose run is not active."""
        if not self._engine.control.is_active:
            self._engine.control.get_ready()
        checkpoint.wait()
        self._engine.restore(checkpoint.parts)

    def _check(self) -> None:
        if self._is_cancelled:
            raise RecomputingCancelledError

    def apply_changes(self, event: Event) -> None:
        """Set what was set here the first time."""
        if values := self._changes.at(event):
            self._engine.control.set(**values)

    def compare(self, event: StepEnded) -> None:
        """Compare a step with the first time."""
        loss = event.scalars.get(LOSS)
        first = None if loss is None else self._loss_of(event.step)
        if first is not None:
            self.divergence.compare(event.step, first, number(loss))

    def stop(self) -> None:
        """End the engine's run at the next safe point."""
        self._engine.control.stop()

    def resume(self) -> None:
        """Go on where a callback of the user's paused the run."""
        self._engine.control.resume()

    @property
    def is_cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._is_cancelled


@contextlib.contextmanager
def _repeating(engine: Engine, observer: Observer) -> Generator[None]:
    """Make steps again, in the block: nothing is told to any but one observer.

    What a loss that is not finite would do is not done again, nor are callbacks called that are
    nbviz's own. As many threads compute as did the first time.
    """
    engine.callbacks.recomputes = True
    try:
        with engine.emit.instead(observer), engine.threads.repeating():
            yield
    finally:
        engine.callbacks.recomputes = False
        engine.log.forget()


class _Repeating:
    """The one observer of steps that are made again."""

    def __init__(
        self, owner: Recomputing, last: int, each: Callable[[StepEnded], bool] | None
    ) -> None:
        self.is_done = False
        self.error: Exception | None = None  # of this observer, which else would be dropped
        self._owner = owner
        self._last = last
        self._each = each

    def __call__(self, event: Event) -> None:
        try:
            self._follow(event)
        except Exception as error:  # noqa: BLE001  raised where the steps are asked for
            self.error = error
            self._owner.stop()

    def _follow(self, event: Event) -> None:
        owner = self._owner
        if isinstance(event, RunPaused):
            owner.resume()
            return
        if isinstance(event, StepEnded):
            owner.compare(event)
            ends = self._each is not None and self._each(event)
            if ends or event.step >= self._last or owner.is_cancelled:
                self.is_done = ends or event.step >= self._last
                owner.stop()
                return
        owner.apply_changes(event)


def number(value: Any) -> float:
    """Return a scalar of an event as a number; waits for its device."""
    return float(value.item()) if isinstance(value, torch.Tensor) else float(value)
