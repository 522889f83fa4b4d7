"""Control: where commands from any thread meet the run's own thread."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nbviz.errors import CommandError, RunActiveError, RunInactiveError, RunStopped, describe
from nbviz.training import clock
from nbviz.training.checks import check_steps
from nbviz.training.events import (
    Asked,
    LineLogged,
    PhaseLeft,
    PhaseReached,
    RunPaused,
    RunResumed,
    SettingApplied,
)
from nbviz.training.optimizing.settings import Setting, Settings
from nbviz.training.random_numbers.turns import lent
from nbviz.training.weak_registry import Follower, WeakRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from nbviz.protocol.run import RunStatus
    from nbviz.training.events import EndReason, Event, Observer
    from nbviz.training.phases.phase import Phase
    from nbviz.training.random_numbers.turns import Turn

_ACTIVE = frozenset({"running", "paused", "stopping"})


class Control:
    """Commands for one run, given on any thread and carried out by the run at its safe points.

    Each command is checked where it is given and takes effect between two steps, or at once if the
    run is paused. The thread that trains calls `begin`, then `safe_point` whenever
    `needs_attention` is true, and `end`; several threads may share one run's safe points.

    Args:
        emit: Receives RunPaused, RunResumed, SettingApplied and LineLogged, on the run's thread.
        settings: What `set` can change. Empty if None; more can be added at any time.

    Attributes:
        registry: Those settings.
        needs_attention: Whether the run is to call `safe_point` at its next safe point.
        followers: What is told when that may have changed.
        has_phases: Whether the run calls `stand_inside`, so that its steps can be stepped into.
        turn: An engine's turn to train; None for other loops.
    """

    def __init__(self, emit: Observer | None = None, settings: Settings | None = None) -> None:
        self.registry = Settings() if settings is None else settings
        self.needs_attention = False
        self.followers: WeakRegistry[Follower] = WeakRegistry()
        self.has_phases = False
        self.turn: Turn | None = None
        self._emit = emit
        lock = threading.RLock()
        self._changed = threading.Condition(lock)  # what the run waits for
        self._stands = threading.Condition(lock)  # what those wait for who look at the model
        self._status: RunStatus = "ready"
        self._status_before: RunStatus = "ready"  # than that of a run that is reserved
        self._is_reserved = False
        self._outbox: deque[Event] = deque()
        self._asked_at = 0.0  # Pause or Stop, by the monotonic clock
        self._step = 0
        self._visitors = 0
        self._whole_visitors = 0  # those among them who need all of a validation to be over
        self._inside_visitors = 0  # those who may look inside a step, too
        self._inside: Phase | None = None  # after which the run stands
        self._is_inside = False  # its thread waits there
        self._standing = 0  # threads that wait at a safe point
        self._standing_whole = 0
        self._forget_commands()

    # ------------------------------------------------------------ for the caller

    @property
    def status(self) -> RunStatus:
        """Where the run is. `paused` means that it waits, not that it was asked to."""
        return self._status

    @property
    def is_active(self) -> bool:
        """Whether the run has begun and not ended."""
        return self._status in _ACTIVE

    @property
    def asked(self) -> Asked | None:
        """Pause or Stop, while it waits for the end of the present step."""
        status, at = self._status, self._asked_at
        if status == "stopping":
            return Asked("stop", time.monotonic() - at)
        if status == "running" and self._pause_asked:
            return Asked("pause", time.monotonic() - at)
        return None

    @property
    def inside(self) -> Phase | None:
        """The phase of a step after which the run stands; None where it does not."""
        return self._inside

    @property
    def steps_into(self) -> bool:
        """Whether the run is to stand after the next phase of a step."""
        return self._into

    def settings(self) -> list[Setting]:
        """Return every value that `set` can change, as it is now."""
        return self.registry.now()

    def pause(self) -> None:
        """Wait after the present step; harmless if the run is paused or stopping.

        Raises:
            RunInactiveError: The run has not started or has ended.
        """
        with self._changed:
            self._require_active("pause")
            if self._status == "running":
                if not self._pause_asked:
                    self._asked_at = time.monotonic()
                self._pause_asked = True
                self._steps_asked, self._pause_at, self._into = 0, None, False
                self._notify()

    def resume(self) -> None:
        """Go on until the end; harmless if the run is not paused.

        Raises:
            RunInactiveError: The run has not started or has ended.
        """
        with self._changed:
            self._require_active("resume")
            self._pause_asked = self._entered = False
            self._steps_asked, self._pause_at, self._into = 0, None, False
            if self._status == "paused":
                self._go_on(None)
            self._notify()

    def step(self, n: int = 1) -> None:
        """Make exactly `n` steps, then pause.

        In a run that is not paused they begin after the present step. Steps asked for while others
        are being made are added to them. One inside which the run stands is the first of them.

        Args:
            n: How many, at least 1.

        Raises:
            CommandError: `n` is not a whole number above 0.
            RunInactiveError: The run has not started or has ended.
        """
        check_steps("step", n)
        with self._changed:
            self._require_active("step")
            self._into = False
            if self._status == "paused":
                self._pause_at = self._step + n
                self._go_on(n)
            elif self._pause_at is not None:
                self._pause_at += n
            elif self._status == "running":
                self._pause_asked, self._steps_asked = False, self._steps_asked + n
            self._notify()

    def step_into(self) -> None:
        """Go on to the end of the next phase of a step, and stand there; `inside` then has it.

        After the last phase of a step its end is next, where the run is paused between two steps.

        Raises:
            CommandError: nbviz knows no phases of the run's steps.
            RunInactiveError: The run has not started or has ended.
        """
        if not self.has_phases:
            raise CommandError(
                "the steps of this run cannot be stepped into: nbviz knows no phases of them. "
                "step() makes a whole one."
            )
        with self._changed:
            self._require_active("step into a step")
            if self._status == "stopping":
                return
            self._pause_asked = False
            self._steps_asked, self._pause_at, self._into = 0, None, True
            if self._status == "paused":
                self._go_on(1, into=True)
            self._notify()

    def wait_inside(self) -> Phase | None:
        """Wait until `step_into` has been carried out.

        Returns:
            The phase after which the run stands; None where it is paused between two steps, or has
            ended.
        """
        with self._changed:
            self._stands.wait_for(
                lambda: (
                    not self._into
                    and (self._status == "paused" or not self.is_active)
                    and (self._inside is None or self._is_inside)  # and observers have been told
                )
            )
            return self._inside

    def stop(self) -> None:
        """End the run after the present step; harmless if it is stopping or has ended.

        Raises:
            RunInactiveError: The run has not started.
        """
        with self._changed:
            if self._status == "ready":
                self._require_active("stop")
            if self.is_active:
                if self._status != "stopping":
                    self._asked_at = time.monotonic()
                self._status = "stopping"
                self._into, self._inside = False, None
                self._notify()

    def set(self, **values: float) -> None:
        """Change values, all of them or none: between two steps, or at once if no run is active.

        Args:
            **values: Such as `lr=1e-4`; `settings()` lists the names and ranges.

        Raises:
            CommandError: A name does not exist, or a value is out of range.
        """
        checked = self.registry.check(values)
        with self._changed:
            if self.is_active:
                self._pending.update(checked)
                self._notify()
            else:
                for name, value in checked.items():
                    self.registry.apply(name, value)

    @contextmanager
    def between_steps(self, *, whole: bool = False, inside: bool = False) -> Generator[None]:
        """Have the run stand at a safe point while the block runs; its status stays as it is.

        Commands given meanwhile are carried out after the block. Runs that take turns with this one
        stand, too: what the block draws of random numbers is not theirs.

        Args:
            whole: Whether the safe point may not be one inside a validation. A run that is paused
                inside one ends it first, and is paused behind it. The same holds of a step inside
                which the run stands, unless
            inside: the block does no more than read tensors, and may do so there, too.
        """
        with self._changed:
            self._visitors += 1
            self._whole_visitors += whole
            self._inside_visitors += inside
            if not inside:
                self._leave_step()
            self._notify()
        try:
            with lent(), self._changed:
                self._stands.wait_for(
                    lambda: (
                        (self._standing_whole if whole else self._standing)
                        or (inside and self._is_inside)
                        or not self.is_active
                    )
                )
            with contextlib.nullcontext() if self.turn is None else self.turn.stands():
                yield
        finally:
            with self._changed:
                self._visitors -= 1
                self._whole_visitors -= whole
                self._inside_visitors -= inside
                self._notify()

    def pending(self) -> dict[str, float]:
        """Return the values that are set at the next safe point."""
        with self._changed:
            return dict(self._pending)

    def get_ready(self) -> None:
        """Make a run that has ended one that has not begun.

        Raises:
            RunActiveError: It is active.
        """
        with self._changed:
            if self.is_active:
                raise RunActiveError(f"the run is still {self._status}; call .stop() first.")
            self._forget_commands()
            self._status = "ready"
            self._notify()

    # ------------------------------------------------------------ for the run

    def reserve(self) -> None:
        """Make the run active before its thread calls `begin`; commands given in between are kept.

        Raises:
            RunActiveError: A run is active.
        """
        with self._changed:
            if self.is_active:
                raise RunActiveError(f"the run is still {self._status}; call .stop() first.")
            self._forget_commands()
            self._outbox.clear()
            self._status_before = self._status
            self._is_reserved, self._status = True, "running"
            try:
                self._notify()
            except BaseException:
                self._is_reserved, self._status = False, self._status_before
                raise

    def begin(self, emit: Observer | None = None) -> None:
        """Make the run active, on its own thread.

        Args:
            emit: Replaces the receiver of events; None keeps it.

        Raises:
            RunActiveError: A run is active, and was not merely reserved.
        """
        with self._changed:
            if not self._is_reserved:
                self.reserve()
            self._is_reserved = False
            if emit is not None:
                self._emit = emit

    def attend(self) -> None:
        """Have the run look at its next safe point what is asked of it; from any thread."""
        with self._changed:
            self._look_up()

    def begin_turn(self) -> None:
        """Wait for the first turn of a run that takes turns."""
        turn = self.turn
        if turn is None or not turn.is_shared:
            return
        self._without_turn(turn.begin, is_whole=True)
        while True:
            with self._changed:
                if not self._holds(is_whole=True):
                    return
                self._stand(is_whole=True)
            self._without_turn(turn.take, is_whole=True)

    def safe_point(self, step: int, *, is_whole: bool = True) -> None:
        """Carry out what was asked; waits here while the run is paused.

        Args:
            step: Completed steps so far.
            is_whole: False inside a validation, which ends before who waits for that is let in.

        Raises:
            RunStopped: The run was stopped.
        """
        turn, is_new = self.turn, False
        while True:
            if turn is not None and turn.is_away:
                self._without_turn(turn.take, is_whole=is_whole)
                is_new = True
            with self._changed:
                while self._holds(is_whole=is_whole) or self._rests(is_whole=is_whole):
                    self._stand(is_whole=is_whole)
                if turn is not None and turn.is_away:
                    continue  # it was left while the run stood
                self._carry_out(step)
                has_events = bool(self._outbox)
                if not has_events:
                    if self._status == "stopping":
                        raise RunStopped(f"The run was stopped after step {step:,}.")
                    if self._status != "paused" or (self._whole_visitors and not is_whole):
                        if self._goes_on_in_turn(is_new=is_new):
                            return
                        continue
                    self._stand(is_whole=is_whole)
            # Outside the lock: an observer may take its time, or give a command itself.
            if has_events:
                self._send_events()

    def stand_inside(self, phase: Phase) -> None:
        """Stand after a phase of a step, if that was asked for; called by the run's thread."""
        with self._changed:
            if not self._into:
                return
            self._entered = True
            if self._visitors > self._inside_visitors:
                self._leave_step()
                return
            if self.turn is not None:
                self.turn.keep()
            self._into, self._inside, self._status = False, phase, "paused"
        # Outside the lock: an observer may take its time, or give a command itself.
        self._tell(PhaseReached(clock.now(), phase))
        turn = self.turn
        with self._changed:
            self._is_inside = True
            try:
                if turn is not None:
                    turn.leave()
                while self._inside is phase or self._inside_visitors:
                    self._stands.notify_all()
                    self._changed.wait()
            finally:
                self._is_inside = False
        if turn is not None and turn.is_away:
            turn.take()
        elif turn is not None:
            turn.go_on()
        self._tell(PhaseLeft(clock.now(), phase.step))
        self._send_events()

    def hold(self, step: int) -> None:
        """Ask for a pause from the run's own thread, and wait at this safe point."""
        with self._changed:
            if self._status == "running":
                self._pause_asked = True
        self.safe_point(step)

    def give_up(self) -> None:
        """Undo `reserve`, where the run has not begun; harmless where it has."""
        with self._changed:
            if self._is_reserved:
                self._is_reserved = False
                self._forget_commands()
                self._status = self._status_before
                self._notify()

    def finish_commands(self, step: int) -> None:
        """Apply the values that are still waiting, and report them, before the run ends."""
        with self._changed:
            self._apply_pending(step)
        self._send_events()

    def end(self, reason: EndReason) -> None:
        """Make the run inactive; harmless if it is. Nothing is reported any more."""
        with self._changed:
            if not self.is_active:
                return
            self._apply_pending(self._step)
            self._outbox.clear()
            self._is_reserved = False
            self._inside = None
            self._forget_commands()
            self._status = reason
            self._notify()
        if self.turn is not None:
            self.turn.end()

    # ------------------------------------------------------------ with the lock held

    def _holds(self, *, is_whole: bool) -> bool:
        return self._visitors > (0 if is_whole else self._whole_visitors)

    def _goes_on_in_turn(self, *, is_new: bool) -> bool:
        """Have the run go on in its turn; or leave that, if it is over and did not just begin."""
        turn = self.turn
        if turn is None:
            return True
        if turn.is_over and not is_new:
            turn.leave()
            return False
        turn.go_on()
        return True

    def _rests(self, *, is_whole: bool) -> bool:
        """Whether a paused run without its turn has nothing to do for which it would take it."""
        turn = self.turn
        if turn is None or not turn.is_away or self._status != "paused":
            return False
        return not (self._pending or self._outbox or (self._whole_visitors and not is_whole))

    def _stand(self, *, is_whole: bool) -> None:
        """Wait for the next change; other threads may look at the model meanwhile."""
        if self.turn is not None:
            self.turn.leave()
        self._standing += 1
        self._standing_whole += is_whole
        self._stands.notify_all()
        try:
            self._changed.wait()
        finally:
            self._standing -= 1
            self._standing_whole -= is_whole

    def _carry_out(self, step: int) -> None:
        self._apply_pending(step)
        if self._status == "paused":
            return  # another thread has waited here first
        self._step = step
        if self._steps_asked:
            self._pause_at = step + self._steps_asked
            self._steps_asked = 0
        is_counted = self._pause_at is not None and step >= self._pause_at
        if self._status == "running" and (self._pause_asked or is_counted or self._entered):
            self._pause_asked, self._pause_at = False, None
            self._into = self._entered = False
            if self.turn is not None:
                self.turn.keep()  # before a cell can see that it is paused
            self._status = "paused"
            self._outbox.append(RunPaused(clock.now(), step))
        self._look_up()

    def _apply_pending(self, step: int) -> None:
        pending, self._pending = self._pending, {}
        for name, value in pending.items():
            try:
                old, new = self.registry.apply(name, value)
            except Exception as error:  # noqa: BLE001  a setter of the user's must not end the run
                text = f"{name} could not be set to {value:g}: {describe(error)}"
                self._outbox.append(LineLogged(clock.now(), step, "error", text))
            else:
                self._outbox.append(SettingApplied(clock.now(), step, name, old, new))

    def _go_on(self, steps: int | None, *, into: bool = False) -> None:
        is_inside, self._inside = self._inside is not None, None
        self._status = "running"
        if not into:
            self._entered = False
        if not is_inside or (steps or 2) > 1:  # else it makes the step that was begun
            self._outbox.append(RunResumed(clock.now(), self._step, steps, into))

    def _leave_step(self) -> None:
        """Have a step inside which the run stands, or would, made to its end; then it is paused."""
        if self._inside is not None or (self._into and self._entered):
            self._into, self._inside, self._entered = False, None, True
            self._status = "running"

    def _forget_commands(self) -> None:
        self._pending: dict[str, float] = {}
        self._pause_asked = False
        self._steps_asked = 0
        self._pause_at: int | None = None
        self._into = False  # step_into was called, and is not carried out yet
        self._entered = False  # the present step is one that is stepped into: pause after it

    def _require_active(self, command: str) -> None:
        if not self.is_active:
            how = {"ready": "not started", "stopped": "been stopped"}.get(
                self._status, self._status
            )
            raise RunInactiveError(f"cannot {command}: the run has {how}; call .start() first.")

    def _look_up(self) -> None:
        is_held = self._status in ("paused", "stopping") or self._pause_asked
        is_counted = self._steps_asked or self._pause_at is not None
        is_inside = self._into or self._entered
        is_wanted = self._visitors or (self.turn is not None and self.turn.is_wanted)
        waits = self._pending or self._outbox
        self.needs_attention = bool(is_held or is_counted or is_inside or is_wanted or waits)
        for one in self.followers:
            one.look_again()

    def _notify(self) -> None:
        self._look_up()
        self._changed.notify_all()
        self._stands.notify_all()

    # ------------------------------------------------------------ without the lock

    def _without_turn(self, wait: Callable[[], None], *, is_whole: bool) -> None:
        """Wait for a turn; other threads may look at the model meanwhile."""
        with self._changed:
            self._standing += 1
            self._standing_whole += is_whole
            self._stands.notify_all()
        try:
            wait()
        finally:
            with self._changed:
                self._standing -= 1
                self._standing_whole -= is_whole
                self._look_up()

    def _send_events(self) -> None:
        while True:
            try:
                event = self._outbox.popleft()
            except IndexError:
                break
            self._tell(event)
        with self._changed:
            self._look_up()

    def _tell(self, event: Event) -> None:
        if self._emit is not None:
            self._emit(event)
