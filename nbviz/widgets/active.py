"""What trains in this process, also where no view of it is left.

Without Jupyter there may be trainers, too, so nothing of Jupyter is imported here.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import sys
import weakref
from typing import TYPE_CHECKING, Any, Protocol

from nbviz.active_trainers import active_trainers
from nbviz.training.weak_registry import WeakRegistry
from nbviz.widgets.cells import KERNEL, notebook

if TYPE_CHECKING:
    from nbviz.recording.recorded_run import RecordedRun
    from nbviz.recording.run import Run
    from nbviz.trainer import Trainer


class Loop(Protocol):
    """A loop of the user's own on a thread of its own, as of a `%%live` cell."""

    run: Run

    @property
    def is_active(self) -> bool:
        """Whether its thread is alive."""
        ...

    def stop(self) -> None:
        """Stop it and wait for it."""
        ...

    def wait(self, timeout: float | None = None) -> None:
        """Wait until it has ended."""
        ...


_pid = os.getpid()
_loops: WeakRegistry[Loop] = WeakRegistry()
_notebooks: weakref.WeakKeyDictionary[RecordedRun, object] = weakref.WeakKeyDictionary()


def active() -> list[Trainer | Loop]:
    """Return what trains in this process now: trainers first, then the loops of `%%live` cells.

    Each has `run`, `stop()` and `wait()`; `nbviz.Dashboard(one.run)` shows it with its buttons, so
    that a training whose cell or page is gone can still be steered.
    """
    loops = [loop for loop in _loops if loop.is_active]
    return [*active_trainers(), *sorted(loops, key=lambda one: one.run.progress.started_at)]


def active_in(place: object) -> list[Trainer | Loop]:
    """Return what trains in one notebook: several readers may share a process.

    Args:
        place: What `cells.notebook` returned there; in None nothing trains.
    """
    if place is None:
        return []
    return [one for one in active() if place is KERNEL or _notebooks.get(one.run) is place]


def remember_loop(loop: Loop) -> None:
    """List a loop from now on while it is active."""
    _loops.add(loop)
    remember_notebook(loop.run)


def remember_notebook(run: RecordedRun) -> None:
    """Note that a run trains in the notebook whose cell is running."""
    _notebooks[run] = notebook()


def say_what_will_be_cut() -> None:
    """Have the pictures of what trains now say that it was cut: no other cell will be run."""
    for one in active():
        one.run.ends_with_kernel = True


@functools.cache
def say_at_exit_what_is_cut() -> None:
    """Have the end of the process say what it cuts, as nbconvert and papermill let it."""
    atexit.register(_say_what_is_cut)


def _say_what_is_cut() -> None:
    if os.getpid() != _pid:
        return
    for number, one in enumerate(active()):
        run = one.run
        run.drain_ready()
        total = run.progress.total_steps
        of = f" of {total:,}" if total else ""
        text = f"{run.name!r} was cut at step {run.progress.step:,}{of}: the process has ended."
        run.note(text, level="warning")
        said = f"nbviz: {text} nbviz.active()[{number}].wait() in a last cell waits for it.\n"
        with contextlib.suppress(OSError, ValueError):
            os.write(_standard_error(), said.encode())


def _standard_error() -> int:
    """Return where the terminal reads: ipykernel puts a pipe of its own in that place.

    Without the attribute, which is ipykernel's own, the words would be lost with the kernel.
    """
    original: Any = getattr(sys.stderr, "_original_stdstream_copy", None)
    return original if isinstance(original, int) else 2
