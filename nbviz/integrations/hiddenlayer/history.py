"""`History`: the metrics of a training, by step, backed by a `Run` that dashboards show."""

from __future__ import annotations

import datetime as dt
import itertools
import numbers
import time
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.errors import LoggingError
from nbviz.integrations.hiddenlayer.history_files import TIMESTAMP, Records, Step, read, write
from nbviz.integrations.hiddenlayer.values import capture, resolve
from nbviz.recording.capture.arrays import CapturedArray
from nbviz.recording.capture.captured import CapturedScalar, seal
from nbviz.recording.run import Run

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_numbers = itertools.count(1)


def format_step(step: Step, zero_prefix: bool = False) -> str:
    """Return a step as text: "12", or "1:12" for (epoch, step); padded to sort as text on request.

    Args:
        step: A step, or (epoch, step).
        zero_prefix: Whether to write "000012" and "0001:000012".
    """
    if isinstance(step, tuple):
        epoch, within = step
        return f"{epoch:04}:{within:06}" if zero_prefix else f"{epoch}:{within}"
    return f"{step:06}" if zero_prefix else f"{step}"


class Metric:
    """One metric's values so far, at the steps that have one.

    Attributes:
        name: What it was logged as.
        history: Where from.
    """

    def __init__(self, history: History, name: str) -> None:
        self.name = name
        self.history = history
        self._logged = history.steps_of(name)
        self._steps: list[Step] | None = None
        self._data: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self._logged)

    @property
    def steps(self) -> list[Step]:
        """The steps in order."""
        if self._steps is None:
            self._steps = sorted(self._logged, key=_order)
        return self._steps

    @property
    def formatted_steps(self) -> list[str]:
        """The steps as text."""
        return [format_step(step) for step in self.steps]

    @property
    def data(self) -> NDArray[Any]:
        """The values in order of steps: shape (steps,), or (steps, …) where all have one shape."""
        if self._data is None:
            self._data = _stacked([self.history.value(step, self.name) for step in self.steps])
        return self._data

    def newest(self, count: int) -> list[tuple[Step, Any]]:
        """Return the last few steps with their values."""
        chosen = self.steps[max(0, len(self.steps) - count) :]
        return [(step, self.history.value(step, self.name)) for step in chosen]

    def logged_since(self, count: int) -> list[tuple[int, Any]]:
        """Return what was logged after the first `count` values: step of the run, and value.

        A value still being copied from a device comes as it is: `Run.record` waits for none either.
        """
        return [self.history.captured(step, self.name) for step in self._logged[count:]]


class History:
    """Keeps what a training reports by step, for `Canvas` to draw.

    Numbers go to `run` as well, which `nbviz.Dashboard` shows live and compares with others.
    Logging waits for no device: a tensor there is copied, and read when it is asked for.

    Attributes:
        step: The step logged last, None before the first.
        metrics: The names of all metrics logged so far.
        run: The `nbviz.Run` that holds the metrics that are numbers. Steps given as (epoch, step)
            count on there through the epochs, which it knows as its own; an epoch logged every
            100 steps up to 400 is taken to have 500.
    """

    def __init__(self) -> None:
        self.step: Step | None = None
        self.metrics: set[str] = set()
        self.run = Run(f"history {next(_numbers)}")
        self._clear()

    def _clear(self) -> None:
        self._records: Records = {}
        self._pending: list[tuple[Step, str]] = []
        self._steps_of: dict[str, list[Step]] = {}
        self._run_steps: dict[Step, int] = {}
        self._shown: dict[str, int] = {}  # the run's newest step of each metric
        self._epoch: tuple[int, int] = (-1, 0)  # the newest one, and the run's step before it
        self._first_epoch: int | None = None

    def log(self, step: Step, **kwargs: Any) -> None:
        """Record metrics at a step; those logged before at the same step are replaced.

        Args:
            step: A whole number, or (epoch, step).
            **kwargs: Numbers, tensors, arrays, images or anything else, by name.

        Raises:
            LoggingError: `step` is neither.
        """
        step = _checked(step)
        now = time.time()
        self.step = step
        record = self._records.get(step)
        if record is None:
            record = self._records[step] = {}
            self._run_steps[step] = self._next_run_step(step)
        captured = {name: capture(value) for name, value in kwargs.items()}
        seal([value for value in captured.values() if isinstance(value, CapturedScalar)])
        for name, value in captured.items():
            if name not in record:
                self._steps_of.setdefault(name, []).append(step)
                self.metrics.add(name)
            record[name] = value
            if isinstance(value, CapturedScalar | CapturedArray):
                self._pending.append((step, name))
            self._show(name, value, step, now)
        record[TIMESTAMP] = now

    def _show(self, name: str, value: Any, step: Step, now: float) -> None:
        """Give a number to the run; a step that goes backwards stays in the history alone."""
        number: Any = value
        if not isinstance(value, CapturedScalar):
            if value.__class__ is bool or not isinstance(value, numbers.Real):
                return
            number = float(value)
        where = self._run_steps[step]
        if where >= self._shown.get(name, 0):
            self._shown[name] = where
            self.run.record({name: number}, step=where, wall_time=now)

    def _next_run_step(self, step: Step) -> int:
        if isinstance(step, int):
            return max(0, step)
        epoch, within = step
        if epoch > self._epoch[0]:
            self._epoch = (epoch, self._end_of_epoch())
            if self._first_epoch is None:
                self._first_epoch = epoch
            # Users count epochs from 0 or from 1, a run from 1.
            self.run.mark_epoch(epoch + (self._first_epoch == 0), self._epoch[1])
        return max(0, self._epoch[1] + within)

    def _end_of_epoch(self) -> int:
        """Return the run's step after an epoch, whose last steps may not have been logged."""
        steps = set(self._run_steps.values())
        last = max(steps, default=-1)
        before = [step for step in steps if self._epoch[1] <= step < last]
        return last + (last - max(before, default=last - 1))

    # ------------------------------------------------------------ reading

    @property
    def history(self) -> Records:
        """Everything: `{step: {name: value}}`, with the time of each step as "__timestamp__"."""
        self._settle()
        return self._records

    @history.setter
    def history(self, records: Records) -> None:
        self._fill(records)

    @property
    def steps(self) -> list[Step]:
        """All steps in order."""
        return sorted(self._records, key=_order)

    @property
    def formatted_steps(self) -> list[str]:
        """All steps in order, as text."""
        return [format_step(step) for step in self.steps]

    def __getitem__(self, metric: str) -> Metric:
        return Metric(self, metric)

    def steps_of(self, name: str) -> list[Step]:
        """Return the steps that have a value of this metric, as they were logged."""
        return list(self._steps_of.get(name, ()))

    def value(self, step: Step, name: str) -> Any:
        """Return one value; waits for it if it is being copied from a device."""
        record = self._records[step]
        value = record[name]
        read_value = resolve(value)
        if read_value is not value and record[name] is value:
            record[name] = read_value
        return read_value

    def captured(self, step: Step, name: str) -> tuple[int, Any]:
        """Return a value, perhaps still being copied from a device, and its step in `run`."""
        return self._run_steps[step], self._records[step][name]

    def get_total_time(self) -> dt.timedelta:
        """Return the time from the first step's log call to the last one's."""
        steps = self.steps
        if not steps:
            return dt.timedelta(0)
        first, last = (self._records[step][TIMESTAMP] for step in (steps[0], steps[-1]))
        return dt.timedelta(seconds=last - first)

    def progress(self) -> None:
        """Print the newest step's numbers and texts."""
        record = {} if self.step is None else self._records[self.step]
        shown = {name: self.value(cast("Step", self.step), name) for name in record}
        text = "".join(
            f"{name}: {value}  "
            for name, value in shown.items()
            if name != TIMESTAMP and not isinstance(value, list | dict | np.ndarray)
        )
        print(f"Step {self.step}: {text}")  # noqa: T201  what hiddenlayer does

    def summary(self) -> None:
        """Print the last step and the training time."""
        print(f"Last Step: {self.step}\nTraining Time: {self.get_total_time()}")  # noqa: T201

    # ------------------------------------------------------------ files

    def save(self, file_name: str | Path) -> None:
        """Write everything to a file, which holds numbers, text and arrays, and no code.

        Raises:
            LoggingError: A value is none of these.
        """
        write(file_name, self.history)

    def load(self, file_name: str | Path) -> None:
        """Replace everything with a file's content: one of `save`, or of hiddenlayer's own.

        hiddenlayer wrote pickles, which can hold code: only numbers, text, arrays and containers
        are taken from them, and nothing in them runs.

        Raises:
            LoggingError: The file holds something else.
        """
        self._fill(read(file_name))

    def _fill(self, records: Records) -> None:
        self._clear()
        self.metrics = set()
        self.step = None
        self.run = Run(self.run.name)
        for step in sorted(records, key=_order):
            values = dict(records[step])
            wall_time = values.pop(TIMESTAMP, 0.0)
            self.log(step, **values)
            self._records[step][TIMESTAMP] = wall_time
        self.run.finish()

    def _settle(self) -> None:
        pending, self._pending = self._pending, []
        for step, name in pending:
            self.value(step, name)


def _checked(step: Any) -> Step:
    if isinstance(step, np.integer):
        step = int(cast("Any", step))
    parts = cast("tuple[Any, ...]", step) if isinstance(step, tuple) else (step,)
    if len(parts) <= 2 and all(isinstance(p, int) and not isinstance(p, bool) for p in parts):  # noqa: PLR2004
        return cast("Step", step)
    raise LoggingError(f"step must be a whole number or (epoch, step), got {step!r}.")


def _order(step: Step) -> tuple[int, int]:
    """Plain steps before those with an epoch; hiddenlayer could not sort a mix."""
    return step if isinstance(step, tuple) else (-1, step)


def _stacked(values: list[Any]) -> NDArray[Any]:
    """Return one array where all values have one shape, else an array of objects."""
    shapes: set[Any] = {v.shape if isinstance(v, np.ndarray) else None for v in values}
    are_alike = len(shapes) == 1
    if are_alike and not any(isinstance(value, list | tuple | dict) for value in values):
        return np.array(values)
    found = np.empty(len(values), object)
    found[:] = values
    return found
