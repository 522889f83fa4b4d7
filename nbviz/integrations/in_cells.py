"""InCells: a view of runs in each notebook cell that logs to them, without being asked for one."""

from __future__ import annotations

import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any, Protocol

from nbviz.widgets.cells import is_terminal, running_cell

if TYPE_CHECKING:
    from nbviz.inspection.graph.model import Graph
    from nbviz.recording.run import Run


class Logger(Protocol):
    """What logs to a run from cells."""

    @property
    def run(self) -> Run:
        """Where it logs to."""
        ...

    def cell_began(self) -> None:
        """Note that what is logged next is logged by another cell."""
        ...

    def cell_ended(self, error: BaseException | None) -> None:
        """Note that the cell that logged is over."""
        ...


_loggers: weakref.WeakSet[Any] = weakref.WeakSet()
_views: weakref.WeakKeyDictionary[Run, Any] = weakref.WeakKeyDictionary()
_shells: weakref.WeakSet[Any] = weakref.WeakSet()


def follow_cells(logger: Logger) -> bool:
    """Have a logger told when cells begin and end; returns whether it is in a notebook.

    Args:
        logger: It is not kept alive.
    """
    shell = _notebook_shell()
    if shell is None:
        return False
    _loggers.add(logger)
    if shell not in _shells:
        _shells.add(shell)
        shell.events.register("pre_run_cell", _began)
        shell.events.register("post_run_cell", _ended)
    return True


def show_in_cell(run: Run, **options: Any) -> None:
    """Show a run in the running cell, if it is one: whole, or as a line where another one does.

    Args:
        run: What the cell logs to.
        **options: Of the `Dashboard`, which is made at the first call.
    """
    if threading.current_thread() is not threading.main_thread() or _notebook_shell() is None:
        return
    if running_cell() == (None, None):
        return
    from nbviz.widgets.dashboard import Dashboard
    from nbviz.widgets.run_bar import RunBar

    view = _views.get(run)
    if view is None:
        view = _views[run] = Dashboard(run, **options)
    if not view.is_shown_elsewhere:
        if not view.is_shown_here:
            view.show()
    elif not view.is_shown_here:
        RunBar(run, view.view_id).show()


def show_beside(run: Run, other: Run) -> None:
    """Show another run in the view that shows a run, if there is one."""
    view = _views.get(run)
    if view is not None:
        view.add(other)


def show_graph(graph: Graph) -> None:
    """Show a model's graph in the running cell, if it is one."""
    if running_cell() == (None, None):
        return
    from nbviz.widgets.graph_view import GraphView

    GraphView(graph).show()


def view_of(run: Run) -> Any:
    """Return the view that shows a run in cells; None while none does."""
    return _views.get(run)


def _notebook_shell() -> Any:
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    return None if shell is None or is_terminal() else shell


def _began(*_: object) -> None:
    for logger in list(_loggers):
        logger.cell_began()


def _ended(result: Any = None) -> None:
    error = getattr(result, "error_in_exec", None)
    for logger in list(_loggers):
        logger.cell_ended(error)
