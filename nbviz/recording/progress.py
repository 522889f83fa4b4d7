"""Where a run is, how fast it goes, and what nbviz takes of its time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from threading import get_ident
from typing import TYPE_CHECKING

from nbviz.recording.overhead import DEFAULT_SHARE

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.protocol.run import RunStatus
    from nbviz.recording.overhead import OverheadBudget
    from nbviz.training.events import EndReason

WINDOW_SECONDS = 10.0
ENDED = ("finished", "stopped", "failed")
_FEWEST_SECONDS = 0.05  # of training before a speed is given
OVERHEAD_SECONDS = 60.0
WARM_UP_SECONDS = 2.0
"""Of training at its start, whose one-time work is no share of what a step costs."""

_BETWEEN_READINGS = 0.25  # seconds


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is; a new one replaces it each time it is looked at.

    Attributes:
        status: As in `protocol.run.RunStatus`.
        started_at: Unix seconds; 0 while it has not started.
        step: Completed steps.
        total_steps: How many there will be, None if unknown.
        epoch: The epoch, 1-based; 0 before the first.
        total_epochs: How many there will be, None if unknown.
        steps_per_second: Over the last ten seconds of training, pauses left out.
        elapsed_seconds: Since the start, pauses left out.
        eta_seconds: Until the last step, None if unknown.
        overhead: nbviz's share of the time, 0 to 1, over the last minute of training, pauses and
            the first two seconds left out.
        overhead_text: Where that is above 1 %, what a step took in that minute and what nbviz took
            of it, such as "steps of 0.2 ms: 6 µs each"; else empty.
        device: Such as `cuda:0`; empty if unknown.
        memory_bytes: In use: of the device, or of this process on a CPU.
        memory_total: That there is.
        status_text: What the status is, where its name does not say it all: what is waited for, or
            what is done beside steps.
        notices: What holds the run or its journal up, and what can be done.
    """

    status: RunStatus = "ready"
    started_at: float = 0.0
    step: int = 0
    total_steps: int | None = None
    epoch: int = 0
    total_epochs: int | None = None
    steps_per_second: float | None = None
    elapsed_seconds: float = 0.0
    eta_seconds: float | None = None
    overhead: float | None = None
    overhead_text: str = ""
    device: str = ""
    memory_bytes: int | None = None
    memory_total: int | None = None
    status_text: str = ""
    notices: tuple[str, ...] = ()


class Steps:
    """The step of a run: that of the newest log call, or as an engine or `track` counts.

    Attributes:
        logged: The newest step that was logged, stored yet or not.
        counted: Completed steps where they are counted apart from what is logged; else None.
        present: Returns the step that is being made, where an engine makes them: what is logged
            without a step belongs to it.
    """

    __slots__ = ("counted", "logged", "present")

    def __init__(self) -> None:
        self.logged = 0
        self.counted: int | None = None
        self.present: Callable[[], int] | None = None

    @property
    def newest(self) -> int:
        """The completed steps."""
        return self.logged if self.counted is None else self.counted

    @property
    def of_a_line(self) -> int:
        """The step of what is printed now: that of the values that are logged around it."""
        if self.present is not None:
            return self.present()
        return self.logged if self.counted is None else max(self.logged, self.counted)


@dataclass(slots=True)
class Loop:
    """A tracked loop that is open.

    Attributes:
        length: How many items it has, None if unknown.
        around: The loop of the same thread inside whose item it began.
        done: How many items were yielded.
        holds_loop: Whether another began inside the present item: its items are the steps then.
        held_loop: Likewise of the item before.
        is_outer: Whether one began inside each item so far.
    """

    length: int | None
    around: Loop | None
    done: int = 0
    holds_loop: bool = False
    held_loop: bool = False
    is_outer: bool = True
    thread: int = field(default_factory=get_ident)

    @property
    def left(self) -> int:
        """How many items are still to come, as far as known."""
        return max(0, (self.length or 0) - self.done)


class ProgressMeter:
    """What a run's thread says of its progress, and what follows from it.

    The run's thread writes single attributes; `read` is called by one thread at a time. Times are
    in Unix seconds that never go back (`training.clock`).

    Args:
        budget: Where all that nbviz takes is counted, too.
        steps: Where the steps are counted.

    Attributes:
        status: Where the run is in its life; "stopping" is only its control's.
        thread: The identity of the thread that makes the steps; 0 before it has begun.
        activity: What the run does now beside its steps, such as "Validation 3 / 20"; else empty.
        loop: The innermost tracked loop that is open.
    """

    def __init__(self, budget: OverheadBudget | None = None, steps: Steps | None = None) -> None:
        self._budget = budget
        self._steps = Steps() if steps is None else steps
        self.status: RunStatus = "ready"
        self.started_at = 0.0
        self.thread = 0
        self.activity = ""
        self.total_steps: int | None = None
        self.loop: Loop | None = None
        self.epoch = 0
        self.total_epochs: int | None = None
        self.device = ""
        self._idle_seconds = 0.0  # paused, or between the end and another start
        self._idle_since: float | None = None
        self._own_seconds = 0.0
        self._call_seconds = 0.0
        self._window: deque[tuple[float, int]] = deque()
        self._costs: deque[tuple[float, float, int]] = deque()  # seconds, own seconds, step

    @property
    def step(self) -> int:
        """Completed steps; once it is set, what is logged no longer changes it."""
        return self._steps.newest

    @step.setter
    def step(self, step: int) -> None:
        self._steps.counted = step

    @property
    def counts_logged_steps(self) -> bool:
        """Whether the step is that of the newest log call."""
        return self._steps.counted is None

    def count_apart(self) -> None:
        """Leave the step to what goes through the steps, not to what is logged."""
        self._steps.counted = self._steps.newest

    def begin(self, now: float) -> None:
        """Start, or go on after an end."""
        if not self.started_at:
            self.started_at = now
        self.resume(now)

    def go_on(self, started_at: float, elapsed_seconds: float) -> None:
        """Begin later where another one was; until then the clock stands.

        Args:
            started_at: When that one started.
            elapsed_seconds: How long it was active.
        """
        self.started_at = started_at
        self._idle_since = started_at + elapsed_seconds

    def pause(self, now: float) -> None:
        """Stop the clock until `resume`."""
        self._stand(now, "paused")

    def end(self, now: float, reason: EndReason) -> None:
        """Stop the clock until another `begin`."""
        self._stand(now, reason)

    def end_later(self, now: float) -> None:
        """Move the end to where it turned out to be."""
        if self._idle_since is not None:
            self._idle_since = max(self._idle_since, now)

    def resume(self, now: float) -> None:
        """Start the clock again."""
        self.status = "running"
        self.thread = get_ident()
        if self._idle_since is not None:
            self._idle_seconds += now - self._idle_since
            self._idle_since = None

    def _stand(self, now: float, status: RunStatus) -> None:
        self.status = status
        if status in ENDED:
            self.activity = ""
        if self._idle_since is None:
            self._idle_since = now

    def spend(self, seconds: float) -> None:
        """Count time that one of nbviz's own threads, or a costly call, took."""
        self.draw(seconds)
        if self._budget is not None:
            self._budget.spend(seconds)

    def draw(self, seconds: float) -> None:
        """Count time that showing the run took; what is sampled does not wait for it."""
        if self._idle_since is None:  # what is done during a pause takes nothing from a step
            self._own_seconds += seconds

    def sample_call(self, seconds: float) -> None:
        """Say how long one log call took; the others are taken to cost as much."""
        old = self._call_seconds
        self._call_seconds = old + (seconds - old) / 8 if old else seconds

    def count_calls(self, calls: int) -> None:
        """Count log calls."""
        if calls:
            self.spend(calls * self._call_seconds)

    def elapsed(self, now: float) -> float:
        """Seconds since the start, pauses left out."""
        if not self.started_at:
            return 0.0
        since = self._idle_since
        idle = self._idle_seconds + (now - since if since is not None else 0.0)
        return max(0.0, now - self.started_at - idle)

    def step_seconds(self, now: float) -> float:
        """Return for how long the present step has been made, as far as `read` has seen it."""
        return self.elapsed(now) - self._window[-1][0] if self._window else 0.0

    def read(
        self,
        now: float,
        status: RunStatus,
        memory: tuple[int | None, int | None],
        status_text: str = "",
        notices: tuple[str, ...] = (),
    ) -> Progress:
        """Return the progress now."""
        elapsed = self.elapsed(now)
        speed = self._speed(elapsed, self.step)
        eta = None
        if self.total_steps is not None:
            left = max(0, self.total_steps - self.step)
            is_over = status in ENDED
            eta = 0.0 if not left or is_over else left / speed if speed else None
        overhead, overhead_text = self._overhead(elapsed)
        return Progress(
            status=status,
            started_at=self.started_at,
            step=self.step,
            total_steps=self.total_steps,
            epoch=self.epoch,
            total_epochs=self.total_epochs,
            steps_per_second=speed,
            elapsed_seconds=elapsed,
            eta_seconds=eta,
            overhead=overhead,
            overhead_text=overhead_text,
            device=self.device,
            memory_bytes=memory[0],
            memory_total=memory[1],
            status_text=status_text,
            notices=notices,
        )

    def _speed(self, elapsed: float, step: int) -> float | None:
        window = self._window
        if not self.started_at:
            return None
        if not window or step != window[-1][1]:
            window.append((elapsed, step))
        # Slow steps need a longer look back: always from one change of the step to another.
        while len(window) > 2 and window[1][0] < elapsed - WINDOW_SECONDS:  # noqa: PLR2004
            window.popleft()
        (first_time, first_step), (last_time, last_step) = window[0], window[-1]
        seconds, steps = last_time - first_time, last_step - first_step
        if seconds <= _FEWEST_SECONDS:
            return None
        # As many as came at once before come now at best: while a step takes long, the speed falls.
        coming = steps / (len(window) - 1)
        return min(steps / seconds, (steps + coming) / (seconds + elapsed - last_time))

    def _overhead(self, elapsed: float) -> tuple[float | None, str]:
        """Return nbviz's share of the last minute, and what that is of a step in words."""
        costs = self._costs
        if elapsed < WARM_UP_SECONDS:
            return None, ""
        if not costs or elapsed - costs[-1][0] >= _BETWEEN_READINGS:
            costs.append((elapsed, self._own_seconds, self.step))
        while len(costs) > 2 and costs[1][0] < elapsed - OVERHEAD_SECONDS:  # noqa: PLR2004
            costs.popleft()
        since, own_then, step_then = costs[0]
        seconds = elapsed - since
        if seconds <= _FEWEST_SECONDS:
            return None, ""
        own = max(0.0, self._own_seconds - own_then)
        share = min(1.0, own / seconds)
        steps = self.step - step_then
        if share <= DEFAULT_SHARE or steps < 1:
            return share, ""
        return share, f"steps of {_short(seconds / steps)}: {_short(own / steps)} each"


def _short(seconds: float) -> str:
    """Return a short time with two significant digits: "0.2 ms", "6 µs"."""
    unit, factor = next(
        (pair for pair in _UNITS if seconds >= 0.1 * pair[1]),  # 0.2 ms, not 200 µs
        _UNITS[-1],
    )
    size = seconds / factor
    digits = 0 if size >= 10 else 1 if size >= 1 else 2  # noqa: PLR2004
    text = f"{size:.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if digits else text} {unit}"


_UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))
