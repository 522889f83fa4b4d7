"""What a run leaves behind, as dashboards read it, from its start to its end."""

from __future__ import annotations

import os
import threading
import time as clock
import traceback
import uuid
import weakref
from time import time
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import ConfigurationError
from nbviz.recording.collector import keep_drained
from nbviz.recording.device_memory import read_memory
from nbviz.recording.lines import Line, Lines, RecordedEvent
from nbviz.recording.progress import Progress, ProgressMeter
from nbviz.recording.recorder import record_event
from nbviz.recording.run_media import RunMedia
from nbviz.recording.scalars.budget import MemoryBudget
from nbviz.recording.scalars.intake import Intake
from nbviz.recording.weights_store import WeightsStore
from nbviz.training.commands import Control

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbviz.inspection.graph.overlays.overlays import Overlays
    from nbviz.protocol.log import LineLevel
    from nbviz.protocol.run import EventKind, RunStatus
    from nbviz.recording.scalars.series import Series
    from nbviz.training.events import EndReason, Event, RunEnded, RunStarted

LEAST_MEMORY_BUDGET = 1_000_000
QUIET_SECONDS = 2.0  # without anything new before the collector leaves a run alone
_MEMORY_SECONDS = 1.0
_MOST_VALIDATION_MARKS = 1000  # their scalars are in the series anyway
ENDED = ("finished", "stopped", "failed")

_records: weakref.WeakSet[RunRecord] = weakref.WeakSet()
_count = 0


class RunRecord(RunMedia):
    """The part of a run that has no logging in it; see `run.Run`.

    Attributes:
        run_id: Unique.
        name: What it is called.
        commands: Which of its control's commands pages may use.
        control: Pause, resume, step, stop and set, from any thread.
        events: Marks on the curves, in order; only ever appended to.
        lines: The newest lines of its log.
        epochs: `epochs[i]` is the step completed before epoch i + 1; only ever appended to.
        weights: The newest pictures of parameters.
        overlays: What colours its model's graph; None where no trainer measures it.
        progress: Where it is; replaced as a whole by `drain`.
        meter: What the run's thread says of its progress.
    """

    def __init__(self, name: str | None, memory_budget: int, media_budget: int) -> None:
        global _count  # noqa: PLW0603  runs are numbered as they come
        if memory_budget < LEAST_MEMORY_BUDGET:
            raise ConfigurationError(
                f"memory_budget must be at least {LEAST_MEMORY_BUDGET:,} bytes, "
                f"got {memory_budget:,}."
            )
        super().__init__(media_budget, _weak_warning(self))
        _count += 1
        self.run_id = uuid.uuid4().hex[:12]
        self.name = name or f"run {_count}"
        self.commands: tuple[str, ...] = ("pause", "resume", "step", "stop")
        self.steering: Any = None  # what has a method for each command; its control if None
        self.events: list[RecordedEvent] = []
        self.lines = Lines()
        self.epochs: list[int] = []
        self.weights = WeightsStore()
        self.overlays: Overlays | None = None
        self.meter = ProgressMeter(self.overhead)
        self.progress = Progress()
        self._own_control = Control(_weak_observer(self))
        self.control: Control = self._own_control
        self._intake = Intake(MemoryBudget(memory_budget, _weak_warning(self)))
        # Whether the next log call has to look up: the first one, a quiet run, a forked process.
        self._attention = True
        self._is_quiet = True
        self._is_forked = False
        self._counts_steps = True  # False where an engine or `track` counts them
        self._active_at = 0.0
        self._memory: tuple[int | None, int | None] = (None, None)
        self._memory_at = float("-inf")
        self._validation_marks = 0
        self._listeners: list[Callable[[], None]] = []
        self._lifecycle = threading.RLock()
        _records.add(self)

    # ------------------------------------------------------------ reading

    @property
    def is_active(self) -> bool:
        """Whether it has begun and not ended."""
        return self.meter.status in ("running", "paused", "stopping")

    @property
    def status(self) -> RunStatus:
        """Where it is in its life."""
        if self.meter.status in ("running", "paused") and self.control.status == "stopping":
            return "stopping"
        return self.meter.status

    @property
    def is_quiet(self) -> bool:
        """Whether nothing has come for a while; those who listen are told when something does."""
        return self._is_quiet

    @property
    def tags(self) -> list[str]:
        """The tags in order of appearance, as far as they have been drained."""
        return self._intake.tags

    def series(self, tag: str) -> Series:
        """Return a tag's points, as far as they have been drained.

        Raises:
            KeyError: Nothing has been logged under this tag.
        """
        try:
            return self._intake.series[tag]
        except KeyError:
            known = ", ".join(self._intake.tags) or "none yet"
            raise KeyError(f"no tag {tag!r} in run {self.name!r}; tags: {known}") from None

    def drain(self) -> None:
        """Move everything logged so far into the series, and look where the run is.

        Any thread may call it. Waits for scalars that are on their way from a device.
        """
        self._drain(wait=True)
        # While the run's thread makes no steps, nobody else takes what a page asks for.
        if self.weights.is_behind and self.status in ("paused", *ENDED):
            self.weights.capture(self.meter.step)

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` when a quiet run becomes active, and when a run begins, pauses or ends.

        Args:
            callback: Called on whichever thread acts; must be quick, such as an event's `set`.

        Returns:
            A function that ends it.
        """
        self._listeners.append(callback)

        def remove() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return remove

    # ------------------------------------------------------------ life

    def begin(self, event: RunStarted | None = None) -> None:
        """Start the clock, or go on after an end. Logging begins a run by itself."""
        with self._lifecycle:
            if self.is_active:
                return
            now = time() if event is None else event.wall_time
            continues = bool(self.meter.started_at)
            self.meter.begin(now)
            self._intake.started_at = self.meter.started_at
            if event is None:
                self._own_control.begin()
            else:
                self._counts_steps = False
                self.meter.step, self.meter.device = event.step, event.device
                self.meter.total_steps = event.total_steps
                self.meter.total_epochs = event.total_epochs
        where = f" on {event.device}" if event is not None and event.device else ""
        self.mark(
            "started", self.meter.step, ("continued" if continues else "started") + where, now
        )
        self.notify()

    def end(self, event: RunEnded) -> None:
        """Stop the clock; says what ended a failed run in its log."""
        with self._lifecycle:
            if self.meter.status in ENDED:
                return
            self.end_watches()
            self.drain_media()
            self._drain(wait=True)
            if event.error is not None and event.reason == "failed":
                lines = "".join(traceback.format_exception(event.error)).rstrip()
                self.note(lines, "error", step=event.step, wall_time=event.wall_time)
            self.weights.capture(event.step)
            self.mark("ended", event.step, _end_text(event), event.wall_time)
            self.meter.pause(event.wall_time)
            self.meter.status = event.reason
            self._drain(wait=True)
        self.notify()

    def mark(self, kind: EventKind, step: int, text: str, wall_time: float | None = None) -> None:
        """Record an event to be drawn on the curves, and as a line of the log."""
        if kind == "validation":
            self._validation_marks += 1
        if kind != "validation" or self._validation_marks <= _MOST_VALIDATION_MARKS:
            self.events.append(RecordedEvent(kind, step, self._since_start(wall_time), text))
        self.note(text, step=step, wall_time=wall_time)
        if kind == "command":
            self.notify()

    def mark_epoch(self, epoch: int, step: int) -> None:
        """Record that an epoch (1-based) begins after `step` completed steps."""
        self.meter.epoch = epoch
        if epoch > len(self.epochs):
            self.epochs.extend([step] * (epoch - len(self.epochs)))

    def note(
        self,
        text: str,
        level: LineLevel = "info",
        *,
        step: int | None = None,
        wall_time: float | None = None,
    ) -> None:
        """Add a line to the run's log.

        Args:
            text: The line.
            level: "info", "print", "warning" or "error".
            step: The completed step, the newest known if None.
            wall_time: Unix seconds, now if None.
        """
        at_step = self.meter.step if step is None else step
        self.lines.append(Line(level, at_step, self._since_start(wall_time), str(text)))
        self.wake_if_quiet()

    def capture_due_weights(self, step: int) -> None:
        """Take pictures of the parameters that somebody looks at, if it is time to."""
        if self.weights.is_due():
            started = clock.perf_counter()
            self.weights.capture(step, wait=False)
            self.meter.spend(clock.perf_counter() - started)

    def take_points(self, points: Mapping[str, float], step: int, wall_time: float) -> None:
        """Take in a point for each tag."""
        steps, wall_times = np.array([step], np.int64), np.array([wall_time])
        for tag, value in points.items():
            self._intake.extend(tag, steps, wall_times, np.array([value]))

    def newest_step(self) -> int:
        """Return the newest step that is known, without waiting for a device."""
        if self._counts_steps:
            self._drain(wait=False)
        return self.meter.step

    def count_steps_by_tracking(self) -> None:
        """Leave `meter.step` to whoever goes through the steps, not to what is logged."""
        self._counts_steps = False

    def wake_if_quiet(self) -> None:
        """Tell the collector and the listeners, if they are not looking, that something comes."""
        if self._is_quiet and not self._is_forked:
            self._wake()

    def notify(self) -> None:
        """Call those who listen."""
        for callback in list(self._listeners):
            callback()

    # ------------------------------------------------------------ collecting

    def collect(self) -> bool:
        """Drain without waiting, for the collector; returns whether to come again."""
        started = clock.thread_time()
        now = clock.monotonic()
        # The next log call looks up: it is timed, and lends a hand if too much waits.
        self._attention = True
        if self._drain(wait=False) + self._media_inbox.drain(wait=False):
            self._active_at = now
        self.meter.spend(clock.thread_time() - started)
        if self.meter.status not in ENDED and now - self._active_at < QUIET_SECONDS:
            return True
        self._is_quiet = True
        self._attention = True
        # Something may have been logged since the drain, by a call that did not see the flag.
        if self._intake.inbox or self._media_inbox:
            self._is_quiet = False
            return True
        return False

    def _drain(self, *, wait: bool) -> int:
        count = self._intake.drain(wait=wait)
        self.meter.count_calls(count)
        if self._counts_steps:
            self.meter.step = self._intake.newest_step
        now = clock.monotonic()
        if self.is_active and now - self._memory_at >= _MEMORY_SECONDS:
            self._memory, self._memory_at = read_memory(self.meter.device), now
        status = self.status
        if status not in ENDED or self.progress.status != status:
            with self._intake.lock:
                progress = self.meter.read(time(), status, self._memory)
                if progress != self.progress:
                    self.progress = progress
        return count

    def _wake(self) -> None:
        self._is_quiet = False
        self._active_at = clock.monotonic()
        keep_drained(self)
        self.notify()

    def _since_start(self, wall_time: float | None) -> float:
        now = time() if wall_time is None else wall_time
        return max(0.0, now - self.meter.started_at) if self.meter.started_at else 0.0

    def _leave_to_parent(self) -> None:
        """After a fork, in the child: locks may be held by threads that are not here."""
        self._is_forked = self._attention = True
        self._lifecycle = threading.RLock()
        self._intake.lock = threading.Lock()
        self._renew_media_locks()
        self.lines.renew_lock()


def _weak_observer(record: RunRecord) -> Callable[[Event], None]:
    """A run owns its control; the control must not keep the run alive."""
    reference = weakref.ref(record)

    def observe(event: Any) -> None:
        target = reference()
        if target is not None:
            record_event(target, event)

    return observe


def _weak_warning(record: RunRecord) -> Callable[[str], None]:
    reference = weakref.ref(record)

    def warn(text: str) -> None:
        target = reference()
        if target is not None:
            target.note(text, "warning")

    return warn


def _end_text(event: RunEnded) -> str:
    if event.reason == "failed" and event.error is not None:
        return f"failed: {type(event.error).__name__}: {event.error}"
    words: dict[EndReason, str] = {"finished": "finished", "stopped": "stopped", "failed": "failed"}
    return f"{words[event.reason]} after {event.step:,} steps"


def _leave_all_to_parent() -> None:
    for record in list(_records):
        record._leave_to_parent()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_all_to_parent)
