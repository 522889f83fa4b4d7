"""A logger of Ignite's family: its TensorBoard handlers write to a run, which is steered, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from nbviz.integrations.foreign_loop import ForeignLoop, counted
from nbviz.integrations.peers import not_served, require
from nbviz.integrations.tensorboard import SummaryWriter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from nbviz.recording.run import Run

__all__ = ["NbvizLogger"]

_INSTEAD = {
    "ProgressBar": "NbvizLogger(…).attach_run(trainer) shows progress",
    "TensorboardLogger": "use NbvizLogger, which is one",
    "VisdomLogger": "use NbvizLogger",
    "WandBLogger": "use NbvizLogger; run.to_wandb(path) writes W&B's files",
}
_Logger: Any = require(
    "pytorch-ignite", "0.5", "ignite.handlers.tensorboard_logger"
).TensorboardLogger


class NbvizLogger(_Logger):
    """Ignite's TensorboardLogger, whose writer is nbviz's: the cell shows it live.

    All handlers of `ignite.handlers.tensorboard_logger` attach to it. `attach_run` shows progress,
    and carries out Pause, Step, Stop and a new learning rate between two iterations.

    >>> with NbvizLogger("runs/mine") as logger:
    ...     logger.attach_run(trainer, optimizer=optimizer, model=model)
    ...     logger.attach_output_handler(trainer, Events.ITERATION_COMPLETED, "train",
    ...                                  output_transform=lambda loss: {"loss": loss})
    ...     trainer.run(loader, max_epochs=3)

    Args:
        *args: As for `nbviz.SummaryWriter`, the log directory first.
        **kwargs: As for `nbviz.SummaryWriter`.

    Attributes:
        writer: The writer.
        run: Its run.

    Raises:
        MissingDependencyError: Ignite is not installed.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Not the original's, which makes a writer of torch's.
        self.writer = SummaryWriter(*args, **kwargs)
        self.run: Run = self.writer.run
        self._loops: list[ForeignLoop] = []

    def attach_run(
        self,
        engine: Any,
        *,
        optimizer: Any = None,
        model: nn.Module | None = None,
        watch: bool | Mapping[str, Any] = False,
    ) -> None:
        """Show the progress of a training engine, and let it be steered.

        Args:
            engine: The engine that trains.
            optimizer: Whose learning rate is recorded and can be set; or a list of them.
            model: Whose weights can be shown.
            watch: True to record statistics of the model's gradients now and then, or a mapping of
                options for `Run.watch`.
        """
        loop = ForeignLoop(run=self.run, owns=True, watch=watch)
        self._loops.append(loop)
        events: Any = require("pytorch-ignite", "0.5", "ignite.engine").Events
        given: list[Any] = [*optimizer] if isinstance(optimizer, list | tuple) else [optimizer]  # pyright: ignore[reportUnknownArgumentType]

        def begin(engine: Any) -> None:
            state = engine.state
            self.writer.attend()
            loop.begin(
                step=state.iteration,
                total_steps=_total(state),
                total_epochs=state.max_epochs,
                model=model,
                optimizers=[one for one in given if one is not None],
            )

        def epoch(engine: Any) -> None:
            loop.epoch_began(engine.state.epoch)

        def step(engine: Any) -> None:
            if not loop.step_ended(engine.state.iteration):
                engine.terminate()

        def failed(engine: Any, error: BaseException) -> None:
            del engine
            loop.end(error)
            raise error

        engine.add_event_handler(events.STARTED, begin)
        engine.add_event_handler(events.EPOCH_STARTED, epoch)
        engine.add_event_handler(events.ITERATION_STARTED, loop.step_began)
        engine.add_event_handler(events.ITERATION_COMPLETED, step)
        engine.add_event_handler(events.EXCEPTION_RAISED, failed)
        engine.add_event_handler(events.COMPLETED, loop.end)

    def attach_evaluator(self, engine: Any, name: str = "Validation") -> None:
        """Have the progress of an evaluator shown while it runs; Pause acts in it, too.

        Args:
            engine: The engine that evaluates.
            name: What it is called.
        """
        events: Any = require("pytorch-ignite", "0.5", "ignite.engine").Events

        def batch(engine: Any) -> None:
            state = engine.state
            for loop in self._loops:
                loop.describe(counted(name, state.iteration, state.epoch_length))
                loop.obey(is_whole=False)

        def over(engine: Any) -> None:
            del engine
            for loop in self._loops:
                loop.describe("")
            self.run.mark("validation", self.run.meter.step, name.lower())

        engine.add_event_handler(events.ITERATION_COMPLETED, batch)
        engine.add_event_handler(events.COMPLETED, over)


def __getattr__(name: str) -> NoReturn:
    raise not_served(__name__, name, _INSTEAD)


def _total(state: Any) -> int | None:
    if state.epoch_length is None or state.max_epochs is None:
        return None
    return state.epoch_length * state.max_epochs
