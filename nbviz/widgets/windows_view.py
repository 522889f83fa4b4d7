"""WindowsView: windows in the cell, live, in a widget of their own."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import uuid
import weakref
from typing import TYPE_CHECKING, Any, Protocol, cast

import traitlets

from nbviz.front_end import widget_module, widget_source
from nbviz.pictures.saved_view import hidden_html
from nbviz.session.emitter import Emitter
from nbviz.session.transport import Transport
from nbviz.widgets.cell_widget import CellWidget
from nbviz.widgets.cells import is_unattended
from nbviz.widgets.output import display_live

if TYPE_CHECKING:
    from collections.abc import Mapping

UNASKED_SECONDS = 0.5  # between two frames that no page has asked for
UNASKED_BYTES = 400_000
LONGEST_WAIT = 0.2  # seconds that a change does not cut short


class Windows(Protocol):
    """What a view shows: a feed of `Transport`, and what readers without a kernel are shown."""

    def heard(self, event: Mapping[str, Any]) -> None:
        """Carry out what a reader did."""
        ...

    def picture(self, view_id: str) -> dict[str, Any]:
        """Return what is saved beside the live view, by MIME type."""
        ...

    @property
    def state(self) -> object:
        """Another one after each change of what is shown."""
        ...


class WindowsView(CellWidget):
    """Shows windows, as they change.

    Args:
        windows: What is shown, and who is told what readers do.
        feed: What pages need of them.
    """

    # A part of its own: of a run and its panels it needs nothing.
    _esm = widget_module("visdom")
    _source = traitlets.Unicode(widget_source("visdom")).tag(sync=True)
    _pid = 0  # until it is made: ipywidgets closes what could not be
    _pulls = traitlets.Bool(default_value=False).tag(sync=True)
    _view_id = traitlets.Unicode().tag(sync=True)

    def __init__(self, windows: Windows, feed: Any) -> None:
        self._pid = os.getpid()
        self._windows = windows
        self._feed = feed
        self._handle: Any = None
        self._pictured: object = None
        self._unasked_at = float("-inf")
        self._unasked: object = None
        self._is_shown = False
        self._pushing = threading.Lock()
        pulls = "google.colab" in sys.modules
        self.transport = Transport(feed, self._send_message, pulls=pulls)
        self._emitter = Emitter(self._tick, self._failed)
        super().__init__(_pulls=pulls, _view_id=uuid.uuid4().hex[:12])
        self.on_msg(self._on_message)

    @property
    def view_id(self) -> str:
        """Ties the live view to the picture saved beside it."""
        return self._view_id

    def wake(self) -> None:
        """Send what is new soon; returns at once."""
        self._emitter.wake()
        if self.transport.pulls and self._is_shown and not self.transport.clients:
            # Colab shows nothing that another thread sends, and lets no page ask meanwhile.
            self._send_unasked()

    def show(self) -> None:
        """Show it as an output of the running cell; what is saved beside it follows at its end."""
        self._is_shown = True
        empty = {"text/html": hidden_html("", self.view_id), "text/plain": ""}
        self._handle = display_live(self, lambda: empty)
        self._watch_cells()
        self._emitter.wake()

    def open(self) -> None:
        """Open it to pages, again if it was closed."""
        if self._emitter.is_closed:
            self._emitter = Emitter(self._tick, self._failed)
        super().open()

    def close(self) -> None:
        """Remove it from all pages; the windows stay."""
        if os.getpid() == self._pid:
            self._emitter.close()
            super().close()

    def __repr__(self) -> str:
        return f"WindowsView({self.view_id!r})"

    # ------------------------------------------------------------ what is saved beside it

    def leave_picture(self) -> None:
        """Bring the picture that is saved beside it up to date."""
        state = self._windows.state
        if self._handle is not None and state != self._pictured and os.getpid() == self._pid:
            self._pictured = state
            self._handle.update(self._windows.picture(self.view_id), raw=True)

    def _watch_cells(self) -> None:
        ipython: Any = sys.modules["IPython"]  # which displays
        shell: Any = ipython.get_ipython()
        if shell is None:
            return
        reference = weakref.ref(self)

        def cell_ended(*_: object) -> None:
            view = reference()
            if view is not None:
                view.leave_picture()
            else:
                with contextlib.suppress(ValueError):
                    shell.events.unregister("post_run_cell", cell_ended)

        shell.events.register("post_run_cell", cell_ended)

    # ------------------------------------------------------------ messages

    def _on_message(self, _: object, content: object, buffers: object) -> None:
        del buffers
        if not isinstance(content, dict) or os.getpid() != self._pid:
            return
        asked = cast("dict[str, Any]", content)
        page, kind, sequence = (asked.get(name) for name in ("client_id", "kind", "sequence"))
        if not isinstance(page, str):
            return
        views = asked.get("views", 1)
        views = views if isinstance(views, int) else 1
        if kind == "ready":
            self.transport.open(page)
        elif kind == "acknowledge" and isinstance(sequence, int):
            self.transport.acknowledge(page, sequence, views)
        elif kind == "pull":
            self._feed.read()  # another thread may not have come to it, and no frame can follow
            self.transport.pull(page, views)
        elif isinstance(asked.get("window_event"), dict):
            self._windows.heard(asked["window_event"])
        self._emitter.wake()

    def _send_message(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        # A forked worker that has printed could write to its parent's comms.
        if os.getpid() == self._pid and self.comm is not None:
            self.send(content, buffers)

    def _tick(self) -> float | None:
        wait = self.transport.tick()
        if self.transport.clients or self.transport.pulls or not self._is_shown:
            return wait
        return self._send_unasked()

    def _send_unasked(self) -> float | None:
        """Send all pages what they need though none has asked; return the seconds until more.

        Where the running cell keeps a page's request waiting, as before ipykernel 7, it would be
        empty until the cell's end.
        """
        if is_unattended() or not self._pushing.acquire(blocking=False):
            return None
        try:
            wait = self._unasked_at + UNASKED_SECONDS - time.monotonic()
            if wait > 0:
                return min(wait, LONGEST_WAIT)
            state = self._windows.state
            if state == self._unasked:
                return None
            self._feed.read()
            batch = self._feed.snapshot(self._feed.cursor(), limit=UNASKED_BYTES)
            message = {"kind": "snapshot", "client_id": "", "sequence": 0, "updates": batch.updates}
            self._send_message(message, batch.buffers)
            self._unasked, self._unasked_at = state, time.monotonic()
            return LONGEST_WAIT
        finally:
            self._pushing.release()

    def _failed(self, error: Exception) -> None:
        import logging

        logging.getLogger("nbviz").warning("windows could not be drawn: %s", error, exc_info=error)
