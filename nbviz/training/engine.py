"""The training loop, with a safe point after each step."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch

from nbviz.errors import ConfigurationError, RunStopped
from nbviz.training import checks, clock
from nbviz.training.batches import count_samples, describe
from nbviz.training.between_steps import registered
from nbviz.training.commands import Control
from nbviz.training.device import choose_device, move_model, to_device
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
from nbviz.training.intraop import IntraopThreads
from nbviz.training.limits import Limits
from nbviz.training.means import Means
from nbviz.training.metrics import MetricMeans, read_metrics
from nbviz.training.nonfinite import NonFiniteWatch
from nbviz.training.observers import Observers
from nbviz.training.schedule import Schedule
from nbviz.training.seeds import seed_everything
from nbviz.training.step_functions import training_function, validation_function
from nbviz.training.step_results import check_loss, tagged
from nbviz.training.update import Update
from nbviz.training.validation import validate

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
        model, optimizer = options.model, options.optimizer
        loss_fn, training_step = options.loss_fn, options.training_step
        self._metrics = read_metrics(options.metrics)
        checks.check_step(loss_fn, optimizer, training_step, tuple(self._metrics))
        if optimizer is None:
            checks.check_own_stepping(options.accumulate, options.gradient_clip, options.precision)
        self.options = options
        self.model = model
        self.optimizer = optimizer
        self.device = choose_device(options.device)
        self.control = Control() if control is None else control
        self.step = 0
        self.epoch = 0
        self._train_loader = options.train_loader
        self._val_loader = options.val_loader
        self._train_step = training_function(loss_fn, training_step)
        self._val_step = validation_function(
            loss_fn, training_step, options.validation_step, has_optimizer=optimizer is not None
        )
        if self._val_loader is not None and self._val_step is None:
            raise ConfigurationError(
                "val_loader needs validation_step=… or loss_fn=…, because this training_step "
                "trains when it is called."
            )
        self._source = "loss_fn" if training_step is None else "training_step"
        self._limits = Limits(options.max_epochs, options.max_steps)
        every = options.validate_every
        self._validate_every = None if isinstance(every, str) else every
        self._accumulate = options.accumulate
        self._emit = Observers(observers)
        self._update = Update(
            optimizer, self.device, options.precision, options.gradient_clip, options.accumulate
        )
        self._schedule = Schedule(options.scheduler, options.scheduler_interval)
        self._nonfinite = NonFiniteWatch(self.device)
        self._threads = IntraopThreads(
            options.threads,
            is_tunable=self.device.type == "cpu" and not hasattr(model, "_orig_mod"),
            report=lambda text: self._log("info", text),
        )
        if optimizer is not None:
            self.control.registry.for_optimizer(optimizer, options.scheduler)
        self.control.registry.for_dropout(model)
        move_model(model, optimizer, self.device)

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
            self.control.begin(self._emit)
            self._run_to_the_end()

    def _parameters(self) -> Iterable[torch.Tensor]:
        """What training changes, or might."""
        yield from self.model.parameters()
        for group in () if self.optimizer is None else self.optimizer.param_groups:
            yield from group["params"]

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
            error.add_note(f"After step {self.step:,}, in epoch {self.epoch}.")
            raise
        finally:
            self.control.finish_commands(self.step)
            self._emit(RunEnded(clock.now(), self.step, self.epoch, reason, failure))
            self.control.end(reason)

    def _run(self) -> None:
        self._limits.begin(self.step, self.epoch)
        batches = checks.length_of(self._train_loader)
        epoch_steps = None if batches is None else -(-batches // self._accumulate)
        total_steps = self._limits.total_steps(self.step, self.epoch, epoch_steps)
        epochs, device = self._limits.last_epoch, str(self.device)
        self._emit(RunStarted(clock.now(), self.step, total_steps, epochs, device))
        if self.options.seed is not None and self.step == 0:
            seed_everything(self.options.seed)
        if not self.model.training:
            self.model.train()
        move_model(self.model, self.optimizer, self.device)
        on_cuda = self.device.type == "cuda"
        # What is each thread's own: whether there are gradients, which GPU is meant by "cuda".
        with (
            torch.enable_grad(),
            torch.cuda.device(self.device) if on_cuda else contextlib.nullcontext(),
            self._threads,
        ):
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
        self._schedule.epoch_ended()
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
                self._train_batch(batch)
            except Exception as error:
                error.add_note(f"The batch: {describe(batch)}.")
                raise
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
        self._update.begin()
        self._means = Means()
        self._measured = MetricMeans(self._metrics, self._report_metric)

    def _train_batch(self, batch: Any) -> None:
        batch = to_device(batch, self.device)
        with self._update.autocast():
            result = self._train_step(self.model, batch)
        if self.optimizer is not None:
            result.loss = check_loss(result.loss, self._source)
            self._update.backward(result.loss)
        if result.loss is not None:
            self._means.add({"loss": result.loss})
        self._means.add(result.scalars)
        if result.outputs is not None:
            self._measured.add(result.outputs, result.targets, count_samples(batch))

    def _end_step(self, batches: int) -> None:
        rate = {} if self.optimizer is None else {"lr": _present_rate(self.optimizer)}
        extra = self._update.apply(batches)
        self.step += 1
        values = {**self._means.values(), **self._measured.values()}
        scalars = {tagged(name, "train"): value for name, value in values.items()}
        scalars.update(rate)
        scalars.update(extra)
        if self._threads.is_measuring:
            self._threads.step_ended()
        self._emit(StepEnded(clock.now(), self.step, self.epoch, scalars))
        self._schedule.step_ended(scalars)
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
            between=self._safe_point,
        )
        self._emit(ValidationEnded(clock.now(), self.step, self.epoch, scalars))
        self._schedule.validated(scalars)
        self._threads.restart_clock()

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

    def _report_metric(self, name: str, error: Exception) -> None:
        self._log(
            "error",
            f"the metric {name!r} raised {type(error).__name__} and is dropped; training goes on. "
            f"{error}",
        )

    def _log(self, level: LineLevel, text: str) -> None:
        self._emit(LineLogged(clock.now(), self.step, level, text))


def _present_rate(optimizer: torch.optim.Optimizer) -> Any:
    rate = optimizer.param_groups[0]["lr"]
    return rate.detach().clone() if isinstance(rate, torch.Tensor) else rate
