"""Settings of the whole process that blocks on several threads need at the same time.

A block that puts back what it found does not mend what another one has made meanwhile: where two
overlap, the one that is left last finds the other's setting, and leaves it there for good.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager


class Overlapping:
    """Makes a setting for the first block that needs it, and undoes it after the last one.

    Args:
        make: Returns a context that makes the setting; it may be left on another thread.
    """

    def __init__(self, make: Callable[[], AbstractContextManager[Any]]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._blocks: dict[object, int] = {}  # with the threads that they are on
        self._made: AbstractContextManager[Any] | None = None
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget_other_threads)

    @contextmanager
    def needed(self) -> Generator[None]:
        """Have the setting in the block, on every thread."""
        block = object()
        try:
            with self._lock:
                if self._made is None:
                    made = self._make()
                    made.__enter__()
                    self._made = made
                self._blocks[block] = threading.get_ident()
            yield
        finally:
            with self._lock:
                self._blocks.pop(block, None)
                self._end_if_over()

    def _end_if_over(self) -> None:
        if not self._blocks and self._made is not None:
            made, self._made = self._made, None
            made.__exit__(None, None, None)

    def _forget_other_threads(self) -> None:
        """After a fork, in the child: it has the thread that forked it, and no other."""
        self._lock = threading.Lock()  # held, perhaps, by a thread that is not here
        own = threading.get_ident()
        self._blocks = {block: thread for block, thread in self._blocks.items() if thread == own}
        self._end_if_over()


def uncompiled() -> AbstractContextManager[None]:
    """Run compiled functions operator by operator in the block, on all threads.

    Imports PyTorch's compiler, which takes seconds the first time.
    """
    return _eager.needed()


_eager = Overlapping(lambda: torch.compiler.set_stance("force_eager"))
