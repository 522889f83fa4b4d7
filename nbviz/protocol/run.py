"""A run: its name, where it is, what can be set on it, its epochs, events and commands."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from nbviz.protocol.core import Answers, CommandDone

RunStatus = Literal["ready", "running", "paused", "stopping", "finished", "stopped", "failed"]
"""`ready`: not started. `stopping`: asked to stop, still inside a step."""


EventKind = Literal["started", "command", "validation", "warning", "fault", "ended"]
"""`fault`: it was injected on purpose, see `FaultName`."""

FaultName = Literal["high_lr", "dead_relu", "vanishing_init", "label_noise", "no_shuffle"]
"""What can be put into a training to be seen; see `Trainer.inject_fault`."""


ValueScale = Literal["linear", "log"]


class Setting(TypedDict):
    """A value of the run that can be changed while it runs, such as a learning rate."""

    name: str  # as in `trainer.set(name=value)`: lr, momentum, weight_decay, dropout …
    value: float
    minimum: float
    maximum: float | None
    scale: ValueScale
    driver: str  # what changes it by itself, such as "CosineAnnealingLR"; empty if nothing does


class Event(TypedDict):
    """Something that happened to a run; drawn as a mark on its curves."""

    event: EventKind
    step: int
    wall_time: float  # seconds since the run started
    text: str


class RunAdded(TypedDict):
    """A run that the page does not know yet."""

    kind: Literal["run_added"]
    run_id: str
    name: str
    started_at: float  # Unix seconds; 0 while it has not started
    again: str  # what a start adds after the end, such as "40 epochs"; "" where that has no end
    commands: list[str]  # which control commands the run answers: start, pause, step, stop, set …
    is_earlier: bool  # the cell made it before it ran again, or was rewound; grey until it is kept


class RunChanged(TypedDict):
    """Where a run is now."""

    kind: Literal["run_changed"]
    run_id: str
    status: RunStatus
    started_at: float  # Unix seconds; 0 while it has not started
    step: int
    total_steps: int | None
    epoch: int
    total_epochs: int | None
    steps_per_second: float | None
    eta_seconds: float | None
    elapsed_seconds: float
    overhead: float | None  # nbviz's own share of the time, 0 to 1; None at first
    overhead_text: str  # where the share is above 1 %, what a step takes and what nbviz takes of it
    device: str
    memory_bytes: int | None
    memory_total: int | None
    status_text: str  # in place of the status' name: what is waited for, or done; or empty
    notices: list[str]  # what holds the run or its journal up, and what can be done
    dropped_frames: (
        int  # heatmaps and the like skipped because the page was busy; scalars are never skipped
    )


class SettingsChanged(TypedDict):
    """What can be set on the run, and its values now."""

    kind: Literal["settings_changed"]
    run_id: str
    settings: list[Setting]


class EpochsStarted(TypedDict):
    """Epochs that began: `steps[i]` is the step completed before epoch `first_epoch + i`."""

    kind: Literal["epochs_started"]
    run_id: str
    first_epoch: int
    steps: list[int]


class EventsRecorded(TypedDict):
    """Events to mark on the curves."""

    kind: Literal["events_recorded"]
    run_id: str
    events: list[Event]


class GoingBackChanged(TypedDict):
    """How a run can go back to earlier steps, and what is being done of that."""

    kind: Literal["going_back_changed"]
    run_id: str
    refused: str  # why it cannot; empty where it can
    kept: list[int]  # after which steps there is a state, rising
    reach: list[int]  # for each of them the first step that it leads to
    step_seconds: float | None  # that a step takes, about
    doing: str  # such as "Rewinding to step 400"; empty while nothing is
    first: int  # steps from here
    last: int  # to here are made again
    at: int  # and it is here now
    outcome: str  # what came of the last
    is_failure: bool  # that was not what was asked for
    outcome_run: str  # the run to which it has led; empty where it is the same
    outcome_panel: str  # in which it is to be seen; empty for none
    number: int  # of the last that ended; the highest of all runs is the newest


class PhaseChanged(TypedDict):
    """The phase of a step after which a run stands, or stood last."""

    kind: Literal["phase_changed"]
    run_id: str
    step: int  # that is being made; at "end" the one that is done
    phase: str  # one of `phases`, or "end"; "" while no step is stepped into
    phases: list[str]  # those that a step has, in order
    text: str  # what it gave: "loss 0.532"


class UnseenRun(TypedDict):
    """A run that trains, and that no page shows."""

    run_id: str  # "" where it cannot be acted on: the text stands for several
    text: str


class UnseenChanged(TypedDict):
    """The runs that train in this notebook without a view, in place of those sent before."""

    kind: Literal["unseen_changed"]
    runs: list[UnseenRun]


class Control(TypedDict):
    """Steer a run: start, pause, rewind and so on, with the arguments of the trainer's method.

    Of what goes back in time the answer comes when it has begun; `GoingBackChanged` says the rest.
    """

    kind: Literal["control"]
    client_id: str
    request_id: int
    run_id: str
    name: str
    arguments: dict[str, Any]


class ActOnUnseen(TypedDict):
    """Show a run of `UnseenChanged` in this view, or stop it."""

    kind: Literal["act_on_unseen"]
    client_id: str
    request_id: int
    run_id: str
    act: Literal["show", "stop"]


ANSWERS: Answers = {Control: (CommandDone,), ActOnUnseen: (CommandDone,)}

Updates = (
    RunAdded
    | RunChanged
    | SettingsChanged
    | GoingBackChanged
    | PhaseChanged
    | EpochsStarted
    | EventsRecorded
    | UnseenChanged
)
"""What the kernel sends."""

Requests = Control | ActOnUnseen
"""What pages ask."""
