"""A trainer's way back: to a step, to what was never logged, to the step that broke."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import torch

from nbviz.errors import CheckpointError, CommandError
from nbviz.one_at_a_time import OneAtATime
from nbviz.recording.kept.past import Past
from nbviz.recording.kept.ring_on_disk import newest_kept
from nbviz.recording.origin import Origin
from nbviz.training.between_steps import between_steps
from nbviz.training.checks import is_one_pass
from nbviz.training.events import RunEnded, RunPaused, StepEnded
from nbviz.training.rewinding.changes import Change, Changes
from nbviz.training.rewinding.recomputing import LOSS, Divergence, number
from nbviz.training.rewinding.search import Search
from nbviz.training.rewinding.soundness import Soundness
from nbviz.training.rewinding.untouched import untouched
from nbviz.undoing import Undoing, losses_of, says_its_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from nbviz.protocol.log import LineLevel
    from nbviz.recording.run import Run
    from nbviz.training.checkpoints.parts import Checkpoint
    from nbviz.training.events import Event
    from nbviz.training.rewinding.first_nonfinite import FirstNonFinite
    from nbviz.training.rewinding.recomputing import Recomputing
    from nbviz.undoing import Rewindable

T = TypeVar("T")
_BROKEN = "the one that broke"


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


@dataclass(frozen=True, slots=True)
class _Expected:
    run: str
    step: int
    loss: float


class Rewinder:
    """Goes back to earlier steps of one trainer. An observer of its engine.

    Args:
        trainer: The trainer.

    Attributes:
        trainer: As given.
        stands_at: The step to which it was set back last, None before that.
        one: Refuses what another cell or a page does meanwhile.
    """

    def __init__(self, trainer: Rewindable) -> None:
        self.trainer = trainer
        self.one = OneAtATime()
        self._changes = Changes()
        self._undoing = Undoing(trainer, self._changes, self._settle)
        self.stands_at: int | None = None
        self._found: FirstNonFinite | None = None
        self._expected: _Expected | None = None

    def __call__(self, event: Event) -> None:
        """Take note of an event of the engine's."""
        self._changes(event)
        self.trainer.ring(event)
        if self._expected is not None and isinstance(event, StepEnded):
            expected, self._expected = self._expected, None
            self._compare(expected, event)
        if isinstance(event, RunPaused | RunEnded):
            self._undoing.stands()

    def forget(self) -> None:
        """Forget all: the run has been reset."""
        self.trainer.ring.clear()
        self._changes.set_to([])
        self.stands_at = None

    def changes(self) -> list[list[Any]]:
        """Return what was set on the way, as a file holds it."""
        return self._changes.to_state()

    def know(self, changes: list[Change]) -> None:
        """Know what was set in an earlier process."""
        self._changes.set_to(changes)

    # ------------------------------------------------------------ what it does

    @says_its_state
    def rewind(self, step: int | Literal["best"]) -> Rewound:
        """Go back to a step, as `Trainer.rewind` describes."""
        trainer = self.trainer
        self._go_on_from_disk()
        step = trainer.ring.best.step if step == "best" else step
        step = int(step) if isinstance(step, np.integer) else step
        self.check(step)
        return self._undoing.change(
            "rewind",
            f"step {step:,}",
            self._going_to(step),
            lambda done: _rewound_to(step, done),
        )

    @says_its_state
    def take_over(self, fork: Rewindable) -> None:
        """Go on as a fork stands, with what its run recorded."""
        trainer = self.trainer
        for one in (trainer, fork):
            one.require_apart("keep")
        fork.stop_and_wait()
        other, run, old = fork.engine, fork.run, trainer.run

        def act() -> None:
            checkpoint = other.capture()
            run.drain()
            past = Past.until(run, checkpoint.step, before_validation=other.may_validate_next)
            with between_steps(trainer.engine.model):
                trainer.engine.restore(checkpoint.parts)
            trainer.engine.control.get_ready()
            text = f"goes on as {run.name!r}, after step {checkpoint.step:,}"
            trainer.go_on_as_another(past, ("info", text))
            trainer.run.origin = Origin(run.run_id, run.name, checkpoint.step)

        self._undoing.replace("keep", act)
        self.forget()
        trainer.tell_of_another(old)

    @property
    def refused(self) -> str:
        """Why no step can be gone back to; empty where one can."""
        loader = self.trainer.engine.options.train_loader
        return self.trainer.ring.refused or (_of_one_pass(loader) if is_one_pass(loader) else "")

    def allow(self) -> None:
        """Forget that `cancel` was called."""
        self._undoing.allow()

    def cancel(self) -> None:
        """Cancel what is being made again, from any thread; then the run is as it was."""
        self._undoing.cancel()

    @says_its_state
    def probe(self, fn: Callable[[torch.nn.Module], Any], steps: Iterable[int]) -> Probed:
        """Look at something after earlier steps, as `Trainer.probe` describes."""
        engine, ring = self.trainer.engine, self.trainer.ring
        wanted = sorted({int(one) if isinstance(one, np.integer) else one for one in steps})
        if not wanted:
            raise CommandError("probe takes at least one step, such as steps=range(0, 1000, 50).")
        self._go_on_from_disk()
        for step in wanted:
            self.check(step, "probe")

        def look(recomputing: Recomputing) -> list[Any]:
            found: list[Any] = []
            for step in wanted:
                checkpoint = ring.before(step, is_made_again=True)
                is_ahead = bool(found) and checkpoint.step <= engine.step
                recomputing.go_to(None if is_ahead else checkpoint, step)
                with untouched(engine.model, engine.device):
                    value = fn(engine.model)
                found.append(value.item() if _is_number(value) else value)
            return found

        def listed(found: list[Any]) -> Probed:
            is_all = all(isinstance(one, int | float) for one in found)
            values = np.array(found, np.float64) if is_all else found
            return Probed(np.array(wanted, np.int64), values)

        return self._undoing.look("probe", look, listed)

    @says_its_state
    def fork(self, step: int | None, make: Callable[[Checkpoint, Past], T]) -> T:
        """Make something of the state after a step, and of what had been recorded until then."""
        engine = self.trainer.engine
        if step is not None:
            self._go_on_from_disk()
            self.check(step, "fork")

        def keep(recomputing: Recomputing) -> tuple[Checkpoint, bool]:
            wanted = engine.step if step is None else step
            # A step that failed has left traces, which a fork would go on with.
            is_spoiled = engine.place.is_broken_off and self.trainer.ring.steps and not self.refused
            if wanted != engine.step or is_spoiled:
                recomputing.go_to(self.trainer.ring.before(wanted), wanted)
            return engine.capture(), engine.may_validate_next

        def made(kept: tuple[Checkpoint, bool]) -> T:
            checkpoint, before = kept
            past = Past.until(self.trainer.run, checkpoint.step, before_validation=before)
            return make(checkpoint, past)

        return self._undoing.look("fork", keep, made)

    def follow(self, run: Run, step: int, settings: Iterable[str]) -> None:
        """Compare a fork's first step with the one that its run made from the same state.

        What an optimizer is set to changes the weights only after it; elsewhere than on a CPU no
        two are the same to the last bit.

        Args:
            run: That which was forked.
            step: The completed steps.
            settings: What the fork has of its own.
        """
        engine = self.trainer.engine
        of_optimizers = {name for each in engine.optimizers for name in each.defaults}
        is_comparable = all(name.partition("/")[0] in of_optimizers for name in settings)
        loss = losses_of(run)(step + 1)
        if loss is not None and is_comparable and engine.device.type == "cpu":
            self._expected = _Expected(run.name, step + 1, loss)

    @says_its_state
    def find_nonfinite(self) -> FirstNonFinite | None:
        """Find the step that broke, as `Trainer.find_nonfinite` describes."""
        self.trainer.require_apart("find what is not finite")
        self._go_on_from_disk()
        if self._is_healthy():
            return None
        self._check_loader()
        return self._undoing.change("find what is not finite", _BROKEN, self._searching(), _said_of)

    def rewinds_by_itself(self) -> bool:
        """Go back where `on_nan` or `on_spike` asks for it, on the run's thread, after its end.

        Returns:
            Whether it did; the engine's `run` comes next.
        """
        options, guard = self.trainer.options, self.trainer.engine.guard
        if guard.met_nonfinite and options.on_nan == "rewind":
            self._check_loader()
            self._here(_BROKEN, self._searching(), _said_of)
            return True
        if guard.met_spike is not None and options.on_spike == "rewind":
            step = guard.met_spike.step - 1
            self.check(step)
            self._here(f"step {step:,}", self._going_to(step), lambda done: _rewound_to(step, done))
            return True
        return False

    # ------------------------------------------------------------ inside

    def _compare(self, expected: _Expected, event: StepEnded) -> None:
        loss = event.scalars.get(LOSS)
        if loss is None or event.step != expected.step:
            return
        divergence = Divergence()
        divergence.compare(event.step, expected.loss, number(loss))
        if divergence.step:
            self.trainer.run.note(
                f"the first step of this fork has not the loss that {expected.run!r} had from the "
                f"same state: it differs by {divergence.largest:.3g}. Something that it depends "
                "on is not in the state, such as a list that a module keeps or a worker that "
                "lives on.",
                "warning",
            )

    def _here(
        self,
        goal: str,
        act: Callable[[Recomputing], T],
        said: Callable[[T], tuple[str, str | None]],
    ) -> None:
        trainer = self.trainer
        old = trainer.run
        self._undoing.change_here(self._undoing.recomputing(), goal, act, said)
        trainer.tell_of_another(old)
        trainer.engine.control.reserve()
        trainer.engine.control.pause()

    def _going_to(self, step: int) -> Callable[[Recomputing], Rewound]:
        def go(recomputing: Recomputing) -> Rewound:
            self._found = None
            start = self.trainer.ring.before(step)
            recomputing.go_to(start, step)
            return Rewound(step - start.step, recomputing.divergence.describe())

        return go

    def _is_healthy(self) -> bool:
        engine, run = self.trainer.engine, self.trainer.run
        run.drain()
        if _first_bad_loss(run) is not None or engine.overflows:
            return False
        with between_steps(engine.model):
            return not Soundness(engine.model, self.trainer.ring.first).of_model()

    def _searching(self) -> Callable[[Recomputing], FirstNonFinite]:
        engine, ring, run = self.trainer.engine, self.trainer.ring, self.trainer.run
        overflows = engine.overflows

        def search(recomputing: Recomputing) -> FirstNonFinite:
            self._found = None
            finding = Search(engine, ring, recomputing)
            if overflows:
                self._found = finding.find_overflow()
            else:
                self._found = finding.find(_first_bad_loss(run) or engine.step)
            return self._found

        return search

    def check(self, step: Any, command: str = "rewind") -> None:
        """Raise CommandError, CheckpointError or RunActiveError where one cannot go back there."""
        trainer = self.trainer
        self.one.require(trainer.run.name)
        now = trainer.engine.step
        if isinstance(step, bool) or not isinstance(step, int) or step < 0:
            raise CommandError(
                f"{command} takes completed steps, a whole number from 0 to {now:,}; got {step!r}."
            )
        if step > now:
            other = "give an earlier one" if now else "give the dir in which an earlier run is kept"
            raise CommandError(
                f"step {step:,} has not been made yet; the run is after step {now:,}. Let it go "
                f"on, or {other}."
            )
        self._check_loader()
        if now:
            trainer.ring.nearest(step)

    def _check_loader(self) -> None:
        loader = self.trainer.engine.options.train_loader
        if is_one_pass(loader):
            raise CheckpointError(f"{_of_one_pass(loader)}. Give a DataLoader or a list.")

    def _go_on_from_disk(self) -> None:
        """Have a run that has not begun stand where the last one in its directory was kept."""
        trainer = self.trainer
        ring = trainer.ring
        if trainer.engine.step or trainer.is_active or ring.steps:
            return
        keys = [] if ring.files is None or ring.refused else ring.files.find()
        kept = newest_kept(ring.files, keys)
        if kept is not None:
            trainer.go_on_from(kept)
            step = kept.checkpoint.step
            ring.adopt(key for key in keys if key <= (step, True))

    def _settle(self, text: str, warning: str | None) -> None:
        """Record in a new run from the step where the engine is now."""
        trainer = self.trainer
        engine, old = trainer.engine, trainer.run
        old.drain()
        engine.control.get_ready()
        past = Past.until(old, engine.step, before_validation=engine.may_validate_next)
        lines: list[tuple[LineLevel, str]] = [("info", f"{text} of {old.name!r}")]
        if warning is not None:
            lines.append(("warning", warning))
        trainer.ring.forget_after(engine.step)
        changes = self._changes.until(engine.step)
        trainer.go_on_as_another(past, *lines)
        self._changes.set_to(changes)
        self.stands_at = engine.step
        trainer.run.broken, self._found = self._found, None


def _rewound_to(step: int, done: Rewound) -> tuple[str, str | None]:
    return f"rewound to step {step:,}", done.divergence


def _said_of(found: FirstNonFinite) -> tuple[str, str]:
    return f"rewound to step {found.step - 1:,}", str(found)


def _first_bad_loss(run: Run) -> int | None:
    """Return the first step with a loss that is not finite, of a run that has been drained."""
    if LOSS not in run.tags:
        return None
    losses = run.series(LOSS)
    bad = np.flatnonzero(~np.isfinite(losses.values))
    return int(losses.steps[bad[0]]) if len(bad) else None


def _of_one_pass(loader: Any) -> str:
    return (
        f"train_loader is a {type(loader).__name__}, which cannot be read again, so no step can "
        "be made again"
    )


def _is_number(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return value.numel() == 1
    return isinstance(value, np.generic | np.ndarray) and value.size == 1
