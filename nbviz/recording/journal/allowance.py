"""How much of the time may go into work that can wait."""

from __future__ import annotations

import time


class Allowance:
    """A share of each short window of time.

    Args:
        share: Of the time, 0 to 1.
        window_seconds: The window.

    Attributes:
        spent_at: When something was done last, in monotonic seconds.
    """

    def __init__(self, share: float, window_seconds: float = 0.2) -> None:
        self._share = share
        self._window_seconds = window_seconds
        self._since = self._spent = 0.0
        self.spent_at = float("-inf")

    @property
    def has_room(self) -> bool:
        """Whether more may be done now."""
        now = time.monotonic()
        if now - self._since > self._window_seconds:
            self._since, self._spent = now, 0.0
        return self._spent < self._window_seconds * self._share

    def spend(self, seconds: float) -> None:
        """Say how long something took."""
        self._spent += seconds
        self.spent_at = time.monotonic()
