"""The cell's outputs: the live view, and beside it a picture for readers without a kernel.

A notebook that is opened without its kernel finds no widget; what it can show is a picture. It is a
second output of the cell. The live view hides it while it is on the page, so that the controls stay
after the run has ended, and a saved notebook still shows the curves.
"""

from __future__ import annotations

import atexit
import contextlib
import inspect
import os
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Protocol, cast

from nbviz.pictures.layout import status_of
from nbviz.pictures.saved_view import MOST_RUNS
from nbviz.widgets.active import say_what_will_be_cut
from nbviz.widgets.cells import is_terminal, is_unattended, running_cell
from nbviz.widgets.clearing import is_displayed_again, stay_when_cleared
from nbviz.widgets.replaced import Replaceable, let_go_when_replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbviz.panels.subject import Subject

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
REFRESH_SECONDS = 60.0
COST_SHARE = 0.002  # of the time of an active run
HANDLES_KEPT = 4
_ended = threading.Event()  # once the process ends
atexit.register(_ended.set)


def display_live(
    widget: Any, picture: Callable[[], dict[str, Any]], *, in_a_box: bool = False
) -> Any:
    """Display a widget, and what is saved beside it, as outputs of the running cell.

    Args:
        widget: Hides the picture while it is on the page.
        picture: Makes what readers without a kernel are shown, by MIME type. The page already draws
            the widget meanwhile.
        in_a_box: A box that holds the widget was displayed: the picture alone is missing.

    Returns:
        The picture's handle, by which it can be replaced; None in a terminal, where a line of text
        is all that is displayed.
    """
    import IPython.display

    display = cast("Any", IPython.display.display)
    if is_terminal():
        if not in_a_box:
            display({"text/plain": picture()["text/plain"]}, raw=True)
        return None
    again = is_displayed_again(widget, is_picture=in_a_box)
    if again is not None:
        return again.handle
    shown: object = widget
    if isinstance(shown, Replaceable) and not in_a_box:
        shown.open()
        let_go_when_replaced(shown)
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    data = None if in_a_box else {"text/plain": repr(widget), WIDGET_VIEW: view}

    if data is not None:
        display(data, raw=True)
    handle = display(picture(), raw=True, display_id=True)

    # Neither the view nor its picture is kept alive by this.
    newest = weakref.WeakMethod(picture) if inspect.ismethod(picture) else lambda: picture

    def put_back() -> None:
        make = newest()
        if make is None:
            return
        if data is not None:
            display(data, raw=True)
        display(make(), raw=True, display_id=handle.display_id)

    stay_when_cleared(widget, put_back, handle, is_picture=in_a_box)
    return handle


class Shown(Protocol):
    """A live view, as far as its outputs need it."""

    @property
    def subjects(self) -> Sequence[Subject]:
        """What it shows."""
        ...

    def picture(self) -> dict[str, Any]:
        """Return what readers without a kernel are shown, by MIME type."""
        ...

    def first_picture(self) -> dict[str, Any]:
        """Return it where the view is displayed: less of it if another picture follows."""
        ...


class Output:
    """Displays one live view, and keeps the pictures beside its outputs up to date."""

    def __init__(self, view: Shown) -> None:
        self._view = weakref.ref(view)
        self._handles: list[Any] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._shown: tuple[Any, ...] = ()
        self._shown_in_cell: tuple[Any, ...] = ()
        self._shown_at = float("-inf")
        self._interval = REFRESH_SECONDS
        self._closed = False
        self._is_watching = False
        self._unwatch: Callable[[], object] = lambda: None
        self._shown_by: dict[str | None, str | None] = {}  # cells, with the requests that ran them

    @property
    def is_shown(self) -> bool:
        """Whether a cell has displayed it."""
        return bool(self._shown_by)

    def is_shown_elsewhere(self) -> bool:
        """Whether another cell than the running one displays it."""
        cell_id, request = running_cell()
        return any(
            cell != cell_id or (cell is None and by != request)
            for cell, by in self._shown_by.items()
        )

    def is_shown_here(self) -> bool:
        """Whether this run of the running cell has displayed it."""
        cell_id, request = running_cell()
        return request is not None and self._shown_by.get(cell_id) == request

    def show(self, *, in_a_box: bool = False) -> None:
        """Display the live view and its picture as outputs of the running cell.

        Args:
            in_a_box: As for `display_live`.
        """
        view = self._view()
        if view is None:
            return
        cell_id, request = running_cell()
        self._shown_by[cell_id] = request
        self._shown = self._state(view)
        is_active = any(subject.is_active for subject in view.subjects)
        self._shown_in_cell = () if is_active else self._shown
        self._shown_at = time.monotonic()
        handle = self.display(view, in_a_box=in_a_box)
        self._watch_cells()
        if handle is not None and handle not in self._handles:
            with self._lock:
                self._handles = [*self._handles, handle][-HANDLES_KEPT:]

    def display(self, view: Shown, *, in_a_box: bool) -> Any:
        """Display it, and return the handle by which what is saved of it can be replaced."""
        return display_live(view, view.first_picture, in_a_box=in_a_box)

    def refresh(self) -> None:
        """Replace the pictures if they are old; called now and then from the emitter's thread."""
        view = self._view()
        if view is None or self._closed or os.getpid() != self._pid or not self._handles:
            return
        state = self._state(view)
        active = any(subject.is_active for subject in view.subjects)
        age = time.monotonic() - self._shown_at
        if state == self._shown or (active and age < self._interval and self._same_status(state)):
            return
        self._replace(view, state)

    def refresh_from_cell(self) -> None:
        """Replace the pictures as part of what the running cell prints, if their runs went on.

        nbclient, which runs notebooks for nbconvert and papermill, drops what is sent in the name
        of a cell that has ended, as all is that the emitter's thread sends.
        """
        view = self._view()
        if view is None or self._closed or os.getpid() != self._pid or not self._handles:
            return
        for subject in view.subjects:
            subject.drain()  # where it is may be known from before its end only
        state = self._state(view)
        if state != self._shown_in_cell:
            self._shown_in_cell = state
            self._replace(view, state)

    def _replace(self, view: Shown, state: tuple[Any, ...]) -> None:
        started = time.monotonic()
        picture = view.picture()
        self._shown, self._shown_at = state, time.monotonic()
        self._interval = max(REFRESH_SECONDS, (self._shown_at - started) / COST_SHARE)
        if _ended.is_set():  # Jupyter's sockets take nothing large any more
            return
        for handle in list(self._handles):
            handle.update(picture, raw=True)

    def close(self) -> None:
        """Leave the pictures as they are."""
        self._closed = True
        self._shown_by.clear()
        self._unwatch()

    def _watch_cells(self) -> None:
        """At the end of each cell, show the end of a run that has ended meanwhile.

        Where a program runs the cells, of which this may be the last one, show how far it is.
        """
        ipython = sys.modules["IPython"]  # which displays
        shell: Any = cast("Any", ipython).get_ipython()
        if shell is None or self._is_watching:
            return
        reference = weakref.ref(self)

        def cell_ended(*_: object) -> None:
            output = reference()
            if output is not None and is_unattended():
                say_what_will_be_cut()
                output.refresh_from_cell()
            elif output is not None:
                output.refresh_if_over()

        def unwatch() -> None:
            with contextlib.suppress(ValueError):
                shell.events.unregister("post_run_cell", cell_ended)

        shell.events.register("post_run_cell", cell_ended)
        self._is_watching = True
        self._unwatch = weakref.finalize(self, unwatch)

    def refresh_if_over(self) -> None:
        """Replace the pictures from the running cell if nothing more will come."""
        view = self._view()
        if view is not None and not any(subject.is_active for subject in view.subjects):
            self.refresh_from_cell()

    @staticmethod
    def _state(view: Shown) -> tuple[Any, ...]:
        runs = [subject.run for subject in view.subjects if subject.run is not None]
        steps = tuple(
            (run.run_id, status_of(run), run.ends_with_kernel, run.progress.step) for run in runs
        )
        # The picture has the first runs, once their points have been read.
        return (all(run.summaries is None for run in runs[:MOST_RUNS]), *steps)

    def _same_status(self, state: tuple[Any, ...]) -> bool:
        known = self._shown
        return state[:1] == known[:1] and [one[:-1] for one in state[1:]] == [
            one[:-1] for one in known[1:]
        ]
