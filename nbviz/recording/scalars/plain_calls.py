"""The log calls that training loops are full of: floats of tags that are known, at an integer step.

In a training's loop nothing of nbviz is in the processor's cache when a call comes, so that each
object it looks at costs as much as several instructions. What these calls need is in one object
with slots, which are next to each other in memory, and they call nothing of Python's own.
"""

from __future__ import annotations

from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any

from nbviz.recording.scalars.inputs import MOST_STEPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbviz.recording.scalars.inbox import Inbox
    from nbviz.training.commands import Control


class PlainCalls:
    """Adds plain calls to an inbox, and leaves all others to who calls it.

    Args:
        inbox: Where they wait.
        control: Whose commands act at log calls.
        most_waiting: Numbers in the inbox beyond which the next call has to look up.

    Attributes:
        attention: Whether the next call has to look up: the first one, a quiet run, a forked
            process. It is then no plain one.
        control: As above.
        most_waiting: As above.
        entries: The inbox's, as the next two: `Run.log` adds to them without another call.
        numbers: From tags that are logged together to their number.
        steps: Where each step is counted at the call.
    """

    __slots__ = (
        "_single_numbers", "attention", "control", "entries", "most_waiting", "numbers", "steps",
    )  # fmt: skip

    def __init__(self, inbox: Inbox, control: Control, most_waiting: int) -> None:
        self.attention = True
        self.control = control
        self.most_waiting = most_waiting
        self.entries = inbox.entries
        self.numbers = inbox.numbers
        self._single_numbers = inbox.single_numbers
        self.steps = inbox.steps

    @property
    def needs_attention(self) -> bool:
        """Whether the next call is to look up, or a command waits for it."""
        return self.attention or self.control.needs_attention

    def put(self, values: Mapping[str, Any], step: int | None, seconds: float) -> bool:
        """Add a call of one or more tags; returns whether it was a plain one, else adds nothing.

        Args:
            values: Tag to value.
            step: The step.
            seconds: Monotonic seconds.
        """
        # Not `isinstance`: a boolean is no plain step.
        if values.__class__ is dict and type(step) is int and 0 <= step < MOST_STEPS:
            number = self.numbers.get(tuple(values))
            if number is not None:
                floats = values.values()
                for value in floats:
                    if value.__class__ is not float:
                        return False
                steps, entries = self.steps, self.entries
                # Python changes threads at calls and jumps back, not in these two lines.
                if step > steps.logged:  # noqa: PLR1730
                    steps.logged = step  # `max` would be a call
                entries.extend((number, seconds, get_ident(), step, *floats))
                if len(entries) > self.most_waiting:
                    self.attention = True
                return True
        return False

    def put_one(self, tag: str, value: Any, step: Any) -> bool:
        """Add a call of one tag, now, unless something waits for it; as `put` else."""
        if (
            value.__class__ is float
            and step.__class__ is int
            and not (self.attention or self.control.needs_attention)
        ):
            number = self._single_numbers.get(tag)
            if number is not None and 0 <= step < MOST_STEPS:
                steps, entries = self.steps, self.entries
                if step > steps.logged:  # noqa: PLR1730  as above
                    steps.logged = step
                entries.extend((number, monotonic(), get_ident(), step, value))
                if len(entries) > self.most_waiting:
                    self.attention = True
                return True
        return False
