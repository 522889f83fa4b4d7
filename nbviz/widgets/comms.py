"""What widgets do about the comm that ipykernel gives them."""

from __future__ import annotations

from typing import Any


def let_subshells_answer(comm: Any) -> None:
    """Let a widget's messages be handled while a cell is busy on ipykernel 7.4.

    7.4.0 remembers from which subshell a comm last sent and routes replies there: a widget made in
    a cell is bound to the main shell, so that a click waits for the running cell
    (ipython/ipykernel#1565). Without the override clicks would only be late.
    """

    def subshell_of_the_request(_data: object, default: object) -> object:
        return default

    if hasattr(comm, "_reply_subshell_for"):
        setattr(comm, "_reply_subshell_for", subshell_of_the_request)  # noqa: B010
