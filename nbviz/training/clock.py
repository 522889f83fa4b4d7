"""Unix time that never goes back: what a run's times and durations are measured by.

The wall clock is set now and then, by a person or by the network; a curve over time, the speed and
the time left must not see it. So the wall clock is read once, and counted on from there.
"""

from __future__ import annotations

import time

_offset = time.time() - time.monotonic()


def now() -> float:
    """Unix seconds that only rise."""
    return time.monotonic() + _offset


def offset() -> float:
    """Return what `time.monotonic()` lacks to `now()`."""
    return _offset


def read_wall_clock() -> None:
    """Count from the wall clock as it is now; only while no run is active."""
    global _offset  # noqa: PLW0603  one clock for the process
    _offset = time.time() - time.monotonic()
