"""Media at the call that logs them: checked, copied, and put where they wait to be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.recording.media.inbox import Waiting
from nbviz.recording.media.store import check_kind
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
        self._kinds: dict[str, MediaKind] = {}

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
        check_kind(name, self._kinds.get(name, kind), kind)
        content = make(name)
        self._kinds[name] = kind
        self._inbox.put(Waiting(name, kind, step, wall_time, content))
