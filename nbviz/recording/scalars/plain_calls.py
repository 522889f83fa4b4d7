"""The log calls that training loops are full of: floats of tags that are known, at an integer step.

In a training's loop nothing of nbviz is in the processor's cache when a call comes, so that each
object it looks at costs as much as several instructions. What these calls need is in one object
with slots, which are next to each other in memory, and they call nothing of Python's own.
"""

from __future__ import annotations

from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any

from nbviz.recording.scalars.attention import Attentive
from nbviz.recording.scalars.inputs import MOST_STEPS, read_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbviz.recording.scalars.inbox import Inbox
    from nbviz.training.commands import Control


class PlainCalls(Attentive):
    """Adds plain calls to an inbox, and leaves all others to who calls it.

    Args:
        inbox: Where they wait.
        control: Whose commands act at log calls.
        most_waiting: Numbers in the inbox beyond which the next call has to look up.

    Attributes:
        most_waiting: As above.
        entries: The inbox's, as the next three: `Run.log` and writers add to them without another
            call, which would cost as much again as what they look at.
        numbers: From tags that are logged together to their number.
        single_numbers: From a tag that is logged alone to its number.
        steps: Where each step is counted at the call.
    """

    __slots__ = ("entries", "most_waiting", "numbers", "single_numbers", "steps")

    def __init__(self, inbox: Inbox, control: Control, most_waiting: int) -> None:
        super().__init__(control)
        self.most_waiting = most_waiting
        self.entries = inbox.entries
        self.numbers = inbox.numbers
        self.single_numbers = inbox.single_numbers
        self.steps = inbox.steps

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
                if step > steps.logged:  # noqa: PLR1730  `max` would be a call
                    steps.logged = step
                entries.extend((number, seconds, get_ident(), step, *floats))
                if len(entries) > self.most_waiting:
                    self.attention = True
                return True
        return False

    def put_one(self, tag: Any, value: Any, step: int) -> bool:
        """Add a number of any kind, now, of one tag; as `put` else.

        It adds nothing where the next call has to look up, the tag is new, the number is on its way
        from a device, or something is wrong.
        """
        if self.needs_attention or tag.__class__ is not str or not 0 <= step < MOST_STEPS:
            return False
        number = self.single_numbers.get(tag)
        if number is None:
            return False
        try:
            read = read_value(tag, value)
        except Exception:  # noqa: BLE001  the number's own code; `Run.log` says what was wrong
            return False
        if not isinstance(read, float):
            return False
        steps, entries = self.steps, self.entries
        if step > steps.logged:  # noqa: PLR1730  as above
            steps.logged = step
        entries.extend((number, monotonic(), get_ident(), step, read))
        if len(entries) > self.most_waiting:
            self.attention = True
        return True
