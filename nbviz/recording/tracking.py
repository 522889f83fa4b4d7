"""An iterable with its progress shown, and a safe point between its items."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol, TypeVar

from nbviz.errors import ConfigurationError, RunStopped, repr_of
from nbviz.recording.progress import Loop
from nbviz.training.checks import length_of
from nbviz.training.steps.numbers import whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbviz.protocol.run import RunStatus
    from nbviz.recording.progress import ProgressMeter

T = TypeVar("T")

_MOST = 1 << 53  # from here on a page cannot tell whole numbers apart


class Tracked(Protocol):
    """What `track` needs of a run."""

    meter: ProgressMeter

    @property
    def status(self) -> RunStatus:
        """Where it is in its life."""
        ...

    def begin(self) -> None:
        """Start its clock."""
        ...

    def mark_epoch(self, epoch: int, step: int) -> None:
        """Record that an epoch begins."""
        ...

    @property
    def was_left(self) -> bool:
        """Whether it ended because its loop was left."""
        ...

    def loop_began(self) -> None:
        """Note that items are yielded."""
        ...

    def loop_ended(self, *, is_complete: bool) -> None:
        """Note that no more are."""
        ...

    def wake_if_quiet(self) -> None:
        """Say that something comes."""
        ...

    def safe_point(self) -> None:
        """Let commands act."""
        ...


def track(
    run: Tracked,
    iterable: Iterable[T],
    total: int | None,
    epoch: int | None,
    total_epochs: int | None,
) -> Iterator[T]:
    """Check the arguments at once and return the iterator; see `Run.track`.

    Raises:
        ConfigurationError: `total`, `epoch` or `total_epochs` is out of range.
    """
    total = _read_count("total", total, 0)
    epoch = _read_count("epoch", epoch, 1)
    total_epochs = _read_count("total_epochs", total_epochs, 1)
    if total is None:
        total = length_of(iterable)
    return _items(run, iterable, total, epoch, total_epochs)


def _items(
    run: Tracked,
    iterable: Iterable[T],
    total: int | None,
    epoch: int | None,
    total_epochs: int | None,
) -> Iterator[T]:
    if run.status == "stopped" and not run.was_left:
        return
    run.begin()
    meter = run.meter
    meter.count_apart()
    if epoch is not None:
        run.mark_epoch(epoch, meter.step)
        meter.total_epochs = total_epochs
    epochs_left = max(0, total_epochs - epoch) if epoch and total_epochs else 0
    usual = total
    if total is None and epoch is not None and epoch > 1:
        usual = round(meter.step / (epoch - 1))  # as long as those before
    around = meter.loop if meter.loop and meter.loop.thread == threading.get_ident() else None
    loop = meter.loop = Loop(total, around)
    if around is not None:
        around.holds_loop = True
        epochs_left = epochs_left or (around.left if around.is_outer else 0)
    meter.total_steps = None if usual is None else meter.step + usual * (1 + epochs_left)
    run.loop_began()
    is_complete = False
    try:
        run.safe_point()
        for count, item in enumerate(iterable, 1):
            loop.done, loop.holds_loop = count, False
            yield item
            if not loop.holds_loop:
                meter.step += 1
                loop.is_outer = False
            if usual is not None and not loop.is_outer:
                _correct_total(meter, loop, usual, epochs_left)
            loop.held_loop = loop.holds_loop
            run.wake_if_quiet()
            run.safe_point()
        is_complete = True
    except RunStopped:
        return
    finally:
        if meter.loop is loop:
            meter.loop = around
        run.loop_ended(is_complete=is_complete)


def _correct_total(meter: ProgressMeter, loop: Loop, usual: int, epochs_left: int) -> None:
    """Put the total right where a loop is longer than was known, or held one that set its own."""
    if loop.done > usual:
        meter.total_steps = meter.step + usual * epochs_left if epochs_left else None
    elif loop.holds_loop or loop.held_loop:
        meter.total_steps = meter.step + usual - loop.done + usual * epochs_left


def _read_count(name: str, value: object, least: int) -> int | None:
    if value is None:
        return None
    whole = whole_number(value)
    if whole is None or not least <= whole < _MOST:
        raise ConfigurationError(
            f"{name} must be a whole number of at least {least}, got {repr_of(value)}."
        )
    return whole
