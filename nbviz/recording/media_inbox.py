"""Media that were logged and wait to be made: encoded and counted by whoever drains."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.recording.media import MediaKind, MediaStore
    from nbviz.recording.media_inputs import MediaInput

MOST_WAITING_BYTES = 256_000_000


class Waiting(NamedTuple):
    """One item before it is made; `wall_time` is in Unix seconds."""

    tag: str
    kind: MediaKind
    step: int
    wall_time: float
    content: MediaInput


class MediaInbox:
    """What waits to be made.

    Where more is logged than can be made, a newer item takes the place of one of the same tag that
    still waits; the first of each tag stays.

    Args:
        store: Where the media go.
        warn: Told, once for each tag, what was wrong with an item.
        limit: Bytes that may wait.
    """

    def __init__(
        self, store: MediaStore, warn: Callable[[str], None], limit: int = MOST_WAITING_BYTES
    ) -> None:
        self.replaced = 0
        self._store = store
        self._warn = warn
        self._limit = limit
        self._waiting: deque[Waiting] = deque()
        self._nbytes = 0
        self._told: set[str] = set()
        self.renew_locks()

    def renew_locks(self) -> None:
        """After a fork, in the child: threads that are not here may have held them."""
        self._lock = threading.Lock()
        self._making = threading.RLock()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, item: Waiting) -> None:
        """Add an item; never waits."""
        with self._lock:
            if self._nbytes + item.content.nbytes > self._limit:
                self._replace_older(item.tag)
            self._waiting.append(item)
            self._nbytes += item.content.nbytes

    def drain(self, *, wait: bool) -> int:
        """Make what waits and put it into the store; returns how many items that were.

        Args:
            wait: Wait for what is still on its way from a device; else it and what came after it
                stay.
        """
        if not self._waiting:
            return 0
        count = 0
        with self._making:
            for _ in range(len(self._waiting)):
                with self._lock:
                    if not self._waiting or not (wait or self._waiting[0].content.is_ready):
                        break
                    item = self._waiting.popleft()
                    self._nbytes -= item.content.nbytes
                self._make(item)
                count += 1
        return count

    def _make(self, item: Waiting) -> None:
        try:
            value = item.content.make()
            self._store.add(item.tag, item.kind, item.step, item.wall_time, value)
        except Exception as error:  # noqa: BLE001  a picture never ends a run, or its recording
            self._tell(item.tag, f"not recorded: {item.tag!r} at step {item.step:,}: {error}")
            return
        clipped, nan = item.content.clipped, item.content.nan
        if clipped or nan:
            self._tell(
                item.tag,
                f"the image {item.tag!r} at step {item.step:,} has {nan:,} NaN, shown as black, "
                f"and {clipped:,} values outside of 0 to 1 (255 for integers), which were clipped.",
            )

    def _tell(self, tag: str, text: str) -> None:
        if tag not in self._told:
            self._told.add(tag)
            self._warn(text)

    def _replace_older(self, tag: str) -> None:
        places = [number for number, one in enumerate(self._waiting) if one.tag == tag]
        if tag not in self._store:
            places = places[1:]
        for number in reversed(places):
            self._nbytes -= self._waiting[number].content.nbytes
            del self._waiting[number]
            self.replaced += 1
