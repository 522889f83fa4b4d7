"""Which cell is running."""

from __future__ import annotations

import sys
from typing import Any


def running_cell_id() -> str | None:
    """Return the notebook's id of the running cell, None outside a notebook or where it is unknown.

    JupyterLab and Notebook 7 send it with each cell; Colab and VS Code do not.
    """
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return None
    get_parent = getattr(shell, "get_parent", None)
    parent: Any = get_parent() if get_parent is not None else getattr(shell, "parent_header", None)
    metadata: Any = parent.get("metadata") if parent else None
    cell_id: Any = metadata.get("cellId") if metadata else None
    return cell_id if isinstance(cell_id, str) else None
