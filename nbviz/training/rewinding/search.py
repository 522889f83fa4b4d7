"""The step of a run that broke: made again until it breaks, then once more while it is watched."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from typing import TYPE_CHECKING

from nbviz.errors import CheckpointError, attribute_of
from nbviz.training.rewinding.first_nonfinite import FirstNonFinite, describe_tensor
from nbviz.training.rewinding.recomputing import LOSS, number
from nbviz.training.rewinding.soundness import Soundness, all_finite
from nbviz.training.rewinding.step_watch import StepOverError, StepWatch

if TYPE_CHECKING:
    from nbviz.training.checkpoints.parts import Checkpoint
    from nbviz.training.checkpoints.ring import StateRing
    from nbviz.training.engine import Engine
    from nbviz.training.events import StepEnded
    from nbviz.training.rewinding.recomputing import Recomputing
    from nbviz.training.rewinding.step_watch import Place


_BY_HAND = "it was changed by hand, between two steps"
_FROM_THE_BEGINNING = "so the run began"
_KEEP_SECONDS = 1.0  # of steps that are made again before a state is kept: that much is made twice


@dataclasses.dataclass(frozen=True, slots=True)
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

    A step is broken if its loss is not finite, or a weight after it, or if a buffer, such as the
    running statistics of a BatchNorm, became NaN in it. Gradients that are not finite break nothing
    by themselves: a gradient scaler leaves such an update out. What was changed by hand between two
    steps does not break when they are made again: it is known from the states around it.

    Args:
        engine: The run's, which is not active.
        ring: The states that it goes back to.
        recomputing: Makes steps again.
    """

    def __init__(self, engine: Engine, ring: StateRing, recomputing: Recomputing) -> None:
        self._engine = engine
        self._ring = ring
        self._recomputing = recomputing
        self._soundness = Soundness(engine.model, ring.first)

    def find(self, last: int) -> FirstNonFinite:
        """Find it.

        Args:
            last: The last step that is made again.

        Raises:
            CheckpointError: All is finite when the steps are made again, or there is no state.
        """
        by_hand = self._spoiled_by_hand(last)
        good = self._good_before(last)
        broken = self._first_broken(good, last)
        if broken is None:
            if by_hand is not None:
                return self._back_to(by_hand)
            raise CheckpointError(f"all was finite when step {last:,} was made again")
        # Gradients that a training_step adds up over steps break the weights in a later one.
        found = self._watch(broken.near, broken.step)
        if (found is None or found.phase == "before") and broken.spoiled < broken.step:
            found = self._watch(good, broken.spoiled) or found
        if found is None:
            raise CheckpointError(f"all was finite when step {broken.step:,} was watched")
        first = self._ring.first
        if found.phase == "before" and first is not None and found.step == first.step + 1:
            return dataclasses.replace(found, facts=(*found.facts, _FROM_THE_BEGINNING))
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
        return self._ring.before(step - 1, lambda one: not self._soundness.of(one))

    def _spoiled_by_hand(self, last: int) -> FirstNonFinite | None:
        """Return what the first state that was kept after a change by hand has, if not sound."""
        for checkpoint in self._ring.after_changes():
            if checkpoint.step >= last:
                break
            for name, tensor in self._soundness.of(checkpoint):
                return FirstNonFinite(
                    checkpoint.step + 1, f"the tensor {name}", name.rpartition(".")[0],
                    describe_tensor(tensor, "it"), None, 0, "before", (_BY_HAND,),
                )  # fmt: skip
        return None

    def _back_to(self, found: FirstNonFinite) -> FirstNonFinite:
        """Leave the engine before what was found to be there before a step."""
        step = found.step - 1
        self._recomputing.go_to(self._ring.before(step), step)
        return found

    def _first_broken(self, good: Checkpoint, last: int) -> _Broken | None:
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
            parameters = list(type(engine.model).parameters(engine.model))
            if not is_good or self._soundness.of_model():
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
        return _Broken(broken[0], spoiled, near) if broken else None

    def _watch(
        self, good: Checkpoint, step: int, batches: int | None = None
    ) -> FirstNonFinite | None:
        """Make one step again with every operation watched; the engine is left before it.

        With `batches` it is over after so many, though no update was made.
        """
        engine, recomputing = self._engine, self._recomputing
        recomputing.go_to(good, step - 1)
        before = engine.capture()
        watch = self._watched(StepWatch(engine, self._soundness, step, batches), step)
        found = watch.found()
        if not watch.is_clear and (meant := self._meant_before(step, good)):
            recomputing.restore(before)
            watch = StepWatch(engine, self._soundness, step, batches, meant)
            found = self._watched(watch, step).found()
        recomputing.restore(before)
        return found

    def _meant_before(self, step: int, good: Checkpoint) -> frozenset[Place]:
        """Return what was not finite in the step before a step, too, which it did not break."""
        if good.step >= step - 1:
            try:
                good = self._good_before(step - 1)
            except CheckpointError:  # there is no step before
                return frozenset()
        self._recomputing.go_to(good, step - 2)
        return self._watched(StepWatch(self._engine, self._soundness, step - 1), step - 1).meant()

    def _watched(self, watch: StepWatch, step: int) -> StepWatch:
        """Make a step that comes next, watched."""

        def end(event: StepEnded) -> bool:
            del event
            watch.end()
            return True

        with watch.watching(), contextlib.suppress(StepOverError):
            self._recomputing.go_to(None, step, end)
        return watch
