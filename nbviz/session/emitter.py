"""A thread that is there while there is work: a session has one that sends, one that answers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from nbviz.recording.current import context_without_run
from nbviz.training.background import quick_switching

if TYPE_CHECKING:
    from collections.abc import Callable

IDLE_SECONDS = 5.0


class Emitter:
    """Calls `tick` as often as it asks, on a daemon thread that lives only while there is work.

    Args:
        tick: Sends what is due; returns the seconds until its next call, or None to sleep until
            `wake`.
        failed: Called with an exception in `tick`, which ends nothing.
        name: Of the thread.
    """

    def __init__(
        self,
        tick: Callable[[], float | None],
        failed: Callable[[Exception], None],
        name: str = "nbviz-emitter",
    ) -> None:
        self._name = name
        self._tick = tick
        self._failed = failed
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def is_closed(self) -> bool:
        """Whether it was closed, for good."""
        return self._closed

    def wake(self) -> None:
        """Make the thread look at once; start it if there is none."""
        self._woken.set()
        if self._thread is None:
            with self._lock:
                if self._thread is None and not self._closed:
                    # ipykernel 7.0 looks its parent message up in the thread's context.
                    context = context_without_run()
                    self._thread = threading.Thread(
                        target=context.run, args=(self._loop,), name=self._name, daemon=True
                    )
                    self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._woken.set()

    def _loop(self) -> None:
        while not self._closed:
            # A loop of the user's own holds the interpreter for 5 ms at a time otherwise, and each
            # frame needs it several times.
            with quick_switching():
                self._send_while_active()
            if self._closed:
                return
            if not self._woken.wait(IDLE_SECONDS):
                with self._lock:
                    # In this order: `wake` looks for the thread once it has set the event.
                    thread, self._thread = self._thread, None
                    if not self._woken.is_set():
                        return
                    self._thread = thread
            self._woken.clear()

    def _send_while_active(self) -> None:
        while not self._closed:
            try:
                wait = self._tick()
            except Exception as error:  # noqa: BLE001  drawing must not end anything
                self._failed(error)
                wait = 1.0
            if wait is None:
                return
            # Not waiting on the event: a wake-up for each logged point would defeat the pacing.
            self._pause(wait)

    def _pause(self, seconds: float) -> None:
        if seconds > 0.25:  # noqa: PLR2004  long enough that a page's request should cut it short
            self._woken.wait(seconds)
            self._woken.clear()
        elif seconds > 0:
            _sleep(seconds)


_sleep = threading.Event().wait
