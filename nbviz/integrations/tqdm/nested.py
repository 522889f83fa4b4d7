"""NestedBars: progress bars inside each other, as one run's steps and epochs."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from nbviz.errors import LoggingError
from nbviz.integrations.in_cells import CellLog
from nbviz.recording.current import run_around
from nbviz.recording.recorder import note_refusal
from nbviz.recording.run import Run
from nbviz.widgets.cells import running_cell

if TYPE_CHECKING:
    from collections.abc import Mapping


_of_thread = threading.local()  # `nested`: the bars that are under way on it


class Bar(Protocol):
    """What is asked of a bar.

    Attributes:
        desc: What it is called.
        total: How many items there will be, if that is known.
        done: How many are done; counted by the run's bars.
        has_inner_steps: Whether a bar inside made steps during the present item.
    """

    desc: str
    total: float | None
    done: float
    has_inner_steps: bool


class NestedBars(CellLog):
    """The bars of one thread that are under way, the outermost first, and their run.

    Args:
        run: What their items are steps of.
        show: Whether cells show it.
    """

    _of_cell: ClassVar[tuple[str, NestedBars] | None] = None

    def __init__(self, run: Run, *, show: bool) -> None:
        super().__init__(run, show=show)
        self._bars: list[Bar] = []
        self._is_complete = True  # the bar that ended last
        self._refused: set[str] = set()

    @classmethod
    def around(cls, given: Run | None, name: str) -> NestedBars:
        """Return those that a new bar belongs to.

        Args:
            given: The run, if one was given.
            name: What a new run is called; numbered if empty.
        """
        known: NestedBars | None = getattr(_of_thread, "nested", None)
        if known is not None and known.is_under_way and given in (None, known.run):
            return known
        around = given or run_around()
        if isinstance(around, Run):
            nested = cls(around, show=False)
        else:
            nested = cls._of_this_cell(name.strip().rstrip(":"))
        _of_thread.nested = nested
        return nested

    @classmethod
    def _of_this_cell(cls, name: str) -> NestedBars:
        """Bars that follow each other in one cell belong to one run."""
        _, request = running_cell()
        on_main = threading.current_thread() is threading.main_thread()
        if request is None or not on_main:
            return cls(Run(name or None), show=False)
        if cls._of_cell is None or cls._of_cell[0] != request:
            cls._of_cell = request, cls(Run(name or None), show=True)
        return cls._of_cell[1]

    @property
    def is_under_way(self) -> bool:
        """Whether a bar of them has begun and not ended."""
        return bool(self._bars)

    @property
    def is_stopped(self) -> bool:
        """Whether the run was stopped: no more items come."""
        return self.run.status == "stopped" and not self.run.was_left

    def begin(self, bar: Bar) -> None:
        """Note that a bar's first item comes; inside another one it begins an epoch of it."""
        if any(one is bar for one in self._bars):
            return
        run, meter = self.run, self.run.meter
        if self.is_stopped:
            self._bars.append(bar)
            return
        self._attend()
        run.begin()
        meter.count_apart()
        outer = self._bars[-1] if self._bars else None
        epochs_left = 0
        if outer is not None:
            run.mark_epoch(int(outer.done) + 1, meter.step)
            meter.total_epochs = None if outer.total is None else int(outer.total)
            epochs_left = max(0, (meter.total_epochs or 0) - int(outer.done) - 1)
        total = None if bar.total is None else int(bar.total)
        meter.total_steps = None if total is None else meter.step + total * (1 + epochs_left)
        bar.done, bar.has_inner_steps = 0, False
        self._bars.append(bar)
        run.loop_began()

    def advance(self, bar: Bar, n: float) -> None:
        """Note that items of a bar are done.

        Raises:
            RunStopped: The run was stopped.
        """
        bar.done += n
        run = self.run
        if self.is_stopped:
            return
        if bar.has_inner_steps:
            bar.has_inner_steps = False
        else:
            step = run.meter.step + math.floor(bar.done) - math.floor(bar.done - n)
            run.meter.step = max(0, step)
            for outer in self._bars:
                outer.has_inner_steps = outer is not bar
        run.wake_if_quiet()
        run.safe_point()

    def end(self, bar: Bar, *, is_complete: bool) -> None:
        """Note that a bar is over; harmless if it is."""
        if all(one is not bar for one in self._bars):
            return
        self._bars = [one for one in self._bars if one is not bar]
        self._is_complete = is_complete
        self.describe()
        if not self.is_stopped:
            self.run.loop_ended(is_complete=is_complete)

    def _leave(self, *, is_complete: bool) -> bool:
        # A cell that goes on behind a loop that it left has not done all of it.
        return super()._leave(is_complete=is_complete and self._is_complete)

    def log(self, values: Mapping[str, Any]) -> None:
        """Record the numbers among values that a bar shows, at the step that is being made."""
        run = self.run
        numbers = {
            name: number for name, one in values.items() if (number := _read(one)) is not None
        }
        step = run.meter.step + 1
        if self._bars and self._bars[-1].has_inner_steps:
            step = run.meter.step  # those are made
        try:
            run.record(numbers, step)
        except LoggingError as error:
            note_refusal(run, error, self._refused)

    def describe(self) -> None:
        """Have the dashboard say what the bars are called, and how far the outer ones are."""
        parts = [_text_of(bar, is_inner=bar is self._bars[-1]) for bar in self._bars]
        self.run.meter.activity = " · ".join(part for part in parts if part)


def run_of_bars() -> Run | None:
    """Return the run of the bars that are under way on this thread."""
    nested: NestedBars | None = getattr(_of_thread, "nested", None)
    return nested.run if nested is not None and nested.is_under_way else None


def _text_of(bar: Bar, *, is_inner: bool) -> str:
    name = bar.desc.strip().rstrip(":")
    if is_inner or not name:  # how far the inner one is, is the run's own progress
        return name
    total = "" if bar.total is None else f" / {bar.total:g}"
    return f"{name} {bar.done:g}{total}"


def _read(value: Any) -> Any:
    """Return what is a number, or a text that is wholly one; None for all else."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    is_number = isinstance(value, int | float) or getattr(value, "shape", None) is not None
    return value if is_number and getattr(value, "size", 1) != 0 else None
