"""States of a run kept in memory while it trains: close together near now, further apart before."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import psutil
import torch

from nbviz.errors import CheckpointError, NbvizError, text_of
from nbviz.training.better_values import better_values
from nbviz.training.checkpoints.parts import Checkpoint
from nbviz.training.checkpoints.ring_files import Key, least_missed
from nbviz.training.devices.cuda_events import CudaArrival, make_pinned
from nbviz.training.events import DataChanged, RunResumed, SettingApplied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nbviz.training.checkpoints.ring_files import RingFiles
    from nbviz.training.devices.side_copies import SideArrival
    from nbviz.training.engine import Engine
    from nbviz.training.events import Event, RunEnded, RunStarted, StepEnded, ValidationEnded

SHARE = 0.005
"""The most of the training thread's time that copies may take; half of nbviz's whole budget."""

BEST_SHARE = 0.02
"""The most that the copy of the best state may take of the time since the copy before it."""

MOST_BYTES = 2_000_000_000
_MOST_CHECKPOINTS = 64
_LEAST_SECONDS = 0.2  # between two
_FINE_SECONDS = 1e-6  # of a clock that can measure one
_BYTES_PER_SECOND = 1e9  # a first copy's, into memory that the system has to give


def default_budget() -> int:
    """Return a quarter of the memory that is free now, in bytes, at most 2 GB."""
    return min(MOST_BYTES, psutil.virtual_memory().available // 4)


@dataclass(slots=True)
class _Entry:
    """A state that is kept.

    Attributes:
        checkpoint: The state.
        nbytes: What it takes of the budget.
        is_event: Whether something happened there, so that it stays longer.
        is_after: Whether the run began or went on there, after whatever was changed by hand.
        is_lent: Whether it is another one's, whose memory is not written to.
        is_best: Whether it is that of the best value by now, which stays.
        is_filed: Whether it is in a file alone, of an earlier process; `checkpoint` has no parts.
    """

    checkpoint: Checkpoint
    nbytes: int
    is_event: bool = False
    is_after: bool = False
    is_lent: bool = False
    is_best: bool = False
    is_filed: bool = False

    @property
    def key(self) -> Key:
        """By which its file is known."""
        return Key(self.checkpoint.step, self.is_after)


@dataclass(frozen=True, slots=True)
class Best:
    """The best value that a validation gave.

    Attributes:
        step: Completed steps.
        value: The value.
    """

    step: int
    value: float


class StateRing:
    """Keeps states of a run, in memory that is used again.

    It is a callback and an observer of an engine. Where the run begins or goes on, and after a
    value was set, the state is kept longer than elsewhere; the first always, and so is that after
    the validation that gave the best value.

    Args:
        engine: Returns whose states.
        every: "auto" for as often as the share of time allows, or a number of steps.
        budget: Bytes in all; None for `default_budget`.
        share: The most of the training thread's time that copies may take, 0 to 1, with "auto".
        monitor: The tag of the value by which a state is the best, such as "loss/val".
        say: Logs a warning.
        spend: Told how many seconds of the training thread each copy took.

    Attributes:
        refused: Why nothing is kept; empty while something is.
        files: Has what is kept on the disk, too; None where that is not asked for.
    """

    def __init__(
        self,
        engine: Callable[[], Engine],
        every: int | str,
        budget: int | None,
        *,
        say: Callable[[str], None],
        spend: Callable[[float], None],
        share: float = SHARE,
        monitor: str = "loss/val",
    ) -> None:
        self.refused = ""
        self.files: RingFiles | None = None
        self._read: tuple[Key, Checkpoint] | None = None  # the last that was read from a file
        self._engine = engine
        self._every = None if isinstance(every, str) else every
        self._budget = budget
        self._share = share
        self._say = say
        self._spend = spend
        self._entries: list[_Entry] = []
        self._spare: Checkpoint | None = None
        self._needed = 0  # bytes of the newest
        self._due = self._due_spent = self._kept_at = 0.0
        self._thread = 0  # of the run, whose time it is
        self._has_own_time = False
        # Of the newest copies: while one was made another process may have had the processor.
        self._costs: deque[float] = deque(maxlen=5)
        self._newest: SideArrival | None = None  # of whose cost for a GPU nothing is known yet
        self._met_event = False
        self._monitor = monitor
        self._better = better_values(monitor)
        self._bests: list[Best] = []  # each better than the one before
        self._arriving: list[tuple[int, torch.Tensor, CudaArrival]] = []  # values, by their steps

    # ------------------------------------------------------------ what is kept

    @property
    def steps(self) -> list[int]:
        """After which steps there is a state, rising."""
        return [entry.checkpoint.step for entry in self._entries]

    @property
    def steps_in_memory(self) -> list[int]:
        """After which steps there is a state that is not in a file alone, rising; any thread."""
        return sorted({one.checkpoint.step for one in tuple(self._entries) if not one.is_filed})

    @property
    def reach(self) -> list[tuple[int, int]]:
        """Of each state, after which step it was kept, and the first step it leads to; any thread.

        They differ where something may have been changed by hand between the two.
        """
        entries = tuple(self._entries)
        return [(one.checkpoint.step, one.checkpoint.step + one.is_after) for one in entries]

    @property
    def first(self) -> Checkpoint | None:
        """The earliest state that there is; None for none."""
        return next(filter(None, map(self._whole, tuple(self._entries))), None)

    def after_changes(self) -> Iterator[Checkpoint]:
        """Return the states of where something may have been changed by hand, rising."""
        for entry in tuple(self._entries):
            if entry.is_after or entry is self._entries[0]:
                checkpoint = self._whole(entry)
                if checkpoint is not None:
                    yield checkpoint

    @property
    def weights(self) -> list[tuple[int, dict[str, torch.Tensor]]]:
        """After which steps there is a state in memory, rising, with the model's tensors by name.

        Only while the run makes no steps: their memory is used again.
        """
        found = {
            one.checkpoint.step: one.checkpoint.parts["model"]["tensors"]
            for one in reversed(self._entries)  # what a step gave is before what was done by hand
            if not one.is_filed
        }
        for entry in self._entries:
            entry.checkpoint.wait()
        return sorted(found.items())

    @property
    def nbytes(self) -> int:
        """Bytes of all states; that of before the first step may be the trainer's own."""
        return sum(entry.nbytes for entry in self._entries)

    @property
    def best(self) -> Best:
        """The best value of a validation until now.

        Raises:
            CheckpointError: There is none.
        """
        self._settle_best(waits=True)
        if self._bests:
            return self._bests[-1]
        raise CheckpointError(
            f"whether less or more of {self._monitor!r} is better cannot be told from its name, so "
            'no state is known as the best; give a monitor such as "loss/val" or "accuracy/val".'
            if self._better is None
            else f"no validation has given {self._monitor!r}, by which the best state is known; "
            "give val_loader, or another tag of a validation as monitor."
        )

    def before(
        self,
        step: int,
        accepts: Callable[[Checkpoint], bool] | None = None,
        *,
        is_made_again: bool = False,
    ) -> Checkpoint:
        """Return the newest state from which a step can be made again.

        Args:
            step: Completed steps.
            accepts: Says of one whether it will do.
            is_made_again: Whether that after the step itself will do only where there is no other:
                it has no gradients.

        Raises:
            CheckpointError: There is none.
        """
        for entry in self._before(step, is_made_again=is_made_again):
            checkpoint = self._whole(entry)
            if checkpoint is not None and (accepts is None or accepts(checkpoint)):
                return checkpoint
        raise self._none_before(step)

    def nearest(self, step: int) -> int:
        """Return after which step the state is that `before` would return, if it can be read.

        Raises:
            CheckpointError: There is none.
        """
        for entry in self._before(step):
            return entry.checkpoint.step
        raise self._none_before(step)

    def adopt(self, keys: Iterable[Key]) -> None:
        """Go back to states, too, of which `files` has files from before this process."""
        self._entries = [
            _Entry(Checkpoint(key.step, 0, {}), 0, is_after=key.is_after, is_filed=True)
            for key in sorted(keys)
        ]
        self._offer()  # else the files would be taken for those of states that were let go of

    def forget_after(self, step: int) -> None:
        """Let go of the states of later steps, which are those of another run now."""
        self._settle_best(waits=True)
        self._bests = [one for one in self._bests if one.step <= step]
        gone = [entry for entry in self._entries if entry.checkpoint.step > step]
        self._entries = [entry for entry in self._entries if entry.checkpoint.step <= step]
        for entry in gone:
            self._reuse(entry)
        self._offer()

    def clear(self) -> None:
        """Let go of all."""
        self._entries.clear()
        self._bests.clear()
        self._arriving.clear()
        self._spare = self._read = None
        if self.files is not None:
            self.files.let_go()

    def turn_off(self, reason: str) -> None:
        """Keep nothing from now on."""
        self.clear()
        self.refused = reason

    # ------------------------------------------------------------ while it trains

    def __call__(self, event: Event) -> None:
        """Take note of an event of the engine's."""
        if isinstance(event, SettingApplied | DataChanged):
            self._met_event = True
        elif isinstance(event, RunResumed):
            if self._engine().validation.is_active:
                self._met_event = True
            else:
                self._keep(is_event=True, is_after=True)

    def keep(self, *, is_after: bool) -> None:
        """Keep the state now, between two steps, around something that is done by hand.

        Args:
            is_after: Whether it has been done.
        """
        if self._entries:
            self._keep(is_event=True, is_after=is_after)
        else:
            self._met_event = is_after  # the run has not begun: `start` has what was before

    def on_start(self, trainer: Any, event: RunStarted) -> None:
        """Keep the state with which the run begins, or goes on."""
        del trainer
        if self.refused:
            return
        engine = self._engine()
        self._thread = threading.get_ident()
        is_exact = time.get_clock_info("thread_time").resolution <= _FINE_SECONDS
        self._has_own_time = is_exact and engine.device.type == "cpu"
        start = engine.start.checkpoint
        if event.step == 0 and start is not None:
            self._entries = [_Entry(start, 0, is_event=True, is_lent=True)]
            if self._met_event:
                self._keep(is_event=True, is_after=True)
        else:
            self._keep(is_event=True, is_after=event.step > 0)
        self._wait_for(self._estimate() / _BYTES_PER_SECOND)

    def on_step(self, trainer: Any, event: StepEnded) -> None:
        """Keep the state, if it is time to."""
        del trainer
        if self._newest is not None:
            self._count_hold_up(self._newest)
        if self._every is not None:
            is_due = event.step % self._every == 0
        else:
            is_due = (
                self._newest is None
                and time.monotonic() >= self._due
                and self._clock() >= self._due_spent
            )
        if is_due or self._met_event:
            self._keep(is_event=self._met_event)

    def on_validation(self, trainer: Any, event: ValidationEnded) -> None:
        """Keep the state, if it is the best or something was changed during the validation."""
        del trainer
        was_changed = self._met_event
        self._settle_best(waits=False)
        value = event.scalars.get(self._monitor)
        may_be_best = False
        if self._better is not None and isinstance(value, torch.Tensor) and value.is_cuda:
            # It is read when it has arrived: until then the state is taken for the best.
            host = make_pinned((), value.dtype)
            host.copy_(value.detach().reshape(()), non_blocking=True)
            arrival = CudaArrival(torch.cuda.current_stream(value.device))
            self._arriving.append((event.step, host, arrival))
            may_be_best = True
        elif self._better is not None and value is not None:
            may_be_best = self._is_best(event.step, float(value))
        if was_changed or (may_be_best and self._has_time_for_best()):
            self._keep(is_event=was_changed, is_after=was_changed)
        self._mark_best()

    def _settle_best(self, *, waits: bool) -> None:
        """Take in the values that have arrived from a device."""
        while self._arriving:
            step, host, arrival = self._arriving[0]
            if waits:
                arrival.synchronize()
            elif not arrival.query():
                return
            self._arriving.pop(0)
            self._is_best(step, float(host))
        self._mark_best()

    def _mark_best(self) -> None:
        """Have the best state stay, and those that may turn out to be."""
        steps = {step for step, _, _ in self._arriving}
        steps |= {self._bests[-1].step} if self._bests else set()
        for entry in self._entries:
            entry.is_best = entry.checkpoint.step in steps and not entry.is_after

    def _has_time_for_best(self) -> bool:
        # Where validations are short and the state is large, each may be the best for a while.
        passed = time.monotonic() - self._kept_at
        return self._every is not None or median(self._costs or [0.0]) <= BEST_SHARE * passed

    def _is_best(self, step: int, value: float) -> bool:
        if math.isnan(value):
            return False
        if self._bests:
            last = self._bests[-1].value
            if not (value < last if self._better == "lower" else value > last):
                return False
        self._bests.append(Best(step, value))
        return True

    def on_end(self, trainer: Any, event: RunEnded) -> None:
        """Keep the state with which the run ends, where it is to be found later in a file."""
        del trainer
        is_kept = bool(self._entries) and self._entries[-1].checkpoint.step == event.step
        if self.files is not None and event.reason != "failed" and not is_kept:
            self._keep(is_event=False)

    # ------------------------------------------------------------ inside

    def _before(self, step: int, *, is_made_again: bool = False) -> list[_Entry]:
        """Return from which a step can be made again, the best first."""
        found = [one for one in self._entries if one.key <= (step, False)]
        if is_made_again:
            here = [one for one in found if one.checkpoint.step == step]
            found = [*here, *(one for one in found if one.checkpoint.step < step)]
        # At last the very state with which the run, or this part of it, began.
        last = [one for one in self._entries if one.key == (step, True)]
        return [*reversed(found), *last]

    def _whole(self, entry: _Entry) -> Checkpoint | None:
        """Return a state with its parts; None where its file is damaged."""
        if not entry.is_filed or self.files is None:
            return entry.checkpoint
        if self._read is None or self._read[0] != entry.key:
            self._read = None
            checkpoint = self.files.read(entry.key)
            if checkpoint is None:
                self._entries = [one for one in self._entries if one is not entry]
                return None
            self._read = entry.key, checkpoint
        return self._read[1]

    def _none_before(self, step: int) -> CheckpointError:
        if not self._entries:
            return CheckpointError(
                f"no state of the run was kept: {self.refused or 'none is yet'}."
            )
        return CheckpointError(
            f"no state of before step {step:,} was kept; the first is that after step "
            f"{self.steps[0]:,}."
        )

    def _offer(self) -> None:
        if self.files is not None:
            self.files.offer(
                {one.key: None if one.is_filed else one.checkpoint for one in self._entries}
            )

    def _keep(self, *, is_event: bool, is_after: bool = False) -> None:
        self._met_event = False
        if self.refused:
            return
        started, spent = time.perf_counter(), self._clock()
        try:
            self._add(is_event=is_event, is_after=is_after)
        except NbvizError as error:
            if self._engine().step > 0:  # before it a layer may not know its shape yet
                reason = text_of(error).rstrip(".")
                self.turn_off(reason)
                self._say(f"no states are kept to go back to: {reason}. Training goes on.")
        self._kept_at = time.monotonic()
        self._spend(time.perf_counter() - started)
        self._costs.append(self._clock() - spent)
        self._wait_for(median(self._costs))

    def _count_hold_up(self, newest: SideArrival) -> None:
        """Count for how long a GPU could not go on because of the newest copy, once it is there."""
        if not newest.query():
            return
        self._newest = None
        seconds = newest.seconds()
        if seconds and self._costs:
            self._spend(seconds)
            self._costs[-1] += seconds
            self._wait_for(median(self._costs))

    def _wait_for(self, cost: float) -> None:
        self._due = time.monotonic() + _LEAST_SECONDS
        if threading.get_ident() == self._thread:
            self._due_spent = self._clock() + cost / self._share

    def _clock(self) -> float:
        """Return what the share is one of: the thread's own time, by the clock where it waits.

        Where other processes have the processor, too, copies would be too dear by the clock alone.
        """
        return time.thread_time() if self._has_own_time else time.monotonic()

    def _add(self, *, is_event: bool, is_after: bool) -> None:
        engine = self._engine()
        last = self._entries[-1] if self._entries else None
        if last is not None and last.key == (engine.step, is_after):
            if len(self._entries) == 1:
                return
            is_event = is_event or last.is_event
            self._reuse(self._entries.pop())
        if not self._make_room():
            return
        spare, self._spare = self._spare, None
        checkpoint = engine.capture(spare)
        self._needed, self._newest = checkpoint.nbytes, checkpoint.arrival
        self._entries.append(_Entry(checkpoint, self._needed, is_event, is_after))
        self._offer()

    def _estimate(self) -> int:
        if not self._needed:
            try:
                self._needed = self._engine().parts.nbytes()
            except NbvizError:  # a layer without a shape
                return 0
        return self._needed

    def _make_room(self) -> bool:
        if self._budget is None:
            self._budget = default_budget()
        needed = self._estimate()
        while self._entries:
            is_full = self.nbytes + needed > self._budget
            if not is_full and len(self._entries) < _MOST_CHECKPOINTS:
                return True
            if len(self._entries) == 1:
                break
            self._thin(makes_room=is_full)
        if needed > self._budget:
            raise CheckpointError(
                f"a state takes {needed / 1e6:,.1f} MB, and ring_memory is "
                f"{self._budget / 1e6:,.1f} MB"
            )
        return not self._entries or self.nbytes + needed <= self._budget

    def _thin(self, *, makes_room: bool) -> None:
        """Let go of the state that is missed least."""
        now = self._engine().step
        inner = [
            place
            for place in range(1, len(self._entries) - 1)
            if not self._entries[place].is_best
            and not (makes_room and self._entries[place].is_filed)
        ]
        plain = [place for place in inner if not self._entries[place].is_event]
        # Events have at most half of the places.
        places = plain if 2 * len(plain) >= len(inner) else inner
        steps = [one.checkpoint.step for one in self._entries]
        self._reuse(self._entries.pop(least_missed(steps, places, now) if places else -1))

    def _reuse(self, entry: _Entry) -> None:
        is_used = self.files is not None and not self.files.release(entry.checkpoint)
        if not (entry.is_lent or entry.is_filed or is_used):
            self._spare = entry.checkpoint
