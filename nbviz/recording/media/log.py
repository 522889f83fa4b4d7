"""Media at the call that logs them: checked and copied, to be made later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.recording.media.inbox import Waiting
from nbviz.recording.media.store import check_kind
from nbviz.recording.scalars.inputs import read_tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.recording.media.inputs import MediaInput
    from nbviz.recording.media.store import MediaKind


class MediaLog:
    """Remembers what kind each tag is."""

    def __init__(self) -> None:
        self._kinds: dict[str, MediaKind] = {}

    def read(
        self,
        tag: object,
        kind: MediaKind,
        step: int,
        wall_time: float,
        make: Callable[[str], MediaInput],
    ) -> Waiting:
        """Check an item, and copy what it is made of.

        Args:
            tag: Its name.
            kind: What it is.
            step: The completed step.
            wall_time: Unix seconds.
            make: Given the tag; copies.

        Returns:
            What waits to be made.

        Raises:
            LoggingError: It cannot be recorded.
        """
        name = read_tag(tag)
        check_kind(name, self._kinds.get(name, kind), kind)
        content = make(name)
        self._kinds[name] = kind
        return Waiting(name, kind, step, wall_time, content)

    def forget(self, tag: str) -> None:
        """Know nothing of a tag that is kept no more."""
        self._kinds.pop(tag, None)
