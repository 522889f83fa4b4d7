"""One thread that empties the inboxes of active runs a few times a second."""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from typing import Protocol

from nbviz.recording.current import context_without_run

INTERVAL_SECONDS = 0.25


class Collected(Protocol):
    """What is drained while it is active."""

    def collect(self) -> bool:
        """Drain without waiting; returns whether to come again."""
        ...


class _Added:
    """One addition of a run; not its weak reference, which Python makes once for all additions."""

    __slots__ = ("run",)

    def __init__(self, run: Collected) -> None:
        self.run = weakref.ref(run)


class Collector:
    """Drains runs while they are active; asleep when none is. It keeps no run alive."""

    def __init__(self) -> None:
        self._runs: dict[int, _Added] = {}
        # Reentrant: a loop that is collected as garbage adds its run, whatever was being done.
        self._lock = threading.RLock()
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, run: Collected) -> None:
        """Drain this run until it is quiet; not while the interpreter exits, which ends threads."""
        if sys.is_finalizing():  # Thread.start would wait for ever
            return
        with self._lock:
            self._runs[id(run)] = _Added(run)
            if self._thread is None or not self._thread.is_alive():
                context = context_without_run()
                self._thread = threading.Thread(
                    target=context.run, args=(self._loop,), name="nbviz-collector", daemon=True
                )
                self._thread.start()
        self._woken.set()

    def _loop(self) -> None:
        while True:
            self._woken.wait()
            self._woken.clear()
            while self._collect_safely():
                time.sleep(INTERVAL_SECONDS)

    def _collect_safely(self) -> bool:
        try:
            return self._collect()
        except BaseException:  # noqa: BLE001  this one thread serves all runs; each says what failed
            return True

    def _collect(self) -> bool:
        """Drain every active run, and say whether any is left."""
        for key, added in list(self._runs.items()):
            run = added.run()
            try:
                is_over = run is None or not run.collect()
            except Exception:  # noqa: BLE001  a run that fails here has said so; others come after it
                is_over = False
            if is_over:
                with self._lock:
                    # It may have been added again, after a look that found it quiet.
                    if self._runs.get(key) is added:
                        del self._runs[key]
        return bool(self._runs)


_collector = Collector()


def keep_drained(run: Collected) -> None:
    """Have the process's collector drain a run until it is quiet."""
    _collector.add(run)


def _start_afresh() -> None:
    global _collector  # noqa: PLW0603  threads do not survive a fork
    _collector = Collector()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)
