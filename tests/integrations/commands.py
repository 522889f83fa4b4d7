"""Commands for a run whose loop a peer makes, given by another thread while a step is made."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import nbviz


def elsewhere(command: Callable[[], None]) -> None:
    """Give a command on another thread, as a page does, and wait until it is given."""
    thread = threading.Thread(target=command)
    thread.start()
    thread.join(180)
    assert not thread.is_alive()


def resume_once_paused(run: nbviz.Run) -> threading.Thread:
    """Have a thread go on with a run when it is paused; returns the thread."""
    paused = threading.Event()
    run.subscribe(lambda: paused.set() if run.status == "paused" else None)

    def resume() -> None:
        assert paused.wait(180)
        run.control.resume()

    thread = threading.Thread(target=resume)
    thread.start()
    return thread


def marks(run: nbviz.Run, event: str) -> list[str]:
    """Return the texts of a run's marks of one kind."""
    return [mark.text for mark in run.events if mark.event == event]
