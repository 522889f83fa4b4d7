"""Media at the call that logs them: checked, copied, and put where they wait to be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.recording.media.inbox import Waiting
from nbviz.recording.media.store import check_kind, check_step
from nbviz.recording.scalars.inputs import read_tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.recording.media.inbox import MediaInbox
    from nbviz.recording.media.inputs import MediaInput
    from nbviz.recording.media.store import MediaKind


class MediaLog:
    """Remembers what kind each tag is, and puts items into the inbox.

    Args:
        inbox: Where they wait.
    """

    def __init__(self, inbox: MediaInbox) -> None:
        self._inbox = inbox
        self._newest: dict[str, tuple[MediaKind, int]] = {}

    def put(
        self,
        tag: object,
        kind: MediaKind,
        step: int,
        wall_time: float,
        make: Callable[[str], MediaInput],
    ) -> None:
        """Check an item, copy what it is made of, and let it wait.

        Args:
            tag: Its name.
            kind: What it is.
            step: The completed step.
            wall_time: Unix seconds.
            make: Given the tag; copies.

        Raises:
            LoggingError: It cannot be recorded.
        """
        name = read_tag(tag)
        known, newest = self._newest.get(name, (kind, 0))
        check_kind(name, known, kind)
        check_step(name, newest, step)
        content = make(name)
        self._newest[name] = (kind, step)
        self._inbox.put(Waiting(name, kind, step, wall_time, content))
