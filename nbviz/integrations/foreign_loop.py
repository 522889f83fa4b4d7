"""A run that another library's loop feeds: shown in its cell, steered between the loop's steps."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor
from torch.optim import Optimizer

from nbviz.errors import LoggingError, RunStopped
from nbviz.integrations.in_cells import CellLog
from nbviz.recording.current import run_around
from nbviz.recording.recorder import note_refusal
from nbviz.recording.run import Run
from nbviz.training import known_parameters
from nbviz.training.optimizing.optimizers import rate_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from torch import nn

_SAMPLED = 32  # one step in this many is timed


@dataclass(frozen=True, slots=True)
class Rate:
    """A learning rate that is not in an optimizer of PyTorch's.

    Attributes:
        get: Returns it.
        set: Changes it, between two steps; None where that cannot be.
        driver: What changes it by itself; empty if nothing does.
    """

    get: Callable[[], float]
    set: Callable[[float], None] | None
    driver: str = ""


class ForeignLoop(CellLog):
    """Records the loop of another library, and carries out commands where that library calls.

    Nothing that it is told raises into the loop: what cannot be recorded is said in the run's log.

    Args:
        name: What the run is called; numbered if None.
        run: Where it records to. By default the run of the block or `%%live` cell that it is made
            in, else one of its own, which cells show.
        dir: Where a run of its own keeps its journal; None keeps none.
        show: Whether the cell shows a run of its own.
        owns: Whether a run that was given ends with the loop, as one of its own does.
        watch: True to record statistics of gradients now and then, a mapping of options for
            `Run.watch`, or False.

    Attributes:
        watch: As above.
        is_stopped: Whether the run was stopped, so that the loop has to end.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        run: Run | None = None,
        dir: str | Path | None = None,  # noqa: A002
        show: bool = True,
        owns: bool = False,
        watch: bool | Mapping[str, Any] = False,
    ) -> None:
        self.watch = watch
        around = run or run_around()
        self.is_own = owns or not isinstance(around, Run)
        super().__init__(
            around if isinstance(around, Run) else Run(name, dir=dir), show=show and self.is_own
        )
        self.is_stopped = False
        self._thread = 0
        self._steps = 0
        self._refused: set[str] = set()
        self._optimizers: list[tuple[str, Optimizer]] = []
        self._rates: dict[str, Any] = {}
        self._rate: Rate | None = None

    # ------------------------------------------------------------ its life

    def begin(
        self,
        *,
        step: int = 0,
        total_steps: int | None = None,
        total_epochs: int | None = None,
        model: nn.Module | None = None,
        optimizers: Iterable[Any] = (),
        schedulers: Sequence[Any] = (),
        rate: Rate | None = None,
        device: object = "",
    ) -> None:
        """Note that the loop begins, on the present thread; again, if it has ended.

        Args:
            step: Completed steps.
            total_steps: How many there will be, None if unknown.
            total_epochs: How many epochs there will be, None if unknown.
            model: Whose weights may be shown, and whose dropout may be set.
            optimizers: Whose values may be set; wrapped ones, too.
            schedulers: Of each optimizer what drives its learning rate, None where nothing does.
            rate: The learning rate, where no optimizer of PyTorch's has it.
            device: Such as `cuda:0`.
        """
        run = self.run
        if run.status == "stopping":  # a loop before was left with an error
            run.finish(RunStopped())
        run.ends_outside()
        run.begin()
        self.is_stopped = False
        self._thread = threading.get_ident()
        meter = run.meter
        meter.thread = self._thread
        meter.step = step
        meter.total_steps, meter.total_epochs = total_steps, total_epochs
        meter.device = str(device) if device else meter.device
        self._attention = True
        self._attend()
        if model is not None:
            run.steer(model=model)
            run.weights.watch(model)
            if self.watch is not False and not run.watches:
                run.watch(model, **({"weights": False} if self.watch is True else self.watch))
        self._steer(list(optimizers), list(schedulers), rate)

    def _steer(self, optimizers: list[Any], schedulers: list[Any], rate: Rate | None) -> None:
        found = [_unwrapped(one, "optimizer") for one in optimizers]
        self._optimizers, self._rates = [], {}
        for place, optimizer in enumerate(found):
            if not isinstance(optimizer, Optimizer):
                continue
            name = str(place) if len(found) > 1 else ""
            self._optimizers.append((name, optimizer))
            scheduler = schedulers[place] if place < len(schedulers) else None
            self.run.control.registry.for_optimizer(
                optimizer, _unwrapped(scheduler, "scheduler"), name
            )
        self._rate = rate
        can_set = bool(self._optimizers)
        if rate is not None and rate.set is not None:
            can_set = True
            self.run.control.registry.add(
                "lr", rate.get, rate.set, scale="log", includes_minimum=False, driver=rate.driver
            )
        if can_set and "set" not in self.run.commands:
            self.run.commands = (*self.run.commands, "set")
        known = [optimizer for _, optimizer in self._optimizers]
        self.run.hyperparameters.add_known(known_parameters.of_optimizers(known))

    def end(self, error: BaseException | None = None) -> None:
        """Note that the loop is over; a run of its own ends with it.

        Args:
            error: What ended it, None if it came to its end or was stopped.
        """
        self.run.meter.activity = ""
        self._leave(is_complete=error is None)
        if self.is_own:
            self.run.finish(error)
        if self.run.journal is not None:  # what came after a stop, too
            self.run.drain_media()
            self.run.journal.flush()

    def cell_ended(self, error: BaseException | None) -> None:
        """Note that a cell is over: if it ran this loop, so is the run."""
        if self._thread == threading.get_ident() and self._is_open:
            self.end(error)

    # ------------------------------------------------------------ its steps

    def step_began(self) -> None:
        """Note the learning rates of the step: a scheduler changes them at its end."""
        self._rates = self._rates_now()

    def epoch_began(self, epoch: int, total_epochs: int | None = None) -> None:
        """Note that an epoch (1-based) begins after the completed steps."""
        run = self.run
        if total_epochs is not None:
            run.meter.total_epochs = total_epochs
        run.mark_epoch(epoch, run.meter.step)

    def step_ended(
        self, step: int, values: Mapping[str, Any] | None = None, *, at: int | None = None
    ) -> bool:
        """Note that a step is done, and carry out commands.

        Args:
            step: Completed steps.
            values: What is recorded, beside the learning rates.
            at: The step that it is recorded at, where the library counts from 0; `step` if None.

        Returns:
            Whether the loop may go on; it waits here while the run is paused.
        """
        run = self.run
        run.meter.step = step
        self._steps += 1
        started = time.perf_counter() if not self._steps % _SAMPLED else 0.0
        self.log(
            {**(values or {}), **(self._rates or self._rates_now())}, step if at is None else at
        )
        if started:
            run.meter.sample_call(time.perf_counter() - started)
        run.capture_due_weights(step)
        run.wake_if_quiet()
        if self._serves:
            self._serve()
        return self.obey()

    def log(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Record numbers; what is none is left out, and said once in the run's log."""
        if not values:
            return
        try:
            self.run.record(values, self.run.meter.step if step is None else step)
        except LoggingError as error:
            note_refusal(self.run, error, self._refused)

    def describe(self, activity: str) -> None:
        """Have the dashboard say what is done beside steps, such as "Validation 3 / 20"."""
        if activity != self.run.meter.activity:
            self.run.meter.activity = activity
            self.run.wake_if_quiet()

    def obey(self, *, is_whole: bool = True) -> bool:
        """Carry out commands here; returns whether the loop may go on.

        Args:
            is_whole: False inside a validation.
        """
        run = self.run
        if run.control.needs_attention and not self.is_stopped:
            run.drain_ready()
            try:
                run.control.safe_point(run.meter.step, is_whole=is_whole)
            except RunStopped:
                self.is_stopped = True
        return not self.is_stopped

    def _rates_now(self) -> dict[str, Any]:
        found = {} if self._rate is None else {"lr": self._rate.get()}
        return found | {
            tag: rate.detach().clone() if isinstance(rate := group["lr"], Tensor) else rate
            for name, optimizer in self._optimizers
            for tag, group in zip(rate_tags(optimizer, name), optimizer.param_groups, strict=True)
            if "lr" in group
        }


def counted(what: str, done: int, total: float | None) -> str:
    """Return what is done, and how far it is: "Validation 3 / 20"."""
    if total is None or total == float("inf"):
        return f"{what} {done:,}"
    return f"{what} {done:,} / {total:,.0f}"


def tag_of(metric: str) -> str:
    """Return the tag of a metric that a library names by where it is from.

    "train_loss" becomes "loss/train", and "val_loss", "valid_loss" and "eval_loss" "loss/val", so
    that one chart has both.
    """
    for start, end in _ENDS.items():
        name = metric.removeprefix(start)
        if name and name != metric:
            return f"{name}/{end}"
    return metric


_ENDS = {"train_": "train", "valid_": "val", "val_": "val", "eval_": "val"}


def _unwrapped(given: Any, name: str) -> Any:
    """Return what a wrapper, as of Accelerate or Lightning, holds under a name; else the object."""
    inner = getattr(given, name, None)
    if name == "optimizer" and isinstance(inner, Optimizer):
        return inner
    if name == "scheduler" and inner is not None and hasattr(inner, "get_last_lr"):
        return inner
    return given
