"""One callable on one daemon thread: its error kept, and raised by `wait`."""

from __future__ import annotations

import contextlib
import contextvars
import sys
import threading
from typing import TYPE_CHECKING

from nbviz.errors import RunActiveError, RunStopped, TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

SWITCH_SECONDS = 0.001
_lock = threading.Lock()
_active = 0
_before = 0.0


@contextlib.contextmanager
def quick_switching() -> Generator[None]:
    """Let other threads have the interpreter sooner while a run is active.

    Under a loop heavy in pure Python the page is answered after 350 ms at Python's own 5 ms, and
    after 12 ms at 1 ms.
    """
    global _active, _before  # noqa: PLW0603  the interval is the interpreter's
    with _lock:
        _active += 1
        if _active == 1:
            _before = sys.getswitchinterval()
            sys.setswitchinterval(min(SWITCH_SECONDS, _before))
    try:
        yield
    finally:
        with _lock:
            _active -= 1
            if _active == 0:
                sys.setswitchinterval(_before)


class BackgroundRun:
    """Runs a callable once on a daemon thread, in a copy of the caller's context.

    Args:
        target: What to run.
        name: For messages and the thread's name.
    """

    def __init__(self, target: Callable[[], None], *, name: str) -> None:
        self.name = name
        self.error: BaseException | None = None
        self._target = target
        # Output that the thread makes belongs to the cell that started it (ipykernel).
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._run,), name=f"nbviz-{name}", daemon=True
        )

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread; returns at once.

        Raises:
            RunActiveError: It was started before.
        """
        if self._thread.ident is not None:
            raise RunActiveError(f"{self.name!r} was started already.")
        self._thread.start()

    def wait(self, timeout: float | None = None) -> None:
        """Wait for the thread, at most `timeout` seconds; None waits as long as it takes.

        Raises:
            TrainingError: The callable raised; its error is chained as the cause.
            TimeoutError: The thread still runs.
        """
        if self._thread.ident is not None:
            self._thread.join(timeout)
        if self.is_alive:
            raise TimeoutError(
                f"{self.name!r} is still active after {timeout} s; it goes on in the background."
            )
        if self.error is not None:
            kind, text = type(self.error).__name__, str(self.error)
            raise TrainingError(f"{self.name!r} failed: {kind}: {text}") from self.error

    def _run(self) -> None:
        try:
            with quick_switching():
                self._target()
        except RunStopped:
            pass
        except BaseException as error:  # noqa: BLE001  also SystemExit: raised by wait
            self.error = error
