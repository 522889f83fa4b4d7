"""A trainer's way back: to a step, to what was never logged, to the step that broke."""

from __future__ import annotations

import contextlib
import itertools
import math
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import torch

from nbviz.errors import CheckpointError, CommandError, NbvizError, describe, text_of
from nbviz.recording.current import as_current
from nbviz.recording.kept.past import Past
from nbviz.recording.prints import captured_prints
from nbviz.recording.run import Run
from nbviz.training.between_steps import between_steps
from nbviz.training.checkpoints.trees import tensors_of
from nbviz.training.checks import is_one_pass
from nbviz.training.events import RunEnded, RunPaused
from nbviz.training.rewinding.changes import Changes
from nbviz.training.rewinding.recomputing import (
    LOSS,
    Recomputing,
    RecomputingCancelledError,
    number,
)
from nbviz.training.rewinding.step_watch import StepWatch, all_finite
from nbviz.training.rewinding.untouched import untouched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from nbviz.training.background import BackgroundRun
    from nbviz.training.checkpoints.parts import Checkpoint
    from nbviz.training.checkpoints.ring import StateRing
    from nbviz.training.engine import Engine
    from nbviz.training.events import Event, RunStarted, StepEnded
    from nbviz.training.rewinding.first_nonfinite import FirstNonFinite

T = TypeVar("T")
_BROKEN = "the one that broke"


class Rewindable(Protocol):
    """What of a trainer is needed to go back."""

    run: Run
    engine: Engine
    ring: StateRing
    surroundings: Callable[[], AbstractContextManager[None]]

    @property
    def is_active(self) -> bool:
        """Whether the run's thread is alive."""
        ...

    def stop_and_wait(self) -> None:
        """Stop the run, and wait until its thread has ended."""
        ...

    def require_apart(self, command: str) -> None:
        """Raise RunActiveError where the present thread holds the run up, or is it."""
        ...

    def begin_apart(self, target: Callable[[], None]) -> BackgroundRun:
        """Do something on a thread of its own, as the run is trained."""
        ...

    def go_on_as_another(self, past: Past | None, of: Run | None = None) -> None:
        """Record in a new run from now on, with the past of another; the old stays as it is."""
        ...

    def start_paused(self) -> None:
        """Start the run, paused before its next step."""
        ...


@dataclass(frozen=True, slots=True)
class Probed:
    """A value that was looked at again.

    Attributes:
        steps: After which steps, rising.
        values: What the function returned after each; numbers as an array of float64.
    """

    steps: NDArray[np.int64]
    values: Any


@dataclass(frozen=True, slots=True)
class Rewound:
    """How a step was gone back to.

    Attributes:
        made_again: How many steps were made again from the state that was kept.
        divergence: How they differ from the first time; None where they do not.
    """

    made_again: int
    divergence: str | None


class _Apart(Run):
    """Takes what is logged while steps are made again, and is shown nowhere."""

    def begin(self, event: RunStarted | None = None) -> None:
        """Begin, but without what runs beside every run."""
        self._life.begin(self, event)


class Rewinder:
    """Goes back to earlier steps of one trainer. An observer of its engine.

    Args:
        trainer: The trainer.
    """

    def __init__(self, trainer: Rewindable) -> None:
        self._trainer = trainer
        self._changes = Changes()
        self._stands = threading.Event()
        self.stands_at: int | None = None
        self._cancelled = threading.Event()
        self._going: Recomputing | None = None

    def __call__(self, event: Event) -> None:
        """Take note of an event of the engine's."""
        self._changes(event)
        self._trainer.ring(event)
        if isinstance(event, RunPaused | RunEnded):
            self._stands.set()

    def forget(self) -> None:
        """Forget all: the run has been reset."""
        self._trainer.ring.clear()
        self._changes.forget_from(0)
        self.stands_at = None

    # ------------------------------------------------------------ what it does

    def rewind(self, step: int) -> Rewound:
        """Go back to a step, as `Trainer.rewind` describes."""
        trainer = self._trainer
        step = int(step) if isinstance(step, np.integer) else step
        self.check(step)
        trainer.require_apart("rewind")
        trainer.stop_and_wait()
        self.check(step)
        done: list[Rewound] = []

        def go(recomputing: Recomputing) -> None:
            start = trainer.ring.before(step)
            recomputing.go_to(start, step)
            done.append(Rewound(step - start.step, recomputing.divergence.describe()))

        interrupt = self._in_thread(lambda one: self._or_back(one, f"step {step:,}", go))
        self._settle(f"rewound to step {step:,}", done[0].divergence)
        self._start_paused()
        if interrupt is not None:
            interrupt.add_note(f"The run has been rewound, and is paused after step {step:,}.")
            raise interrupt
        return done[0]

    def take_over(self, other: Engine, run: Run) -> None:
        """Go on as another engine of the same kind stands, with what its run recorded."""
        trainer = self._trainer
        checkpoint = other.capture()
        before_validation = other.place.may_validate_next
        with between_steps(trainer.engine.model):
            trainer.engine.restore(checkpoint.parts)
        run.drain()
        past = Past.until(run, checkpoint.step, before_validation=before_validation)
        trainer.engine.control.get_ready()
        self.forget()
        trainer.go_on_as_another(past, run)
        trainer.run.note(f"goes on as {run.name!r}, after step {checkpoint.step:,}")

    @property
    def refused(self) -> str:
        """Why no step can be gone back to; empty where one can."""
        loader = self._trainer.engine.options.train_loader
        return self._trainer.ring.refused or (_of_one_pass(loader) if is_one_pass(loader) else "")

    def allow(self) -> None:
        """Forget that `cancel` was called."""
        self._cancelled.clear()

    def cancel(self) -> None:
        """Cancel what is being made again, from any thread; then the run is as it was."""
        self._cancelled.set()
        going = self._going
        if going is not None:
            going.cancel()

    def probe(self, fn: Callable[[torch.nn.Module], Any], steps: Iterable[int]) -> Probed:
        """Look at something after earlier steps, as `Trainer.probe` describes."""
        trainer = self._trainer
        wanted = sorted({int(one) if isinstance(one, np.integer) else one for one in steps})
        if not wanted:
            raise CommandError("probe takes at least one step, such as steps=range(0, 1000, 50).")
        for step in wanted:
            self.check(step, "probe")
        trainer.require_apart("probe")
        was = trainer.engine.control.status
        trainer.stop_and_wait()
        found: list[Any] = []

        def look(recomputing: Recomputing) -> None:
            engine = trainer.engine
            for step in wanted:
                checkpoint = self._state_before(step)
                is_ahead = bool(found) and checkpoint.step <= engine.step
                recomputing.go_to(None if is_ahead else checkpoint, step)
                with untouched(engine.model, engine.device):
                    value = fn(engine.model)
                found.append(value.item() if _is_number(value) else value)

        interrupt = self._in_thread(lambda recomputing: self._and_back(recomputing, look))
        if was == "running":
            trainer.start_paused()
            trainer.engine.control.resume()
        elif was == "paused":
            self._start_paused()
        if interrupt is not None:
            raise interrupt
        is_all = all(isinstance(one, int | float) for one in found)
        values = np.array(found, np.float64) if is_all else found
        return Probed(np.array(wanted, np.int64), values)

    def state_to_fork(self, step: int | None) -> tuple[Checkpoint, Past]:
        """Return the state after a step, and what had been recorded until then."""
        trainer = self._trainer
        trainer.require_apart("fork")
        if step is not None:
            self.check(step, "fork")
        trainer.stop_and_wait()
        engine, run = trainer.engine, trainer.run
        kept: list[tuple[Checkpoint, bool]] = []

        def keep(recomputing: Recomputing) -> None:
            if step is not None and step != engine.step:
                recomputing.go_to(trainer.ring.before(step), step)
            kept.append((engine.capture(), engine.place.may_validate_next))

        interrupt = self._in_thread(lambda recomputing: self._and_back(recomputing, keep))
        if interrupt is not None:
            raise interrupt
        [(checkpoint, before_validation)] = kept
        return checkpoint, Past.until(run, checkpoint.step, before_validation=before_validation)

    def find_nonfinite(self) -> FirstNonFinite | None:
        """Find the step that broke, as `Trainer.find_nonfinite` describes."""
        trainer = self._trainer
        trainer.require_apart("find what is not finite")
        if self._is_healthy():
            return None
        trainer.stop_and_wait()
        self._check_loader()
        found: list[FirstNonFinite] = []
        search = self._search(found)
        interrupt = self._in_thread(lambda one: self._or_back(one, _BROKEN, search))
        self._say(found[0])
        self._start_paused()
        if interrupt is not None:
            raise interrupt
        return found[0]

    def find_here(self) -> None:
        """Do that on the run's own thread, after it has ended; its `run` comes next."""
        trainer = self._trainer
        found: list[FirstNonFinite] = []
        recomputing = self._recomputing()
        search = self._search(found)
        self._check_loader()
        self._quietly(lambda: self._or_back(recomputing, _BROKEN, search))
        self._say(found[0])
        trainer.engine.control.reserve()
        trainer.engine.control.pause()

    # ------------------------------------------------------------ inside

    def _state_before(self, step: int) -> Checkpoint:
        """Return a state from which the step itself is made again, which leaves its gradients."""
        ring = self._trainer.ring
        if step > 0:
            with contextlib.suppress(CheckpointError):  # the run, or this part of it, began there
                return ring.before(step - 1)
        return ring.before(step)

    def _is_healthy(self) -> bool:
        engine = self._trainer.engine
        self._trainer.run.drain()
        if self._first_bad_loss() is not None:
            return False
        with between_steps(engine.model):
            return all_finite(engine.model.parameters())

    def _first_bad_loss(self) -> int | None:
        run = self._trainer.run
        if LOSS not in run.tags:
            return None
        losses = run.series(LOSS)
        bad = np.flatnonzero(~np.isfinite(losses.values))
        return int(losses.steps[bad[0]]) if len(bad) else None

    def _search(self, found: list[FirstNonFinite]) -> Callable[[Recomputing], None]:
        engine, ring = self._trainer.engine, self._trainer.ring
        last = self._first_bad_loss() or engine.step

        def is_broken(event: StepEnded) -> bool:
            loss = event.scalars.get(LOSS)
            parameters = list(engine.model.parameters())
            gradients = (one.grad for one in parameters if one.grad is not None)
            is_good = loss is None or math.isfinite(number(loss))
            return not (is_good and all_finite(parameters) and all_finite(gradients))

        def search(recomputing: Recomputing) -> None:
            good = ring.before(
                last - 1, lambda one: all_finite(tensors_of(one.parts["model"]["tensors"]))
            )
            broken: list[int] = []

            def look(event: StepEnded) -> bool:
                if is_broken(event):
                    broken.append(event.step)
                return bool(broken)

            recomputing.go_to(good, last, look)
            if not broken:
                raise CheckpointError(f"all was finite when step {last:,} was made again")
            recomputing.go_to(good, broken[0] - 1)
            before = engine.capture()
            watch = StepWatch(engine, broken[0])

            def end(event: StepEnded) -> bool:
                del event
                watch.end()
                return True

            with watch.watching():
                recomputing.go_to(None, broken[0], end)
            named = watch.found()
            recomputing.restore(before)
            if named is None:
                raise CheckpointError(f"all was finite when step {broken[0]:,} was watched")
            found.append(named)

        return search

    def _say(self, found: FirstNonFinite) -> None:
        self._settle(f"rewound to step {found.step - 1:,}", str(found))

    def check(self, step: Any, command: str = "rewind") -> None:
        """Raise CommandError or CheckpointError where a step cannot be gone back to."""
        trainer = self._trainer
        now = trainer.engine.step
        if isinstance(step, bool) or not isinstance(step, int) or step < 0:
            raise CommandError(
                f"{command} takes completed steps, a whole number from 0 to {now:,}; got {step!r}."
            )
        if step > now:
            raise CommandError(
                f"step {step:,} has not been made yet; the run is after step {now:,}. Give an "
                f"earlier one, or let it go on."
            )
        self._check_loader()
        if now:
            trainer.ring.before(step)

    def _check_loader(self) -> None:
        loader = self._trainer.engine.options.train_loader
        if is_one_pass(loader):
            raise CheckpointError(f"{_of_one_pass(loader)}. Give a DataLoader or a list.")

    def _in_thread(self, act: Callable[[Recomputing], None]) -> KeyboardInterrupt | None:
        """Do something on a thread of its own; an interrupt cancels it, and waits for its end.

        Returns:
            The interrupt, where it came too late to cancel it.

        Raises:
            CommandError: `cancel` was called.
        """
        trainer = self._trainer
        recomputing = self._going = self._recomputing()
        if self._cancelled.is_set():
            recomputing.cancel()
        background = trainer.begin_apart(lambda: self._quietly(lambda: act(recomputing)))
        interrupt: KeyboardInterrupt | None = None
        while background.is_alive:
            try:
                background.join(None)
            except KeyboardInterrupt as error:
                interrupt = error
                recomputing.cancel()
        self._going = None
        if background.error is not None and not isinstance(
            background.error, RecomputingCancelledError
        ):
            raise background.error
        if interrupt is not None and background.error is not None:
            interrupt.add_note(_as_it_was(trainer.engine.step))
            raise interrupt
        if background.error is not None:
            raise CommandError(f"cancelled. {_as_it_was(trainer.engine.step)}")
        return interrupt

    def _recomputing(self) -> Recomputing:
        trainer = self._trainer
        trainer.run.drain()
        losses = trainer.run.series(LOSS) if LOSS in trainer.run.tags else None
        steps, values = (None, None) if losses is None else (losses.steps, losses.values)

        def loss_of(step: int) -> float | None:
            if steps is None or values is None:
                return None
            place = int(np.searchsorted(steps, step))
            return float(values[place]) if place < len(steps) and steps[place] == step else None

        return Recomputing(trainer.engine, self._changes, loss_of)

    def _quietly(self, act: Callable[[], T]) -> T:
        """Do something with whatever it logs or prints going nowhere."""
        trainer, run = self._trainer, self._trainer.run
        apart = _Apart("made again")
        apart.follow_steps(lambda: trainer.engine.step_number)
        apart.is_driven = True
        trainer.run = apart
        try:
            with as_current(apart), captured_prints(apart.note), trainer.surroundings():
                return act()
        finally:
            trainer.run = run

    def _or_back(
        self, recomputing: Recomputing, goal: str, act: Callable[[Recomputing], None]
    ) -> None:
        """Do something; if it fails, the engine is as it was."""
        engine = self._trainer.engine
        before = self._now()
        try:
            act(recomputing)
        except RecomputingCancelledError:
            self._restore(recomputing, before)
            raise
        except BaseException as error:
            self._restore(recomputing, before)
            reason = (
                text_of(error).rstrip(".") if isinstance(error, NbvizError) else describe(error)
            )
            raise CheckpointError(
                f"the steps to {goal} could not be made again ({reason}). {_as_it_was(engine.step)}"
            ) from error

    def _and_back(self, recomputing: Recomputing, act: Callable[[Recomputing], None]) -> None:
        """Do something, after which the engine is as it was."""
        before = self._now()
        try:
            act(recomputing)
        finally:
            self._restore(recomputing, before)

    def _now(self) -> tuple[Checkpoint, str]:
        engine = self._trainer.engine
        try:
            return engine.capture(), engine.control.status
        except (MemoryError, torch.OutOfMemoryError) as error:
            raise CheckpointError(
                "there is no memory for a copy of the present state, without which a step that "
                f"fails could not be undone. {_as_it_was(engine.step)} Make room, or give a "
                "smaller ring_memory."
            ) from error

    def _restore(self, recomputing: Recomputing, before: tuple[Checkpoint, str]) -> None:
        checkpoint, status = before
        control = self._trainer.engine.control
        recomputing.restore(checkpoint)
        if status in ("finished", "stopped", "failed"):
            control.reserve()
            control.end(status)  # pyright: ignore[reportArgumentType]  one of those three

    def _settle(self, text: str, *more: str | None) -> None:
        """Record in a new run from the step where the engine is now."""
        trainer = self._trainer
        engine, old = trainer.engine, trainer.run
        old.drain()
        engine.control.get_ready()
        past = Past.until(old, engine.step, before_validation=engine.place.may_validate_next)
        trainer.ring.forget_after(engine.step)
        self._changes.forget_from(engine.step)
        trainer.go_on_as_another(past)
        trainer.run.note(f"{text} of {old.name!r}", step=engine.step)
        for line in more:
            if line is not None:
                trainer.run.note(line, "warning", step=engine.step)
        self.stands_at = engine.step

    def _start_paused(self) -> None:
        """Start the run, and wait until it is paused."""
        self._stands.clear()
        self._trainer.start_paused()
        while not self._stands.wait(0.05) and self._trainer.is_active:
            pass


def _of_one_pass(loader: Any) -> str:
    return (
        f"train_loader is a {type(loader).__name__}, which cannot be read again, so no step can "
        "be made again"
    )


def _as_it_was(step: int) -> str:
    return f"The run is as it was, after step {step:,}."


def _is_number(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return value.numel() == 1
    return isinstance(value, np.generic | np.ndarray) and value.size == 1


def without_number(name: str) -> str:
    """Return what a run was called before `reset` or `rewind` numbered it."""
    return re.sub(r" \(\d+\)$", "", name)


def next_directory(directory: str | Path | None, kind: str) -> Path | None:
    """Return the first folder for another run that is not there yet."""
    if directory is None:
        return None
    numbers = itertools.count(1)
    return next(path for n in numbers if not (path := Path(directory) / f"{kind}-{n}").exists())
