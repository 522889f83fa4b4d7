"""The training loop, with a safe point after each step."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from nbviz.errors import (
    CommandError,
    ConfigurationError,
    RunActiveError,
    RunStopped,
    StopTraining,
    add_note,
    has_attribute,
    text_of,
)
from nbviz.training import checks, clock
from nbviz.training.between_steps import between_steps, is_trained_elsewhere, registered
from nbviz.training.callbacks import Callbacks
from nbviz.training.checkpoints.model_state import ModelState
from nbviz.training.checkpoints.optimizer_state import OptimizersState
from nbviz.training.checkpoints.others import describe_left_out, stateful_of
from nbviz.training.checkpoints.parts import Checkpoint, Parts
from nbviz.training.checkpoints.place import Place
from nbviz.training.checkpoints.start import StartState
from nbviz.training.commands import Control
from nbviz.training.devices.device import choose_device, move_model, to_device
from nbviz.training.devices.intraop import IntraopThreads
from nbviz.training.edited_data import TrainingData
from nbviz.training.events import (
    DataChanged,
    EpochEnded,
    EpochStarted,
    RunEnded,
    RunPaused,
    RunStarted,
    StepEnded,
    ValidationEnded,
    ValidationStarted,
)
from nbviz.training.limits import Limits
from nbviz.training.loss_guard import LossGuard
from nbviz.training.observers import Observers
from nbviz.training.optimizing.optimizers import Optimizers
from nbviz.training.optimizing.schedule import Schedule, known_tags
from nbviz.training.phases.stops import PhaseStops
from nbviz.training.random_numbers.random_state import DeferredRandomState
from nbviz.training.random_numbers.seeds import preserved_random_state, seed_everything
from nbviz.training.random_numbers.turns import Turn
from nbviz.training.run_log import RunLog
from nbviz.training.steps.batches import describe
from nbviz.training.steps.loader_workers import shield_workers
from nbviz.training.steps.means import Means
from nbviz.training.steps.metrics import MetricMeans, read_metrics
from nbviz.training.steps.modes import TrainingModes
from nbviz.training.steps.sample_counts import SampleCounter
from nbviz.training.steps.sample_weights import WeighedLoss, unweighed
from nbviz.training.steps.step_functions import Splitter, training_function
from nbviz.training.steps.step_results import check_loss, tagged
from nbviz.training.steps.update import Update
from nbviz.training.steps.validation import Validation

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

    from nbviz.training.events import EndReason, Event, Observer
    from nbviz.training.options import TrainingOptions
    from nbviz.training.steps.classified import Classification


class Engine:
    """Trains a model, tells its observers, and obeys its control between steps.

    Args:
        options: The model, the data, and how the one is trained on the other.
        control: Where commands come from.
        observers: Called with every event on the run's thread. One that raises is dropped.

    Attributes:
        data: Which samples are left out or have another label.
        start: The state of before the first step, if it is kept.
        turn: Its turn to train, where other runs must not change its random numbers.
        guard: What follows the loss.

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
        # A training_step's loss is its own, also where a loss_fn is there for validation.
        self._weighed = WeighedLoss(options.loss_fn if training_step is None else None)
        self.train_step = training_function(options, self.split, self._weighed)
        self._source = "loss_fn" if training_step is None else "training_step"
        self._limits = Limits(options.max_epochs, options.max_steps)
        every = options.validate_every
        self._validate_every = None if isinstance(every, str) else every
        self._accumulate = options.accumulate
        self.emit = Observers(observers)
        self.log = RunLog(self.emit, lambda: self.step)
        self.callbacks = Callbacks(options.callbacks, self.log)
        self._paused: RunPaused | None = None  # of which callbacks were not told yet
        self._skipped = 0
        self._update = Update(
            optimizers,
            self.device,
            options.precision,
            options.gradient_clip,
            options.accumulate,
        )
        self._count = SampleCounter(
            options.batch_size, partial(self.log.once, "warning", about="batch_size")
        )
        self.validation = Validation(
            options,
            self.split,
            device=self.device,
            optimizers=optimizers,
            metrics=self._metrics,
            autocast=self._update.autocast,
            count=self._count,
            log=self.log,
        )
        validates = self.validation.is_possible
        known = None if training_step else known_tags(self._metrics, validates=validates)
        self._schedule = Schedule(
            options.scheduler, options.scheduler_interval, options.monitor, known, optimizers
        )
        self._modes = TrainingModes(model, accepts_thawing=training_step is not None)
        self.guard = LossGuard(options, self.device, self.control, self.log)
        self.threads = IntraopThreads(
            options.threads,
            is_tunable=self.device.type == "cpu" and not has_attribute(model, "_orig_mod"),
            report=partial(self.log, "info"),
            step=lambda: self.step,
        )
        self._stops = PhaseStops(
            options,
            self.control,
            optimizers,
            self._update,
            lambda: self.step_number,
            by_step=self._schedule.interval == "step",
        )
        self.data = TrainingData(options.train_loader, self._still, self._weighed.refused)
        self.place = Place(options.train_loader, self.device, self.data, self._data_changed)
        self._random = DeferredRandomState(self.device)
        self.turn = self.control.turn = Turn(self._random, self.control.attend, self.log.once)
        self.start = StartState()
        self.control.registry.for_training(model, optimizers, options.scheduler)
        move_model(model, optimizers, self.device)
        self.parts = self._make_parts()

    @property
    def step_number(self) -> int:
        """The step that is being made; between two steps, the last that was completed."""
        return self.step + 1 if self._is_in_step else self.step

    @property
    def may_validate_next(self) -> bool:
        """Whether a validation after the present step is still to come, if there is one."""
        place = self.place
        at_epochs_end = self._validate_every is None and place.is_open and not place.is_read
        return place.validation_due or at_epochs_end

    @property
    def overflows(self) -> bool:
        """Whether the run was ended because fp16's gradients overflow however they are scaled."""
        return self._update.overflows

    # ------------------------------------------------------------ its state

    def capture(self, kept: Checkpoint | None = None) -> Checkpoint:
        """Copy the state, between two steps and not inside a validation.

        Args:
            kept: An earlier one that is no longer needed: its memory is used again.

        Raises:
            CommandError: A step or a validation is being made.
            CheckpointError: Something in the state cannot be copied.
        """
        if self._is_in_step or self.validation.is_active:
            raise CommandError(
                f"the state cannot be kept inside a {'step' if self._is_in_step else 'validation'}:"
                " do it in a callback, or from another cell, where it waits for the end of that."
            )
        return self.parts.capture(self.step, self.epoch, kept)

    def restore(self, parts: Mapping[str, Any]) -> None:
        """Go on from a state that was captured; the run must not be active.

        Args:
            parts: Those of a checkpoint, which stays as it is.

        Raises:
            CheckpointError: It does not fit; then nothing was changed.
            RunActiveError: A run trains the model.
        """
        if self.control.is_active or is_trained_elsewhere(self.model):
            raise RunActiveError("a run trains the model whose state is restored; stop it first.")
        self.parts.restore(parts)
        for name, value in parts["engine"]["pending"].items():
            self.control.set(**{name: value})

    @property
    def classification(self) -> Classification:
        """What is collected in validations of what a classifier says."""
        return self.validation.classification

    def keep_start(self, most_bytes: int) -> None:
        """Keep the state of before the first step in `start`; harmless if it is kept.

        Args:
            most_bytes: A larger one is not kept.
        """
        if not self.step:
            self.start.keep(self.parts.nbytes, self.capture, most_bytes)

    def _make_parts(self) -> Parts:
        return Parts(
            {
                **stateful_of(self.options),
                "callbacks": self.callbacks,
                "schedule": self._schedule,
                "engine": self,
                "random": self._random,
                "place": self.place,
                "limits": self._limits,
                "nonfinite": self.guard,
                "threads": self.threads,
                "update": self._update,
                "optimizers": OptimizersState(self.optimizers),
                "model": ModelState(self.model, keeps_gradients=self.optimizer is None),
            }
        )

    def state_dict(self) -> dict[str, Any]:
        """Return its counts, and what was asked of it."""
        return {
            "step": self.step,
            "epoch": self.epoch,
            "skipped": self._skipped,
            "metrics": list(self._metrics),
            "pending": self.control.pending(),
            "data": self.data.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.step, self.epoch = state["step"], state["epoch"]
        self._skipped = state["skipped"]
        if "data" in state:  # files of earlier versions have none
            self.data.load_state_dict(state["data"])
        self._metrics.clear()
        given = read_metrics(self.options.metrics).items()
        self._metrics.update({name: one for name, one in given if name in state["metrics"]})
        self.log.forget()

    # ------------------------------------------------------------ running

    @property
    def _epochs_done(self) -> int:
        return self.epoch - self.place.is_open

    def check_start(self) -> None:
        """Raise ConfigurationError if a run that began now would be refused."""
        self._limits.begin(self.step, self._epochs_done)
        self._check_schedule()

    def run(self) -> None:
        """Train on the present thread until the end, or until stopped.

        A run that has ended can be run again: it goes on from the weights and the step where it
        is, inside the epoch in which it was stopped. If `max_epochs` or `max_steps` had been
        reached, as many again are made.

        Raises:
            RunActiveError: It is running already.
            Exception: Whatever training raised, with a note on where.
        """
        with registered(self.control, self._parameters()):
            self.guard.begin()
            self.emit.begin()
            self.control.begin(self._tell)
            self._run_to_the_end()

    def _parameters(self) -> Iterable[torch.Tensor]:
        """What training changes, or might."""
        yield from type(self.model).parameters(self.model)
        yield from self.optimizers.parameters()

    def _run_to_the_end(self) -> None:
        reason: EndReason = "failed"
        failure: BaseException | None = None
        try:
            self._run()
            reason = "finished"
        except RunStopped:
            reason = "stopped"
        except StopTraining as stop:
            reason = "stopped"
            self.log("info", text_of(stop) or "training was stopped by training_step.")
        except KeyboardInterrupt:
            reason = "stopped"
            self.log("warning", "interrupted from the keyboard")
            raise
        except BaseException as error:
            failure = error
            add_note(error, f"After step {self.step:,}, in epoch {self.epoch}.")
            raise
        finally:
            self.place.is_broken_off = self._is_in_step
            self._is_in_step = self.validation.is_active = False
            try:
                self.place.leave(is_stopped=reason == "stopped")
                self.control.finish_commands(self.step)
                self.optimizers.end_run()
                ended = RunEnded(clock.now(), self.step, self.epoch, reason, failure)
                with contextlib.suppress(RunStopped):  # it ends anyhow
                    self.callbacks(ended)
                self.turn.end()  # the others do not wait for a disk
                self.emit(ended)
            finally:
                self.control.end(reason)
                self.train_step = self._stops.follow(self.train_step)

    def _run(self) -> None:
        self.control.begin_turn()
        self._limits.begin(self.step, self._epochs_done)
        epochs, device = self._limits.last_epoch, str(self.device)
        started = RunStarted(clock.now(), self.step, self._total_steps(), epochs, device)
        self.emit(started)
        self._is_in_step = False
        groups = [group for optimizer in self.optimizers for group in optimizer.param_groups]
        misled = self._schedule.describe_other_optimizer(groups)
        for text in filter(None, (misled, self._check_schedule())):
            self.log.once("warning", text)
        for text in filter(None, (self._schedule.describe(), describe_left_out(self.options))):
            self.log.once("info", text)
        self._modes.begin()
        move_model(self.model, self.optimizers, self.device)
        on_cuda = self.device.type == "cuda"
        # What is each thread's own: whether there are gradients, which GPU is meant by "cuda".
        with (
            torch.inference_mode(mode=False),
            torch.enable_grad(),
            torch.cuda.device(self.device) if on_cuda else contextlib.nullcontext(),
            self.threads,
        ):
            self.validation.try_out()
            self._random.begin()
            if self.options.seed is not None and self.step == 0:
                seed_everything(self.options.seed)
            self.callbacks(started)
            self._safe_point()
            while not self._is_over():
                self._run_epoch()

    def _run_epoch(self) -> None:
        place = self.place
        # A layer may have been replaced, or thawed, since: in a callback, or in another cell.
        if untrained := self.optimizers.describe_missing(self.model, self.options.loss_fn):
            self.log.once("warning", untrained)
        if not place.is_open:
            self.epoch += 1
            place.begin_epoch()
            self.emit(EpochStarted(clock.now(), self.step, self.epoch))
        shield_workers(self._train_loader, self.data.loader, self.options.val_loader)
        self.threads.restart_clock()
        if place.validation_due:  # the run was stopped before it was over
            self._validate()
        if not place.is_read:
            self._train_epoch()
            place.is_read = True
            place.validation_due = self._validate_every is None
        if place.validation_due:
            self._validate()
        if missing := self._schedule.epoch_ended(self.epoch):
            self.log.once("error", missing)
        place.end_epoch()
        ended = EpochEnded(clock.now(), self.step, self.epoch)
        self.emit(ended)
        if checks.is_one_pass(self._train_loader) and not self._is_over():
            self._limits.last_epoch = self.epoch
            if self._limits.max_steps is not None:
                self.log(
                    "warning",
                    f"train_loader ended after step {self.step:,}, before max_steps="
                    f"{self._limits.max_steps:,}; it can be read only once.",
                )
        self.callbacks(ended)
        if not self._is_over():
            self._safe_point()

    def _train_epoch(self) -> None:
        batches = 0  # of the present step
        for batch in self.place.read():
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
                    self.place.batches_trained()
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
        if self.place.is_empty:
            raise ConfigurationError(
                f"train_loader gave no batches in epoch {self.epoch}. If it is an iterator, it can "
                "be read only once: give a DataLoader or a list."
            )

    def _begin_step(self) -> None:
        undone = self._modes.restore()
        if undone is not None:
            self.log.once(
                "info",
                f"{undone} was called while the run trains; it is undone before the next step, and "
                "frozen parts stay frozen. To train those, stop the run and start it again.",
                about=undone,
            )
        self._update.begin()
        self._is_in_step = True
        is_single = self._accumulate == 1
        self._means = Means(self.log.value_left_out, is_single=is_single)
        self._measured = MetricMeans(self._metrics, self.log.metric_dropped, is_single=is_single)

    def _train_batch(self, batch: Any) -> bool:
        """Add a batch to the present step; returns whether it is part of it."""
        batch, self._weighed.weights = unweighed(batch)
        self._batch = batch = to_device(batch, self.device)
        with self._update.autocast():
            result = self.train_step(self.model, batch)
        if self.optimizers.own is not None:
            if result.loss is None and result.has_loss and self._source == "training_step":
                self.log.once(
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
            result = self.train_step(self.model, self._batch)
        return check_loss(result.loss, self._source)

    def _end_step(self, batches: int) -> None:
        rates = self.optimizers.rates()
        extra = self._update.apply(batches, self._evaluate_again)
        self._modes.step_ended()
        self._is_in_step = False
        if not self._update.is_made:
            self.place.batches_trained()
            self._skipped += 1
            self.log.update_skipped(self._skipped)
            self._safe_point()
            return
        self.step += 1
        self.place.step_completed()
        values = {**self._means.values(), **self._measured.values()}
        scalars = {tagged(name, "train"): value for name, value in values.items()}
        scalars.update(rates)
        scalars.update(extra)
        if self._skipped:
            scalars["skipped_updates"] = self._skipped
        if self.threads.is_measuring:
            self.threads.step_ended()
        is_made = self.optimizers.has_stepped()
        ended = StepEnded(clock.now(), self.step, self.epoch, scalars, is_made)
        self.emit(ended)
        if self.callbacks.recomputes:
            self.threads.repeat()
        if waits := self._schedule.step_ended(scalars, self.step):
            self.log.once("warning", waits, about="schedule waits")
        if self._stops.is_on:
            self._stops.scheduled()
        every = self._validate_every
        self.place.validation_due = every is not None and self.step % every == 0
        if "loss" in values:
            again = self.callbacks.recomputes
            self.guard.take(self.step, values["loss"], is_repeated=again)
        if self.callbacks.has_steps:
            self.callbacks(ended)
        self._safe_point()
        if self.place.validation_due:
            self._validate()

    def _validate(self) -> None:
        validation = self.validation
        if not validation.is_possible:
            self.place.validation_due = False
            return
        validation.is_active = True
        self.emit(ValidationStarted(clock.now(), self.step, self.epoch))
        scalars = validation.measure(self._safe_point)
        found = validation.classification.found
        ended = ValidationEnded(clock.now(), self.step, self.epoch, scalars, found)
        self.emit(ended)
        self._schedule.validated(scalars)
        validation.is_active = self.place.validation_due = False
        self.callbacks(ended)
        if self._paused is not None:
            self.callbacks(self._paused)
            self._paused = None
        self._safe_point()
        self.threads.restart_clock()

    def _total_steps(self) -> int | None:
        batches = checks.length_of(self.data.upcoming)
        epoch_steps = None if batches is None else -(-batches // self._accumulate)
        begun = self.place.steps if self.place.is_open else 0
        return self._limits.total_steps(self.step - begun, self._epochs_done, epoch_steps)

    def _check_schedule(self) -> str | None:
        total, last = self._total_steps(), self._limits.last_epoch
        return self._schedule.check_length(
            None if total is None else total - self.step,
            None if last is None else last - self._epochs_done,
            self.options.schedule_end,
        )

    @contextlib.contextmanager
    def _still(self) -> Generator[None]:
        with between_steps(self.model), preserved_random_state(self.device):
            yield

    def _data_changed(self, text: str) -> None:
        self.emit(DataChanged(clock.now(), self.step, text))

    def _safe_point(self) -> None:
        if self.control.needs_attention or self._stops.is_on:
            self.control.safe_point(self.step, is_whole=not self.validation.is_active)
            self.train_step = self._stops.follow(self.train_step)
            self.threads.restart_clock()

    def _tell(self, event: Event) -> None:
        """Give an event of the control's to observers, and to callbacks where they may act."""
        self.emit(event)
        if isinstance(event, RunPaused):
            if self.validation.is_active:
                self._paused = event
            else:
                self.callbacks(event)

    def _is_over(self) -> bool:
        return self._limits.is_reached(self.step, self._epochs_done)
