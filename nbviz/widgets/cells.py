"""Which cell is running."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

# ipykernel's, where a program such as `jupyter console` has started the kernel for itself; those
# that Jupyter's server and nbclient start have names that are no process' number.
_OF_A_CONSOLE = re.compile(r"kernel-\d+\.json")

_marimo_run: tuple[object, int] = (None, 0)


def running_cell() -> tuple[str | None, str | None]:
    """Return the notebook's id of the running cell, and the id of the request that runs it.

    Each is None outside a notebook, where it is unknown, and while what runs is no cell.

    JupyterLab, Notebook 7 and marimo tell with each cell; Colab and VS Code do not.
    """
    if "marimo" in sys.modules and (cell := _marimo_cell()) is not None:
        return cell
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return None, None
    get_parent = getattr(shell, "get_parent", None)
    parent: Any = get_parent() if get_parent is not None else getattr(shell, "parent_header", None)
    content: Any = parent.get("content") if parent else None
    if content and content.get("silent"):
        return None, None  # a front end's own question, whose outputs are not shown
    metadata: Any = parent.get("metadata") if parent else None
    cell_id: Any = metadata.get("cellId") if metadata else None
    header: Any = parent.get("header") if parent else None
    request: Any = header.get("msg_id") if header else None
    return (
        cell_id if isinstance(cell_id, str) else None,
        request if isinstance(request, str) else None,
    )


def is_terminal() -> bool:
    """Whether what is displayed is read in a terminal: IPython's own, or `jupyter console`'s.

    There a picture would be drawn by a program of its own, a window each time.
    """
    ipython: Any = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    if shell is None or getattr(shell, "kernel", None) is None:
        return shell is not None
    application: Any = getattr(shell.kernel, "parent", None)
    name = Path(str(getattr(application, "connection_file", ""))).name
    return _OF_A_CONSOLE.fullmatch(name) is not None


def _marimo_cell() -> tuple[str, str] | None:
    """Return the cell that marimo runs on this thread, and a name of this run of it."""
    global _marimo_run  # noqa: PLW0603  the newest one: marimo has no number for a run of a cell
    # Private: marimo has no public way to ask. Without it re-running a cell stops nothing.
    runtime: Any = sys.modules.get("marimo._runtime.context")
    get_context = getattr(runtime, "safe_get_context", None)
    context: Any = get_context() if get_context is not None else None
    execution: Any = getattr(context, "execution_context", None)
    cell_id: Any = getattr(execution, "cell_id", None)
    if not isinstance(cell_id, str):
        return None
    known, number = _marimo_run
    if execution is not known:  # marimo makes one for each run of a cell
        number += 1
        _marimo_run = execution, number
    return cell_id, f"marimo {number}"


def place_name(name: str) -> str:
    """Return what a view is called by that is made in the running cell for a run of this name.

    It is the same when the cell runs again, also after the kernel was restarted: notebook, cell and
    name. Jupyter's server tells the notebook's path; where that or the cell is unknown, it is left
    out.
    """
    cell_id, _ = running_cell()
    return " ".join([os.environ.get("JPY_SESSION_NAME", ""), cell_id or "", name])
