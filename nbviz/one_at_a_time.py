"""Keeps what threads do with one thing apart: the second is refused while the first is at it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nbviz.errors import RunActiveError

if TYPE_CHECKING:
    from collections.abc import Generator


class OneAtATime:
    """Lets one thread at a time do something; it may do more within that.

    No plain lock: an interrupt of the kernel may come between any two lines, and what its thread
    has not given back it can take again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._doing = ""

    @contextmanager
    def doing(self, what: str, whose: str) -> Generator[None]:
        """Do something in the block.

        Args:
            what: A command's name.
            whose: The run's name.

        Raises:
            RunActiveError: Another thread does something just now.
        """
        thread = threading.current_thread()
        is_outer = self._thread is not thread
        try:
            with self._lock:
                self.require(whose)
                self._thread, self._doing = thread, what
            yield
        finally:
            if is_outer and self._thread is thread:
                self._thread = None

    def require(self, whose: str) -> None:
        """Raise RunActiveError where another thread does something just now."""
        doing, other = self._doing, self._thread
        if other is not None and other is not threading.current_thread() and other.is_alive():
            raise RunActiveError(
                f"{whose!r} is busy ({doing}, in another cell or a page); wait for that, or cancel "
                "it."
            )
