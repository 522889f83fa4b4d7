"""A fit of Lightning's on a background thread, with the interface of nbviz's own trainer."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NoReturn, cast

from nbviz.errors import (
    CheckpointError,
    ConfigurationError,
    RunActiveError,
    TrainingError,
)
from nbviz.inspection.graph.live import LiveGraph
from nbviz.integrations.lightning.callback import NbvizCallback
from nbviz.integrations.lightning.library import trainer_of
from nbviz.integrations.lightning.logger import NbvizLogger
from nbviz.recording.current import as_current
from nbviz.recording.prints import captured_prints
from nbviz.recording.run import Run
from nbviz.training.background import BackgroundRun
from nbviz.training.between_steps import between_steps, is_between_steps, registered
from nbviz.widgets.active import remember_loop

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    import torch

    from nbviz.protocol.run import RunStatus
    from nbviz.training.commands import Control

COMMANDS = ("start", "pause", "resume", "step", "stop", "set")
STOP_SECONDS = 30.0
_OF_FIT = ("train_dataloaders", "val_dataloaders", "ckpt_path", "weights_only")


class LightningTraining:
    """Runs `trainer.fit` on a background thread, recorded and steered.

    Args:
        module: A LightningModule.
        datamodule: A LightningDataModule, or None.
        name: What the run is called.
        dir: Where its journal is kept; None keeps none.
        options: As for Lightning's Trainer, and what its `fit` takes.

    Attributes:
        run: The recording.
        lightning: Lightning's Trainer.
        graph: The model's graph, once it is asked for.
        surroundings: Returns a context in which the run's thread trains.

    Raises:
        ConfigurationError: `module` is no LightningModule.
    """

    def __init__(
        self,
        module: Any,
        datamodule: Any,
        *,
        name: str | None,
        dir: str | Path | None,  # noqa: A002
        options: dict[str, Any],
    ) -> None:
        trainer_class = trainer_of(module)
        if trainer_class is None:
            raise ConfigurationError(
                "from_lightning takes a LightningModule, got "
                f"{type(module).__name__}; of another module make nbviz.LiveTrainer(model, …)."
            )
        self.run = run = Run(name, dir=dir)
        self._module = module
        self._fit = {"datamodule": datamodule} if datamodule is not None else {}
        self._fit |= {key: options.pop(key) for key in _OF_FIT if key in options}
        given = cast("Any", options.pop("callbacks", None) or [])
        callbacks: list[Any] = list(given) if isinstance(given, list | tuple) else [given]  # pyright: ignore[reportUnknownArgumentType]
        options["callbacks"] = [*callbacks, NbvizCallback(run=run, show=False)]
        options.setdefault("devices", 1)
        options.setdefault("enable_progress_bar", False)
        options.setdefault("enable_model_summary", False)
        if dir is not None:
            options.setdefault("default_root_dir", dir)
        # No folder that was not asked for: neither of a logger nor of a checkpoint.
        own_logger = not isinstance(options.get("logger", True), bool)
        if not (own_logger or "default_root_dir" in options or any(map(_keeps, callbacks))):
            options.setdefault("enable_checkpointing", False)
        if options.get("logger", True) is True:
            options["logger"] = NbvizLogger(run=run, show=False)
            options.setdefault("log_every_n_steps", 1)
        self.lightning: Any = trainer_class(**options)
        if self.lightning.world_size > 1:
            raise ConfigurationError(
                f"from_lightning trains in one process, got {self.lightning.world_size} of them "
                "(devices=…). With more call trainer.fit yourself, with NbvizLogger(save_dir); "
                "%nbviz --logdir shows what it writes."
            )
        loader: Any = self._fit.get("train_dataloaders")
        self.graph = LiveGraph(module, loader, split=None)
        self.surroundings: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
        self._background: BackgroundRun | None = None
        run.commands = COMMANDS
        run.steering = self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.run!r})"

    @property
    def control(self) -> Control:
        """Pause, resume, step, stop and set."""
        return self.run.control

    @property
    def status(self) -> RunStatus:
        """Where the run is."""
        return self.control.status

    @property
    def is_active(self) -> bool:
        """Whether the run's thread is alive."""
        return self._background is not None and self._background.is_alive

    @property
    def model(self) -> torch.nn.Module:
        """The LightningModule."""
        return self._module

    @property
    def optimizer(self) -> torch.optim.Optimizer | None:
        """Its optimizer, where there is one; None before the first start."""
        found = self.lightning.optimizers
        return found[0] if len(found) == 1 else None

    # ------------------------------------------------------------ steering

    def start(self) -> None:
        """Start `fit` on a background thread; returns at once.

        Raises:
            RunActiveError: The run is active already.
        """
        self._start(None)

    def pause(self) -> None:
        """Wait after the current step."""
        self.control.pause()

    def resume(self) -> None:
        """Go on after a pause."""
        self.control.resume()

    def step(self, n: int = 1) -> None:
        """Make `n` optimizer steps, then pause; starts the run if it is not active."""
        if self.is_active:
            self.control.step(n)
        else:
            self._start(n)

    def stop(self) -> None:
        """End the run after the current step, as `trainer.should_stop` does."""
        self.control.stop()

    def set(self, **values: float) -> None:
        """Change values between two steps, such as `lr=1e-4`."""
        self.control.set(**values)

    def between_steps(self) -> AbstractContextManager[None]:
        """Have the run stand between two steps while the block runs."""
        return between_steps(self._module)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the run has ended, at most `timeout` seconds.

        Raises:
            TrainingError: Training failed; the error is chained as the cause.
            TimeoutError: The run is still active.
            RunActiveError: Called in a block of `between_steps`.
        """
        if self._background is None:
            return
        if self.is_active and is_between_steps(self._module):
            raise RunActiveError("cannot wait in a block of between_steps(): the run waits for it.")
        self._background.wait(timeout)

    def stop_and_wait(self, timeout: float = STOP_SECONDS) -> None:
        """Stop the run, if it is active, and wait until its thread has ended.

        Raises:
            RunActiveError: The current step did not end in `timeout` seconds.
        """
        if self._background is None or not self.is_active:
            return
        self.control.stop()
        with contextlib.suppress(TrainingError, TimeoutError):
            self.wait(timeout)
        if self.is_active:
            raise RunActiveError(
                f"the current step of {self.run.name!r} did not end within {timeout:g} s; it is at "
                f"{self._background.present_line()}. Wait for it, or restart the kernel."
            )

    # ------------------------------------------------------------ what Lightning has its own of

    def save(self, path: str | Path) -> NoReturn:
        """Not served.

        Raises:
            CheckpointError: Always; it says what to use.
        """
        raise _left_to_lightning(f"save({str(path)!r})")

    def reset(self) -> NoReturn:
        """Not served.

        Raises:
            CheckpointError: Always; it says what to use.
        """
        raise _left_to_lightning("reset()")

    def rewind(self, step: int | str) -> NoReturn:
        """Not served.

        Raises:
            CheckpointError: Always; it says what to use.
        """
        raise _left_to_lightning(f"rewind({step})")

    def probe(self, fn: object, steps: object) -> NoReturn:
        """Not served.

        Raises:
            CheckpointError: Always; it says what to use.
        """
        del fn, steps
        raise _left_to_lightning("probe(…)")

    def fork(self, name: object = None, step: object = None, **values: float) -> NoReturn:
        """Not served.

        Raises:
            CheckpointError: Always; it says what to use.
        """
        del name, step, values
        raise _left_to_lightning("fork(…)")

    def find_nonfinite(self) -> NoReturn:
        """Not served.

        Raises:
            CheckpointError: Always; it says what to use.
        """
        raise _left_to_lightning("find_nonfinite()")

    def go_on_from(self, kept: object) -> NoReturn:
        """Not served.

        Raises:
            CheckpointError: Always; it says what to use.
        """
        raise _left_to_lightning(f"load({kept})")

    def on_new_run(self, callback: Callable[[Run, Run], None]) -> None:
        """Nothing to do: there is no reset."""

    def collect_only(self, panels: frozenset[str]) -> None:
        """Nothing to do: validations are Lightning's."""

    def forget_start(self, why: str) -> None:
        """Nothing to do: nothing is kept."""

    # ------------------------------------------------------------ inside

    def _start(self, steps: int | None) -> None:
        if self.is_active:
            raise RunActiveError(
                f"{self.run.name!r} is active already ({self.status}); "
                "call .stop() and .wait() first, or .resume() if it is paused."
            )
        self._background = BackgroundRun(self._execute, name=self.run.name, stop=self.control.stop)
        self.control.reserve()
        if steps is not None:
            self.control.step(steps)
        remember_loop(self)
        self._background.start()

    def _execute(self) -> None:
        error: BaseException | None = None
        try:
            with (
                registered(self.control, self._module.parameters()),
                as_current(self.run),
                captured_prints(self.run.note),
                self.surroundings(),
            ):
                self.lightning.fit(self._module, **self._fit)
        except BaseException as caught:
            error = caught
            raise
        finally:
            self.run.finish(error)  # where the callback was never reached
            self.control.end("failed" if error is not None else "finished")


def _keeps(callback: object) -> bool:
    """Whether a callback of the user's keeps checkpoints."""
    return any(kind.__name__ == "Checkpoint" for kind in type(callback).__mro__)


def _left_to_lightning(what: str) -> CheckpointError:
    return CheckpointError(
        f"{what} is not for a trainer of from_lightning, whose states are Lightning's checkpoints: "
        'trainer.trainer.lightning.save_checkpoint("mine.ckpt") in a block of '
        "trainer.between_steps() keeps one, and LiveTrainer.from_lightning(module, "
        'ckpt_path="mine.ckpt", …) goes on from it.'
    )
