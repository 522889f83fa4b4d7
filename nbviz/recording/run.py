"""Run: where a training logs, and what it leaves behind."""

from __future__ import annotations

import contextlib
import time as clock
from time import time
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

from nbviz.errors import LoggingError, RunStopped
from nbviz.recording import tracking
from nbviz.recording.capture.captured import CapturedScalar, CapturedValues, seal
from nbviz.recording.current import as_current
from nbviz.recording.journal.journal import Journal
from nbviz.recording.media_log import MediaLog
from nbviz.recording.overhead import DEFAULT_SHARE
from nbviz.recording.run_record import ENDED
from nbviz.recording.scalars.inputs import flatten, read_step, read_tag, read_value
from nbviz.recording.scalars.intake import CHUNK
from nbviz.training.events import RunEnded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from torch import nn
    from torch.optim import Optimizer

    from nbviz.recording.scalars.series import Series
    from nbviz.training.events import EndReason

T = TypeVar("T")

DEFAULT_MEMORY_BUDGET = 256_000_000
DEFAULT_MEDIA_BUDGET = 64_000_000
_BACKLOG = 65_536  # records waiting before the caller lends a hand
_AUTOMATIC = (1 << 63) - 1  # above every step: the intake counts this tag's steps


class Run(MediaLog):
    """One training: its scalars, log, progress and newest weights, and its controls.

    Log from any thread; `run["loss"]` is the whole series at any time. A dashboard shows a run; a
    run needs none. As a context (`with run:`) it is where `nbviz.log` goes, and it ends with the
    block.

    Args:
        name: What it is called; numbered if None.
        memory_budget: Bytes that the series may take in memory, at least 1,000,000. Beyond it the
            oldest points move to a temporary file, and stay readable.
        media_budget: Bytes that images, histograms, tensors and texts may take in memory, at least
            1,000,000. Beyond it each tag is thinned evenly over the steps; its first and its newest
            item stay.
        overhead_budget: The share of the time, above 0 and at most 1, that nbviz may take on the
            training thread and in its own together. Beyond it media and watches are sampled less
            often; scalars are never left out. 1 leaves nothing out.
        dir: Where a journal is kept: a TensorBoard event file of all scalars, media and the log,
            written each second. A second run in the same directory writes its own file beside. Read
            it back with `nbviz.open_run`. None keeps none.

    Raises:
        ConfigurationError: A budget is too small, or `dir` cannot be written to.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        memory_budget: int = DEFAULT_MEMORY_BUDGET,
        media_budget: int = DEFAULT_MEDIA_BUDGET,
        overhead_budget: float = DEFAULT_SHARE,
        dir: str | Path | None = None,  # noqa: A002
    ) -> None:
        super().__init__(name, memory_budget, media_budget)
        self.overhead.set_share(overhead_budget)
        self.journal = None if dir is None else Journal(self, dir)
        self._inbox = self._intake.inbox
        self._last: dict[str, int] = {}
        self._last_media = {}
        self._context = contextlib.ExitStack()

    # ------------------------------------------------------------ logging

    def log(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Record scalars; also a point at which Pause, Step and Stop act.

        Costs the caller about a microsecond: the work is done by another thread. A CUDA tensor is
        not waited for.

        Args:
            values: Tag to number, or to a tensor with one element; nested mappings become tags
                joined by slashes. NaN and ±inf are kept.
            step: The completed step (0 or more), not before the tag's last one. If None, one after
                the newest step of the run.

        Raises:
            LoggingError: A tag, value or step cannot be recorded. The other values of the call are
                kept.
            RunStopped: The run was stopped from the dashboard.
        """
        if self._attention or self.control.needs_attention:
            self._log_attentively(values, step)
            return
        newest = _AUTOMATIC if step is None else step
        # A plain dict of known tags and floats needs no more checks than these.
        if values.__class__ is dict and newest.__class__ is int and newest <= _AUTOMATIC:
            last, inbox = self._last, self._inbox
            try:
                for tag, value in values.items():
                    if value.__class__ is not float or last[tag] > newest:
                        break
                    last[tag] = newest
                else:
                    inbox.append((time(), step, values.copy()))  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType]
                    if len(inbox) > _BACKLOG:
                        self._attention = True
                    return
            except KeyError:
                pass  # a new tag
        self._record_carefully(values, step, time())

    def record(
        self, values: Mapping[str, Any], step: int | None = None, wall_time: float | None = None
    ) -> None:
        """Record scalars as `log` does, without being a point where Pause and Stop act.

        Args:
            values: As for `log`.
            step: As for `log`.
            wall_time: Unix seconds, now if None.

        Raises:
            LoggingError: As for `log`.
        """
        if self._attention:
            self._attend()
        at = time() if wall_time is None else wall_time
        if not (step.__class__ is int and self._record_plain(values, step, at)):  # pyright: ignore[reportArgumentType]
            self._record_carefully(values, step, at)

    def log_weights(self, model: nn.Module, step: int | None = None) -> None:
        """Let dashboards show a model's weights; call it at each step.

        Takes pictures at most twice a second, and only of the parameters that somebody looks at.

        Args:
            model: The model. It is not kept alive.
            step: The completed step; the newest known one if None.
        """
        if self._attention:
            self._attend()
        self.weights.watch(model)
        self.capture_due_weights(self.meter.step if step is None else read_step(step))

    def steer(self, optimizer: Optimizer | None = None, model: nn.Module | None = None) -> None:
        """Let dashboards change the learning rate and the like while this loop runs.

        What is set is applied at the next log call, or between two items of `track`.

        Args:
            optimizer: Its lr, momentum, weight_decay and so on can be set.
            model: The p of its dropout layers can be set.
        """
        if optimizer is not None:
            self._own_control.registry.for_optimizer(optimizer)
        if model is not None:
            self._own_control.registry.for_dropout(model)
        if "set" not in self.commands:
            self.commands = (*self.commands, "set")

    def print(self, *values: object) -> None:
        """Add a line to the run's log, as the built-in `print` would write it."""
        self.note(" ".join(str(value) for value in values), "print")

    def track(
        self,
        iterable: Iterable[T],
        *,
        total: int | None = None,
        epoch: int | None = None,
        total_epochs: int | None = None,
    ) -> Iterator[T]:
        """Yield an iterable's items, with progress shown; each item is one step.

        Between two items Pause, Step and Stop act. After Stop it yields no more, and neither do
        later calls; the code behind the loop runs as usual.

        Args:
            iterable: What to go through.
            total: How many items; its `len` if it has one.
            epoch: The epoch (1-based) that begins with this call.
            total_epochs: How many such epochs there will be.

        Raises:
            ConfigurationError: `total`, `epoch` or `total_epochs` is out of range.
        """
        return tracking.track(self, iterable, total, epoch, total_epochs)

    # ------------------------------------------------------------ reading

    def __getitem__(self, tag: str) -> Series:
        self._look()
        return self.series(tag)

    def __contains__(self, tag: object) -> bool:
        self._look()
        return tag in self._intake.series

    def __iter__(self) -> Iterator[str]:
        self._look()
        return iter(tuple(self.tags))

    def __len__(self) -> int:
        self._look()
        return len(self.tags)

    def _look(self) -> None:
        self.drain_media()  # a watch's samples become points
        self.drain()

    def __bool__(self) -> bool:
        return True  # also with no tags yet

    def __repr__(self) -> str:
        return f"Run({self.name!r}, {self.status}, step {self.meter.step:,}, {len(self.tags)} tags)"

    def __reduce__(self) -> NoReturn:
        raise LoggingError(
            f"the run {self.name!r} cannot be copied or sent to another process, such as a "
            "DataLoader worker; log from the process that made it."
        )

    # ------------------------------------------------------------ life

    def end(self, event: RunEnded) -> None:
        """Stop the clock, and have the journal written; `finish` is what users call."""
        super().end(event)
        if self.journal is not None:
            self.journal.flush()

    def finish(self, error: BaseException | None = None) -> None:
        """End the run; more can still be logged, but its clock has stopped.

        Args:
            error: What ended it, None if it came to its end. A `RunStopped` or a
                `KeyboardInterrupt` stops it, any other error fails it.
        """
        if not self.meter.started_at:
            self.begin()
        self.drain()
        if self.meter.status in ENDED:
            return
        reason: EndReason = "finished" if error is None else "failed"
        if self.status == "stopping" or isinstance(error, RunStopped | KeyboardInterrupt):
            reason = "stopped"
        if self.control is self._own_control:
            self.control.finish_commands(self.meter.step)
        self.end(RunEnded(time(), self.meter.step, self.meter.epoch, reason, error))
        self._own_control.end(reason)

    def __enter__(self) -> Self:
        self.begin()
        self._context.enter_context(as_current(self))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._context.close()
        self.finish(error)
        return isinstance(error, RunStopped)

    def safe_point(self) -> None:
        """Let Pause, Step and Stop act here.

        Raises:
            RunStopped: The run was stopped.
        """
        if self.control is not self._own_control or not self.control.needs_attention:
            return  # an engine's control acts between its steps, not inside one
        self.drain()
        try:
            self.control.safe_point(self.meter.step)
        except RunStopped as stop:
            self.finish(stop)
            raise

    # ------------------------------------------------------------ the slower ways of log

    def _log_attentively(self, values: Mapping[str, Any], step: int | None) -> None:
        if self._attention:
            self._attend()
            if not (self._attention or self.control.needs_attention):
                started = clock.perf_counter()
                self.log(values, step)
                self.meter.sample_call(clock.perf_counter() - started)
                return
        self.record(values, step)
        if self._counts_steps:  # else `track` or an engine has the safe points
            self.safe_point()

    def _attend(self) -> None:
        if self._is_forked:
            raise LoggingError(
                f"the run {self.name!r} belongs to the process that made it, and this is a forked "
                "copy, such as a DataLoader worker; log from the training loop, or use "
                "num_workers=0."
            )
        self._attention = False
        if not self.meter.started_at:
            self.begin()
        if self._is_quiet:
            self._wake()
        for watch in tuple(self.watches):
            watch.logged()
        if len(self._inbox) > _BACKLOG:
            # Logged faster than one thread can take in: whoever logs helps, so memory is bounded.
            self.meter.count_calls(self._intake.drain(wait=False, limit=CHUNK))
            self._attention = len(self._inbox) > _BACKLOG

    def _record_plain(self, values: Mapping[str, Any], step: int, wall_time: float) -> bool:
        """Record a plain dict of known tags and floats; any other is left as it is."""
        last = self._last
        if values.__class__ is not dict or step >= _AUTOMATIC:
            return False
        for tag, value in values.items():
            if value.__class__ is not float or last.get(tag, _AUTOMATIC) > step:
                return False
        for tag in values:
            last[tag] = step
        self._inbox.append((wall_time, step, dict(values)))
        return True

    def _record_carefully(
        self, values: Mapping[str, Any], step: int | None, wall_time: float
    ) -> None:
        given = None if step is None else read_step(step)
        accepted: dict[str, Any] = {}
        captured: list[CapturedScalar] = []
        first_error: LoggingError | None = None
        for tag, value in flatten(values):
            try:
                name = read_tag(tag)
                number = read_value(name, value)
                self._claim_step(name, given)
            except LoggingError as error:
                first_error = first_error or error
            else:
                accepted[name] = number
                if isinstance(number, CapturedScalar):
                    captured.append(number)
        if accepted:
            if captured:
                seal(captured)
            values = CapturedValues(accepted) if captured else accepted
            self._inbox.append((wall_time, given, values))
        if first_error is not None:
            raise first_error

    def _claim_step(self, tag: str, step: int | None) -> None:
        if step is None:
            self._last[tag] = _AUTOMATIC
            return
        newest = self._last.get(tag, 0)
        if newest is _AUTOMATIC:
            self.drain()
            last = self._intake.series[tag].last if tag in self._intake.series else None
            newest = last.step if last else 0
        if step < newest:
            raise LoggingError(
                f"step {step} of {tag!r} goes backwards: its last step was {newest}. Log steps in "
                "order, or begin a new Run for another training."
            )
        self._last[tag] = step
