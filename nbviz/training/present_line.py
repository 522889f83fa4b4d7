"""Where a thread is: the line of the user's code that it executes, for a step that does not end."""

from __future__ import annotations

import functools
import linecache
import os
import re
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from nbviz.text import shortened

if TYPE_CHECKING:
    from types import FrameType

_PACKAGE = str(Path(__file__).parent.parent) + os.sep
_MOST_CHARACTERS = 100  # of a source line
# Files into which ipykernel and marimo put a cell's code.
_CELL_FILE = re.compile(r"[/\\](ipykernel_\d+|marimo_\d+)[/\\]|^<ipython-input-")


def present_line(thread: int) -> str:
    """Return where a thread is now, such as `line 3 of train.py, in step: time.sleep(9)`.

    Of the calls that it is in, the innermost one in the user's own code is given; where there is
    none, such as while a DataLoader waits for its workers, the one by which nbviz called a library.
    Any thread may ask.

    Args:
        thread: Its identity, as `threading.get_ident` gives it.

    Returns:
        The line, or an empty text if there is no such thread.
    """
    innermost = sys._current_frames().get(thread)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  documented
    found = authors_frame(innermost) or _called(innermost) or _outside(innermost) or innermost
    return "" if found is None else _described(found)


def authors_frame(frame: FrameType | None) -> FrameType | None:
    """Return a frame, or the nearest that called it, that is in no library; None for none."""
    frame = _outside(frame)
    while frame is not None and frame.f_code.co_filename.startswith(_libraries()):
        frame = _outside(frame.f_back)
    return frame


def _outside(frame: FrameType | None) -> FrameType | None:
    """Return a frame, or the nearest that called it, that is not nbviz's own."""
    while frame is not None and frame.f_code.co_filename.startswith((_PACKAGE, "<frozen")):
        frame = frame.f_back
    return frame


def _called(frame: FrameType | None) -> FrameType | None:
    """Return the frame that nbviz called on the way to this one; None for none."""
    while frame is not None and not _is_ours(frame):
        caller = frame.f_back
        if caller is not None and _is_ours(caller):
            return frame
        frame = caller
    return None


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_PACKAGE)


@functools.cache
def _libraries() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def _described(frame: FrameType) -> str:
    filename, line, name = frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name
    where = "a cell" if _CELL_FILE.search(filename) else Path(filename).name
    inside = "" if name == "<module>" else f", in {name}"
    source = shortened(linecache.getline(filename, line).strip(), _MOST_CHARACTERS)
    return f"line {line} of {where}{inside}" + (f": {source}" if source else "")
