"""One callable on one daemon thread: its error kept, and raised by `wait`."""

from __future__ import annotations

import atexit
import contextlib
import contextvars
import ctypes
import math
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from nbviz.errors import NbvizError, RunActiveError, RunStopped, TrainingError, describe
from nbviz.text import clean_text
from nbviz.training.devices.device_guard import keep_device_guard
from nbviz.training.devices.intraop import release_workers
from nbviz.training.devices.thread_settings import ThreadSettings
from nbviz.training.present_line import present_line
from nbviz.training.random_numbers.turns import lent
from nbviz.training.weak_registry import WeakRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

SWITCH_SECONDS = 0.001
_LOOK_SECONDS = 1.0  # at whether a thread lives that could not say that it has ended
EXIT_SECONDS = 5.0  # for all runs together to end when the interpreter exits
_lock = threading.Lock()
_active = 0
_before = 0.0
_started: WeakRegistry[BackgroundRun] = WeakRegistry()


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


def leave_interrupts_to_the_foreground() -> None:
    """Keep the kernel's interrupt from the processes that the present thread starts.

    Jupyter and a terminal send SIGINT to the whole process group, so that DataLoader workers get
    it, too, and end. A process inherits what its parent's thread blocks. Python itself answers the
    signal on the main thread, as before.
    """
    if hasattr(signal, "pthread_sigmask"):  # not on Windows, where nothing is inherited
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


class BackgroundRun:
    """Runs a callable once on a daemon thread, in a copy of the caller's context.

    What torch keeps for each thread (`ThreadSettings`) is that of the thread that starts it.
    An interrupt of the foreground reaches neither the thread nor the processes that it starts.

    The interpreter can exit while it is active: it is stopped then, as by `RunStopped`.

    Args:
        target: What to run.
        name: For messages and the thread's name.
        stop: Ends a target that waits, as a paused run does, when the interpreter exits.
        ended: Called at the thread's end, whatever came of it and if the target was never called.
    """

    def __init__(
        self,
        target: Callable[[], None],
        *,
        name: str,
        stop: Callable[[], None] | None = None,
        ended: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.error: BaseException | None = None
        self._target = target
        self._stop = stop
        self._ended = ended
        self._has_ended = threading.Event()
        # Output that the thread makes belongs to the cell that started it (ipykernel).
        context = contextvars.copy_context()
        self._settings: ThreadSettings | None = None
        self._thread = threading.Thread(
            target=context.run, args=(self._run,), name=f"nbviz-{name}", daemon=True
        )

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def is_this_thread(self) -> bool:
        """Whether it is what the present thread runs."""
        return self._thread is threading.current_thread()  # another one may have its number later

    def start(self) -> None:
        """Start the thread; returns at once.

        Raises:
            RunActiveError: It was started before.
        """
        if self._thread.ident is not None:
            raise RunActiveError(f"{self.name!r} was started already.")
        _started.add(self)
        self._settings = ThreadSettings.of_this_thread()
        keep_device_guard()
        release_workers()
        self._thread.start()

    def wait(self, timeout: float | None = None) -> None:
        """Wait for the thread, at most `timeout` seconds; None waits as long as it takes.

        Raises:
            TrainingError: The callable raised; its error is chained as the cause.
            TimeoutError: The thread still runs.
        """
        self.join(timeout)
        if self.is_alive:
            raise TimeoutError(
                f"{self.name!r} is still active after {timeout} s; it goes on in the background."
            )
        if self.error is not None:
            text = clean_text(f"{self.name!r} failed: {describe(self.error)}")
            raise TrainingError(text) from self.error

    def present_line(self) -> str:
        """Return the line of the user's code at which the thread is; empty if it has ended."""
        return present_line(self._thread.ident or 0)

    def raise_inside(self, error: type[BaseException]) -> None:
        """Raise an error in the thread, at the next line of Python that it comes to."""
        if self.is_alive and self._thread.ident is not None:
            if self._stop is not None:
                with contextlib.suppress(NbvizError):
                    self._stop()
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread.ident), ctypes.py_object(error)
            )

    def join(self, timeout: float | None) -> None:
        """Wait for the thread at most `timeout` seconds, whatever becomes of it.

        Meanwhile it has its turn, where it waits for that of the present thread's run.
        """
        if self._thread.ident is None:
            return
        with lent():
            self._join(timeout)

    def _join(self, timeout: float | None) -> None:
        # Not by `Thread.join`: where Python 3.11 interrupts that, it takes the thread for ended.
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while self._thread.is_alive():
            left = deadline - time.monotonic()
            if self._has_ended.wait(max(0.0, min(left, _LOOK_SECONDS))):
                self._thread.join(_LOOK_SECONDS)
            elif left <= 0:
                return

    def _run(self) -> None:
        try:
            leave_interrupts_to_the_foreground()
            if self._settings is not None:
                self._settings.apply()
            with quick_switching():
                self._target()
        except RunStopped:
            pass
        except BaseException as error:  # noqa: BLE001  also SystemExit: raised by wait
            self.error = error
        finally:
            if self._ended is not None:
                self._ended()
            self._has_ended.set()


class _Work:
    """What daemon threads do in torch, each until it is done or the interpreter exits."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._stops: dict[object, Callable[[], object]] = {}
        self._is_over = False

    @contextlib.contextmanager
    def done(self, stop: Callable[[], object]) -> Generator[None]:
        block = object()
        with self._changed:
            # The process goes away meanwhile, and the thread with it.
            self._changed.wait_for(lambda: not self._is_over)
            self._stops[block] = stop
        try:
            yield
        finally:
            with self._changed:
                del self._stops[block]
                self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self._is_over = True
            stops = list(self._stops.values())
        for stop in stops:
            stop()

    def wait(self, timeout: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._stops, timeout)


_work = _Work()


def done_before_exit(
    stop: Callable[[], object] = lambda: None,
) -> contextlib.AbstractContextManager[None]:
    """Have the interpreter, when it exits, wait a little for the block, which computes with torch.

    For daemon threads that are no runs. Once the interpreter exits no such block begins.

    Args:
        stop: Has the block end soon; called from another thread, and raises nothing.
    """
    return _work.done(stop)


@atexit.register
def end_all() -> None:
    """Stop what is active, and wait a little for it; done when the interpreter exits."""
    # A thread that is inside torch when the interpreter goes away aborts the whole process.
    _work.stop()
    active = [run for run in _started if run.is_alive]
    for run in active:
        run.raise_inside(RunStopped)
    deadline = time.monotonic() + EXIT_SECONDS
    for run in active:
        run.join(max(0.0, deadline - time.monotonic()))
    _work.wait(max(0.0, deadline - time.monotonic()))


def _forget_other_threads() -> None:
    # They are not in a forked child, and may have held this.
    global _lock, _work
    _lock, _work = threading.Lock(), _Work()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_other_threads)
