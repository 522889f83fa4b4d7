"""One thread that empties the inboxes of active runs a few times a second.

What a page looks at is made as soon as its session asks for it, between two such looks.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING, Protocol, cast

from nbviz.recording.current import context_without_run

if TYPE_CHECKING:
    from collections.abc import Callable

INTERVAL_SECONDS = 0.25
MOMENT_SECONDS = 0.005  # that a session waits for media, so that its next frame has them

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

    @property
    def has_ended(self) -> bool:
        """Whether it was started, and does nothing any more."""
        return self.ident is not None and not self.is_alive()

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


class Collected(Protocol):
    """What is drained while it is active.

    Attributes:
        is_quiet: Whether what comes next adds it again.
    """

    is_quiet: bool

    def collect(self) -> bool:
        """Drain without waiting; returns whether to come again."""
        ...

    def make_media(self) -> None:
        """Make the media that wait, without waiting for a device."""
        ...

    def doze(self) -> None:
        """Be quiet, whatever came before."""
        ...


class _Added:
    """One addition of a run; not its weak reference, which Python makes once for all additions."""

    __slots__ = ("run",)

    def __init__(self, run: Collected) -> None:
        self.run = weakref.ref(run)


class Collector:
    """Drains runs while they are active; without a thread when none is. It keeps no run alive."""

    def __init__(self) -> None:
        self._runs: dict[int, _Added] = {}
        # Reentrant: a loop that is collected as garbage adds its run, whatever was being done.
        self._lock = threading.RLock()
        self._hastened = threading.Event()
        self._made = threading.Event()
        self._thread: OwnThread | None = None
        self._is_hurried = self._is_stopping = False

    def add(self, run: Collected) -> None:
        """Drain this run until it is quiet; not while the interpreter exits, which ends threads."""
        if sys.is_finalizing():  # Thread.start would wait for ever
            return
        thread = None
        try:
            with self._lock:
                self._runs[id(run)] = _Added(run)
                if self._thread is not None and not self._thread.has_ended:
                    return
                thread = self._thread = OwnThread(self._loop, "nbviz-collector", self.stop)
            # Without the lock: what begins may collect a loop as garbage, which adds its run.
            thread.try_start()
        finally:
            if thread is not None and thread.ident is None:  # refused, or interrupted
                with self._lock:
                    if self._thread is thread:
                        self._thread = None

    def leave(self, run: Collected) -> None:
        """Drain an ended run no more; waits a moment for the thread's end, if it was the last."""
        with self._lock:
            if run.is_quiet:  # else something has woken it since
                self._runs.pop(id(run), None)
            thread = self._thread
            if self._runs or thread is None:
                return
            self._is_hurried = True
        self._hastened.set()
        thread.end_within(END_SECONDS)

    def stop(self) -> None:
        """Have the thread end once what waits is taken in; what is logged next starts another."""
        with self._lock:
            if self._thread is None:
                return
            self._is_hurried = self._is_stopping = True
        self._hastened.set()

    def hasten(self, *, wait: bool) -> None:
        """Make the media that wait in all runs now; `wait` a moment for it."""
        self._made.clear()
        self._hastened.set()
        if wait:
            self._made.wait(MOMENT_SECONDS)

    def _loop(self) -> None:
        while True:
            self._safely(self._collect)
            self._rest(time.monotonic() + INTERVAL_SECONDS)
            if self._may_end():
                return

    def _may_end(self) -> bool:
        """Let go of the thread if there is nothing to do; returns whether it ends."""
        thread = threading.current_thread()
        with self._lock:
            is_stopping, self._is_hurried, self._is_stopping = self._is_stopping, False, False
            if self._thread is thread:
                self._thread = None  # first: what garbage adds from here on starts another thread
            if self._runs and not is_stopping and self._thread is None:
                self._thread = cast("OwnThread", thread)
                return False
        if is_stopping:
            for added in list(self._runs.values()):
                run = added.run()
                if run is not None:
                    run.doze()
            self._safely(self._collect)  # what was logged by calls that did not see it
        return True

    def _rest(self, until: float) -> None:
        """Sleep, but make media meanwhile whenever it is asked for; less where it has to end."""
        while not self._is_hurried and (left := until - time.monotonic()) > 0:
            if self._hastened.wait(left):
                self._hastened.clear()
                self._safely(self._make_media)
                self._made.set()

    def _safely(self, act: Callable[[], bool]) -> bool:
        try:
            return act()
        except BaseException:  # noqa: BLE001  this one thread serves all runs; each says what failed
            return True

    def _make_media(self) -> bool:
        for added in list(self._runs.values()):
            run = added.run()
            if run is not None:
                run.make_media()
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


def leave_alone(run: Collected) -> None:
    """Have the process's collector drain an ended run no more."""
    _collector.leave(run)


def hasten_media(*, wait: bool) -> None:
    """Have the process's collector make the media that wait; `wait` a moment for it."""
    _collector.hasten(wait=wait)


def _start_afresh() -> None:
    global _collector  # noqa: PLW0603  threads do not survive a fork
    _collector = Collector()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)
