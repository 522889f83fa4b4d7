"""Keeps from the user what is warned of on this thread; other threads' warnings are shown as ever.

`warnings.catch_warnings` changes the filters of the whole process, and puts back what it found:
where two of its blocks overlap on two threads, one of them is left with the other's filters, and
warnings stay unheard for good.
"""

from __future__ import annotations

import contextlib
import re
import threading
import warnings
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Generator

_thread = threading.local()


class _OnThisThread:
    """A filter's pattern, which every message fits where warnings are unheard."""

    def match(self, text: str) -> bool:
        """Whether this thread's warnings are unheard."""
        del text
        return getattr(_thread, "blocks", 0) > 0

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """Fit nothing in another process: joblib's workers are sent the filters."""
        return re.compile, (r"(?!)",)


_FILTER: Any = ("ignore", _OnThisThread(), Warning, None, 0)


@contextlib.contextmanager
def without_warnings() -> Generator[None]:
    """Have nobody hear what this thread warns of in the block."""
    found = cast("list[Any]", warnings.filters)
    found.insert(0, _FILTER)
    _thread.blocks = getattr(_thread, "blocks", 0) + 1
    try:
        yield
    finally:
        _thread.blocks -= 1
        # Others may have put another list there meanwhile, or have put this one back.
        for filters in {id(each): each for each in (found, warnings.filters)}.values():
            with contextlib.suppress(ValueError):
                cast("list[Any]", filters).remove(_FILTER)
