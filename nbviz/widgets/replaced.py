"""Letting go of what no cell displays any more: a cell that runs again has new outputs.

Nothing tells the kernel when a notebook drops an output. It is known for the outputs of a cell that
runs again, where the front end says which cell runs.
"""

from __future__ import annotations

import sys
import threading
import weakref
from typing import Any, Protocol, cast, runtime_checkable

from nbviz.widgets.cells import running_cell
from nbviz.widgets.clearing import is_in_a_box, output_areas


@runtime_checkable
class Replaceable(Protocol):
    """A widget that can let go of what it holds, and have it again when it is shown again."""

    def open(self) -> None:
        """Be there for pages, as before if it had let go."""
        ...

    def replaced(self) -> None:
        """Let go: no cell displays it any more."""
        ...


# Of each widget the cells that display it, with the requests that ran them.
_displayed: weakref.WeakKeyDictionary[Replaceable, dict[str, str]] = weakref.WeakKeyDictionary()
# Those that are displayed where it is not known what becomes of it.
_elsewhere: weakref.WeakSet[Replaceable] = weakref.WeakSet()
_shells: weakref.WeakSet[Any] = weakref.WeakSet()


def let_go_when_replaced(widget: Replaceable) -> None:
    """Tell a widget that the running cell displays once no cell displays it any more.

    One that an ipywidgets box or Output holds is left alone.
    """
    ipython = sys.modules.get("IPython")
    shell: Any = cast("Any", ipython).get_ipython() if ipython is not None else None
    cell_id, request = running_cell()
    is_main = threading.current_thread() is threading.main_thread()
    if shell is None or not is_main or cell_id is None or request is None or output_areas():
        _elsewhere.add(widget)
        return
    _displayed.setdefault(widget, {})[cell_id] = request
    if shell not in _shells:
        _shells.add(shell)
        shell.events.register("post_run_cell", _cell_ended)


def _cell_ended(*_: object) -> None:
    cell_id, request = running_cell()
    if cell_id is None or request is None:
        return
    for widget, cells in list(_displayed.items()):
        if cells.get(cell_id, request) == request:
            continue
        del cells[cell_id]
        if not cells and widget not in _elsewhere and not is_in_a_box(widget):
            del _displayed[widget]
            widget.replaced()
