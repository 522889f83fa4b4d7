"""The observer that fills a run from the engine's events."""

from __future__ import annotations

import contextlib
import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from nbviz.errors import LoggingError, attribute_of
from nbviz.recording.capture.captured import CapturedScalar
from nbviz.recording.marks import record_command
from nbviz.recording.scalars.inputs import read_value
from nbviz.training.events import (
    EpochStarted,
    Event,
    RunEnded,
    RunStarted,
    StepEnded,
    ValidationEnded,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import nn

    from nbviz.recording.run import Run
    from nbviz.training.steps.classified import Classified

CONFUSION_TAG, PREDICTIONS_TAG = "confusion/val", "predictions/val"

_SAMPLED = 32  # one step in this many is timed


class Recorder:
    """Records a training's events in a run.

    Args:
        run: What to fill.
        model: The model whose weights dashboards may show.
    """

    def __init__(self, run: Run, model: nn.Module | None = None) -> None:
        self._run = run
        self._refused: set[str] = set()
        self._steps = 0
        self._collected_at = float("-inf")
        run.is_driven = True
        if model is not None:
            run.weights.watch(model)

    def allows_collecting(self) -> bool:
        """Whether what a classifier says in another validation is within the overhead's budget."""
        return self._run.overhead.allows_media(self._collected_at)

    def __call__(self, event: Event) -> None:
        """Record one event; called on the run's own thread."""
        if isinstance(event, StepEnded):
            self._steps += 1
            if self._steps % _SAMPLED:
                self._step(event)
            else:
                started = time.perf_counter()
                self._step(event)
                self._run.meter.sample_call(time.perf_counter() - started)
            self._run.capture_due_weights(event.step)
            for watch in tuple(self._run.watches):
                watch.step_ended(event.step)
        elif isinstance(event, ValidationEnded):
            self._log(event.scalars, event.step, event.wall_time)
            if event.classified is not None:
                self._classified(event.classified, event.step, event.wall_time)
            self._run.mark("validation", event.step, _validation_text(event), event.wall_time)
        elif isinstance(event, RunStarted):
            self._run.phase = None
            self._run.begin(event)
        elif isinstance(event, EpochStarted):
            self._run.mark_epoch(event.epoch, event.step)
        elif isinstance(event, RunEnded):
            self._run.phase = None
            self._run.end(event)
        else:
            record_command(self._run, event)

    def _step(self, event: StepEnded) -> None:
        self._run.meter.step = event.step
        self._log(event.scalars, event.step, event.wall_time)

    def _classified(self, found: Classified, step: int, wall_time: float) -> None:
        """Log what a classifier said in a validation; its copies come from the device later."""
        run = self._run
        run.meter.spend(found.seconds)
        run.overhead.spend_on_media(found.seconds)
        self._collected_at = time.monotonic()
        names = found.names or None
        with run.dated(wall_time):
            if found.predictions is not None:
                self._try_log(
                    lambda: run.log_confusion_matrix(
                        CONFUSION_TAG, found.targets, found.predictions, step, classes=names
                    )
                )
            followed = found.followed
            if followed is None:
                return
            inputs = followed.inputs

            def log(shown: Tensor | None) -> None:
                run.log_predictions(
                    PREDICTIONS_TAG,
                    followed.targets,
                    followed.scores,
                    step,
                    inputs=shown,
                    classes=names,
                    indices=np.asarray(followed.indices),
                )

            # Inputs that are no pictures are left out, and not said: no call asked for them.
            if inputs is not None:
                with contextlib.suppress(LoggingError):
                    log(inputs)
                    return
            self._try_log(lambda: log(None))

    def _try_log(self, log: Callable[[], None]) -> None:
        try:
            log()
        except LoggingError as error:  # such as a tag that has media of another kind already
            note_refusal(self._run, error, self._refused)

    def _log(self, scalars: Mapping[str, Any], step: int, wall_time: float) -> None:
        # Here and not one by one, each with every check: at each step of a small network it counts.
        plain = {
            tag: value.item()
            if value.__class__ is Tensor and value.is_cpu and not value.dim()
            else value
            for tag, value in scalars.items()
        }
        try:
            self._run.record(plain, step, wall_time)
        except LoggingError as error:
            note_refusal(self._run, error, self._refused)


def note_refusal(run: Run, error: Exception, refused: set[str]) -> None:
    """Say in the run's log what was not recorded; once: the next step has the same to say.

    Args:
        run: The run.
        error: Says it; its notes say what else of the same call was not.
        refused: What has been said already; added to.
    """
    for text in (str(error), *attribute_of(error, "__notes__", ())):
        kind = text.split(",", 1)[0]
        if kind not in refused:
            refused.add(kind)
            run.note(f"not recorded: {text}", level="warning")


def _validation_text(event: ValidationEnded) -> str:
    parts: list[str] = []
    for tag, value in event.scalars.items():
        try:
            number = read_value(tag, value)
        except LoggingError:
            continue
        # A number still on its way from the device is not waited for here.
        if not isinstance(number, CapturedScalar):
            name = tag.removesuffix("/val")
            parts.append(f"{name} {number:.4g}" if math.isfinite(number) else f"{name} {number}")
    return "validation" + (": " + ", ".join(parts) if parts else "")
