"""One thread on which images are painted, whoever asks for them.

The C library's allocator has several arenas, up to eight a processor core, and keeps in each of
them what was freed there. A picture takes some 50 MB while it is painted: on the threads that come
and go with views, all arenas would come to be that large.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class _OneThread:
    """A daemon thread, which no end of the process waits for: unlike an executor's."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def do(self, work: Callable[[], T]) -> T:
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._loop, name="nbviz-pictures", daemon=True)
                thread.start()
                # Not before: what is interrupted here, or has no room, must be tried again.
                self._thread = thread
        if threading.current_thread() is self._thread:
            return work()
        future: Future[T] = Future()
        self._asked.put((future, work))
        try:
            return future.result()
        finally:
            del future  # its error holds this frame, and the frame the error

    def _loop(self) -> None:
        while True:
            _answer(*self._asked.get())


def _answer(future: Future[Any], work: Callable[[], Any]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001  raised where it was asked for
        future.set_exception(error)
    finally:
        del future


def on_one_thread(work: Callable[[], T]) -> T:
    """Call `work` on the thread that is there for it, wait for it, and return what it returns.

    Raises:
        BaseException: Whatever `work` raises.
    """
    return _painter.do(work)


def _begin_anew() -> None:
    """After a fork, in the child: the thread is not here."""
    global _painter  # noqa: PLW0603  that of the parent has a thread that is not here
    _painter = _OneThread()


_painter = _OneThread()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
