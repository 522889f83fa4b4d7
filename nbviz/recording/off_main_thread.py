"""Work that an interrupt of the user's must not cut in two.

Python raises KeyboardInterrupt on the main thread only, between any two of its instructions. What
moves records from one place to another is therefore done on another thread, and the main thread
waits for it: interrupted, it stops waiting, and the work is done all the same.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def off_main_thread(work: Callable[[], T]) -> T:
    """Call `work` where no interrupt can reach it, and return what it returns.

    Raises:
        BaseException: Whatever `work` raises.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    results: list[T] = []
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001  raised again where it is waited for
            errors.append(error)

    thread = threading.Thread(target=guarded, name="nbviz-reader", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # the interpreter is shutting down and starts no more threads
        return work()
    thread.join()
    if errors:
        try:
            raise errors[0]
        finally:
            errors.clear()  # the error holds this frame, and the frame the error
    return results[0]
