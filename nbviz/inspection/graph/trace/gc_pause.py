"""Python's garbage collection, paused while many small objects are made."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def gc_paused() -> Generator[None]:
    """Pause the search for unreachable cycles.

    With PyTorch imported one full search takes a fifth of a second, and a trace of a large model
    makes enough objects that stay to set off several.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
