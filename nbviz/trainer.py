"""Trainer: an engine on a background thread, a run that records it, and commands. No screen."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self

from nbviz.active_trainers import Relatives, claimed
from nbviz.errors import (
    CheckpointError,
    CommandError,
    ConfigurationError,
    NbvizError,
    RunActiveError,
    TrainingError,
    text_of,
)
from nbviz.faults import Faults
from nbviz.forking import copied_options, guard_optimizers
from nbviz.going_back import GoingBack
from nbviz.inspection.graph.live import LiveGraph
from nbviz.inspection.graph.overlays.overlays import Overlays
from nbviz.layer_watches import LayerWatches
from nbviz.recording.current import as_current
from nbviz.recording.kept.kept_state import FOLDER, KeptState
from nbviz.recording.kept.past import Past, go_on_from
from nbviz.recording.kept.ring_on_disk import ring_files
from nbviz.recording.origin import Origin
from nbviz.recording.outward.pages import save_page
from nbviz.recording.prints import captured_prints
from nbviz.rewinder import Probed, Rewinder
from nbviz.trainer_commands import TrainerCommands
from nbviz.trainer_options import TrainerOptions
from nbviz.trainer_runs import COMMANDS, TrainerRuns, next_directory, without_number
from nbviz.training.background import BackgroundRun
from nbviz.training.between_steps import between_steps, is_between_steps
from nbviz.training.checkpoints.files import write_checkpoint
from nbviz.training.checkpoints.keeping import CheckpointKeeper
from nbviz.training.checkpoints.ring import StateRing
from nbviz.training.commands import Control
from nbviz.training.engine import Engine
from nbviz.training.keywords import also_takes, takes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    import torch

    from nbviz.faults import Fault
    from nbviz.protocol.log import LineLevel
    from nbviz.protocol.run import FaultName
    from nbviz.recording.run import Run
    from nbviz.training.checkpoints.parts import Checkpoint
    from nbviz.training.edited_data import TrainingData
    from nbviz.training.rewinding.first_nonfinite import FirstNonFinite
    from nbviz.training.steps.batches import SplitBatch

STOP_SECONDS = 30.0


class Trainer(TrainerCommands):
    """Trains a model on a background thread and records the run.

    `nbviz.LiveTrainer` is this with a dashboard; on a machine without Jupyter, use this one. A run
    that has ended can be started again: it goes on from the weights and the step where it is,
    inside its epoch if it was stopped there.

    Attributes:
        run: The recording; after `reset` another one.
        control: Pause, resume, step, stop and set.
        graph: The model's graph, once it is asked for.
        overlays: What colours it.
        ring: The states that `rewind` goes back to.
        engine: The training's loop.
        going_back: What pages ask of `rewind`, `fork` and `find_nonfinite`.
        surroundings: Returns a context in which the run's thread trains.

    Raises:
        ConfigurationError: An argument has a value that cannot work.
    """

    @takes(TrainerOptions)
    def __init__(self, options: TrainerOptions) -> None:
        model, train_loader = options.model, options.train_loader
        self.options = options
        self.control = Control()
        self.relatives = Relatives(self)

        def is_idle() -> bool:
            return not self.is_active or self.control.status == "paused"

        def split(batch: Any) -> SplitBatch:
            return self.engine.split(batch)

        def spend(seconds: float) -> None:
            self.run.meter.spend(seconds)

        self.graph = LiveGraph(
            model, train_loader, split=None if options.training_step is not None else split
        )
        self.overlays = Overlays(model, lambda: self.graph.graph, is_idle=is_idle, spend=spend)
        self._background: BackgroundRun | None = None
        self.run: Run
        self.layers = LayerWatches(self)
        self._runs = TrainerRuns(self)
        self.ring = StateRing(
            lambda: self.engine,
            options.ring_every,
            options.ring_memory,
            say=self._warn,
            spend=spend,
            monitor=options.monitor or "loss/val",
        )
        self._rewinder = Rewinder(self)
        self.going_back = GoingBack(self, self._rewinder)
        self._faults = Faults(self)
        self.engine = Engine(
            options,
            control=self.control,
            observers=(self._runs.recorder, self.graph, self.overlays, self._rewinder),
        )
        self.engine.callbacks.owner = self
        self.surroundings: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
        self._runs.begin()
        if options.checkpoint_every is not None:
            keeper = CheckpointKeeper(
                options.checkpoint_every,
                options.keep,
                folder=self._checkpoints,
                write=self.write,
                say=self._warn,
            )
            self.engine.callbacks.add(keeper)
        if options.ring in (False, "off"):
            self.ring.turn_off("ring is off")
        else:
            self.engine.callbacks.add(self.ring)
            self.ring.files = ring_files(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.run!r})"

    @property
    def is_active(self) -> bool:
        """Whether the run's thread is alive."""
        return self._background is not None and self._background.is_alive

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands of its run that pages may use."""
        return (*COMMANDS, *self.going_back.commands)

    @property
    def step_number(self) -> int:
        """The optimizer step that is being made; between two steps, the last completed one."""
        return self.engine.step_number

    @property
    def model(self) -> torch.nn.Module:
        """The model."""
        return self.engine.model

    @property
    def data(self) -> TrainingData:
        """The training data: `trainer.data.drop([17])`, `trainer.data.relabel({88: 3})`."""
        return self.engine.data

    @property
    def optimizer(self) -> torch.optim.Optimizer | None:
        """The optimizer, None where `training_step` has its own."""
        return self.engine.optimizer

    def start(self) -> None:
        """Start training on a background thread; returns at once. After `rewind` as `resume`.

        Raises:
            ConfigurationError: The schedule ends before the run, and `schedule_end` is "refuse".
            RunActiveError: The run is active already, or another run trains the same model.
        """
        if self.status == "paused" and self.engine.step == self._rewinder.stands_at:
            self.resume()
            return
        self._start()

    # ------------------------------------------------------------ its state

    def save(self, path: str | Path) -> Path:
        """Write the state of the run to a file, from which `load` goes on in another process.

        A run that is active stands between two steps while its state is copied, and goes on while
        the file is written; a validation that is being made ends first. The file that was there
        is replaced once the new one is on the disk.

        Args:
            path: Such as "mine.pt"; its folder is made.

        Returns:
            The path.

        Raises:
            CheckpointError: The state cannot be kept, or the file cannot be written.
            CommandError: Called in `training_step`, where a step is being made.
        """
        with between_steps(self.engine.model, whole=True):
            checkpoint = self.engine.capture()
        return self.write(path, checkpoint)

    def save_html(self, path: str | Path, **options: Any) -> Path:
        """Write the run and its model's graph as one page that opens without a kernel.

        Args:
            path: The file; one that exists is replaced.
            **options: `title`; `replay=True` for a slider over the whole run; `max_bytes`, which
                the file takes then at the most, 32 MB by default.

        Returns:
            The file's path.

        Raises:
            ConfigurationError: The file cannot be written, or `max_bytes` are too few.
        """
        return save_page(self.run, self.graph, path, **options)

    def write(self, path: str | Path, checkpoint: Checkpoint) -> Path:
        """Write a state that was captured, with the curves until now, as `save` does."""
        run = self._runs.present
        run.drain_ready()
        extra = {"past": Past.of(run).to_state(), "changes": self._rewinder.changes()}
        return write_checkpoint(path, checkpoint, extra)

    @classmethod
    @also_takes(TrainerOptions)
    def load(cls, path: str | Path, *given: Any, **options: Any) -> Self:  # noqa: D417  as listed
        """Return a trainer that goes on from a file of `save`, inside the epoch where it was.

        Make the model, loader, optimizer and scheduler as they were made for the earlier run, and
        give them with its options; what they held is replaced. `start` continues the run. On the
        same machine, with the same versions and `threads=` given, its numbers on a CPU are to the
        last bit those of a run that was never interrupted; where that cannot be, the log says why.
        With the `dir` of the earlier run its curves go on in one piece; else those in the file are
        shown, of long ones 1,000 points a tag.

        >>> trainer = nbviz.LiveTrainer.load("runs/mine", model, loader, optimizer=optimizer,
        ...                                  loss_fn=loss_fn, max_epochs=10, dir="runs/mine")

        Args:
            path: The file; or a directory of checkpoints, such as the run's `dir`, for the newest.

        Raises:
            CheckpointError: There is no such file, it is cut or damaged, or of another model,
                optimizer or scheduler.
            ConfigurationError: An option has a value that cannot work.
        """
        kept = KeptState(path)
        trainer = cls(*given, **options)
        trainer.go_on_from(kept)
        return trainer

    def go_on_from(self, kept: KeptState) -> None:
        """Take over a state that was read from a file; for `load`.

        Raises:
            CheckpointError: It does not fit; then nothing was changed.
        """
        self.engine.keep_start(self.options.reset_memory)
        self.engine.restore(kept.checkpoint.parts)
        self._rewinder.know(kept.changes)
        checkpoint = kept.checkpoint
        past = kept.past if self.options.dir is None else kept.past.whole_from(self.options.dir)
        go_on_from(self.run, past, checkpoint.step, checkpoint.epoch)
        self.run.note(f"goes on from {kept.path.name}, after step {checkpoint.step:,}")
        if kept.differences is not None:
            self.run.note(kept.differences, "warning")

    def reset(self) -> None:
        """Go back to before the first step, with a new run; the present one stays as it is.

        Stops the run first, if it is active. Model, optimizer, schedule and random numbers are as
        they were: `start` makes the same steps again. The new journal is in `dir/reset-1` or so.

        Raises:
            CheckpointError: The state of before the first step was not kept.
            RunActiveError: The current step did not end in time.
        """
        self.stop_and_wait()
        start = self.engine.start.checkpoint
        if start is None and not self.engine.step and not self.run.meter.started_at:
            return  # nothing has changed yet
        if start is None:
            raise CheckpointError(
                f"{self.run.name!r} cannot be reset, because its state of before the first step "
                f"was not kept: {self.engine.start.refused}. Make the model and the trainer anew."
            )
        with between_steps(self.engine.model):
            self.engine.restore(start.parts)
        self.control.get_ready()
        self._background = None
        self._rewinder.forget()
        old = self.run
        self.go_on_as_another()
        self.tell_of_another(old)

    def rewind(self, step: int | Literal["best"]) -> None:
        """Go back to a step, with a new run that is paused there; the present one stays as it is.

        The nearest state before the step is restored, and the steps from there are made again: on a
        CPU to the last bit, and where that is not so, the log says by how much. What they log is
        not recorded again; files that `training_step` or a callback writes are. `resume` goes on,
        also where the run had finished. An active run is stopped first. A trainer that has made no
        step goes back into the run of an earlier kernel whose states are in its `dir`.

        >>> trainer.rewind(400)
        >>> trainer.set(lr=1e-4)
        >>> trainer.resume()

        Args:
            step: Completed steps, from 0 to those made by now; or "best" for the step after which a
                validation gave the best value of `monitor`, whose state is always kept.

        Raises:
            CommandError: There is no such step.
            CheckpointError: There is no best, no state of before the step was kept, or its steps
                could not be made again; then the run is as it was.
            RunActiveError: The current step did not end in time, or this is called on the run's
                own thread.
        """
        self._rewinder.rewind(step)

    def fork(self, name: str | None = None, step: int | None = None, **values: float) -> Trainer:
        """Return a second trainer that goes on from a step of this one; this one stays as it is.

        Model, optimizer, scheduler, loader and callbacks are copied together, with what functions
        such as `training_step` name around them and change; data sets are shared.
        Without a change it makes the same steps, on a CPU to the last bit, also while this run goes
        on: they train in turns, some steps each, every one with random numbers of its own. One that
        has made no step goes on first from the states in its `dir`, as for `rewind`.

        >>> slower = trainer.fork("lower lr", step=400, lr=1e-4)
        >>> slower.start()

        Args:
            name: What its run is called.
            step: Completed steps; None for those made by now.
            **values: As for `set`.

        Raises:
            CommandError: There is no such step, or a value cannot be set.
            CheckpointError: No state of before it was kept, or something cannot be copied.
            RunActiveError: As for `rewind`.
        """

        def make(checkpoint: Checkpoint, past: Past) -> Trainer:
            called = name or f"{without_number(self.run.name)}, fork of step {checkpoint.step:,}"
            directory = next_directory(self.options.dir, "fork")
            forked = Trainer(**copied_options(self.options, name=called, dir=directory))
            forked.engine.parts.begin_like(self.engine.parts)
            forked.engine.restore(checkpoint.parts)
            go_on_from(forked.run, past, checkpoint.step, checkpoint.epoch)
            forked.run.origin = Origin(self.run.run_id, self.run.name, checkpoint.step, values)
            forked.run.note(f"forked from step {checkpoint.step:,} of {self.run.name!r}")
            forked.set(**values)
            forked.relatives = self.relatives
            forked.run.commands = forked.commands
            guard_optimizers(self.options, forked)
            forked._rewinder.follow(self.run, checkpoint.step, values)
            self.relatives.add(forked)
            return forked

        return self._rewinder.fork(step, make)

    def keep(self, fork: Trainer) -> None:
        """Go on as a fork of this run stands: its state is copied into this trainer's own objects.

        The model and the optimizer are the very objects as before, with the fork's numbers. Both
        runs are stopped first, if they are active; the fork stays as it is. This trainer's new run
        has the fork's curves, and `start` goes on with it.

        >>> fork = trainer.fork("lower lr", step=400, lr=1e-4)
        >>> fork.start(); fork.wait()
        >>> trainer.keep(fork)

        Raises:
            CommandError: It is no fork of this run.
            CheckpointError: The state does not fit.
            RunActiveError: As for `rewind`.
        """
        if fork is self or fork not in tuple(self.relatives.all):
            raise CommandError(f"keep takes a fork of {self.run.name!r}; got {fork!r}.")
        self._rewinder.take_over(fork)

    def probe(self, fn: Callable[[torch.nn.Module], Any], steps: Iterable[int]) -> Probed:
        """Return what a function of the model gives after earlier steps, though it was not logged.

        The steps are made again; afterwards the run is as it was. In `fn` the model is as that step
        left it, `.grad` included; what `fn` changes of it is undone. As `rewind` it also looks at
        the run of an earlier kernel.

        >>> norms = trainer.probe(lambda m: m.fc.weight.grad.norm(), steps=range(50, 1000, 50))
        >>> plt.plot(norms.steps, norms.values)

        Args:
            fn: Takes the model; called once for each step.
            steps: Completed steps.

        Raises:
            CommandError: There is no such step.
            CheckpointError: No state of before one of them was kept.
            Exception: Whatever `fn`, or training, raised.
        """
        return self._rewinder.probe(fn, steps)

    def find_nonfinite(self) -> FirstNonFinite | None:
        """Find the step that made the loss or a weight NaN or infinite, and what in it did.

        The steps from the last good state are made again until one breaks, and that one with every
        operation watched. Afterwards the run is rewound to the step before; the log says why.

        Returns:
            The first operation whose result was not finite; None where the losses and the weights
            are finite: then nothing was changed.

        Raises:
            CheckpointError: No state of before it was kept, or the step does not break when it is
                made again; then the run is as it was.
            RunActiveError: As for `rewind`.
        """
        return self._rewinder.find_nonfinite()

    def inject_fault(self, name: FaultName) -> Fault:
        """Put a common fault into the training, to see what it looks like; `rewind` undoes it.

        It is done between two steps, to your own model, optimizer and data, and marked on the
        curves. The state of right before is kept.

        >>> fault = trainer.inject_fault("dead_relu")
        >>> trainer.step(50)
        >>> trainer.rewind(fault.step)

        Args:
            name: "high_lr": the learning rate × 100. "dead_relu": biases before ReLUs of -100, so
                that their units give 0 for every sample. "vanishing_init": weights × 0.01, so that
                gradients vanish. "label_noise": half of the labels drawn anew, and "no_shuffle":
                samples sorted by label, both from the next epoch on.

        Raises:
            CommandError: There is no such fault, or not in this training: no ReLU, an iterable data
                set, no learning rate that can be set.
            RunActiveError: As for `rewind`.
        """
        return self._faults.inject(name)

    def collect_only(self, panels: frozenset[str]) -> None:
        """Have what other panels would show of a validation not collected."""
        self.engine.classification.wanted = panels

    def forget_start(self, why: str) -> None:
        """Let go of all states that are kept in memory; `why` is said to who asks for one."""
        self.ring.turn_off(why)
        self.engine.start.forget(why)

    def on_new_run(self, callback: Callable[[Run, Run], None]) -> None:
        """Call `callback(old, new)` when `reset` or `rewind` has made a new run."""
        self._runs.listeners.append(callback)

    def stop_and_wait(self, timeout: float = STOP_SECONDS) -> None:
        """Stop the run, if it is active, and wait until its thread has ended.

        Raises:
            RunActiveError: The current step did not end in `timeout` seconds, or this is called in
                a block of `between_steps`, which the run waits for.
        """
        if self._background is None or not self.is_active:
            return
        self.require_apart("stop_and_wait")
        self.control.stop()
        with contextlib.suppress(TrainingError, TimeoutError):
            self._background.wait(timeout)
        if self.is_active:
            where = self._background.present_line()
            raise RunActiveError(
                f"the current step of {self.run.name!r} did not end within {timeout:g} s"
                f"{f'; it is at {where}' if where else ''}. Wait for it, or restart the kernel."
            )

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the run has ended, at most `timeout` seconds; None waits as long as it takes.

        Raises:
            TrainingError: Training failed; the error is chained as the cause.
            TimeoutError: The run is still active. Training goes on.
            RunActiveError: Called in a block of `between_steps`, which the run waits for.
        """
        if self._background is None:
            return
        if self.is_active:
            self.require_apart("wait")
        try:
            self._background.wait(timeout)
        except KeyboardInterrupt as interrupt:
            interrupt.add_note("Training goes on in the background; .stop() ends it.")
            raise

    def _start(
        self, steps: int | None = None, *, is_paused: bool = False, into: bool = False
    ) -> BackgroundRun:
        if self.is_active:
            raise RunActiveError(
                f"{self.run.name!r} is active already ({self.status}); "
                "call .stop() and .wait() first, or .resume() if it is paused."
            )
        self.engine.check_start()
        background = self._claim(self._train)
        self._runs.begin_watch()
        self.control.reserve()
        try:
            if is_paused:
                self.control.pause()
            if steps is not None:
                self.control.step(steps)
            if into:
                self.control.step_into()
            background.start()
        except BaseException:  # such as that there can be no more threads
            self.control.give_up()
            raise
        return background

    def _claim(self, target: Callable[[], None]) -> BackgroundRun:
        """Return a thread, not started, that is the only one to train the model."""
        with claimed(self):
            self._background = BackgroundRun(
                target, name=self.run.name, stop=self.control.stop, ended=self.control.give_up
            )
        return self._background

    # ------------------------------------------------------------ for its rewinder

    def require_apart(self, command: str) -> None:
        """Raise RunActiveError where the present thread holds the run up, or is it."""
        if is_between_steps(self.engine.model):
            raise RunActiveError(
                f"cannot {command} in a block of between_steps(): the run waits for the block to "
                "end. Do it after the block."
            )
        if self._background is not None and self._background.is_this_thread:
            raise RunActiveError(
                f"cannot {command} on the run's own thread, such as in a callback or in "
                "training_step: the run would wait for itself. Do it in another cell."
            )

    def begin_apart(self, target: Callable[[], None]) -> BackgroundRun:
        """Do something on a thread of its own, as the run is trained; RunActiveError if it is."""
        background = self._claim(target)
        background.start()
        return background

    def start_paused(self) -> BackgroundRun:
        """Start the run, paused before its next step."""
        return self._start(is_paused=True)

    def go_on_as_another(self, past: Past | None = None, *lines: tuple[LineLevel, str]) -> None:
        """Record in a new run from now on, as `TrainerRuns` describes."""
        self._runs.go_on_as_another(past, *lines)

    def tell_of_another(self, old: Run) -> None:
        """Tell who shows the old run that there is a new one."""
        self._runs.tell(old)

    # ------------------------------------------------------------ inside

    def _warn(self, text: str) -> None:
        self.run.note(text, "warning")

    def _checkpoints(self) -> Path:
        assert self.run.journal is not None  # since `checkpoint_every` needs `dir`
        return self.run.journal.directory / FOLDER

    def _train(self) -> None:
        self.engine.keep_start(self.options.reset_memory)
        while True:
            with as_current(self.run), captured_prints(self.run.note), self.surroundings():
                self.engine.run()
            try:
                if not self._rewinder.rewinds_by_itself():
                    return
            except NbvizError as error:
                self._warn(f"the run could not be rewound: {text_of(error)}")
                return

    def __reduce__(self) -> NoReturn:
        raise ConfigurationError(
            f"the trainer of {self.run.name!r} cannot be copied or pickled, because it has a "
            "thread and a run. trainer.save(path) keeps its state, and Trainer.load goes on from "
            "it; model.state_dict() is what it has trained."
        )
