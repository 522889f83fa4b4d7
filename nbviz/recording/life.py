"""The life of a run: how it begins and ends, and how commands act in between."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from nbviz.errors import RunStopped
from nbviz.recording import all_runs
from nbviz.recording.draining import QUIET_SECONDS
from nbviz.recording.journal.journal import FLUSH_SECONDS
from nbviz.recording.marks import end_text, traceback_of
from nbviz.recording.progress import ENDED
from nbviz.training import clock
from nbviz.training.events import RunEnded

if TYPE_CHECKING:
    from nbviz.recording.journal.journal import Journal
    from nbviz.recording.recorded_run import RecordedRun
    from nbviz.recording.scalars.log import ScalarLog
    from nbviz.recording.scalars.store import ScalarStore
    from nbviz.training.commands import Control
    from nbviz.training.events import EndReason, RunStarted


class Life:
    """Begins and ends one run. Each method takes the run, which it does not keep.

    Args:
        control: The run's own control, which acts where no engine's does.
        scalars: What is logged.
        store: The series.
        journal: Written when the run ends, if there is one.

    Attributes:
        clock_offset: Unix seconds less those of the monotonic clock, since the run last began.
        ends_outside: Whether a block, or a live cell, says when the run is over, not its loop.
        was_left: Whether the run ended because its loop was left before it was through.
    """

    def __init__(
        self,
        control: Control,
        scalars: ScalarLog,
        store: ScalarStore,
        journal: Journal | None = None,
    ) -> None:
        self._control = control
        self._scalars = scalars
        self._store = store
        self._journal = journal
        self.clock_offset = clock.offset()
        self.ends_outside = False
        self.was_left = False
        self._loops = 0  # over `track`
        self._loop_end: tuple[float, bool] | None = None
        self.renew_lock()

    def renew_lock(self) -> None:
        """After a fork, in the child: a thread that is not here may have held the lock."""
        self._lock = threading.RLock()

    def begin(self, run: RecordedRun, event: RunStarted | None) -> bool:
        """Start the clock, or go on after an end; returns whether the run was not active."""
        with self._lock:
            if run.is_active:
                return False
            if event is None:
                all_runs.read_wall_clock()
            now = clock.now() if event is None else event.wall_time
            continues = bool(run.meter.started_at)
            if continues:
                self._scalars.drain(wait=False)
                self._store.forget_writers()
            run.meter.begin(now)
            started_at = run.meter.started_at
            self.clock_offset = clock.offset()
            self._store.started_at = started_at
            self._scalars.start = started_at - self.clock_offset
            if event is None:
                self._control.begin()
            else:
                run.meter.step, run.meter.device = event.step, event.device
                run.meter.total_steps = event.total_steps
                run.meter.total_epochs = event.total_epochs
        where = f" on {event.device}" if event is not None and event.device else ""
        run.mark("started", run.meter.step, ("continued" if continues else "started") + where, now)
        run.notify()
        return True

    def loop_began(self) -> None:
        """Note that `track` yields items."""
        self._loops += 1
        self._loop_end, self.was_left = None, False

    def loop_ended(self, *, is_complete: bool) -> None:
        """Note that it yields no more: unless something comes soon, the run is over, too."""
        self._loops -= 1
        if not self._loops and not self.ends_outside:
            self._loop_end = time.monotonic(), is_complete

    def ending(self, run: RecordedRun) -> EndReason | None:
        """Return how the run ends unless something comes soon; None while its loop goes on."""
        end = self._loop_end
        if end is None or not run.is_active:
            return None
        return "finished" if end[1] else "stopped"

    def end_after_loop(self, run: RecordedRun) -> bool:
        """End a quiet run whose loop is over; returns whether it is too soon to say.

        Watches stay: another call of `track` goes on with the run.
        """
        end = self._loop_end
        if end is None or run.meter.status in ENDED:
            return False
        ended_at, is_complete = end
        if time.monotonic() - ended_at < QUIET_SECONDS:
            return True
        self._loop_end, self.was_left = None, not is_complete
        reason: EndReason = "finished" if is_complete else "stopped"
        event = RunEnded(clock.now(), run.meter.step, run.meter.epoch, reason)
        # The collector's thread waits for no disk: other runs are drained by it, too.
        self.end(run, event, keeps_watches=True, disk_seconds=0.0)
        self._control.end(reason)
        return False

    def end(
        self,
        run: RecordedRun,
        event: RunEnded,
        *,
        keeps_watches: bool = False,
        disk_seconds: float = FLUSH_SECONDS,
    ) -> None:
        """Stop the clock once all that was logged is stored, and have the journal written.

        Args:
            run: The run.
            event: How it ended.
            keeps_watches: Whether what watches tensors goes on.
            disk_seconds: How long the disk is waited for at most; it is written to in any case.
        """
        with self._lock:
            if run.meter.status in ENDED:
                return
            for watch in () if keeps_watches else tuple(run.watches):
                watch.stop()
            run.drain_media()
            run.drain()
            if event.error is not None and event.reason == "failed":
                text = traceback_of(event.error)
                run.note(text, "error", step=event.step, wall_time=event.wall_time)
            run.weights.capture(event.step)
            run.mark("ended", event.step, end_text(event), event.wall_time)
            run.meter.end(event.wall_time, event.reason)
            run.drain()
        run.notify()
        if self._journal is not None:
            self._journal.flush(disk_seconds)
            run.drain()  # which sees whether the disk has answered
        run.settle()

    def finish(self, run: RecordedRun, error: BaseException | None) -> None:
        """End a run that has begun, without an engine's event."""
        run.drain()
        if run.meter.status in ENDED:
            return
        reason: EndReason = "finished" if error is None else "failed"
        if run.status == "stopping" or isinstance(error, RunStopped | KeyboardInterrupt):
            reason = "stopped"
        if run.control is self._control:
            run.control.finish_commands(run.meter.step)
        self.end(run, RunEnded(clock.now(), run.meter.step, run.meter.epoch, reason, error))
        self._control.end(reason)

    def safe_point(self, run: RecordedRun) -> None:
        """Let commands act here, unless an engine's control does between its steps.

        Raises:
            RunStopped: The run was stopped.
        """
        if run.control is not self._control or not self._control.needs_attention:
            return
        run.drain_ready()  # a setting that changes between two steps waits for no device
        try:
            self._control.safe_point(run.meter.step)
        except RunStopped as stop:
            self.finish(run, stop)
            raise
