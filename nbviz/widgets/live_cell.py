"""A cell's own training loop, run on a background thread with a dashboard."""

from __future__ import annotations

import contextlib
import linecache
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbviz.errors import RunActiveError, RunStopped, TrainingError
from nbviz.panels.subject import left_for_the_next
from nbviz.recording.current import as_current
from nbviz.recording.prints import captured_prints
from nbviz.recording.run import Run
from nbviz.training.background import BackgroundRun
from nbviz.training.steps.loader_workers import shield_workers
from nbviz.widgets.active import remember_loop, say_at_exit_what_is_cut
from nbviz.widgets.clearing import own_displays
from nbviz.widgets.dashboard import Dashboard

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from nbviz.panels.subject import Subject

STOP_SECONDS = 30.0
_cells: dict[str, LiveCell] = {}
_count = 0


class LiveCell:
    """Runs source code as a notebook cell would, on a thread, in the notebook's namespace.

    `nbviz.log` inside it writes to `run`; Pause, Step and Stop act at its log calls and at the
    items of `run.track`. What it prints goes to the dashboard's log, and so does its traceback.

    Args:
        source: Python source.
        namespace: The notebook's variables, read and written by the code.
        name: What the run is called.
        panels: As for `Dashboard`.

    Attributes:
        number: Live cells are numbered as they come.
        run: What `nbviz.log` writes to.
        dashboard: Shows it.
    """

    def __init__(
        self,
        source: str,
        namespace: dict[str, Any],
        *,
        name: str | None = None,
        panels: Sequence[str] | None = None,
    ) -> None:
        global _count  # noqa: PLW0603  cells are numbered as they come
        _count += 1
        self.number = _count
        filename = f"<live cell {_count}>"
        self._code = compile(source, filename, "exec")
        # So that a traceback shows the source lines.
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        self._namespace = namespace
        self.run = Run(name)
        self.run.ends_outside()
        self.dashboard = Dashboard(self.run, panels=panels)
        self._background = BackgroundRun(
            self._execute, name=self.run.name, stop=self.run.control.stop
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.run!r})"

    @property
    def is_active(self) -> bool:
        """Whether the loop's thread is alive."""
        return self._background.is_alive

    def start(self) -> None:
        """Start the thread; returns at once."""
        say_at_exit_what_is_cut()
        self.run.begin()
        self._background.start()
        remember_loop(self)

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """Stop at the next log call, and wait for it.

        Raises:
            RunActiveError: The loop did not get to a log call in `timeout` seconds.
        """
        if not self._background.is_alive:
            return
        self.run.control.stop()
        with contextlib.suppress(TrainingError, TimeoutError):
            self.wait(timeout)
        if self._background.is_alive:
            where = self._background.present_line()
            raise RunActiveError(
                f"the loop of {self.run.name!r} did not reach a log call within {timeout:g} s, so "
                f"it could not be stopped{f'; it is at {where}' if where else ''}. Interrupting "
                "the kernel does not end it either; wait for it or restart the kernel."
            )

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the loop has ended, at most `timeout` seconds.

        Raises:
            TrainingError: The loop failed; the error is chained as the cause.
            TimeoutError: It is still active, and goes on.
        """
        try:
            self._background.wait(timeout)
        finally:
            self.dashboard.leave_picture()

    def save_html(self, path: str | Path, **options: Any) -> Path:
        """Write the run as one page, as `Dashboard.save_html` does with the same options."""
        return self.dashboard.save_html(path, **options)

    def _execute(self) -> None:
        error: BaseException | None = None
        self.run.meter.thread = threading.get_ident()  # its first log call may be far away
        try:
            shield_workers(*self._namespace.values())
            with as_current(self.run), captured_prints(self.run.note), own_displays():
                exec(self._code, self._namespace)  # noqa: S102  the user's own cell
        except RunStopped:
            pass
        except BaseException as caught:
            error = caught
            raise
        finally:
            self.run.finish(error)


class LiveCells(Mapping[str, LiveCell]):
    """The `%%live` cells by name, the newest of each name: `nbviz.live["mine"]`.

    `nbviz.live` is the only one.
    """

    def __getitem__(self, name: str) -> LiveCell:
        found = self._named().get(name)
        if found is None:
            known = ", ".join(map(repr, self)) or "none yet"
            raise KeyError(
                f"no %%live cell is called {name!r}; there are: {known}. Name one in its first "
                "line: %%live --name mine"
            )
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._named())

    def __len__(self) -> int:
        return len(self._named())

    def __repr__(self) -> str:
        return f"nbviz.live({', '.join(map(repr, self))})"

    def _named(self) -> dict[str, LiveCell]:
        return {cell.run.name: cell for cell in sorted(_cells.values(), key=_number_of)}


live = LiveCells()


def _number_of(cell: LiveCell) -> int:
    return cell.number


def start_live_cell(
    source: str,
    namespace: dict[str, Any],
    *,
    cell_id: str | None,
    name: str | None,
    panels: Sequence[str] | None = None,
) -> LiveCell:
    """Start a cell's loop; the same cell's earlier loop is stopped first."""
    key = cell_id or name
    earlier = _cells.get(key) if key else None
    left: list[Subject] = []
    if earlier is not None:
        earlier.stop()
        left = left_for_the_next(earlier.run, earlier.dashboard.subjects)
        earlier.dashboard.close()
    cell = LiveCell(source, namespace, name=name, panels=panels)
    for subject in left:
        cell.dashboard.add_subject(subject)
    _cells[key or cell.run.name] = cell
    return cell
