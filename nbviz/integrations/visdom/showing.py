"""Where windows are shown: each cell that draws shows the windows that it draws in."""

from __future__ import annotations

import contextlib
import threading
import weakref
from typing import TYPE_CHECKING, Any

from nbviz.integrations.in_cells import in_notebook
from nbviz.integrations.visdom.feed import WindowsFeed
from nbviz.widgets.cells import running_cell

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from nbviz.integrations.visdom.desk import Desk, Key

_Cell = tuple[str | None, str | None]  # its id, and the request that runs it
_MOST_VIEWS = 64
_showings: weakref.WeakKeyDictionary[Desk, Showing] = weakref.WeakKeyDictionary()


class Shown:
    """A desk's windows as one view shows them.

    Args:
        desk: Where they are.
        keys: Which of them; None for all.
    """

    def __init__(self, desk: Desk, keys: set[Key] | None) -> None:
        self.desk = desk
        self.feed = WindowsFeed(desk, keys)

    @property
    def state(self) -> object:
        """Another one after each change of what is shown."""
        return tuple((key, window.number) for key, window in self.feed.windows().items())

    def shows(self, env: str, win: str | None) -> bool:
        """Whether a change of a window, or of an environment if `win` is None, is seen in it."""
        keys = self.feed.shown
        return keys is None or win is None or (env, win) in keys

    def heard(self, event: Mapping[str, Any]) -> None:
        """Carry out what a reader did to a window."""
        more: Any = event.get("more")
        told = {name: value for name, value in event.items() if name != "more"}
        self.desk.heard({**(more if isinstance(more, dict) else {}), **told})

    def picture(self, view_id: str) -> dict[str, Any]:
        """Return what is saved beside the live view, by MIME type."""
        from nbviz.integrations.visdom.pictures import windows_bundle

        return windows_bundle(self.feed.windows(), view_id)


class Showing:
    """The views of one desk.

    Args:
        desk: Where windows are.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._views: dict[str, tuple[_Cell, Any, Shown]] = {}
        self._newest: Shown | None = None
        # Where threads show what they draw: in the cell in which they drew first.
        self._of_threads: weakref.WeakKeyDictionary[threading.Thread, Shown] = (
            weakref.WeakKeyDictionary()
        )
        self._calls = threading.local()
        self._lock = threading.RLock()  # two threads may be the first to draw
        desk.add_viewer(self)

    @staticmethod
    def of(desk: Desk) -> Showing:
        """Return what shows a desk's windows."""
        known = _showings.get(desk)
        if known is None:
            known = _showings[desk] = Showing(desk)
        return known

    @contextlib.contextmanager
    def following(self, *, shows: bool) -> Generator[None]:
        """Show the windows that change meanwhile on this thread in the running cell, if any."""
        before = getattr(self._calls, "shows", False)
        self._calls.shows = shows
        try:
            yield
        finally:
            self._calls.shows = before

    def changed(self, env: str, win: str | None) -> None:
        """Show a change; called by the desk."""
        if win is not None and getattr(self._calls, "shows", False) and in_notebook():
            with self._lock:
                self._show_here((env, win))
        for _, view, shown in list(self._views.values()):
            if shown.shows(env, win):
                shown.feed.env = env
                view.wake()

    def show_all(self) -> None:
        """Show all windows in the running cell."""
        cell = running_cell()
        with self._lock:
            known = self._view_of(cell)
            if known is not None:
                known[2].feed.shown = None
                known[1].wake()
            else:
                self._add(cell, None)

    def _show_here(self, key: Key) -> None:
        thread = threading.current_thread()
        if self._desk.is_handling:
            shown = self._newest
        elif thread is threading.main_thread():
            shown = self._here(key)
        else:
            # A cell that a thread does not know may be running later.
            shown = self._of_threads.get(thread)
            if not any(shown is known for *_, known in self._views.values()):
                shown = self._here(key) or self._newest
            if shown is not None:
                self._of_threads[thread] = shown
        if shown is not None and shown.feed.shown is not None:
            shown.feed.shown.add(key)

    def _here(self, key: Key) -> Shown | None:
        """Return what the running cell shows, with a window if it has shown none; None outside."""
        cell = running_cell()
        if cell == (None, None):
            return None
        known = self._view_of(cell)
        return self._add(cell, {key}) if known is None else known[2]

    def _view_of(self, cell: _Cell) -> tuple[_Cell, Any, Shown] | None:
        known = self._views.get(cell[0] or cell[1] or "")
        return known if known is not None and known[0] == cell else None

    def _add(self, cell: _Cell, keys: set[Key] | None) -> Shown:
        from nbviz.widgets.windows_view import WindowsView

        name = cell[0] or cell[1] or ""
        before = self._views.pop(name, None)
        if before is not None:
            before[1].close()  # the cell's outputs of before are gone
        while len(self._views) >= _MOST_VIEWS:
            self._views.pop(next(iter(self._views)))[1].leave_picture()
        shown = Shown(self._desk, keys)
        view: Any = WindowsView(shown, shown.feed)
        self._views[name] = (cell, view, shown)
        self._newest = shown
        view.show()
        return shown
