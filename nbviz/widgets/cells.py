"""Which cell is running."""

from __future__ import annotations

import os
import sys
from typing import Any


def running_cell() -> tuple[str | None, str | None]:
    """Return the notebook's id of the running cell, and the id of the request that runs it.

    Each is None outside a notebook, where it is unknown, and while what runs is no cell.

    JupyterLab and Notebook 7 send it with each cell; Colab and VS Code do not.
    """
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


def place_name(name: str) -> str:
    """Return what a view is called by that is made in the running cell for a run of this name.

    It is the same when the cell runs again, also after the kernel was restarted: notebook, cell and
    name. Jupyter's server tells the notebook's path; where that or the cell is unknown, it is left
    out.
    """
    cell_id, _ = running_cell()
    return " ".join([os.environ.get("JPY_SESSION_NAME", ""), cell_id or "", name])
