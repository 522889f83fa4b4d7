"""Media that were logged and wait to be made: encoded and counted by the thread that drains."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from nbviz.errors import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.recording.media.inputs import MediaInput
    from nbviz.recording.media.store import MediaKind, MediaStore
    from nbviz.recording.overhead import OverheadBudget
    from nbviz.recording.watching.jobs import Sample

MOST_WAITING_BYTES = 256_000_000


class Waiting(NamedTuple):
    """One item before it is made; `wall_time` is in Unix seconds.

    Without a kind it is a watch's sample, which delivers by itself what is made of it.
    """

    tag: str
    kind: MediaKind | None
    step: int
    wall_time: float
    content: MediaInput | Sample


class MediaInbox:
    """What waits to be made.

    Where more is logged than can be made, a newer item takes the place of one of the same tag that
    still waits; the first of each tag stays. The same holds while the overhead's budget is
    overdrawn: what waits then is made when there is room again, or when it is read. The store
    counts what was replaced.

    Args:
        store: Where the media go.
        warn: Called, once for each tag, with a sentence: what was wrong with an item.
        overhead: What nbviz may take of the time.
        limit: Bytes that may wait.
    """

    def __init__(
        self,
        store: MediaStore,
        warn: Callable[[str], None],
        overhead: OverheadBudget,
        limit: int = MOST_WAITING_BYTES,
    ) -> None:
        self._store = store
        self._warn = warn
        self._overhead = overhead
        self._made_at = float("-inf")
        self._begun: set[str] = set()  # tags of which something has been made
        self._limit = limit
        self._waiting: deque[Waiting] = deque()
        self._nbytes = 0
        self._under_work = 0
        self._warned: set[str] = set()
        self.renew_locks()

    def renew_locks(self) -> None:
        """After a fork, in the child: threads that are not here may have held them."""
        self._lock = threading.Lock()
        self._making = threading.RLock()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits, nor is being made."""
        return not self._waiting and not self._under_work

    @property
    def is_due(self) -> bool:
        """Whether something waits that may be made now, without waiting."""
        with self._lock:
            return bool(self._waiting) and self._is_time_for(self._waiting[0])

    def put(self, item: Waiting) -> None:
        """Add an item; never waits."""
        with self._lock:
            is_much = self._nbytes + item.content.nbytes > self._limit
            if is_much or not self._overhead.allows_media():
                self._replace_older(item.tag)
            self._waiting.append(item)
            self._nbytes += item.content.nbytes

    def forget(self, tag: str) -> None:
        """Take the next item of a tag that is kept no more for its first."""
        self._begun.discard(tag)

    def drain(self, *, wait: bool) -> int:
        """Make what waits and put it into the store; returns how many items that were.

        Args:
            wait: Wait for what is still on its way from a device; else it and what came after it
                stay.
        """
        if not self._waiting and not wait:  # else another thread may be making the last one
            return 0
        count = 0
        with self._making:
            for _ in range(len(self._waiting)):
                with self._lock:
                    if not self._waiting or not (wait or self._is_time_for(self._waiting[0])):
                        break
                    self._under_work += 1  # before it is taken out: it is never in neither
                    item = self._waiting.popleft()
                    self._nbytes -= item.content.nbytes
                try:
                    self._make(item)
                finally:
                    self._under_work -= 1
                count += 1
        return count

    def _is_time_for(self, item: Waiting) -> bool:
        if not item.content.is_ready:
            return False
        # A watch asks for room before it takes a sample.
        is_first = item.tag not in self._begun
        return item.kind is None or is_first or self._overhead.allows_media(self._made_at)

    def _make(self, item: Waiting) -> None:
        self._begun.add(item.tag)
        self._made_at = time.monotonic()
        started = time.thread_time()
        try:
            value = item.content.make()
            if item.kind is not None and value is not None:
                self._store.add(item.tag, item.kind, item.step, item.wall_time, value)
        except Exception as error:  # noqa: BLE001  a picture never ends a run, or its recording
            self._warn_once(
                item.tag, f"not recorded: {item.tag!r} at step {item.step:,}: {text_of(error)}"
            )
            return
        finally:
            if item.kind is not None:
                self._overhead.spend_on_media(time.thread_time() - started)
        said = item.content.said
        if said:
            self._warn_once(item.tag, f"the {item.kind} {item.tag!r} at step {item.step:,} {said}")

    def _warn_once(self, tag: str, text: str) -> None:
        if tag not in self._warned:
            self._warned.add(tag)
            self._warn(text)

    def _replace_older(self, tag: str) -> None:
        waiting = enumerate(self._waiting)
        places = [number for number, one in waiting if one.tag == tag and one.kind is not None]
        if tag not in self._begun:
            places = places[1:]
        for number in reversed(places):
            self._nbytes -= self._waiting[number].content.nbytes
            del self._waiting[number]
            self._store.leave_out(tag)
