"""Run: where a training logs, and what it leaves behind."""

from __future__ import annotations

import contextlib
import time
import weakref
from functools import partial
from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

from nbviz.errors import ConfigurationError, RunStopped, has_attribute, text_of
from nbviz.recording import all_runs, companions, tracking
from nbviz.recording.collector import hasten_media, keep_drained, leave_alone
from nbviz.recording.current import as_current
from nbviz.recording.draining import MOST_WAITING, Draining
from nbviz.recording.holdups import stop_notice
from nbviz.recording.journal.journal import Journal
from nbviz.recording.life import Life
from nbviz.recording.marks import mark_nans, mark_restarts, record_command
from nbviz.recording.media.inbox import MediaInbox
from nbviz.recording.media.logged import LoggedMedia
from nbviz.recording.off_main_thread import off_main_thread
from nbviz.recording.other_names import not_of_a_run
from nbviz.recording.outward.outward_run import OutwardRun
from nbviz.recording.overhead import DEFAULT_SHARE
from nbviz.recording.progress import ENDED
from nbviz.recording.recorded_run import DEFAULT_MEDIA_BUDGET, DEFAULT_MEMORY_BUDGET
from nbviz.recording.scalars.inputs import read_step, read_wall_time
from nbviz.recording.scalars.log import ScalarLog
from nbviz.recording.watching.watched_models import WatchedModels
from nbviz.training import known_parameters
from nbviz.training.commands import Control

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from torch import nn
    from torch.optim import Optimizer

    from nbviz.protocol.log import LineLevel
    from nbviz.recording.media.inbox import Waiting
    from nbviz.training.events import Asked, EndReason, RunEnded, RunStarted

T = TypeVar("T")


class Run(LoggedMedia, WatchedModels, OutwardRun):
    """One training: its scalars, log, progress and newest weights, and its controls.

    Log from any thread; `run["loss"]` is the whole series at any time. A dashboard shows a run; a
    run needs none. As a context (`with run:`) it is where `nbviz.log` goes, and it ends with the
    block.

    Args:
        name: What it is called; numbered if None.
        memory_budget: Bytes that the series may take in memory, at least 1,000,000. Beyond it the
            oldest points move to a temporary file, and stay readable. Each tag takes 2 kB of it,
            one of more than 200 characters its text, too: once tags alone take half, and at least
            2 MB, new ones are left out, with a warning.
        media_budget: Bytes that images, histograms, tensors and texts may take in memory, at least
            1,000,000. Beyond it each tag is thinned evenly over the steps down to its first and its
            newest item; then first items go, and then whole tags, those longest without a new item
            first, with a warning.
        overhead_budget: The share of the time, above 0 and at most 1, that nbviz may take on the
            training thread and in its own together. Beyond it media and watches are sampled less
            often; scalars are never left out. 1 leaves nothing out.
        dir: Where a journal is kept: a TensorBoard event file of all scalars, media and the log,
            written each second. A second run in the same directory writes its own file beside. Read
            it back with `nbviz.open_run`. None keeps none.
        config: What the run is made with, such as {"width": 64, "augment": {"flip": True}}: shown
            and compared in dashboards, and kept in the journal. Nested mappings are joined by dots
            (`augment.flip`); what is no number, string, boolean or None is kept as its text.

    Raises:
        ConfigurationError: A budget is too small, `dir` cannot be written to, or `config` is no
            mapping.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        memory_budget: int = DEFAULT_MEMORY_BUDGET,
        media_budget: int = DEFAULT_MEDIA_BUDGET,
        overhead_budget: float = DEFAULT_SHARE,
        dir: str | Path | None = None,  # noqa: A002
        config: Mapping[str, Any] | None = None,
    ) -> None:
        all_runs.read_wall_clock()
        warn = _weakly(self, Run._warn)
        self._own_control = Control(_weakly(self, record_command))
        super().__init__(
            name,
            self._own_control,
            memory_budget=memory_budget,
            media_budget=media_budget,
            warn=warn,
        )
        self.overhead.set_share(overhead_budget)
        if config is not None:
            self.hyperparameters.add_config(config)
        self.commands = ("pause", "resume", "step", "stop")
        self.is_driven = False  # whether an engine says when a step has ended
        self._scalars = ScalarLog(
            self._steps, self._store, warn, _weakly(self, mark_restarts), _weakly(self, mark_nans)
        )
        self.plain_calls = self._scalars.plain_calls(self.control, MOST_WAITING)
        self._media_inbox = MediaInbox(self._media, warn, self.overhead)
        self._media.let_go = _weakly(self, Run._forget_media)
        self._is_forked = False
        self._draining = Draining(self._scalars, self._media_inbox, self.meter)
        self._context = contextlib.ExitStack()
        self.journal = None if dir is None else Journal(self, dir)
        self._life = Life(self._own_control, self._scalars, self._store, self.journal)
        all_runs.add(self)

    if not TYPE_CHECKING:  # where all names that there are not are errors

        def __getattr__(self, name: str) -> NoReturn:
            raise not_of_a_run(name, f"{type(self).__name__!r} object")

    # ------------------------------------------------------------ logging

    def log(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Record scalars; also a point at which Pause, Step and Stop act.

        Costs the caller about a microsecond: the work is done by another thread. A CUDA tensor is
        not waited for.

        Args:
            values: Tag to number, or to a tensor with one element; nested mappings become tags
                joined by slashes. NaN and ±inf are kept.
            step: The completed step, 0 or more. Where a tag begins again at an earlier one, as a
                restarted training does, a new segment of its series begins. If None, one after the
                newest step of the run.

        Raises:
            LoggingError: A tag, value or step cannot be recorded. The other values of the call are
                kept.
            RunStopped: The run was stopped from the dashboard.
        """
        calls = self.plain_calls
        # As `PlainCalls.put`: another call would cost as much again as what it looks at.
        if values.__class__ is dict and type(step) is int:
            number = calls.numbers.get(tuple(values))
            if number is not None:
                floats = values.values()
                for value in floats:
                    if value.__class__ is not float:
                        break
                else:
                    steps, entries = calls.steps, calls.entries
                    # Python changes threads at calls and jumps back, not in these two lines.
                    if steps.logged <= step < calls.limit:
                        steps.logged = step
                        entries.extend((number, monotonic(), get_ident(), step, *floats))
                        if len(entries) > calls.most_waiting:
                            calls.attention = True
                        return
        if calls.needs_attention:
            self._log_attentively(values, step)
        elif not calls.put(values, step, seconds := monotonic()):
            self._scalars.record_any(values, step, seconds)

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
        if self.plain_calls.attention:
            self._attend()
        if wall_time is None:
            seconds = monotonic()
        else:
            seconds = read_wall_time(wall_time) - self._life.clock_offset
        if not self.plain_calls.put(values, step, seconds):
            self._scalars.record_any(values, step, seconds)

    def log_weights(self, model: nn.Module, step: int | None = None) -> None:
        """Let dashboards show a model's weights; call it at each step.

        Takes pictures at most twice a second, and only of the parameters that a page shows.

        Args:
            model: The model. It is not kept alive.
            step: The completed step; the newest known one if None.

        Raises:
            ConfigurationError: `model` is no torch.nn.Module.
        """
        self.weights.watch(model)
        if self.plain_calls.attention:
            self._attend()
        self.capture_due_weights(self.meter.step if step is None else read_step(step))

    def steer(self, optimizer: Optimizer | None = None, model: nn.Module | None = None) -> None:
        """Let dashboards change the learning rate and the like while this loop runs.

        What is set is applied at the next log call, or between two items of `track`; in a run of a
        trainer's between two steps, as what the trainer itself lets be set. There an optimizer of
        the user's own comes beside those that the trainer has, as `lr/2`.

        Args:
            optimizer: Its lr, momentum, weight_decay and so on can be set.
            model: The p of its dropout layers can be set.

        Raises:
            ConfigurationError: It is no optimizer, or no model.
        """
        if optimizer is not None and not has_attribute(optimizer, "param_groups"):
            raise ConfigurationError(
                f"optimizer must be a torch optimizer, got {type(optimizer).__name__}."
            )
        if model is not None:
            from nbviz.training.checks import check_module

            check_module(model)
        registry = self.control.registry
        if optimizer is not None and self.control is self._own_control:
            registry.for_optimizer(optimizer)
        elif optimizer is not None:
            registry.for_another(optimizer)
        if optimizer is not None:
            self.hyperparameters.add_known(known_parameters.of_optimizers([optimizer]))
        if model is not None:
            registry.for_dropout(model)
            self.hyperparameters.add_known(known_parameters.of_model(model))
        if "set" not in self.commands:
            self.commands = (*self.commands, "set")

    def update_config(self, values: Mapping[str, Any]) -> None:
        """Add to the run's `config`, at any time; a name that is there takes the new value.

        Raises:
            ConfigurationError: `values` is no mapping, or there are more than 500.
        """
        self.hyperparameters.add_config(values)
        self.wake_if_quiet()

    def print(self, *values: object) -> None:
        """Add a line to the run's log, as the built-in `print` would write it."""
        self.note(" ".join(text_of(value) for value in values), "print")

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

    def drain(self) -> None:
        """Move everything logged so far into the series, and look where the run is.

        Any thread may call it. Waits for scalars that are on their way from a device.
        """
        self._draining.drain_scalars(wait=True)
        self._see_progress()

    def drain_ready(self) -> None:
        """Do what `drain` does without waiting for a device."""
        self._draining.drain_scalars(wait=False)
        self._see_progress()

    def drain_media(self, *, wait: bool = True) -> None:
        """Take in the images, histograms, tensors and texts logged so far.

        Args:
            wait: Wait for what is still on its way from a device; else that stays for later.
        """
        if not self._media_inbox.is_idle:
            off_main_thread(partial(self._media_inbox.drain, wait=wait))

    def hasten_media(self, *, wait: bool) -> None:
        """Have media made at once, as `RecordedRun.hasten_media` describes."""
        if self._media_inbox.is_due:
            hasten_media(wait=wait)

    def note(
        self,
        text: str,
        level: LineLevel = "info",
        *,
        step: int | None = None,
        wall_time: float | None = None,
    ) -> None:
        """Add a line to the run's log, as `RecordedRun.note` describes."""
        super().note(text, level, step=step, wall_time=wall_time)
        self.wake_if_quiet()

    def __reduce__(self) -> NoReturn:
        raise all_runs.copy_refused(self.name)

    # ------------------------------------------------------------ life

    def begin(self, event: RunStarted | None = None) -> None:
        """Start the clock, or go on after an end. Logging begins a run by itself."""
        if self._life.begin(self, event) and not self._is_forked:
            companions.run_began(self)

    def end(self, event: RunEnded) -> None:
        """Stop the clock, and have the journal written; `finish` is what users call."""
        self._life.end(self, event)

    def finish(self, error: BaseException | None = None) -> None:
        """End the run; more can still be logged, but its clock has stopped.

        Args:
            error: What ended it, None if it came to its end. A `RunStopped` or a
                `KeyboardInterrupt` stops it, any other error fails it.
        """
        if not self.meter.started_at:
            self.begin()
        self._life.finish(self, error)

    def __enter__(self) -> Self:
        self.ends_outside()
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
        self._life.safe_point(self)

    # ------------------------------------------------------------ for engines, `track` and watches

    def follow_steps(self, present: Callable[[], int]) -> None:
        """Have what is logged without a step belong to the step that `present` returns."""
        self._steps.present = present

    def follow_control(self, control: Control) -> None:
        """Have the commands of a control act, at log calls and where pages give them."""
        self.control = self.plain_calls.control = control

    def leave_trainer(self) -> None:
        """Stay as it is: the trainer goes on with another run, and this one is steered no more."""
        self.follow_control(self._own_control)
        self.commands = ()
        self.steering = self.overlays = None
        self.weights.leave_states()
        if self._steps.present is not None:
            step = self._steps.present()
            self._steps.present = lambda: step  # which holds no trainer
        self.weights.unwatch()
        self.notify()

    def ends_outside(self) -> None:
        """Leave the end of the run to a block or a live cell; else it ends after its loop."""
        self._life.ends_outside = True

    @property
    def ending(self) -> EndReason | None:
        """How it ends unless something comes soon; None while its loop goes on, and afterwards."""
        return self._life.ending(self)

    @property
    def was_left(self) -> bool:
        """Whether the run ended because its loop over `track` was left."""
        return self._life.was_left

    def loop_began(self) -> None:
        """Note that `track` yields items."""
        self._life.loop_began()

    def loop_ended(self, *, is_complete: bool) -> None:
        """Note that it yields no more."""
        self._life.loop_ended(is_complete=is_complete)
        if not self._is_forked:
            # Notifies nothing: a loop that is collected as garbage may end anywhere.
            self.is_quiet = False
            keep_drained(self)

    def put_media(self, item: Waiting) -> None:
        """Have something made by nbviz's own thread."""
        self._media_inbox.put(item)
        self.wake_if_quiet()

    def wake_if_quiet(self) -> None:
        """Wake the collector and notify the subscribers where they take the run to be quiet."""
        if self.is_quiet and not self._is_forked:
            self._wake()

    # ------------------------------------------------------------ collecting

    def collect(self) -> bool:
        """Drain without waiting, for the collector; returns whether to come again."""
        # The next log call looks up: it is timed, and helps if too much waits.
        self.plain_calls.attention = True
        if self._draining.collect(self) or self._life.end_after_loop(self):
            return True
        self.is_quiet = True
        self.plain_calls.attention = True
        # Something may have been logged since the drain, by a call that did not see the flag.
        if self._draining.something_waits:
            self.is_quiet = False
            return True
        return False

    def settle(self) -> None:
        """As `RecordedRun.settle`."""
        if self.meter.status in ENDED and not self.collect():
            leave_alone(self)

    def doze(self) -> None:
        """As `RecordedRun.doze`."""
        self.is_quiet = True
        self.plain_calls.attention = True

    def make_media(self) -> None:
        """Make the media that are ready, for the collector, between two times that it collects."""
        self._draining.make_media(self)

    def _notices(self, asked: Asked | None) -> dict[str, str]:
        journal = self.journal
        directory = None if journal is None else journal.directory
        notices = {
            "stop": stop_notice(asked, self.meter.thread, directory),
            "journal": "" if journal is None else journal.notice(),
        }
        return {kind: text for kind, text in notices.items() if text}

    def _warn(self, text: str) -> None:
        self.note(text, "warning")

    def _wake(self) -> None:
        self.is_quiet = False
        self._draining.active_at = monotonic()
        keep_drained(self)
        self.notify()

    # ------------------------------------------------------------ the slower ways of log

    def _log_attentively(self, values: Mapping[str, Any], step: int | None) -> None:
        if self.plain_calls.attention:
            self._attend()
            if not self.plain_calls.needs_attention:
                started = time.perf_counter()
                self.log(values, step)
                self.meter.sample_call(time.perf_counter() - started)
                return
        self.record(values, step)
        if self.meter.counts_logged_steps:  # else `track` or an engine has the safe points
            self.safe_point()

    def _attend(self) -> None:
        if self._is_forked:
            raise all_runs.fork_refused(self.name)
        self.plain_calls.attention = False
        if not self.meter.started_at:
            self.begin()
        if self.is_quiet:
            self._wake()
        for watch in tuple(self.watches):
            watch.logged()
        self.plain_calls.most_waiting = self._draining.help_out()

    def leave_to_parent(self) -> None:
        """As `RecordedRun.leave_to_parent`; what is logged to this copy is refused."""
        super().leave_to_parent()
        self._is_forked = self.plain_calls.attention = True
        self._life.renew_lock()
        self._scalars.renew_lock()
        self._media_inbox.renew_locks()


def _weakly(run: Run, method: Callable[[Run, Any], None]) -> Callable[[Any], None]:
    """A run owns what calls this, which must not keep the run alive."""
    reference = weakref.ref(run)

    def call(argument: Any) -> None:
        target = reference()
        if target is not None:
            method(target, argument)

    return call
