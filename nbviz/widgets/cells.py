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

KERNEL = object()
"""The notebook of a Jupyter kernel."""

_marimo_run: tuple[object, int] = (None, 0)


def running_cell() -> tuple[str | None, str | None]:
    """Return the notebook's id of the running cell, and the id of the request that runs it.

    Each is None outside a notebook, where it is unknown, and while what runs is no cell.

    JupyterLab, Notebook 7 and marimo tell with each cell; Colab and VS Code do not.
    """
    if "marimo" in sys.modules and (cell := _marimo_cell()) is not None:
        return cell
    parent = _parent()
    if (parent.get("content") or {}).get("silent"):
        return None, None  # a front end's own question, whose outputs are not shown
    metadata: dict[str, Any] = parent.get("metadata") or {}
    header: dict[str, Any] = parent.get("header") or {}
    cell_id, request = metadata.get("cellId"), header.get("msg_id")
    return (
        cell_id if isinstance(cell_id, str) else None,
        request if isinstance(request, str) else None,
    )


def _parent() -> dict[str, Any]:
    """Return the message that has the kernel run something; empty where there is none."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    get_parent = getattr(shell, "get_parent", None)
    parent: Any = get_parent() if get_parent is not None else getattr(shell, "parent_header", None)
    return parent or {}


def is_unattended() -> bool:
    """Whether the running cell was sent by a program that answers no `input()`, such as nbclient.

    nbconvert and papermill execute notebooks with it. No page shows a view meanwhile, and the
    kernel ends after the last cell.
    """
    content: Any = _parent().get("content") or {}
    return content.get("allow_stdin") is False


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


def _marimo_context() -> Any:
    # Private: marimo has no public way to ask. Without it re-running a cell stops nothing.
    runtime: Any = sys.modules.get("marimo._runtime.context")
    get_context = getattr(runtime, "safe_get_context", None)
    return get_context() if get_context is not None else None


def _marimo_cell() -> tuple[str, str] | None:
    """Return the cell that marimo runs on this thread, and a name of this run of it."""
    global _marimo_run  # noqa: PLW0603  the newest one: marimo has no number for a run of a cell
    execution: Any = getattr(_marimo_context(), "execution_context", None)
    cell_id: Any = getattr(execution, "cell_id", None)
    if not isinstance(cell_id, str):
        return None
    known, number = _marimo_run
    if execution is not known:  # marimo makes one for each run of a cell
        number += 1
        _marimo_run = execution, number
    return cell_id, f"marimo {number}"


def notebook() -> object:
    """Return what tells this notebook from others of the same process; None outside notebooks.

    A kernel runs one notebook. A program that marimo serves runs one for each reader, each on a
    thread with a context of its own.
    """
    if "marimo" in sys.modules and (context := _marimo_context()) is not None:
        while getattr(context, "parent", None) is not None:  # of a notebook inside another
            context = context.parent
        return context
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    return KERNEL if getattr(shell, "kernel", None) is not None else None


def place_name(name: str) -> str:
    """Return what a view is called by that is made in the running cell for a run of this name.

    It is the same when the cell runs again, also after the kernel was restarted: notebook, cell and
    name. Jupyter's server tells the notebook's path; where that or the cell is unknown, it is left
    out.
    """
    cell_id, _ = running_cell()
    return " ".join([os.environ.get("JPY_SESSION_NAME", ""), cell_id or "", name])
