"""A thread of a run's own that takes in or writes what was logged, and ends when nothing comes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from nbviz.recording.current import context_without_run

if TYPE_CHECKING:
    from collections.abc import Callable

END_SECONDS = 0.5
"""For which the end of a run waits for that of its threads, at most."""

STOP_SECONDS = 5.0


class OwnThread(threading.Thread):
    """A daemon thread that can be stopped from outside, as those of TensorBoard's writers can.

    Whoever looks for threads that were left behind, as Lightning's tests do, calls `stop`.

    Args:
        work: What it does; it is not called in the context of a run, which it would keep alive.
        name: What it is called.
        ask_to_end: Has `work` return soon.
    """

    def __init__(self, work: Callable[[], None], name: str, ask_to_end: Callable[[], None]) -> None:
        context = context_without_run()
        super().__init__(target=context.run, args=(work,), name=name, daemon=True)
        self._ask_to_end = ask_to_end

    def stop(self) -> None:
        """Have it take in or write what there is, and end; what is logged next starts another."""
        self._ask_to_end()
        self.end_within(STOP_SECONDS)

    def try_start(self) -> bool:
        """Start it; returns whether it could be: the interpreter may be shutting down."""
        try:
            self.start()
        except RuntimeError:
            return False
        return True

    def end_within(self, seconds: float) -> None:
        """Wait for its end for so long at most, unless this is the thread itself."""
        if self is not threading.current_thread() and self.is_alive():
            self.join(seconds)
