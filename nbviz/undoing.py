"""What is done to a run that stands: all of it or nothing, and which of both it was is said."""

from __future__ import annotations

import functools
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, cast

import numpy as np
import torch

from nbviz.errors import (
    CheckpointError,
    CommandError,
    NbvizError,
    NotPutBackError,
    add_note,
    describe,
    text_of,
)
from nbviz.recording.current import as_current
from nbviz.recording.prints import captured_prints
from nbviz.recording.run import Run
from nbviz.training.interrupts import held_interrupts
from nbviz.training.random_numbers.random_state import RandomState
from nbviz.training.random_numbers.turns import still
from nbviz.training.rewinding.recomputing import LOSS, Recomputing, RecomputingCancelledError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from nbviz.one_at_a_time import OneAtATime
    from nbviz.protocol.log import LineLevel
    from nbviz.protocol.run import RunStatus
    from nbviz.recording.kept.kept_state import KeptState
    from nbviz.recording.kept.past import Past
    from nbviz.trainer_options import TrainerOptions
    from nbviz.training.background import BackgroundRun
    from nbviz.training.checkpoints.parts import Checkpoint
    from nbviz.training.checkpoints.ring import StateRing
    from nbviz.training.engine import Engine
    from nbviz.training.events import RunStarted
    from nbviz.training.interrupts import HeldInterrupt
    from nbviz.training.rewinding.changes import Changes

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")
_LOOK_SECONDS = 0.1  # between two looks at whether the kernel was interrupted


def says_its_state(method: Callable[P, R]) -> Callable[P, R]:
    """Have a method of what goes back say of any error in which state the run is; one at a time.

    What is refused says so itself, and so does what fails meanwhile; this is for what comes before
    and behind it.
    """

    @functools.wraps(method)
    def saying(*args: P.args, **kwargs: P.kwargs) -> R:
        owner = cast("Any", args[0])
        trainer: Rewindable = owner.trainer
        one: OneAtATime = owner.one
        run = trainer.run
        try:
            with one.doing(method.__name__.replace("_", " "), run.name):
                return method(*args, **kwargs)
        except NbvizError:
            raise
        except BaseException as error:
            if not getattr(error, "__notes__", ()):
                is_same = trainer.run is run
                add_note(error, _as_it_was(trainer) if is_same else f"{_set_to(trainer)}.")
            raise

    return saying


def losses_of(run: Run) -> Callable[[int], float | None]:
    """Return what gives the loss that a step of a run had, None where it is not known."""
    run.drain()
    losses = run.series(LOSS) if LOSS in run.tags else None
    steps, values = (None, None) if losses is None else (losses.steps, losses.values)

    def loss_of(step: int) -> float | None:
        if steps is None or values is None:
            return None
        place = int(np.searchsorted(steps, step))
        return float(values[place]) if place < len(steps) and steps[place] == step else None

    return loss_of


class Rewindable(Protocol):
    """What of a trainer is needed to go back."""

    run: Run
    engine: Engine
    ring: StateRing
    options: TrainerOptions
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

    def go_on_as_another(self, past: Past | None, *lines: tuple[LineLevel, str]) -> None:
        """Record in a new run from now on; the old one stays as it is."""
        ...

    def tell_of_another(self, old: Run) -> None:
        """Tell who shows the old run that there is a new one."""
        ...

    def go_on_from(self, kept: KeptState) -> None:
        """Take over a state that was read from a file."""
        ...

    def start_paused(self) -> BackgroundRun:
        """Start the run, paused before its next step."""
        ...


class _Apart(Run):
    """Takes what is logged while steps are made again, and is shown nowhere."""

    def begin(self, event: RunStarted | None = None) -> None:
        """Begin, but without what runs beside every run."""
        self._life.begin(self, event)


@dataclass(frozen=True, slots=True)
class _Before:
    """What a run is set back to: its state, its status, the random numbers of the process."""

    checkpoint: Checkpoint
    status: RunStatus
    random: dict[str, Any]


class Undoing:
    """Does something with a trainer's run while it stands; where that fails, the run is as it was.

    An error at any place of it, memory that is not there and an interrupt of the kernel leave the
    run in one of two states: as it was, going on if it did; or, where it was to be changed, as it
    was to become. The error says which.

    Args:
        trainer: The trainer.
        changes: What was set while its run trained.
        settle: Has the trainer go on as another run from the step where the engine is. Called with
            what is said of it.
    """

    def __init__(
        self, trainer: Rewindable, changes: Changes, settle: Callable[[str, str | None], None]
    ) -> None:
        self._trainer = trainer
        self._changes = changes
        self._settle = settle
        self._stands = threading.Event()
        self._cancelled = threading.Event()
        self._going: Recomputing | None = None

    def stands(self) -> None:
        """Note that the run is paused, or has ended."""
        self._stands.set()

    def allow(self) -> None:
        """Forget that `cancel` was called."""
        self._cancelled.clear()

    def cancel(self) -> None:
        """Cancel what is being done or done next, from any thread; then the run is as it was."""
        self._cancelled.set()
        going = self._going
        if going is not None:
            going.cancel()

    # ------------------------------------------------------------ what is done

    def change(
        self,
        command: str,
        goal: str,
        act: Callable[[Recomputing], T],
        said: Callable[[T], tuple[str, str | None]],
    ) -> T:
        """Set the run to another step, where it is paused as another run.

        Args:
            command: What it is, for an error.
            goal: Where to, for an error.
            act: Sets the engine, on a thread of its own.
            said: Returns what is said of it in the log: in a sentence, and in a warning.

        Raises:
            CheckpointError: It failed, and the run is as it was.
            KeyboardInterrupt: The kernel was interrupted; a note says which state the run is in.
        """
        trainer = self._trainer
        was = self._stop(command)
        old = trainer.run
        found: list[T] = []
        failure: BaseException | None = None
        with held_interrupts() as held:
            try:
                self._in_thread(
                    lambda recomputing: found.append(
                        self.change_here(recomputing, goal, act, said)
                    ),
                    held,
                )
            except BaseException as error:
                if not found:
                    self._go_on(was, error)
                    raise
                failure = error  # of who waited: what was waited for is done
            there = _set_to(trainer)
            try:
                trainer.tell_of_another(old)
                self._start_paused()
            except BaseException as error:
                add_note(error, f"{there}; start() goes on from there.")
                raise
        if failure is not None:
            add_note(failure, f"{there}, and is paused there.")
            raise failure
        if held.came:
            raise _interrupt(f"{there}, and is paused there.")
        return found[0]

    def change_here(
        self,
        recomputing: Recomputing,
        goal: str,
        act: Callable[[Recomputing], T],
        said: Callable[[T], tuple[str, str | None]],
    ) -> T:
        """Do that on the present thread, of a run that has ended; it is started by the caller."""
        before: _Before | None = None
        try:
            before = self._now()
            result = self._quietly(lambda: act(recomputing))
            self._settle(*said(result))
        except BaseException as error:
            if before is not None:
                self._put_back(before)
            if isinstance(error, RecomputingCancelledError):
                raise
            reason = (
                text_of(error).rstrip(".") if isinstance(error, NbvizError) else describe(error)
            )
            raise CheckpointError(
                f"the steps to {goal} could not be made again ({reason}). {self._as_it_was()}"
            ) from error
        return result

    def replace(self, command: str, act: Callable[[], None]) -> None:
        """Do something on the present thread that sets the run to another state, or nothing of it.

        Args:
            command: What it is, for an error.
            act: Sets the engine, and has the trainer go on as another run at last.

        Raises:
            KeyboardInterrupt: The kernel was interrupted; a note says which state the run is in.
            Exception: Whatever `act` raises, with a note that the run is as it was.
        """
        was = self._stop(command)
        with held_interrupts() as held:
            before: _Before | None = None
            try:
                before = self._now()
                act()
            except BaseException as error:
                if before is not None:
                    self._put_back(before)
                self._go_on(was, error)
                raise
        if held.came:
            raise _interrupt(f"{_set_to(self._trainer)}.")

    def look(
        self,
        command: str,
        act: Callable[[Recomputing], T],
        then: Callable[[T], R],
    ) -> R:
        """Do something after which the run is as it was, and goes on if it did.

        Args:
            command: What it is, for an error.
            act: On a thread of its own; may set the engine to any step.
            then: On the present thread, once the run is as it was.

        Returns:
            What `then` returns.

        Raises:
            KeyboardInterrupt: The kernel was interrupted; the run is as it was.
            Exception: Whatever `act` or `then` raises, with a note that the run is as it was.
        """
        was = self._stop(command)
        found: list[T] = []

        def there_and_back(recomputing: Recomputing) -> None:
            before = self._now()
            try:
                found.append(self._quietly(lambda: act(recomputing)))
            finally:
                self._put_back(before)

        with held_interrupts() as held:
            try:
                self._in_thread(there_and_back, held)
                result = then(found[0])
            except BaseException as error:
                self._go_on(was, error)
                raise
            self._go_on(was)
        if held.came:
            raise _interrupt(self._as_it_was())
        return result

    def recomputing(self) -> Recomputing:
        """Return what makes steps of the run again."""
        trainer = self._trainer
        return Recomputing(trainer.engine, self._changes, losses_of(trainer.run))

    # ------------------------------------------------------------ inside

    def _stop(self, command: str) -> RunStatus:
        """Stop the run; returns what its status was."""
        trainer = self._trainer
        trainer.require_apart(command)
        was = trainer.engine.control.status
        try:
            trainer.stop_and_wait()
        except KeyboardInterrupt as interrupt:
            ends = "The run ends after its present step; start() goes on from there."
            add_note(interrupt, ends if trainer.is_active else self._as_it_was())
            raise
        except NbvizError:
            raise
        except BaseException as error:
            if not trainer.is_active:
                self._go_on(was, error)
            raise
        return was

    def _go_on(self, was: RunStatus, error: BaseException | None = None) -> None:
        """Have the run go on as it did, if it is as it was; that is noted at an error."""
        if isinstance(error, NotPutBackError):
            return
        if error is not None and self._as_it_was() not in text_of(error):
            add_note(error, self._as_it_was())
        if was == "running":
            self._trainer.start_paused()
            self._trainer.engine.control.resume()
        elif was == "paused":
            self._start_paused()

    def _in_thread(self, act: Callable[[Recomputing], None], held: HeldInterrupt) -> None:
        """Do something on a thread of its own; an interrupt or `cancel` ends it early."""
        recomputing = self._going = self.recomputing()
        if self._cancelled.is_set():
            recomputing.cancel()
        failure: BaseException | None = None
        background: BackgroundRun | None = None
        try:
            background = self._trainer.begin_apart(lambda: act(recomputing))
        except BaseException as error:
            if not self._trainer.is_active:
                raise
            failure = error  # and the thread has begun all the same
        failure = self._wait(background, recomputing, held, failure)
        self._going = None
        came = None if background is None else background.error
        if failure is not None:
            raise failure
        if isinstance(came, RecomputingCancelledError):
            if held.came:
                raise KeyboardInterrupt from None
            raise CommandError(f"cancelled. {self._as_it_was()}") from None
        if came is not None:
            raise came

    def _wait(
        self,
        background: BackgroundRun | None,
        recomputing: Recomputing,
        held: HeldInterrupt,
        failure: BaseException | None,
    ) -> BaseException | None:
        """Wait until the thread has ended, whatever fails meanwhile; returns that, and cancels."""
        while True:
            try:
                while self._trainer.is_active:
                    if background is None:
                        time.sleep(_LOOK_SECONDS)
                    else:
                        background.join(_LOOK_SECONDS)
                    if (held.came or failure is not None) and not recomputing.is_cancelled:
                        recomputing.cancel()
            except Exception as error:  # noqa: BLE001  raised when it is over
                failure = failure or error
            else:
                return failure

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

    def _now(self) -> _Before:
        engine = self._trainer.engine
        with still():
            random = RandomState(engine.device).state_dict()
        return _Before(engine.capture(), engine.control.status, random)

    def _put_back(self, before: _Before) -> None:
        """Set the run to what it was.

        Where that fails, as for want of memory, it is tried again without the gradients, and
        without the states that are kept to go back to.
        """
        failure: Exception | None = None
        for let_go in (None, self._let_go_of_gradients, self._trainer.ring.clear):
            try:
                if let_go is not None:
                    let_go()
                self._set_to(before)
            except Exception as error:  # noqa: BLE001  raised below
                failure = error
            else:
                return
        assert failure is not None  # else it would have returned
        now, then = self._trainer.engine.step, before.checkpoint.step
        reason = f"what the run was after step {then:,} could not be put back"
        self._settle(f"left at step {now:,}", f"{reason}: {text_of(failure)}")
        raise NotPutBackError(
            f"{reason} ({text_of(failure).rstrip('.')}). It is after step {now:,} now; start() "
            "goes on from there."
        ) from failure

    def _set_to(self, before: _Before) -> None:
        engine = self._trainer.engine
        control = engine.control
        control.end("stopped")  # where an error has left it active
        control.get_ready()
        before.checkpoint.wait()
        engine.restore(before.checkpoint.parts)
        with still(sets=True):
            RandomState(engine.device).load_state_dict(before.random)
        if before.status in ("finished", "stopped", "failed"):
            control.reserve()
            control.end(before.status)  # pyright: ignore[reportArgumentType]  one of those three

    def _let_go_of_gradients(self) -> None:
        engine = self._trainer.engine
        for parameter in type(engine.model).parameters(engine.model):
            parameter.grad = None
        if engine.device.type == "cuda":
            torch.cuda.empty_cache()

    def _start_paused(self) -> None:
        """Start the run, and wait until it is paused."""
        self._stands.clear()
        background = self._trainer.start_paused()
        while not self._stands.wait(0.05) and background.is_alive:
            pass
        if background.error is not None:
            raise background.error

    def _as_it_was(self) -> str:
        return _as_it_was(self._trainer)


def _as_it_was(trainer: Rewindable) -> str:
    return f"The run is as it was, after step {trainer.engine.step:,}."


def _set_to(trainer: Rewindable) -> str:
    return f"The run has been set to step {trainer.engine.step:,}"


def _interrupt(note: str) -> KeyboardInterrupt:
    interrupt = KeyboardInterrupt()
    interrupt.add_note(note)
    return interrupt
