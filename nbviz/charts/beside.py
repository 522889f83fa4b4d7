"""The pictures that a notebook saves beside a live widget, brought up to date as it changes."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import weakref
from typing import TYPE_CHECKING, Any, Protocol, cast

from nbviz.widgets.boxes import follow_boxes
from nbviz.widgets.output import display_live

if TYPE_CHECKING:
    from collections.abc import Callable

_REFRESH_SECONDS = 1.0  # between two pictures of a widget that is changed all the time
_HANDLES_KEPT = 4


class Pictured(Protocol):
    """A widget that can say what is saved of it."""

    def picture(self) -> dict[str, Any]:
        """Return what readers without a kernel are shown, by MIME type."""
        ...


class PictureBeside:
    """Displays a widget with its picture, and replaces the picture.

    Args:
        widget: It keeps this, and not the other way round.
    """

    def __init__(self, widget: Pictured) -> None:
        follow_boxes()
        self._widget = weakref.ref(widget)
        self._handles: list[Any] = []
        self._is_stale = False
        self._refreshed_at = 0.0
        self._pid = os.getpid()

    def show(self, *, in_a_box: bool = False) -> None:
        """Display the widget and its picture as outputs of the running cell.

        Args:
            in_a_box: As for `display_live`.
        """
        widget = self._widget()
        if widget is None:
            return
        handle = display_live(widget, widget.picture, in_a_box=in_a_box)
        if handle is None or handle in self._handles:
            return
        if not self._handles:
            self._watch_cells()
        self._handles = [*self._handles, handle][-_HANDLES_KEPT:]
        self._refreshed_at = time.monotonic()

    def changed(self) -> None:
        """Replace the pictures: soon, and at the latest at the end of the next cell."""
        self._is_stale = bool(self._handles)
        if self._is_stale and time.monotonic() - self._refreshed_at >= _REFRESH_SECONDS:
            self.refresh()

    def refresh(self) -> None:
        """Replace the pictures if the widget has changed."""
        widget = self._widget()
        if widget is None or not self._is_stale or os.getpid() != self._pid:
            return
        self._is_stale = False
        self._refreshed_at = time.monotonic()
        picture = widget.picture()
        for handle in self._handles:
            handle.update(picture, raw=True)

    def _watch_cells(self) -> None:
        shell: Any = cast("Any", sys.modules["IPython"]).get_ipython()  # which displays
        if shell is None:
            return
        reference = weakref.ref(self)

        def cell_ended(*_: object) -> None:
            beside = reference()
            if beside is not None:
                beside.refresh()

        shell.events.register("post_run_cell", cell_ended)
        weakref.finalize(self, _unregister, shell, cell_ended)


def _unregister(shell: Any, watch: Callable[..., None]) -> None:
    with contextlib.suppress(ValueError):
        shell.events.unregister("post_run_cell", watch)
