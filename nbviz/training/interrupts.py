"""The kernel's interrupt, kept from raising in the middle of what has to be done whole."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator


@dataclass(slots=True)
class HeldInterrupt:
    """What became of the interrupts of a block.

    Attributes:
        came: Whether there was one.
    """

    came: bool = False


@contextmanager
def held_interrupts() -> Generator[HeldInterrupt]:
    """Note an interrupt that comes in the block, where it would raise KeyboardInterrupt.

    Python answers the signal on the main thread, between any two of its instructions; what the
    block does there is not broken off. Who opens the block looks at `came`, and raises what is due.
    On another thread no interrupt comes, and the block is as without this.
    """
    held = HeldInterrupt()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield held
        return

    def note(*_: Any) -> None:
        held.came = True

    signal.signal(signal.SIGINT, note)
    try:
        yield held
    finally:
        signal.signal(signal.SIGINT, before)
