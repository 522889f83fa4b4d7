"""A view of a run in each notebook cell that logs to it, without being asked for one."""

from __future__ import annotations

import importlib
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any, ParamSpec

from nbviz.training.weak_registry import WeakRegistry
from nbviz.widgets.cells import is_terminal, running_cell

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.inspection.graph.model import Graph
    from nbviz.recording.run import Run

P = ParamSpec("P")


class CellLog:
    """Logs to a run from cells: each that logs shows the run, and ends it unless more comes soon.

    Args:
        run: Where it logs to.
        show: Whether cells that log show a dashboard.

    Attributes:
        run: The run.
    """

    def __init__(self, run: Run, *, show: bool = True) -> None:
        self.run = run
        self._is_open = False
        self._shows = show
        self._view_options: dict[str, Any] = {}  # of the `Dashboard`
        self._is_in_notebook = _follow_cells(self)
        # Colab shows what the cell's own thread sends, while it runs, and nothing else.
        self._serves = show and self._is_in_notebook and "google.colab" in sys.modules
        self._set_attention(is_needed=True)
        if self.shows_in_cells and run not in _views:
            _prepare()

    def cell_began(self) -> None:
        """Note that what is logged next is logged by another cell."""
        self._set_attention(is_needed=True)

    def cell_ended(self, error: BaseException | None) -> None:
        """Note that the cell that logged is over: unless more comes soon, so is the run."""
        if self._leave(is_complete=error is None) and error is not None:
            self.run.finish(error)

    @property
    def shows_in_cells(self) -> bool:
        """Whether cells that log show the run."""
        return self._shows and self._is_in_notebook

    def attend(self) -> None:
        """Note that something is logged: show the run in the running cell, if it does not yet."""
        self._attend()

    def _set_attention(self, *, is_needed: bool) -> None:
        """Say whether the next call has to look in which cell it is."""
        self._attention = is_needed

    def _attend(self) -> None:
        """Show the run in the running cell, and note that more may come."""
        if not self._attention:
            return
        self._set_attention(is_needed=False)
        self._begin()
        if self.shows_in_cells:
            show_in_cell(self.run, **self._view_options)

    def _attend_to(self, log: Callable[P, object], *given: P.args, **options: P.kwargs) -> None:
        """Attend to what `log` logs: a page that draws the run has it by then.

        Args:
            log: A call; given with its arguments, since a closure over those of `add_scalar` would
                make each of its calls slower.
            given: Its arguments.
            options: Its arguments.
        """
        if self.run.control.needs_attention:  # it may wait, which the page should show
            self._attend()
            log(*given, **options)
            return
        self._set_attention(is_needed=False)
        self._begin()
        try:
            log(*given, **options)
        finally:
            if self.shows_in_cells:
                show_in_cell(self.run, **self._view_options)

    def _serve(self) -> None:
        """Have the page shown what is new, at most twice a second; where `_serves` says so."""
        if threading.current_thread() is threading.main_thread():
            view = _views.get(self.run)
            if view is not None:
                view.serve_from_cell()

    def _begin(self) -> None:
        """Begin the run, or go on with it; what is added next shows it."""
        if not self._is_open:
            self._is_open = True
            self.run.begin()
            self.run.loop_began()

    def _leave(self, *, is_complete: bool) -> bool:
        """Note that unless more comes soon the run is over; returns whether it was not."""
        was_open, self._is_open = self._is_open, False
        self._set_attention(is_needed=True)
        if was_open:
            self.run.loop_ended(is_complete=is_complete)
        return was_open

    def __del__(self) -> None:
        if getattr(self, "_is_open", False):
            self.run.loop_ended(is_complete=True)


_loggers: WeakRegistry[CellLog] = WeakRegistry()
_views: weakref.WeakKeyDictionary[Run, Any] = weakref.WeakKeyDictionary()
_bars: weakref.WeakKeyDictionary[Run, tuple[str | None, str | None]] = weakref.WeakKeyDictionary()
_shells: weakref.WeakSet[Any] = weakref.WeakSet()


def _follow_cells(logger: CellLog) -> bool:
    """Have it told when cells begin and end, as long as it lives; returns whether there are any."""
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
    from nbviz.integrations.prepared import dashboard_of
    from nbviz.widgets.dashboard import Dashboard
    from nbviz.widgets.run_bar import RunBar

    view = _views.get(run)
    if view is None:
        view = _views[run] = Dashboard(run, **options) if options else dashboard_of(run)
    if not view.is_shown_elsewhere:
        if not view.is_shown_here:
            view.show()
    elif not view.is_shown_here and _bars.get(run) != (cell := running_cell()):
        _bars[run] = cell  # a writer that is closed after each call has one line
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


def in_notebook() -> bool:
    """Whether this is a notebook's kernel."""
    return _notebook_shell() is not None


def _notebook_shell() -> Any:
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    return None if shell is None or is_terminal() else shell


def _began(*_: object) -> None:
    for logger in _loggers:
        logger.cell_began()


def _ended(result: Any = None) -> None:
    error = getattr(result, "error_in_exec", None)
    for logger in _loggers:
        logger.cell_ended(error)
    prepared: Any = sys.modules.get("nbviz.integrations.prepared")
    if prepared is not None:
        prepared.prepare_again()


def _prepare() -> None:
    from nbviz.integrations.prepared import prepare

    prepare()


if in_notebook():
    # Here, not in the loop that is to be shown: it takes as long as half a second.
    importlib.import_module("nbviz.integrations.prepared")
