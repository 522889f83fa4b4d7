"""The training loop, with a safe point after each step."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import torch

from nbviz.errors import ConfigurationError, RunStopped, add_note
from nbviz.errors import describe as describe_error
from nbviz.training import checks, clock
from nbviz.training.between_steps import registered
from nbviz.training.commands import Control
from nbviz.training.devices.device import choose_device, move_model, to_device
from nbviz.training.devices.intraop import IntraopThreads
from nbviz.training.events import (
    EpochEnded,
    EpochStarted,
    LineLogged,
    RunEnded,
    RunStarted,
    StepEnded,
    ValidationEnded,
    ValidationStarted,
)
from nbviz.training.limits import Limits
from nbviz.training.nonfinite import NonFiniteWatch
from nbviz.training.observers import Observers
from nbviz.training.optimizing.optimizers import Optimizers
from nbviz.training.optimizing.schedule import Schedule, known_tags
from nbviz.training.seeds import seed_everything
from nbviz.training.steps.batches import count_samples, describe
from nbviz.training.steps.loader_workers import renew_workers
from nbviz.training.steps.means import Means
from nbviz.training.steps.metrics import MetricMeans, read_metrics
from nbviz.training.steps.modes import TrainingModes
from nbviz.training.steps.step_functions import Splitter, training_function, validation_function
from nbviz.training.steps.step_results import check_loss, tagged
from nbviz.training.steps.update import Update
from nbviz.training.steps.validation import needs_gradients, validate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbviz.protocol.log import LineLevel
    from nbviz.training.events import EndReason, Observer
    from nbviz.training.options import TrainingOptions


class Engine:
    """Trains a model, tells its observers, and obeys its control between steps.

    Args:
        options: The model, the data, and how the one is trained on the other.
        control: Where commands come from.
        observers: Called with every event on the run's thread. One that raises is dropped.

    Raises:
        ConfigurationError: An option has a value that cannot work.
    """

    def __init__(
        self,
        options: TrainingOptions,
        *,
        control: Control | None = None,
        observers: Iterable[Observer] = (),
    ) -> None:
        model, training_step = options.model, options.training_step
        optimizers = Optimizers(options.optimizer)
        self._metrics = read_metrics(options.metrics)
        self.device = choose_device(options.device)
        has_loss_fn = options.loss_fn is not None
        self.split = Splitter(model, options.prepare_batch, self.device, has_loss=has_loss_fn)
        checks.check_step(
            has_loss=has_loss_fn or self.split.gives_targets,
            optimizers=optimizers,
            training_step=training_step,
            metrics=tuple(self._metrics),
        )
        if optimizers.own is None:
            checks.check_own_stepping(options.accumulate, options.gradient_clip, options.precision)
        self.options = options
        self.model = model
        self.optimizers = optimizers
        self.optimizer = optimizers.own
        self.control = Control() if control is None else control
        self.step = 0
        self.epoch = 0
        self._is_in_step = False
        self._train_loader = options.train_loader
        self._val_loader = options.val_loader
        self._train_step = training_function(options, self.split)
        self._val_step, self._val_source = validation_function(
            options, self.split, steps_itself=optimizers.own is None
        )
        if self._val_loader is not None and self._val_step is None:
            raise ConfigurationError(
                "val_loader needs validation_step=… or loss_fn=…, because this training_step "
                "trains when it is called."
            )
        self._needs_gradients: bool | None = None  # in validation; until it is tried
        self._source = "loss_fn" if training_step is None else "training_step"
        self._limits = Limits(options.max_epochs, options.max_steps)
        every = options.validate_every
        self._validate_every = None if isinstance(every, str) else every
        self._accumulate = options.accumulate
        self._emit = Observers(observers)
        self._said: set[str] = set()
        self._skipped = 0
        self._update = Update(
            optimizers.own,
            self.device,
            options.precision,
            options.gradient_clip,
            options.accumulate,
        )
        known = None
        if training_step is None:
            known = known_tags(self._metrics, validates=self._val_loader is not None)
        self._schedule = Schedule(
            options.scheduler, options.scheduler_interval, options.monitor, known
        )
        self._modes = TrainingModes(model, accepts_thawing=training_step is not None)
        self._nonfinite = NonFiniteWatch(self.device)
        self._threads = IntraopThreads(
            options.threads,
            is_tunable=self.device.type == "cpu" and not hasattr(model, "_orig_mod"),
            report=lambda text: self._log("info", text),
        )
        for name, optimizer in optimizers.items():
            scheduler = None if optimizers.own is None else options.scheduler
            self.control.registry.for_optimizer(optimizer, scheduler, name)
        self.control.registry.for_dropout(model)
        move_model(model, optimizers, self.device)

    @property
    def step_number(self) -> int:
        """The step that is being made; between two steps, the last that was completed."""
        return self.step + 1 if self._is_in_step else self.step

    def check_start(self) -> None:
        """Raise ConfigurationError if a run that began now would be refused."""
        self._limits.begin(self.step, self.epoch)
        self._check_schedule()

    def run(self) -> None:
        """Train on the present thread until the end, or until stopped.

        A run that has ended can be run again: it goes on from the weights and the step where it
        is. Epochs are counted on, also after one that was stopped in its middle; if `max_epochs` or
        `max_steps` had been reached, as many again are made.

        Raises:
            RunActiveError: It is running already.
            Exception: Whatever training raised, with a note on where.
        """
        with registered(self.control, self._parameters()):
            self._emit.begin()
            self.control.begin(self._emit)
            self._run_to_the_end()

    def _parameters(self) -> Iterable[torch.Tensor]:
        """What training changes, or might."""
        yield from self.model.parameters()
        yield from self.optimizers.parameters()

    def _run_to_the_end(self) -> None:
        reason: EndReason = "failed"
        failure: BaseException | None = None
        try:
            self._run()
            reason = "finished"
        except RunStopped:
            reason = "stopped"
        except KeyboardInterrupt:
            reason = "stopped"
            self._log("warning", "interrupted from the keyboard")
            raise
        except BaseException as error:
            failure = error
            add_note(error, f"After step {self.step:,}, in epoch {self.epoch}.")
            raise
        finally:
            self.control.finish_commands(self.step)
            self._emit(RunEnded(clock.now(), self.step, self.epoch, reason, failure))
            self.control.end(reason)

    def _run(self) -> None:
        self._limits.begin(self.step, self.epoch)
        epochs, device = self._limits.last_epoch, str(self.device)
        self._emit(RunStarted(clock.now(), self.step, self._total_steps(), epochs, device))
        self._is_in_step = False
        for text in (
            self._check_schedule(),
            self._schedule.describe(),
            self.optimizers.describe_missing(self.model),
        ):
            if text is not None:
                level = "info" if text == self._schedule.describe() else "warning"
                self._say_once(level, text)
        if self.options.seed is not None and self.step == 0:
            seed_everything(self.options.seed)
        self._modes.begin()
        if threading.current_thread() is not threading.main_thread():
            renew_workers(self._train_loader, self._val_loader)
        move_model(self.model, self.optimizers, self.device)
        on_cuda = self.device.type == "cuda"
        # What is each thread's own: whether there are gradients, which GPU is meant by "cuda".
        with (
            torch.inference_mode(mode=False),
            torch.enable_grad(),
            torch.cuda.device(self.device) if on_cuda else contextlib.nullcontext(),
            self._threads,
        ):
            self._try_validation()
            self._safe_point()
            while not self._is_over():
                self._run_epoch()

    def _run_epoch(self) -> None:
        self.epoch += 1
        self._emit(EpochStarted(clock.now(), self.step, self.epoch))
        self._threads.restart_clock()
        self._train_epoch()
        if self._validate_every is None:
            self._validate()
        missing = self._schedule.epoch_ended(self.epoch)
        if missing is not None:
            self._say_once("error", missing)
        self._emit(EpochEnded(clock.now(), self.step, self.epoch))
        if checks.is_one_pass(self._train_loader) and not self._is_over():
            self._limits.last_epoch = self.epoch
            if self._limits.max_steps is not None:
                self._log(
                    "warning",
                    f"train_loader ended after step {self.step:,}, before max_steps="
                    f"{self._limits.max_steps:,}; it can be read only once.",
                )

    def _train_epoch(self) -> None:
        batches = 0  # of the present step
        is_empty = True
        for batch in self._train_loader:
            is_empty = False
            if batches == 0:
                self._begin_step()
            try:
                is_trained = self._train_batch(batch)
            except Exception as error:
                add_note(error, f"The batch: {describe(batch)}.")
                raise
            if not is_trained:
                if not batches:
                    self._is_in_step = False
                    self._safe_point()
                continue
            batches += 1
            if batches == self._accumulate:
                self._end_step(batches)
                batches = 0
                if self.step == self._limits.last_step:
                    return
        if batches:
            self._end_step(batches)
        if is_empty:
            raise ConfigurationError(
                f"train_loader gave no batches in epoch {self.epoch}. If it is an iterator, it can "
                "be read only once: give a DataLoader or a list."
            )

    def _begin_step(self) -> None:
        undone = self._modes.restore()
        if undone is not None:
            self._say_once(
                "info",
                f"{undone} was called while the run trains; it is undone before the next step, and "
                "frozen parts stay frozen. To train those, stop the run and start it again.",
                about=undone,
            )
        self._update.begin()
        self._is_in_step = True
        is_single = self._accumulate == 1
        self._means = Means(self._leave_out, is_single=is_single)
        self._measured = MetricMeans(self._metrics, self._report_metric, is_single=is_single)

    def _train_batch(self, batch: Any) -> bool:
        """Add a batch to the present step; returns whether it is part of it."""
        self._batch = batch = to_device(batch, self.device)
        with self._update.autocast():
            result = self._train_step(self.model, batch)
        if self.optimizers.own is not None:
            if result.loss is None and self._source == "training_step":
                self._say_once(
                    "warning", "training_step gave no loss; such a batch is left out of training."
                )
                return False
            result.loss = check_loss(result.loss, self._source)
            self._update.backward(result.loss)
        if result.loss is not None:
            self._means.add({"loss": result.loss})
        self._means.add(result.scalars)
        if result.outputs is not None:
            self._measured.add(result.outputs, result.targets, self._count(batch, result.targets))
        return True

    def _evaluate_again(self) -> torch.Tensor:
        """Return the loss of the last batch, for an optimizer that asks for it."""
        with self._update.autocast():
            result = self._train_step(self.model, self._batch)
        return check_loss(result.loss, self._source)

    def _end_step(self, batches: int) -> None:
        rates = self.optimizers.rates()
        extra = self._update.apply(batches, self._evaluate_again)
        self._modes.step_ended()
        self._is_in_step = False
        if not self._update.is_made:
            self._note_skipped()
            self._safe_point()
            return
        self.step += 1
        values = {**self._means.values(), **self._measured.values()}
        scalars = {tagged(name, "train"): value for name, value in values.items()}
        scalars.update(rates)
        scalars.update(extra)
        if self._skipped:
            scalars["skipped_updates"] = self._skipped
        if self._threads.is_measuring:
            self._threads.step_ended()
        self._emit(StepEnded(clock.now(), self.step, self.epoch, scalars))
        self._schedule.step_ended(scalars, self.step)
        if "loss" in values and self._nonfinite.turned(values["loss"]):
            self._meet_nonfinite()
        self._safe_point()
        if self._validate_every is not None and self.step % self._validate_every == 0:
            self._validate()

    def _validate(self) -> None:
        if self._val_loader is None or self._val_step is None:
            return
        self._emit(ValidationStarted(clock.now(), self.step, self.epoch))
        scalars = validate(
            self.model,
            self._val_loader,
            self._val_step,
            device=self.device,
            autocast=self._update.autocast,
            metrics=self._metrics,
            report=self._report_metric,
            leave_out=self._leave_out,
            count=self._count,
            between=self._safe_point,
            with_gradients=bool(self._needs_gradients),
        )
        self._emit(ValidationEnded(clock.now(), self.step, self.epoch, scalars))
        self._schedule.validated(scalars)
        self._threads.restart_clock()

    def _try_validation(self) -> None:
        """Before the first step, see whether a validation will work."""
        if self._val_loader is None or self._val_step is None or self._needs_gradients is not None:
            return
        # A validation_step is called when it is due and not before: it may count, write or stop.
        if self._val_source == "validation_step":
            return
        self._needs_gradients = False
        try:
            self._needs_gradients = needs_gradients(
                self.model,
                self._val_loader,
                self._val_step,
                device=self.device,
                autocast=self._update.autocast,
            )
        except Exception as error:
            if self._val_source == "training_step":
                raise ConfigurationError(
                    "training_step cannot validate: with the model in eval mode and samples of "
                    f"val_loader it raised {describe_error(error)}. Give validation_step=…"
                ) from error
            add_note(error, "In a trial of the validation with two samples, before training.")
            raise
        if self._needs_gradients:
            self._log("info", f"validation runs with gradients, which {self._val_source} needs.")

    def _count(self, batch: Any, targets: Any) -> int:
        given = self.options.batch_size
        if callable(given):
            return int(given(batch))
        if given is not None:
            return given
        count = count_samples(batch, targets)
        if count.doubt:
            self._say_once("warning", count.doubt, about="batch_size")
        return count.samples

    def _note_skipped(self) -> None:
        self._skipped += 1
        if self._skipped & (self._skipped - 1) == 0:  # 1, 2, 4, 8 …
            self._log(
                "warning",
                "fp16: the gradients overflowed, so an update was left out and the loss is scaled "
                f"less from now on ({self._skipped:,} so far). It does not count as a step.",
            )

    def _total_steps(self) -> int | None:
        batches = checks.length_of(self._train_loader)
        epoch_steps = None if batches is None else -(-batches // self._accumulate)
        return self._limits.total_steps(self.step, self.epoch, epoch_steps)

    def _check_schedule(self) -> str | None:
        total, last = self._total_steps(), self._limits.last_epoch
        return self._schedule.check_length(
            None if total is None else total - self.step,
            None if last is None else last - self.epoch,
            self.options.schedule_end,
        )

    def _safe_point(self) -> None:
        if self.control.needs_attention:
            self.control.safe_point(self.step)
            self._threads.restart_clock()

    def _meet_nonfinite(self) -> None:
        where = "at" if self.device.type == "cpu" else "at or shortly before"
        self._log(
            "warning",
            f"the loss became NaN or infinite {where} step {self.step:,}. Try a lower learning "
            "rate, or gradient_clip=1.0.",
        )
        if self.options.on_nan == "pause":
            self.control.hold(self.step)
        elif self.options.on_nan == "stop":
            raise RunStopped(f"The loss became NaN or infinite {where} step {self.step:,}.")

    def _is_over(self) -> bool:
        return self._limits.is_reached(self.step, self.epoch)

    def _report_metric(self, name: str, reason: str) -> None:
        self._log("error", f"the metric {name!r} {reason}. It is dropped; training goes on.")

    def _leave_out(self, name: str, reason: str) -> None:
        self._say_once(
            "warning", f"{name!r} is left out where it is not one number ({reason}).", about=name
        )

    def _say_once(self, level: LineLevel, text: str, about: str = "") -> None:
        """Log a line, unless one about the same was logged before."""
        if (about or text) not in self._said:
            self._said.add(about or text)
            self._log(level, text)

    def _log(self, level: LineLevel, text: str) -> None:
        self._emit(LineLogged(clock.now(), self.step, level, text))
