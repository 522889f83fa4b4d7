"""When a scheduler steps, and which metric it is given."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Literal

from torch.optim import lr_scheduler as kinds

from nbviz.errors import CheckpointError, ConfigurationError, attribute_of, has_attribute
from nbviz.training.better_values import better_values
from nbviz.training.steps.means import Means

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from nbviz.training.optimizing.optimizers import Optimizers

Interval = Literal["auto", "step", "epoch"]

_BY_STEPS = (kinds.OneCycleLR, kinds.CyclicLR, kinds.LambdaLR)
_OF_EPOCH = frozenset({"epoch", "epochs", "current_epoch"})
_OF_STEP = frozenset(
    {"step", "steps", "t", "num_updates", "global_step", "current_step", "iteration"}
)
_OF_METRIC = frozenset({"metrics", "metric", "loss", "val_loss", "value", "score"})


class Schedule:
    """Steps a scheduler after each step or each epoch.

    A scheduler whose `step` needs a metric, such as `ReduceLROnPlateau`, is given that of the
    epoch: reading it waits for the device, once an epoch. One whose `step` needs an epoch or a
    step is given how many are completed.

    Args:
        scheduler: With a `step` method; None for none.
        interval: "step", "epoch", or "auto": steps for OneCycleLR, CyclicLR and LambdaLR, and for
            what is composed of one of them; epochs for all others.
        monitor: The tag that such a scheduler is given; by default `loss/val`, or `loss/train`
            without validation.
        known: The tags that there will be; None if that is open.
        optimizers: Those that train. The scheduler of one that `training_step` steps waits for it.

    Attributes:
        interval: "step" or "epoch".

    Raises:
        ConfigurationError: A plateau is looked for at each step, the scheduler's mode contradicts
            what it is given, or it needs what is not known here.
    """

    def __init__(
        self,
        scheduler: Any,
        interval: Interval,
        monitor: str | None = None,
        known: Collection[str] | None = None,
        optimizers: Optimizers | None = None,
    ) -> None:
        self._scheduler = scheduler
        self._optimizers = optimizers
        self._kind = type(scheduler).__name__
        self._argument = None if scheduler is None else _argument_of(scheduler)
        self._monitor = monitor
        self._means = _means()
        self._validated: Mapping[str, Any] = {}
        self._is_over = False  # the rate of the schedule's end has been trained with
        self.interval: Literal["step", "epoch"] = (
            interval if interval != "auto" else "step" if _goes_by_steps(scheduler) else "epoch"
        )
        if self._argument != "metric":
            return
        if self.interval == "step":
            raise ConfigurationError(
                f"{self._kind} looks at each epoch's loss; give scheduler_interval='epoch'."
            )
        if monitor is not None and known is not None and monitor not in known:
            raise ConfigurationError(
                f"there will be no {monitor!r} to monitor; there are {', '.join(known)}."
            )
        _check_mode(scheduler, monitor or "loss")

    def describe(self) -> str | None:
        """Return a sentence on when the scheduler steps and what it is given."""
        if self._scheduler is None:
            return None
        text = f"{self._kind} steps after each {self.interval}"
        if self._argument == "metric":
            if self._monitor is not None:
                return f"{text} and is given {self._monitor}."
            return f"{text} and is given the loss; monitor='accuracy/val' gives it another value."
        other = "epoch" if self.interval == "step" else "step"
        return text + f"; scheduler_interval={other!r} makes it each {other}."

    def describe_other_optimizer(self, groups: Iterable[object]) -> str | None:
        """Return a sentence where the scheduler changes none of these parameter groups."""
        optimizer = attribute_of(self._scheduler, "optimizer")
        theirs = attribute_of(optimizer, "param_groups")
        if not theirs or {id(group) for group in theirs} & {id(group) for group in groups}:
            return None
        return (
            f"{self._kind} changes the rates of another {type(optimizer).__name__} than the one "
            "that trains, whose rate stays as it is. Make the scheduler of the optimizer given."
        )

    def remaining(self) -> int | None:
        """Return for how many steps or epochs the schedule has rates; None for no end."""
        left = None if self._scheduler is None else _remaining(self._scheduler)
        return 0 if left is not None and self._is_over else left

    def check_length(self, steps: int | None, epochs: int | None, end: str) -> str | None:
        """Compare the schedule's length with that of a run that begins.

        Args:
            steps: How many the run will make, None if that is open.
            epochs: Likewise.
            end: "refuse", or "hold" to keep the rate after the schedule's last step.

        Returns:
            A sentence on what will happen; None if they fit.

        Raises:
            ConfigurationError: The schedule is shorter, and that is refused.
        """
        wanted = steps if self.interval == "step" else epochs
        left = self.remaining()
        if left is not None and (wanted is None or wanted > left):
            planned = "has no end" if wanted is None else f"will make {wanted:,}"
            text = f"{self._kind} has {left:,} {self.interval}s left, and this run {planned}"
            if end == "refuse":
                raise ConfigurationError(
                    f"{text}. Make a scheduler that is as long, or give schedule_end='hold'."
                )
            return f"{text}: the learning rate is held where the schedule ends."
        if wanted is not None and left is None:
            return self._compare_period(wanted)
        return None

    def step_ended(self, scalars: Mapping[str, Any], step: int = 0) -> str | None:
        """Step the scheduler, if it goes by steps; returns what it waits for, if it does."""
        if self._scheduler is None:
            return None
        if self.interval == "step":
            optimizer = attribute_of(self._scheduler, "optimizer")
            if self._optimizers is not None and not self._optimizers.has_stepped(optimizer):
                return (
                    f"training_step made no step of {type(optimizer).__name__} in step {step:,}, "
                    f"so {self._kind} did not step either; it follows the optimizer's steps."
                )
            self._step(step)
        elif self._argument == "metric":
            tag = self._monitor or "loss/train"
            if tag in scalars:
                self._means.add({tag: scalars[tag]})
        return None

    def validated(self, scalars: Mapping[str, Any]) -> None:
        """Take in the means of a validation."""
        self._validated = scalars

    def epoch_ended(self, epoch: int = 0) -> str | None:
        """Step the scheduler, if it goes by epochs; returns what was missing for that."""
        if self._scheduler is None or self.interval == "step":
            return None
        if self._argument != "metric":
            self._step(epoch)
            return None
        values = {**self._means.values(), **self._validated}
        self._means, self._validated = _means(), {}
        for tag in (self._monitor,) if self._monitor else ("loss/val", "loss/train"):
            if tag in values:
                self._scheduler.step(float(values[tag]))
                return None
        return (
            f"{self._kind} did not step: there was no {self._monitor or 'loss'!r} in this epoch"
            + (f"; there were {', '.join(values)}." if values else ".")
        )

    def state_dict(self) -> dict[str, Any]:
        """Return where the scheduler is, and what of this epoch it has not been told yet."""
        scheduler: Any = self._scheduler
        return {
            "kind": self._kind,
            "scheduler": scheduler.state_dict()
            if has_attribute(scheduler, "load_state_dict")
            else {},
            "means": self._means.state_dict(),
            "validated": dict(self._validated),
            "is_over": self._is_over,
        }

    def check(self, state: dict[str, Any]) -> None:
        """Raise CheckpointError unless the state is one of such a scheduler."""
        if state["kind"] != self._kind:
            names = [
                "no scheduler" if kind == "NoneType" else kind
                for kind in (state["kind"], self._kind)
            ]
            raise CheckpointError(
                f"the checkpoint's run had {names[0]}, and this one has {names[1]}. Give the "
                "scheduler that it had."
            )

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        if state["scheduler"]:
            self._scheduler.load_state_dict(state["scheduler"])
        self._means.load_state_dict(state["means"])
        self._validated = state["validated"]
        self._is_over = state.get("is_over", False)  # files of earlier versions have none

    def _step(self, count: int) -> None:
        left = self.remaining()
        if left is not None and left <= 1:  # another step would leave the rate of its end
            self._is_over = True
            return
        if self._argument == "count":
            self._scheduler.step(count)
        else:
            self._scheduler.step()

    def _compare_period(self, wanted: int) -> str | None:
        scheduler: Any = self._scheduler
        for kind, name, after in (
            (kinds.CosineAnnealingLR, "T_max", "rises again after that"),
            (kinds.PolynomialLR, "total_iters", "is 0 after that"),
        ):
            if isinstance(scheduler, kind):
                period = getattr(scheduler, name)
                done = scheduler.last_epoch
                if period - done != wanted:
                    text = (
                        f"{self._kind}({name}={period:,}) counts {self.interval}s, "
                        f"has {max(0, period - done):,} left, and this run will make {wanted:,}"
                    )
                    return text + (f"; the rate {after}." if period - done < wanted else ".")
        return None


def _goes_by_steps(scheduler: Any) -> bool:
    if isinstance(scheduler, _BY_STEPS):
        return True
    # SequentialLR and ChainedScheduler offer no public way to what they hold.
    return any(_goes_by_steps(each) for each in attribute_of(scheduler, "_schedulers", ()))


def _argument_of(scheduler: Any) -> Literal["metric", "count"] | None:
    """Return what the scheduler's `step` needs."""
    if isinstance(scheduler, kinds.ReduceLROnPlateau):
        return "metric"
    kind = type(scheduler).__name__
    if isinstance(scheduler, type):
        raise ConfigurationError(
            f"scheduler is the class {scheduler.__name__}; give an object of it, such as "
            f"{scheduler.__name__}(optimizer, …)."
        )
    step = attribute_of(scheduler, "step", None)
    if not callable(step):
        raise ConfigurationError(
            f"scheduler must have a step method, got {kind}; give one of torch.optim.lr_scheduler."
        )
    try:
        parameters = inspect.signature(step).parameters.values()
    except Exception:  # noqa: BLE001  its own code, or it has no signature
        return None
    named = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in named]
    if not needed:
        return None
    if len(needed) == 1 and needed[0] in _OF_METRIC:
        return "metric"
    if len(needed) == 1 and needed[0] in _OF_EPOCH | _OF_STEP:
        return "count"
    raise ConfigurationError(
        f"{kind}.step needs {', '.join(needed)}; nbviz knows how to give it 'epoch', 'step' or "
        "'metrics', or nothing. Give an object with such a step that calls this one's."
    )


def _check_mode(scheduler: Any, tag: str) -> None:
    better = better_values(tag)
    fitting = None if better is None else "min" if better == "lower" else "max"
    mode = attribute_of(scheduler, "mode", None)
    if fitting is None or mode not in ("min", "max") or mode == fitting:
        return
    advice = "monitor='accuracy/val'" if mode == "max" else "monitor='loss/val'"
    raise ConfigurationError(
        f"{type(scheduler).__name__}(mode={mode!r}) would be told {tag!r}, which is better the "
        f"{better} it is. Give {advice}, or mode={fitting!r}."
    )


def _remaining(scheduler: Any) -> int | None:
    if isinstance(scheduler, kinds.OneCycleLR):
        return max(0, scheduler.total_steps - scheduler.last_epoch)
    held = list(attribute_of(scheduler, "_schedulers", ()))
    if isinstance(scheduler, kinds.SequentialLR) and held:
        length = attribute_of(held[-1], "total_steps", None)
        begins = list(attribute_of(scheduler, "_milestones", ()))
        if length is None or not begins:
            return None
        return max(0, begins[-1] + length - scheduler.last_epoch)
    lengths = [left for each in held if (left := _remaining(each)) is not None]
    return min(lengths, default=None)


def known_tags(metrics: Iterable[str], *, validates: bool) -> list[str]:
    """Return the tags of a supervised run."""
    parts = ("train", "val") if validates else ("train",)
    return [f"{name}/{part}" for part in parts for name in ("loss", *metrics)]


def _means() -> Means:
    return Means(_ignore)  # of numbers that were read before


def _ignore(name: str, reason: str) -> None:
    del name, reason
