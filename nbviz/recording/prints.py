"""Takes what one thread prints, and leaves every other thread's output alone.

`contextlib.redirect_stdout` swaps the stream for the whole process, and ipykernel routes what a
background thread prints to whichever cell ran last. So a stand-in for `sys.stdout` and `sys.stderr`
looks at the writing thread.
"""

from __future__ import annotations

import collections
import contextlib
import os
import sys
import threading
from typing import TYPE_CHECKING, Any, Literal, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    Take = Callable[[str, Literal["print"]], None]

_LINE_LIMIT = 10_000  # characters without a line break before they are taken anyway
_lock = threading.Lock()
_takers: dict[int, Take] = {}


class _Stream:
    """A text stream that hands the registered threads' lines to their takers."""

    def __init__(self, original: TextIO) -> None:
        self.original = original
        self._partial: dict[int, str] = {}

    def write(self, text: str) -> int:
        thread = threading.get_ident()
        take = _takers.get(thread)
        if take is None:
            return self.original.write(text)
        # A progress bar rewrites its line with carriage returns: only its last state is a line.
        text = self._partial.pop(thread, "") + text
        *lines, rest = text.split("\n")
        for line in lines:
            take(line.rsplit("\r", 1)[-1], "print")
        if len(rest) > _LINE_LIMIT:
            take(rest, "print")
        elif rest:
            self._partial[thread] = rest.rsplit("\r", 1)[-1] if "\r" in rest else rest
        return len(text)

    def flush(self) -> None:
        if threading.get_ident() not in _takers:
            self.original.flush()

    def finish(self, thread: int, take: Take) -> None:
        """Hand over what stands without a line break."""
        rest = self._partial.pop(thread, "")
        if rest:
            take(rest, "print")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)


# CPython's `print` holds no reference to the stream that it writes to: one that is freed meanwhile
# ends the process (python/cpython#130163). So a stand-in outlives its use, and is used again for
# its stream: a kernel has two; where tests or cells redirect theirs, the newest stay.
_kept: collections.deque[_Stream] = collections.deque(maxlen=16)


@contextlib.contextmanager
def captured_prints(take: Take) -> Generator[None]:
    """Call `take(line, "print")` for each line that this thread prints meanwhile."""
    thread = threading.get_ident()
    with _lock:
        _install()
        outer = _takers.get(thread)
        _takers[thread] = take
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, _Stream):
                stream.finish(thread, take)
        with _lock:
            if outer is None:
                del _takers[thread]
            else:
                _takers[thread] = outer
            if not _takers:
                _uninstall()


def _forget_threads() -> None:
    # A forked child keeps the ident of the thread that forked it; its prints are its own.
    global _lock  # noqa: PLW0603  held, perhaps, by a thread that the child does not have
    _lock = threading.Lock()
    _takers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)


def _install() -> None:
    sys.stdout = _stand_in(sys.stdout)
    sys.stderr = _stand_in(sys.stderr)


def _stand_in(stream: TextIO) -> Any:
    if isinstance(stream, _Stream):
        return stream
    for kept in _kept:
        if kept.original is stream:
            return kept
    _kept.append(made := _Stream(stream))
    return made


def _uninstall() -> None:
    # Other code may have wrapped ours meanwhile: then it stays, and only passes on.
    if isinstance(sys.stdout, _Stream):
        sys.stdout = sys.stdout.original
    if isinstance(sys.stderr, _Stream):
        sys.stderr = sys.stderr.original
