"""Attentive: whether the next call of a loop has to look up, in one number that it compares."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbviz.training.commands import Control

SMALL_STEPS = (1 << 30) - 1
"""Smaller integers of Python's have one digit, and are compared faster; other steps look up."""


class Attentive:
    """Has the next call look up where its owner asks for it, or a command waits for it.

    Args:
        control: Whose commands act at calls.

    Attributes:
        limit: Steps from here on are of calls that have to look up: 0 where the next one has to.
    """

    __slots__ = ("__weakref__", "_control", "_is_asked_for", "limit")

    def __init__(self, control: Control) -> None:
        self._is_asked_for = True
        self.control = control

    @property
    def control(self) -> Control:
        """Whose commands act at calls."""
        return self._control

    @control.setter
    def control(self, control: Control) -> None:
        self._control = control
        control.followers.add(self)
        self.look_again()

    @property
    def attention(self) -> bool:
        """Whether the owner asks for it: of a run's first call, a quiet run, a forked process."""
        return self._is_asked_for

    @attention.setter
    def attention(self, is_asked_for: bool) -> None:
        self._is_asked_for = is_asked_for
        self.look_again()

    @property
    def needs_attention(self) -> bool:
        """Whether the next call is to look up, for either reason."""
        return self._is_asked_for or self._control.needs_attention

    def look_again(self) -> None:
        """Take over what may have changed, from any thread."""
        if not self.needs_attention:
            self.limit = SMALL_STEPS
        # Once more: another thread may have asked since, whose limit this one has replaced.
        if self.needs_attention:
            self.limit = 0
