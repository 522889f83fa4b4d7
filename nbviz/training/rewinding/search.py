"""The step of a run that broke: made again until it breaks, then once more while it is watched."""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbviz.errors import CheckpointError, attribute_of
from nbviz.training.checkpoints.trees import tensors_of
from nbviz.training.rewinding.recomputing import LOSS, number
from nbviz.training.rewinding.step_watch import StepOverError, StepWatch, all_finite

if TYPE_CHECKING:
    from nbviz.training.checkpoints.parts import Checkpoint
    from nbviz.training.checkpoints.ring import StateRing
    from nbviz.training.engine import Engine
    from nbviz.training.events import StepEnded
    from nbviz.training.rewinding.first_nonfinite import FirstNonFinite
    from nbviz.training.rewinding.recomputing import Recomputing


_KEEP_SECONDS = 1.0  # of steps that are made again before a state is kept: that much is made twice


@dataclass(frozen=True, slots=True)
class _Broken:
    """A step that broke.

    Attributes:
        step: The step.
        spoiled: From which step on its gradients were not finite; after `step` if they were.
        near: A state of before it.
    """

    step: int
    spoiled: int
    near: Checkpoint


class Search:
    """Finds what first became NaN or infinite in a run, and leaves its engine before that step.

    A step is broken if its loss is not finite, or a weight after it. Gradients that are not finite
    break nothing by themselves: a gradient scaler leaves such an update out.

    Args:
        engine: The run's, which is not active.
        ring: The states that it goes back to.
        recomputing: Makes steps again.
    """

    def __init__(self, engine: Engine, ring: StateRing, recomputing: Recomputing) -> None:
        self._engine = engine
        self._ring = ring
        self._recomputing = recomputing

    def find(self, last: int) -> FirstNonFinite:
        """Find it.

        Args:
            last: The last step that is made again.

        Raises:
            CheckpointError: All is finite when the steps are made again, or there is no state.
        """
        good = self._good_before(last)
        broken = self._first_broken(good, last)
        # Gradients that a training_step adds up over steps break the weights in a later one.
        found = self._watch(broken.near, broken.step)
        if (found is None or found.phase == "before") and broken.spoiled < broken.step:
            found = self._watch(good, broken.spoiled) or found
        if found is None:
            raise CheckpointError(f"all was finite when step {broken.step:,} was watched")
        return found

    def find_overflow(self) -> FirstNonFinite:
        """Find what overflows in the step after the last, whose update fp16 always leaves out.

        Raises:
            CheckpointError: As for `find`.
        """
        step = self._engine.step + 1
        good = self._good_before(step)
        found = self._watch(good, step, batches=self._engine.options.accumulate)
        if found is None:
            raise CheckpointError(f"all was finite when step {step:,} was tried again")
        return found

    def _good_before(self, step: int) -> Checkpoint:
        return self._ring.before(
            step - 1, lambda one: all_finite(tensors_of(one.parts["model"]["tensors"]))
        )

    def _first_broken(self, good: Checkpoint, last: int) -> _Broken:
        engine, recomputing = self._engine, self._recomputing
        broken: list[int] = []
        spoiled = good.step + 1
        # Workers that read the data would begin anew after each state.
        keeps = not attribute_of(engine.options.train_loader, "num_workers", 0)
        due = 0.0

        def look(event: StepEnded) -> bool:
            nonlocal spoiled
            loss = event.scalars.get(LOSS)
            is_good = loss is None or math.isfinite(number(loss))
            parameters = list(engine.model.parameters())
            if not (is_good and all_finite(parameters)):
                broken.append(event.step)
            elif all_finite(one.grad for one in parameters if one.grad is not None):
                spoiled = event.step + 1
            return bool(broken) or (keeps and time.monotonic() >= due)

        near: Checkpoint = good
        spare: Checkpoint | None = None
        due = time.monotonic() + _KEEP_SECONDS
        recomputing.go_to(good, last, look)
        while not broken and engine.step < last:
            near, spare = engine.capture(spare), None if near is good else near
            due = time.monotonic() + _KEEP_SECONDS
            recomputing.go_to(None, last, look)
        if not broken:
            raise CheckpointError(f"all was finite when step {last:,} was made again")
        return _Broken(broken[0], spoiled, near)

    def _watch(
        self, good: Checkpoint, step: int, batches: int | None = None
    ) -> FirstNonFinite | None:
        """Make one step again with every operation watched; the engine is left before it.

        With `batches` it is over after so many, though no update was made.
        """
        engine, recomputing = self._engine, self._recomputing
        recomputing.go_to(good, step - 1)
        before = engine.capture()
        watch = StepWatch(engine, step, batches)

        def end(event: StepEnded) -> bool:
            del event
            watch.end()
            return True

        with watch.watching(), contextlib.suppress(StepOverError):
            recomputing.go_to(None, step, end)
        found = watch.found()
        recomputing.restore(before)
        return found
