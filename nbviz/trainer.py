"""Trainer: an engine on a background thread, a run that records it, and commands. No screen."""

from __future__ import annotations

import contextlib
import threading
import weakref
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from nbviz.errors import CommandError, ConfigurationError, RunActiveError, TrainingError
from nbviz.inspection.graph.live import LiveGraph
from nbviz.inspection.graph.overlays.overlays import Overlays
from nbviz.recording.current import as_current
from nbviz.recording.overhead import DEFAULT_SHARE
from nbviz.recording.prints import captured_prints
from nbviz.recording.recorder import Recorder
from nbviz.recording.run import Run
from nbviz.training.background import BackgroundRun
from nbviz.training.between_steps import between_steps, is_between_steps
from nbviz.training.commands import Control
from nbviz.training.engine import Engine
from nbviz.training.keywords import takes
from nbviz.training.known_parameters import of_training
from nbviz.training.options import TrainingOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from nbviz.protocol.run import RunStatus
    from nbviz.training.steps.batches import SplitBatch

COMMANDS = ("start", "pause", "resume", "step", "stop", "set")
STOP_SECONDS = 30.0

_active: weakref.WeakSet[Trainer] = weakref.WeakSet()
_active_lock = threading.Lock()


def active_trainers() -> list[Trainer]:
    """Return the trainers whose runs are active, in the order in which those began."""
    found = [trainer for trainer in list(_active) if trainer.is_active]
    return sorted(found, key=lambda trainer: trainer.run.progress.started_at)


@dataclass(frozen=True, eq=False)
class TrainerOptions(TrainingOptions):
    """What a trainer takes: a training, and how it is recorded.

    Args:
        name: What the run is called.
        dir: Where the run's journal is kept, as for `nbviz.Run`; None keeps none.
        watch: True to record statistics and histograms of weights and gradients, or a mapping of
            options for `Run.watch`, such as {"activations": ["layer1"], "every": 2}.
        overhead_budget: The share of the time that nbviz may take, as for `nbviz.Run`.
        config: Hyper-parameters of your own beside those that nbviz knows, as for `nbviz.Run`.
    """

    _: KW_ONLY
    name: str | None = None
    dir: str | Path | None = None
    watch: bool | Mapping[str, Any] = False
    overhead_budget: float = DEFAULT_SHARE
    config: Mapping[str, Any] | None = None


class Trainer:
    """Trains a model on a background thread and records the run.

    `nbviz.LiveTrainer` is this with a dashboard; on a machine without Jupyter, use this one. A run
    that has ended can be started again: it goes on from the weights and the step where it is.

    Attributes:
        run: The recording.
        control: Pause, resume, step, stop and set.
        graph: The model's graph, once it is asked for.
        overlays: What colours it.
        engine: The training's loop.
        surroundings: Returns a context in which the run's thread trains.

    Raises:
        ConfigurationError: An argument has a value that cannot work.
    """

    @takes(TrainerOptions)
    def __init__(self, options: TrainerOptions) -> None:
        model, train_loader = options.model, options.train_loader
        self.run = Run(
            options.name,
            dir=options.dir,
            overhead_budget=options.overhead_budget,
            config=options.config,
        )
        self.control = Control()

        def is_idle() -> bool:
            return not self.is_active or self.control.status == "paused"

        def split(batch: Any) -> SplitBatch:
            return self.engine.split(batch)

        self.graph = LiveGraph(
            model, train_loader, split=None if options.training_step is not None else split
        )
        self.overlays = Overlays(
            model, lambda: self.graph.graph, is_idle=is_idle, spend=self.run.meter.spend
        )
        self.engine = Engine(
            options,
            control=self.control,
            observers=(Recorder(self.run, model), self.graph, self.overlays),
        )
        self.run.hyperparameters.add_known(
            of_training(options, self.engine.device, self.engine.optimizers)
        )
        self.run.follow_steps(lambda: self.engine.step_number)
        self.run.control = self.control
        self.run.commands = COMMANDS
        self.run.again = _length(options.max_epochs, options.max_steps)
        self.run.steering = self
        self.run.overlays = self.overlays
        self.surroundings: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
        self._background: BackgroundRun | None = None
        watch = options.watch
        self._watch = {} if watch is True else dict(watch) if watch else None
        self._begin_watch()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.run!r})"

    @property
    def status(self) -> RunStatus:
        """Where the run is: ready, running, paused, stopping, finished, stopped or failed."""
        return self.control.status

    @property
    def is_active(self) -> bool:
        """Whether the run's thread is alive."""
        return self._background is not None and self._background.is_alive

    @property
    def step_number(self) -> int:
        """The optimizer step that is being made; between two steps, the last completed one."""
        return self.engine.step_number

    def start(self) -> None:
        """Start training on a background thread; returns at once.

        Raises:
            ConfigurationError: The schedule ends before the run, and `schedule_end` is "refuse".
            RunActiveError: The run is active already, or another run trains the same model.
        """
        self._start()

    def pause(self) -> None:
        """Wait after the current step."""
        self.control.pause()

    def resume(self) -> None:
        """Go on after a pause."""
        self.control.resume()

    def stop(self) -> None:
        """End the run after the current step; `wait` waits for it."""
        self.control.stop()

    def set(self, **values: float) -> None:
        """Change values between two steps, such as `lr=1e-4`.

        Raises:
            CommandError: A name does not exist or a value is out of range; nothing was changed.
        """
        self.control.set(**values)

    def step(self, n: int = 1) -> None:
        """Make exactly `n` optimizer steps, then pause; starts the run if it is not active.

        Raises:
            CommandError: `n` is not a whole number above 0.
        """
        if self.is_active:
            self.control.step(n)
            return
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise CommandError(f"step takes a whole number of steps, at least 1; got {n!r}.")
        self._start(steps=n)

    def between_steps(self) -> AbstractContextManager[None]:
        """Have the run stand between two steps while the block runs, then go on.

        Weights, gradients and optimizer state belong to one step in the block, and can be read and
        saved. Outside it `.grad` must not be read while the run trains, except on the run's own
        thread: PyTorch's backward pass frees gradients without waiting for other threads, and the
        process may end. A run that is started in the block begins after it.

        >>> with trainer.between_steps():
        ...     norms = [p.grad.norm() for p in model.parameters()]
        """
        return between_steps(self.engine.model)

    def stop_and_wait(self, timeout: float = STOP_SECONDS) -> None:
        """Stop the run, if it is active, and wait until its thread has ended.

        Raises:
            RunActiveError: The current step did not end in `timeout` seconds, or this is called in
                a block of `between_steps`, which the run waits for.
        """
        if self._background is None or not self.is_active:
            return
        self._require_apart("stop_and_wait")
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
            self._require_apart("wait")
        try:
            self._background.wait(timeout)
        except KeyboardInterrupt as interrupt:
            interrupt.add_note("Training goes on in the background; .stop() ends it.")
            raise

    def _start(self, steps: int | None = None) -> None:
        if self.is_active:
            raise RunActiveError(
                f"{self.run.name!r} is active already ({self.status}); "
                "call .stop() and .wait() first, or .resume() if it is paused."
            )
        self.engine.check_start()
        with _active_lock:
            for other in list(_active):
                if other.is_active and other.engine.model is self.engine.model:
                    raise RunActiveError(
                        f"{other.run.name!r} is training the same model; stop it first."
                    )
            self._background = BackgroundRun(
                self._train, name=self.run.name, stop=self.control.stop
            )
            _active.add(self)
        self._begin_watch()
        self.control.reserve()
        if steps is not None:
            self.control.step(steps)
        self._background.start()

    def _require_apart(self, command: str) -> None:
        if is_between_steps(self.engine.model):
            raise RunActiveError(
                f"cannot {command} in a block of between_steps(): the run waits for the block to "
                "end. Do it after the block."
            )

    def _begin_watch(self) -> None:
        """A watch ends with the run; the run may go on."""
        if self._watch is not None and not self.run.watches:
            self.run.watch(self.engine.model, **self._watch)

    def _train(self) -> None:
        with as_current(self.run), captured_prints(self.run.note), self.surroundings():
            self.engine.run()

    def __reduce__(self) -> NoReturn:
        raise ConfigurationError(
            f"the trainer of {self.run.name!r} cannot be copied or pickled, because it has a "
            "thread and a run. Save what it trains: with trainer.between_steps(): "
            "torch.save(model.state_dict(), path)."
        )


def _length(max_epochs: int | None, max_steps: int | None) -> str:
    if max_steps is not None:
        return f"{max_steps:,} step{'s' if max_steps > 1 else ''}"
    if max_epochs is not None:
        return f"{max_epochs:,} epoch{'s' if max_epochs > 1 else ''}"
    return ""
