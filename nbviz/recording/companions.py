"""What runs beside every run: called with each one when it begins."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from nbviz.errors import describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.recording.recorded_run import RecordedRun

_callbacks: dict[object, Callable[[Any], None]] = {}
_lock = threading.Lock()


def when_runs_begin(callback: Callable[[Any], None]) -> Callable[[], None]:
    """Call `callback` once with each `Run` that begins from now on, or goes on after an end.

    A callback that raises is not called again, which the log of that run says. Registered twice, it
    is called twice. Runs that a forked child makes call it too, in the child.

    Args:
        callback: Takes the `Run`; called on the thread that begins it, which waits, so it must be
            quick. What it keeps of a run, such as a reference, is its own to let go.

    Returns:
        A function that ends it, from any thread, and does nothing the second time.
    """
    key = object()
    with _lock:
        _callbacks[key] = callback

    def unregister() -> None:
        _take_out(key)

    return unregister


def run_began(run: RecordedRun) -> None:
    """Call what is registered, for a run that has just begun."""
    if not _callbacks:
        return
    with _lock:
        registered = list(_callbacks.items())
    for key, callback in registered:
        try:
            callback(run)
        except Exception as error:  # noqa: BLE001  it is not the training's error
            _take_out(key)
            run.note(
                "what was to run beside each run failed, and is not called again: "
                f"{describe(error)}",
                "warning",
            )


def _take_out(key: object) -> None:
    with _lock:
        _callbacks.pop(key, None)


def _renew_lock() -> None:
    global _lock  # noqa: PLW0603  a thread that is not in the child may have held it
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
