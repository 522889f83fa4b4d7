"""What steers a trainer's run: start, pause, steps, phases of a step, settings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from nbviz.errors import CommandError
from nbviz.training.between_steps import between_steps
from nbviz.training.checks import check_steps
from nbviz.training.phases.phase import Phase

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from nbviz.layer_watches import LayerWatches
    from nbviz.protocol.run import RunStatus
    from nbviz.training.background import BackgroundRun
    from nbviz.training.commands import Control
    from nbviz.training.engine import Engine


class TrainerCommands(ABC):
    """Commands of a trainer, from any thread but the run's own.

    Attributes:
        control: Where the run is told of them.
        engine: The training's loop.
        layers: The layers that are watched because that was asked for.
    """

    control: Control
    engine: Engine
    layers: LayerWatches

    @property
    def status(self) -> RunStatus:
        """Where the run is: ready, running, paused, stopping, finished, stopped or failed."""
        return self.control.status

    @property
    @abstractmethod
    def is_active(self) -> bool:
        """Whether the run's thread is alive."""

    @abstractmethod
    def require_apart(self, command: str) -> None:
        """Raise RunActiveError where the present thread holds the run up, or is it."""

    @abstractmethod
    def wait(self, timeout: float | None = None) -> None:
        """Wait until the run has ended."""

    @abstractmethod
    def _start(
        self, steps: int | None = None, *, is_paused: bool = False, into: bool = False
    ) -> BackgroundRun:
        """Start the run on a thread of its own."""

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

        A step inside which the run stands, after `step_into`, is the first of them.

        Raises:
            CommandError: `n` is not a whole number above 0.
        """
        if self.is_active:
            self.control.step(n)
            return
        check_steps("step", n)
        self._start(steps=n)

    def step_into(self) -> Phase | None:
        """Go on to the end of the next phase of a step, and stand there, as in a debugger.

        The phases are batch, forward, loss, backward, clip (with `gradient_clip`), optimizer and
        scheduler (if it steps after each step), then end, where the run is paused between two
        steps. With a `training_step` that steps its optimizers itself they come as that has them,
        its loss last. Starts the run if it is not active. `step` makes the step to its end and
        pauses, `resume` goes on; so does whatever needs the run between two steps, such as `save`
        or a block of `between_steps`, after which it is paused.

        >>> trainer.step_into()
        <Phase in step 41, after batch: inputs 64 × 1 × 8 × 8, targets 64>
        >>> trainer.step_into().numbers["loss"]

        Returns:
            The phase, with its numbers and tensors; None where the run has ended.

        Raises:
            TrainingError: Training failed; the error is chained as the cause.
            RunActiveError: Called on the run's own thread, or in a block of `between_steps`.
        """
        if self.is_active:
            self.require_apart("step into a step")
            self.control.step_into()
        else:
            self._start(into=True)
        try:
            phase = self.control.wait_inside()
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(f"The run is {self.status}; it goes on to the end of the phase.")
            raise
        if phase is None and self.status == "paused":
            return Phase(self.engine.step, "end")
        if phase is None:
            self.wait()  # which raises what it failed with
        return phase

    def watch_layer(self, path: str, *, on: bool = True) -> None:
        """Watch one layer from now on, as `run.watch` watches a model: what a click in a page does.

        Statistics and histograms of its weights, gradients, updates and output become series and
        histograms; its feature maps become pictures, which are shown by step.

        >>> trainer.watch_layer("conv1")

        Args:
            path: The module's name in the model.
            on: False to watch it no more; what was recorded stays.

        Raises:
            CommandError: The model has no such module.
        """
        self.layers.set(path, on=on)

    def between_steps(self) -> AbstractContextManager[None]:
        """Have the run stand between two steps while the block runs, then go on.

        Weights, gradients and optimizer state belong to one step in the block, and can be read and
        saved. Outside it `.grad` must not be read while the run trains, except on the run's own
        thread: PyTorch's backward pass frees gradients without waiting for other threads, and the
        process may end. A run that is started in the block begins after it; one that takes turns
        with this one, as forks do, stands, too.

        >>> with trainer.between_steps():
        ...     norms = [p.grad.norm() for p in model.parameters()]
        """
        return between_steps(self.engine.model)


def step_through(trainer: Any, steps: int = 1) -> Iterator[Phase]:
    """Go through the next steps of a trainer phase by phase.

    The run stands after each phase while the loop's body runs, and is paused after the last one;
    where the loop is left earlier, it stands where it is.

    >>> for phase in nbviz.step_through(trainer):
    ...     print(phase)
    in step 1, after batch: inputs 64 × 1 × 8 × 8, targets 64
    in step 1, after forward: output 64 × 10
    in step 1, after loss: loss 2.31
    in step 1, after backward: gradient norm 0.4802
    in step 1, after optimizer: weight norm 9.213, lr 0.1
    step 1 is done

    Args:
        trainer: A `Trainer` or `LiveTrainer`. Of a loop of your own nbviz knows no phases; Python's
            `breakpoint()` stops in it.
        steps: How many.

    Yields:
        Each phase, as `step_into` returns it.

    Raises:
        CommandError: `steps` is not a whole number above 0, or it is no trainer of nbviz's own.
    """
    if not callable(getattr(trainer, "step_into", None)):
        raise CommandError(
            f"step_through takes a Trainer or LiveTrainer, got {type(trainer).__name__}. In a loop "
            "of your own put breakpoint() where it is to stop."
        )
    check_steps("step_through", steps)
    return _through(trainer, steps)


def _through(trainer: Any, steps: int) -> Iterator[Phase]:
    while steps > 0:
        phase: Phase | None = trainer.step_into()
        if phase is None:
            return
        yield phase
        steps -= phase.name == "end"
