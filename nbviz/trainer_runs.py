"""The runs in which a trainer records, one after another: after `reset` and `rewind` a new one."""

from __future__ import annotations

import itertools
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from nbviz.errors import describe
from nbviz.recording.kept.past import go_on_from
from nbviz.recording.origin import Origin
from nbviz.recording.recorder import Recorder
from nbviz.recording.run import Run
from nbviz.trainer_options import length_text
from nbviz.training.between_steps import between_steps
from nbviz.training.known_parameters import expected_tags, of_training

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from nbviz.inspection.graph.overlays.overlays import Overlays
    from nbviz.layer_watches import LayerWatches
    from nbviz.protocol.log import LineLevel
    from nbviz.recording.kept.past import Past
    from nbviz.recording.weights_store import State
    from nbviz.trainer_options import TrainerOptions
    from nbviz.training.checkpoints.ring import StateRing
    from nbviz.training.commands import Control
    from nbviz.training.engine import Engine

COMMANDS = (
    "start", "pause", "resume", "step", "step_into", "stop", "set", "reset", "inject_fault",
    "watch_layer",
)  # fmt: skip


class Recorded(Protocol):
    """What of a trainer is recorded in a run, or steers it."""

    run: Run
    options: TrainerOptions
    engine: Engine
    control: Control
    overlays: Overlays
    layers: LayerWatches
    ring: StateRing

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands of its run that pages may use."""
        ...


class TrainerRuns:
    """Makes the runs of a trainer, and has it record in the present one.

    Args:
        trainer: The trainer, which is given its first run.

    Attributes:
        present: The run that is recorded, also while steps are made again beside it.
        recorder: What records in the present run, an observer of the engine.
        listeners: Each called with the old run and the new one.
    """

    def __init__(self, trainer: Recorded) -> None:
        options = trainer.options
        watch = options.watch
        self.listeners: list[Callable[[Run, Run], None]] = []
        self._trainer = trainer
        self._watch = {} if watch is True else dict(watch) if watch else None
        self._others = 0
        trainer.run = self.present = self._make(options.name, options.dir)
        self.recorder = Recorder(trainer.run, options.model)

    def begin(self) -> None:
        """Make the first run the one that is recorded; the trainer has its engine now."""
        self._record_in(self._trainer.run)

    def go_on_as_another(self, past: Past | None, *lines: tuple[LineLevel, str]) -> None:
        """Record in a new run from now on, of which nothing is told yet; the old one stays.

        If it fails, the old one is recorded as before.

        Args:
            past: What was recorded until the step where the engine is; None for nothing.
            *lines: For the new run's log.
        """
        trainer, before = self._trainer, self.recorder
        old, options, engine = trainer.run, trainer.options, trainer.engine
        name = f"{options.name or without_number(old.name)} ({self._others + 2})"
        kind = "reset" if past is None else "rewind"
        run = self._make(name, next_directory(options.dir, kind))
        recorder = Recorder(run, engine.model)
        if past is not None:
            go_on_from(run, past, engine.step, engine.epoch)
            run.origin = Origin(old.run_id, old.name, engine.step)
        for level, text in lines:
            run.note(text, level, step=engine.step)
        try:
            old.leave_trainer()
            self._change_recorder(recorder)
            self._record_in(run)
        except BaseException:
            self._change_recorder(before)
            self._record_in(old)
            raise
        self._others += 1

    def tell(self, old: Run) -> None:
        """Tell the listeners that there is a new run; a view that fails ends nothing."""
        for notify in tuple(self.listeners):
            try:
                notify(old, self._trainer.run)
            except Exception as error:  # noqa: BLE001  a drawing bug never ends a run
                text = f"the new run could not be shown: {describe(error)}"
                self._trainer.run.note(text, "warning")

    def begin_watch(self) -> None:
        """Watch the model, if that was asked for: a watch ends with the run, which may go on."""
        trainer = self._trainer
        if self._watch is not None and not trainer.run.watches:
            trainer.run.watch(trainer.engine.model, **self._watch)
        trainer.layers.begin()

    @contextmanager
    def _earlier_weights(self, run: Run) -> Generator[Sequence[State]]:
        """Give the states that the trainer keeps, if they are of this run and it rests."""
        trainer = self._trainer
        if not self._rests(run):
            yield ()
            return
        with between_steps(trainer.engine.model, inside=True):
            yield trainer.ring.weights

    def _earlier_steps(self, run: Run) -> Sequence[int]:
        return self._trainer.ring.steps_in_memory if self._rests(run) else ()

    def _rests(self, run: Run) -> bool:
        trainer = self._trainer
        return trainer.run is run and trainer.control.status != "running"

    def _make(self, name: str | None, directory: str | Path | None) -> Run:
        options = self._trainer.options
        return Run(
            name,
            dir=directory,
            overhead_budget=options.overhead_budget,
            config=options.config,
        )

    def _change_recorder(self, recorder: Recorder) -> None:
        self._trainer.engine.emit.replace(self.recorder, recorder)
        self.recorder = recorder

    def _record_in(self, run: Run) -> None:
        """Make a run the one that is recorded and steered."""
        trainer = self._trainer
        options, engine = trainer.options, trainer.engine
        trainer.run = self.present = run
        run.hyperparameters.add_known(of_training(options, engine.device, engine.optimizers))
        run.expected_tags = expected_tags(options, engine.optimizers)
        run.follow_steps(lambda: engine.step_number)
        run.follow_control(trainer.control)
        run.commands = trainer.commands
        run.again = length_text(options)
        run.steering = trainer
        run.overlays = trainer.overlays
        run.weights.states = lambda: self._earlier_weights(run)
        run.weights.state_steps = lambda: self._earlier_steps(run)
        classification = engine.classification
        classification.allows = self.recorder.allows_collecting
        classification.forget()
        self.begin_watch()


def without_number(name: str) -> str:
    """Return what a run was called before `reset` or `rewind` numbered it."""
    return re.sub(r" \(\d+\)$", "", name)


def next_directory(directory: str | Path | None, kind: str) -> Path | None:
    """Return the first folder for another run that is not there yet."""
    if directory is None:
        return None
    numbers = itertools.count(1)
    return next(path for n in numbers if not (path := Path(directory) / f"{kind}-{n}").exists())
