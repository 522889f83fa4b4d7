"""What a run reports: frozen events, given to observers on the run's own thread.

An observer reads; it never receives the engine. `RunStarted` comes first and `RunEnded` always
comes last. The scalars of an event may be tensors on the training device: reading one with
`.item()` would wait for the device, so an observer copies them as `recording.capture` does.

A run that ends by itself, with one epoch of two steps and validation:
`RunStarted, EpochStarted, StepEnded, StepEnded, ValidationStarted, ValidationEnded, EpochEnded,
RunEnded`. A stopped or failed run skips from where it is to `RunEnded`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from nbviz.training.phases.phase import Phase
    from nbviz.training.steps.classified import Classified

Scalars = Mapping[str, Any]
"""Tag to number, or to a tensor with one element, possibly on the training device."""

EndReason = Literal["finished", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The run's thread has begun. `step` is 0, or where a run continues from."""

    wall_time: float
    step: int
    total_steps: int | None
    total_epochs: int | None
    device: str


@dataclass(frozen=True, slots=True)
class EpochStarted:
    """Epoch `epoch` (1-based) begins after `step` completed steps."""

    wall_time: float
    step: int
    epoch: int


@dataclass(frozen=True, slots=True)
class StepEnded:
    """Step `step` (1-based, completed optimizer steps) is done.

    `is_made` is False where `training_step` steps by itself and made no optimizer's step: its loss
    scaler left it out, or it gathers gradients.
    """

    wall_time: float
    step: int
    epoch: int
    scalars: Scalars
    is_made: bool = True


@dataclass(frozen=True, slots=True)
class ValidationStarted:
    """Validation begins after step `step`."""

    wall_time: float
    step: int
    epoch: int


@dataclass(frozen=True, slots=True)
class ValidationEnded:
    """Validation is done; scalars are means over the validation samples.

    `classified` is what a classifier said of them, where it was collected.
    """

    wall_time: float
    step: int
    epoch: int
    scalars: Scalars
    classified: Classified | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """Epoch `epoch` is done."""

    wall_time: float
    step: int
    epoch: int


@dataclass(frozen=True, slots=True)
class RunPaused:
    """The run waits between two steps."""

    wall_time: float
    step: int


@dataclass(frozen=True, slots=True)
class RunResumed:
    """The run goes on; `steps` is how many it will make before it pauses again, None for all.

    `into` says that it is going to stand inside the next one.
    """

    wall_time: float
    step: int
    steps: int | None
    into: bool = False


@dataclass(frozen=True, slots=True)
class PhaseReached:
    """The run stands inside a step, after one of its phases."""

    wall_time: float
    phase: Phase

    @property
    def step(self) -> int:
        """The step that is being made."""
        return self.phase.step


@dataclass(frozen=True, slots=True)
class PhaseLeft:
    """The run goes on inside step `step`."""

    wall_time: float
    step: int


@dataclass(frozen=True, slots=True)
class SettingApplied:
    """A value was set between two steps; it holds from step `step + 1` on."""

    wall_time: float
    step: int
    name: str
    old: float
    new: float


@dataclass(frozen=True, slots=True)
class DataChanged:
    """From step `step + 1` on the training has other data; `text` says which."""

    wall_time: float
    step: int
    text: str


@dataclass(frozen=True, slots=True)
class LineLogged:
    """A line for the run's log."""

    wall_time: float
    step: int
    level: Literal["info", "print", "warning", "error"]
    text: str


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The run is over; always the last event. `error` is what ended a failed run."""

    wall_time: float
    step: int
    epoch: int
    reason: EndReason
    error: BaseException | None = field(default=None)


Event = (
    RunStarted
    | EpochStarted
    | StepEnded
    | ValidationStarted
    | ValidationEnded
    | EpochEnded
    | RunPaused
    | RunResumed
    | PhaseReached
    | PhaseLeft
    | SettingApplied
    | DataChanged
    | LineLogged
    | RunEnded
)

Observer = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that is not carried out yet, because a step is being made.

    Attributes:
        command: Which one.
        seconds: How long ago it was given.
    """

    command: Literal["pause", "stop"]
    seconds: float
