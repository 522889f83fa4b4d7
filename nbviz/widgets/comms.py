"""How long the kernel lets a page wait: subshells answer it while a cell is busy."""

from __future__ import annotations

import sys
from typing import Any

from nbviz.widgets.cells import is_terminal, is_unattended

_FIRST_WITH_SUBSHELLS = 7  # ipykernel's version


def let_subshells_answer(widget: object) -> None:
    """Let what a page sends to a widget be handled while a cell is busy on ipykernel 7.4.

    7.4.0 remembers from which subshell a comm last sent and routes replies there: a widget made in
    a cell is bound to the main shell, so that a click waits for the running cell
    (ipython/ipykernel#1565). Without the override clicks would only be late.
    """

    def subshell_of_the_request(_data: object, default: object) -> object:
        return default

    comm: Any = getattr(widget, "comm", None)
    if hasattr(comm, "_reply_subshell_for"):
        setattr(comm, "_reply_subshell_for", subshell_of_the_request)  # noqa: B010


def waits_for_cells() -> bool:
    """Whether what a page sends waits until the running cell has ended: ipykernel before 7."""
    ipykernel: Any = sys.modules.get("ipykernel")
    version = str(getattr(ipykernel, "__version__", "")).partition(".")[0]
    return version.isdecimal() and int(version) < _FIRST_WITH_SUBSHELLS


def hears_pages_now() -> bool:
    """Whether the running cell was run from a page, which is heard while the cell runs."""
    is_heard_late = waits_for_cells() or "google.colab" in sys.modules
    return not (is_heard_late or is_unattended() or is_terminal())
