"""A fault at a chosen place of what nbviz does: an error, or the kernel's interrupt."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch

import nbviz

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_OURS = str(Path(nbviz.__file__).parent)
# The thread's own beginning and end, around what it is given to do.
_LEFT_OUT = ("background.py",)


class Fault:
    """Does something once in a block, where the how many-th function of nbviz is called.

    Args:
        at: Which call, from 1; 0 for none, to count them.
        act: Raises, or sends a signal.
        on_main: Whether calls on the main thread are counted, or those on nbviz's own threads.
    """

    def __init__(self, at: int, act: Callable[[], None], *, on_main: bool = False) -> None:
        self.calls = 0
        self.place = ""
        self._at = at
        self._act = act
        self._on_main = on_main

    def __enter__(self) -> Self:
        threading.settrace(self._trace)
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        threading.settrace(None)  # pyright: ignore[reportArgumentType]

    def _trace(self, frame: FrameType, event: str, given: Any) -> None:
        del event, given
        code, thread = frame.f_code, threading.current_thread()
        if not code.co_filename.startswith(_OURS) or code.co_filename.endswith(_LEFT_OUT):
            return
        is_main = thread is threading.main_thread()
        if is_main != self._on_main or not (is_main or thread.name.startswith("nbviz-")):
            return
        self.calls += 1
        if self.calls == self._at:
            self.place = f"{code.co_filename}:{frame.f_lineno} {code.co_name}"
            self._act()


def interrupt() -> None:
    """Interrupt the process as the kernel's interrupt does."""
    os.kill(os.getpid(), signal.SIGINT)


def raising(error: Exception) -> Callable[[], None]:
    """Return what raises an error."""

    def act() -> None:
        raise error

    return act


def errors() -> list[Exception]:
    """Return an error of each kind that can come at any place."""
    return [
        MemoryError("there is none"),
        torch.OutOfMemoryError("there is none"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        ValueError("a mistake"),
    ]
