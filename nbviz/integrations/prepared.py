"""A dashboard made before a cell needs it, so that its page has loaded the code by then.

A page imports a module for each of anywidget's models, which takes it about as long as all that it
then does until a first point is drawn.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbviz.session.transport import OFFERED_SECONDS
from nbviz.widgets.cells import running_cell
from nbviz.widgets.comms import hears_pages_now
from nbviz.widgets.dashboard import Dashboard

if TYPE_CHECKING:
    from nbviz.recording.run import Run

HEARD_SECONDS = 65.0  # a page that is looked at says at least once a minute that it is there


@dataclass(frozen=True)
class _Prepared:
    """One that no cell shows yet."""

    view: Dashboard
    made_at: float

    @property
    def is_there(self) -> bool:
        """Whether the pages that are open have it, as far as is known."""
        if os.getpid() != _pid or self.view.comm is None:
            return False
        is_new = time.monotonic() < self.made_at + OFFERED_SECONDS
        return is_new or self.view.transport.silence() < HEARD_SECONDS


_pid = os.getpid()  # a forked process would send on its parent's comms
_prepared: _Prepared | None = None
_was_taken = False


def prepare() -> None:
    """Make one in the running cell, unless there is one or no page would load it now."""
    global _prepared, _was_taken  # noqa: PLW0603  one a process
    is_main = threading.current_thread() is threading.main_thread() and os.getpid() == _pid
    if not is_main or running_cell() == (None, None) or not hears_pages_now():
        return
    if _prepared is not None and _prepared.is_there:
        return
    _was_taken = False
    let_go()
    view = Dashboard()
    view.prepare()
    _prepared = _Prepared(view, time.monotonic())


def prepare_again() -> None:
    """Make the next one in the running cell, if one was taken since the last was made."""
    if _was_taken:
        prepare()


def dashboard_of(run: Run) -> Dashboard:
    """Return a dashboard of a run: the prepared one, if pages have it."""
    global _prepared, _was_taken
    if _prepared is None or not _prepared.is_there:
        let_go()
        return Dashboard(run)
    view = _prepared.view
    _prepared, _was_taken = None, True
    view.transport.hold()
    view.add(run)
    view.send_first()
    return view


def let_go() -> None:
    """Close the prepared one, if there is one."""
    global _prepared  # noqa: PLW0603
    if _prepared is not None:
        _prepared.view.close()  # which does nothing in a forked process
    _prepared = None
