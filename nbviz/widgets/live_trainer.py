"""LiveTrainer: a trainer and its dashboard in one widget."""

from __future__ import annotations

import threading
import weakref
from dataclasses import KW_ONLY, dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Self

from nbviz.errors import CommandError
from nbviz.panels.subject import Subject, left_for_the_next
from nbviz.recording.kept.kept_state import KeptState
from nbviz.trainer import Trainer
from nbviz.trainer_options import TrainerOptions
from nbviz.training.keywords import also_takes, as_keywords, takes
from nbviz.training.steps.classified import COLLECTED
from nbviz.widgets.active import remember_notebook, say_at_exit_what_is_cut
from nbviz.widgets.cells import running_cell
from nbviz.widgets.clearing import is_in_a_box, own_displays
from nbviz.widgets.dashboard import Dashboard
from nbviz.widgets.run_bar import RunBar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import torch

    from nbviz.faults import Fault
    from nbviz.inspection.graph.live import LiveGraph
    from nbviz.protocol.run import FaultName, RunStatus
    from nbviz.recording.run import Run
    from nbviz.rewinder import Probed
    from nbviz.training.edited_data import TrainingData
    from nbviz.training.phases.phase import Phase
    from nbviz.training.rewinding.first_nonfinite import FirstNonFinite
    from nbviz.widgets.compared import Comparable
    from nbviz.widgets.live_view import Arrangement, Charts


@dataclass(slots=True)
class _Cell:
    """What a run of a cell has made.

    Attributes:
        request: Which run of the cell.
        trainers: Those that it has made.
        earlier: What each trainer of the run before showed that the next one is to show, too.
    """

    request: str | None = None
    trainers: list[weakref.ref[LiveTrainer]] = field(
        default_factory=list["weakref.ref[LiveTrainer]"]
    )
    earlier: list[list[Subject]] = field(default_factory=list[list[Subject]])


_by_cell: dict[str, _Cell] = {}
_OF_VIEW = ("panels", "arrangement", "charts", "transport", "frames_per_second")


@dataclass(frozen=True, eq=False)
class LiveTrainerOptions(TrainerOptions):
    """What a live trainer takes: a training, how it is recorded, and how it is shown.

    Args:
        panels: Which panels are shown, as for `Dashboard`. The confusion matrix and predictions of
            a classifier's validations are collected only for a panel that shows them.
        arrangement: How they stand, as for `Dashboard`.
        charts: Which tags share a chart, as for `Dashboard`.
        transport: How updates travel, as for `Dashboard`.
        frames_per_second: The most updates a second, as for `Dashboard`.
    """

    _: KW_ONLY
    panels: Sequence[str] | None = None
    arrangement: Arrangement = "screen"
    charts: Charts = ()
    transport: Literal["auto", "push", "pull"] = "auto"
    frames_per_second: float | None = None


class LiveTrainer(Dashboard):
    """Trains a model on a background thread of the kernel, shown and steered in the cell.

    Show it by making it the last line of a cell; `start` it there or with the Start button. The
    cell returns at once, and the notebook stays free while the model trains.

    Running the same cell again stops its earlier run first, and shows it in grey beside the new one
    until the reader keeps or dismisses it. A run that has ended can be started
    again: it goes on from the weights and the step where it is, inside its epoch if it was stopped
    there. `save` keeps its state in a file, and `LiveTrainer.load` goes on from it.

    Raises:
        ConfigurationError: An argument has a value that cannot work.
    """

    @takes(LiveTrainerOptions)
    def __init__(self, options: LiveTrainerOptions) -> None:
        view = {name: getattr(options, name) for name in _OF_VIEW}
        self._begin(Trainer(**as_keywords(options, TrainerOptions)), view)

    def _begin(self, trainer: Trainer, view: dict[str, Any]) -> None:
        self.trainer = trainer
        self.trainer.surroundings = own_displays
        say_at_exit_what_is_cut()
        remember_notebook(self.trainer.run)
        _end_earlier_trainers_of_this_cell()
        super().__init__(**view)
        if view.get("panels") is not None:  # what no panel shows is not collected
            self.trainer.collect_only(COLLECTED.intersection(view["panels"]))
        self.add_subject(Subject.of_run(self.run, self.trainer.graph))
        for subject in _earlier_runs_of_this_cell():
            self.add_subject(subject)
        self._follow(self.trainer)
        self._follow_forks()
        _remember_cell(self)

    @classmethod
    @also_takes(LiveTrainerOptions, explained_by=Trainer.load)
    def load(cls, path: str | Path, *given: Any, **options: Any) -> Self:
        """Return a live trainer that goes on from a file of `save`, inside its epoch."""
        kept = KeptState(path)
        trainer = cls(*given, **options)
        trainer.trainer.go_on_from(kept)
        return trainer

    @classmethod
    def from_lightning(cls, module: Any, datamodule: Any = None, **trainer_kwargs: Any) -> Self:
        """Return a live trainer whose `start` runs Lightning's `fit` in the background.

        The run is recorded and steered as by `nbviz.integrations.lightning.NbvizCallback`. States
        are Lightning's: its checkpoints take the place of `save`, `load` and `reset`.

        >>> trainer = nbviz.LiveTrainer.from_lightning(module, datamodule, max_epochs=10)
        >>> trainer.start()

        Args:
            module: A LightningModule, of `lightning` or of `pytorch_lightning`.
            datamodule: A LightningDataModule.
            **trainer_kwargs: As for Lightning's Trainer; `train_dataloaders`, `val_dataloaders` and
                `ckpt_path` as for its `fit`; `name` and `dir` of the run; and what a Dashboard
                takes. Trains on one device, without a progress bar in the cell, unless told so.
                Lightning keeps its checkpoint in `default_root_dir`, or `dir`, and none without
                either, unless there is a `ModelCheckpoint` or a logger of the user's.

        Raises:
            ConfigurationError: `module` is no LightningModule, or more than one process would
                train.
            MissingDependencyError: Lightning is not installed.
        """
        view = {name: trainer_kwargs.pop(name) for name in _OF_VIEW if name in trainer_kwargs}
        # By its name: integrations stand above the widgets, and this one is asked for by hand.
        lightning: Any = import_module("nbviz.integrations.lightning.training")
        training = lightning.LightningTraining(
            module,
            datamodule,
            name=trainer_kwargs.pop("name", None),
            dir=trainer_kwargs.pop("dir", None),
            options=trainer_kwargs,
        )
        live = cls.__new__(cls)
        live._begin(training, view)  # noqa: SLF001  its own
        return live

    # ------------------------------------------------------------ steering

    def start(self) -> None:
        """Start training on a background thread; returns at once.

        If no other cell shows the trainer, the running one does from now on; else it shows a line
        with the state, Pause, and a button that leads to the view.

        Raises:
            RunActiveError: The run is active already, or another run trains the same model.
        """
        self.trainer.start()
        self.wake()
        self._show_that_it_runs()

    def pause(self) -> None:
        """Wait after the current step."""
        self.trainer.pause()

    def resume(self) -> None:
        """Go on after a pause."""
        self.trainer.resume()

    def step(self, n: int = 1) -> None:
        """Make exactly `n` optimizer steps, then pause."""
        self.trainer.step(n)
        self.wake()

    def step_into(self) -> Phase | None:
        """Go on to the end of the next phase of a step, and stand there, as in a debugger.

        The phases are batch, forward, loss, backward, clip (with `gradient_clip`), optimizer and
        scheduler (if it steps after each step), then end, where the run is paused between two
        steps. Starts the run if it is not active. `step` makes the step to its end and pauses,
        `resume` goes on; so does what needs the run between two steps, such as `save`.

        >>> trainer.step_into()
        <Phase in step 41, after batch: inputs 64 × 1 × 8 × 8, targets 64>
        >>> trainer.step_into().numbers["loss"]

        Returns:
            The phase, with its numbers and tensors; None where the run has ended.

        Raises:
            TrainingError: Training failed; the error is chained as the cause.
            CommandError: Lightning trains, whose steps have no phases that nbviz knows.
            RunActiveError: Called on the run's own thread, or in a block of `between_steps`.
        """
        phase = self._own("stepped into; step() makes a whole step").step_into()
        self.wake()
        return phase

    def stop(self) -> None:
        """End the run after the current step. `wait` waits for it."""
        self.trainer.stop()

    def set(self, **values: float) -> None:
        """Change values between two steps, such as `lr=1e-4`; each is marked on the curves.

        Raises:
            CommandError: A name does not exist or a value is out of range; nothing was changed.
        """
        self.trainer.set(**values)
        self.wake()

    def save(self, path: str | Path) -> Path:
        """Write the state of the run to a file, from which `load` goes on, in another kernel, too.

        A run that is active stands between two steps while its state is copied; a validation that
        is being made ends first. The file that was there is replaced once the new one is on the
        disk.

        Args:
            path: Such as "mine.pt"; its folder is made.

        Returns:
            The path.

        Raises:
            CheckpointError: The state cannot be kept, or the file cannot be written.
        """
        return self.trainer.save(path)

    def reset(self) -> None:
        """Go back to before the first step, with a new run; the present one stays beside it.

        Stops the run first, if it is active. Model, optimizer, schedule and random numbers are what
        they were, so that `start` makes the same steps again. With `dir` the new run's journal
        is in its folder `reset-1`, `reset-2` and so on.

        Raises:
            CheckpointError: The state of before the first step was not kept: see `reset_memory`.
            RunActiveError: The current step did not end in time.
        """
        self.trainer.reset()

    def rewind(self, step: int | Literal["best"]) -> None:
        """Go back to a step, with a new run that is paused there; the present one lies behind it.

        The nearest state that was kept before the step is restored, and the steps from there are
        made again: on a CPU to the last bit as they were, and where that is not so, the log says
        by how much. `resume` goes on from there, also where the run had finished. The curves until
        now stay behind in grey, until the reader keeps them as another run or dismisses them.

        >>> trainer.rewind(400)
        >>> trainer.set(lr=1e-4)
        >>> trainer.resume()

        Args:
            step: Completed steps, from 0 to those made by now; or "best" for the step after which a
                validation gave the best value of `monitor`, whose state is always kept.

        Raises:
            CommandError: There is no such step.
            CheckpointError: No validation has given such a value, no state of before the step was
                kept, or its steps could not be made again; then the run is as it was.
            RunActiveError: The current step did not end in time, or this is called on the run's
                own thread.
        """
        self.trainer.rewind(step)

    def fork(self, name: str | None = None, step: int | None = None, **values: float) -> Trainer:
        """Return a second trainer that goes on from a step of this one, shown in the same view.

        Model, optimizer, scheduler, loader and callbacks are copied together; data sets are shared.
        Without a change it makes the same steps, on a CPU to the last bit, also while this run goes
        on: they train in turns, some steps each, every one with random numbers of its own.

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
        return self.trainer.fork(name, step, **values)

    def keep(self, fork: Trainer) -> None:
        """Go on as a fork stands: its state is copied into your own model and optimizer.

        Both runs are stopped first, if they are active. The new run has the fork's curves, and
        `start` goes on with it.

        Raises:
            CommandError: It is no fork of this run.
            CheckpointError: The state does not fit.
            RunActiveError: As for `rewind`.
        """
        self.trainer.keep(fork)

    def find_nonfinite(self) -> FirstNonFinite | None:
        """Find the step that made the loss or a weight NaN or infinite, and what in it did.

        Afterwards the run is rewound to the step before, and paused there. The log says what was
        found.

        Returns:
            The first operation whose result was not finite; None where the losses and the weights
            are finite: then nothing was changed.

        Raises:
            CheckpointError: No state of before it was kept, or the step does not break when it is
                made again; then the run is as it was.
            RunActiveError: The current step did not end in time, or this is called on the run's
                own thread.
        """
        return self.trainer.find_nonfinite()

    def inject_fault(self, name: FaultName) -> Fault:
        """Put a common fault into the training, to see what it looks like; `rewind` undoes it.

        It is done between two steps, to your own model, optimizer and data, and marked on the
        curves. The state of right before is kept.

        >>> fault = trainer.inject_fault("dead_relu")
        >>> trainer.step(50)
        >>> trainer.rewind(fault.step)

        Args:
            name: "high_lr", "dead_relu", "vanishing_init", "label_noise" or "no_shuffle", as
                `Trainer.inject_fault` describes them.

        Raises:
            CommandError: There is no such fault, or not in this training: no ReLU, an iterable data
                set, no learning rate that can be set.
            RunActiveError: As for `rewind`.
        """
        fault = self._own("given a fault").inject_fault(name)
        self.wake()
        return fault

    def watch_layer(self, path: str, *, on: bool = True) -> None:
        """Watch one layer from now on: statistics as curves, histograms, and its feature maps.

        A click on a layer's box in the graph, then on Watch, does the same.

        >>> trainer.watch_layer("conv1")

        Args:
            path: The module's name in the model.
            on: False to watch it no more; what was recorded stays.

        Raises:
            CommandError: The model has no such module.
        """
        self._own("watched").watch_layer(path, on=on)
        self.wake()

    def probe(self, fn: Callable[[torch.nn.Module], Any], steps: Iterable[int]) -> Probed:
        """Return what a function of the model gives after earlier steps, though it was not logged.

        The steps are made again; afterwards the run is as it was. In `fn` the model is as that step
        left it, `.grad` included; what `fn` changes of it is undone.

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
        return self.trainer.probe(fn, steps)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the run has ended, at most `timeout` seconds.

        Raises:
            TrainingError: Training failed; the error is chained as the cause.
            TimeoutError: The run is still active. Training goes on.
            RunActiveError: Called in a block of `between_steps`, which the run waits for.
        """
        try:
            self.trainer.wait(timeout)
        finally:
            self.leave_picture()

    def between_steps(self) -> AbstractContextManager[None]:
        """Have the run stand between two steps while a block runs, then go on.

        In the block weights, gradients and optimizer state belong to one step, and can be read and
        saved. Outside it do not read `.grad` while the run trains, except in its own
        `training_step`: PyTorch's backward pass frees gradients without waiting for other threads,
        and the kernel may die.

        >>> with trainer.between_steps():
        ...     torch.save(trainer.model.state_dict(), "now.pt")
        """
        return self.trainer.between_steps()

    def _show_that_it_runs(self) -> None:
        _, request = running_cell()
        # What threads display goes to a cell that they do not know.
        if request is None or threading.current_thread() is not threading.main_thread():
            return
        if not self.is_shown_elsewhere:
            # Else the box shows it that the user has put it into.
            if not self.is_shown_here and not is_in_a_box(self):
                self.show()
        elif not self.is_shown_here:
            RunBar(self.run, self.view_id).show()

    def _ipython_display_(self, **options: Any) -> None:
        # As the last line after start(), which has shown it.
        if not self.is_shown_here:
            super()._ipython_display_(**options)

    def compare(self, *others: Comparable | Iterable[Comparable]) -> Dashboard:
        """Show this run beside others in a view of their own, with a table of them.

        Args:
            *others: Trainers, runs, directories of event files, or lists of them.

        Raises:
            ConfigurationError: Something given holds no run.
        """
        return Dashboard(self, *others)

    # ------------------------------------------------------------ what it holds

    @property
    def run(self) -> Run:
        """The recording: `trainer.run["loss/train"].values`."""
        return self.trainer.run

    @property
    def model(self) -> torch.nn.Module:
        """The model."""
        return self.trainer.model

    @property
    def data(self) -> TrainingData:
        """The training data: `trainer.data.drop([17])`, `trainer.data.relabel({88: 3})`."""
        return self.trainer.data

    @property
    def optimizer(self) -> torch.optim.Optimizer | None:
        """The optimizer, None where `training_step` has its own."""
        return self.trainer.optimizer

    @property
    def step_number(self) -> int:
        """The optimizer step that is being made; between two steps, the last completed one.

        Raises:
            CommandError: Lightning trains, whose module has a `global_step`.
        """
        return self._own("asked for it; its module has a global_step").step_number

    @property
    def status(self) -> RunStatus:
        """Where the run is: ready, running, paused, stopping, finished, stopped or failed."""
        return self.trainer.control.status

    def _own(self, refused: str) -> Trainer:
        """Return the trainer; CommandError where it is another library's that trains."""
        trainer: Any = self.trainer
        if isinstance(trainer, Trainer):
            return trainer
        raise CommandError(f"a run that Lightning trains cannot be {refused}.")

    def _follow(self, trainer: Trainer) -> None:
        """Show the runs that a trainer, its own or a fork, goes on with."""
        reference, graph = weakref.ref(self), trainer.graph  # what trains keeps no view alive

        def show(old: Run, new: Run) -> None:
            target = reference()
            if target is not None:
                target._show_new_run(old, new, graph)  # noqa: SLF001  its own

        trainer.on_new_run(show)

    def _show_new_run(self, old: Run, run: Run, graph: LiveGraph) -> None:
        if run.origin is not None and run.origin.run_id == old.run_id:  # rewound: old lies behind
            for subject in self.subjects:
                if subject.run is old:
                    subject.is_earlier = True
        remember_notebook(run)
        self.add_subject(Subject.of_run(run, graph))
        self.wake()

    def _follow_forks(self) -> None:
        relatives = getattr(self.trainer, "relatives", None)
        if relatives is None:  # Lightning's training has none
            return
        reference = weakref.ref(self)

        def show(fork: Trainer) -> None:
            target = reference()
            if target is not None:
                target._follow(fork)  # noqa: SLF001  its own
                target._show_new_run(fork.run, fork.run, fork.graph)  # noqa: SLF001

        relatives.on_fork.append(show)


def _end_earlier_trainers_of_this_cell() -> None:
    """Stop what earlier runs of this cell made, and let go of their models."""
    cell_id, request = running_cell()
    if cell_id is None:
        return
    before = _by_cell.get(cell_id, _Cell())
    if before.request == request:
        return
    now = _by_cell[cell_id] = _Cell(request)
    for reference in before.trainers:
        trainer = reference()
        if trainer is not None:
            trainer.trainer.stop_and_wait()
            now.earlier.append(left_for_the_next(trainer.run, trainer.subjects))
            # IPython's Out keeps what a cell has returned; it may hold a copy of all weights.
            trainer.trainer.forget_start("its cell was run again")
            trainer.close()


def _earlier_runs_of_this_cell() -> list[Subject]:
    """Return what the trainer in the same place of the cell's run before left; once."""
    cell_id, _ = running_cell()
    if cell_id is None or not _by_cell[cell_id].earlier:
        return []
    return _by_cell[cell_id].earlier.pop(0)


def _remember_cell(trainer: LiveTrainer) -> None:
    cell_id, _ = running_cell()
    if cell_id is not None:
        _by_cell[cell_id].trainers.append(weakref.ref(trainer))
