"""One thread on which images are painted, whoever asks for them.

The C library's allocator has several arenas, up to eight a processor core, and keeps in each of
them what was freed there. A picture takes some 50 MB while it is painted: on the threads that come
and go with views, all arenas would come to be that large.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
_NAME = "nbviz-pictures"


def on_one_thread(work: Callable[[], T]) -> T:
    """Call `work` on the thread that is there for it, wait for it, and return what it returns.

    Raises:
        BaseException: Whatever `work` raises.
    """
    if threading.current_thread().name.startswith(_NAME):
        return work()
    try:
        future = _threads[0].submit(work)
    except RuntimeError:  # the interpreter is shutting down and starts no more threads
        return work()
    try:
        return future.result()
    finally:
        del future  # its error holds this frame, and the frame the error


def _begin_anew() -> None:
    """After a fork, in the child: the thread is not here."""
    _threads[:] = [ThreadPoolExecutor(1, _NAME)]


_threads: list[ThreadPoolExecutor] = []
_begin_anew()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
