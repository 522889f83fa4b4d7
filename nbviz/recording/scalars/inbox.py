"""What was logged and is not in the series yet: one entry a call, packed as bytes.

Python's garbage collector counts containers: a tuple or a dict that waits here would bring the next
full collection of the whole process nearer with each log call. It does not count bytes.
"""

from __future__ import annotations

import struct
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nbviz.errors import LoggingError
from nbviz.recording.scalars.inputs import MOST_STEPS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from nbviz.recording.capture.captured import CapturedValues
    from nbviz.recording.progress import Steps

HEAD = 4
"""Numbers of 8 bytes before the values: number of the tag set, monotonic seconds, thread, step."""

MOST_TAG_SETS = 4096
"""Beyond it, tags that come in a new combination are recorded one by one."""

_KEY = slice(0, 8)


class CapturedEntry(NamedTuple):
    """One log call of which some numbers are still on their way from a device."""

    seconds: float  # monotonic
    thread: int
    step: int
    values: CapturedValues


class TagSet:
    """Tags that are logged together.

    Attributes:
        tags: In the order of the numbers in an entry.
        pack: From monotonic seconds, a thread's ident, a step and a float a tag to an entry.
    """

    __slots__ = ("pack", "tags")

    def __init__(self, number: int, tags: tuple[str, ...]) -> None:
        self.tags = tags
        self.pack: Callable[..., bytes] = partial(struct.Struct(f"=qdqq{len(tags)}d").pack, number)


class Inbox:
    """What waits, from any thread, in the order in which it was logged.

    Args:
        steps: Where each step is counted at the call.

    Attributes:
        entries: Appended to without a lock; taken out by the intake once they are stored. A list,
            of which a slice is one act: while a deque is gone through, a finalizer may run, and
            another thread append.
        packers: How values of known tags become an entry.
        single_packers: The same for calls with one tag, by that tag.
    """

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.entries: list[bytes | CapturedEntry] = []
        self.packers: dict[tuple[str, ...], Callable[..., bytes]] = {}
        self.single_packers: dict[str, Callable[..., bytes]] = {}
        self._tag_sets: dict[bytes, TagSet] = {}
        self.renew_lock()

    def renew_lock(self) -> None:
        """After a fork, in the child: a thread that is not here may have held it."""
        # Reentrant: a signal's handler, or a finalizer, may log in the middle of a log call.
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self.entries)

    def put(self, values: Mapping[str, float], step: int | None, seconds: float) -> None:
        """Add an entry of plain floats.

        Args:
            values: One float a tag.
            step: The step; one after the newest if None.
            seconds: Monotonic seconds.

        Raises:
            LoggingError: There is no step after the newest.
        """
        thread = threading.get_ident()
        if step is None:
            with self._lock:  # so that threads append in the order in which they count
                self.entries.extend(self.pack(values, self._next_step(), seconds, thread))
            return
        self._see(step)
        self.entries.extend(self.pack(values, step, seconds, thread))

    def put_captured(self, values: CapturedValues, step: int | None, seconds: float) -> None:
        """Add an entry of which some numbers are on their way; as `put` else."""
        with self._lock:
            if step is None:
                step = self._next_step()
            else:
                self._see(step)
            self.entries.append(CapturedEntry(seconds, threading.get_ident(), step, values))

    def pack(
        self, values: Mapping[str, float], step: int, seconds: float, thread: int
    ) -> list[bytes]:
        """Return an entry, or several where the tags are recorded one by one."""
        pack = self._packer(tuple(values))
        if pack is not None:
            return [pack(seconds, thread, step, *values.values())]
        single = [self._packer((tag,)) for tag in values]
        return [
            pack(seconds, thread, step, value)
            for pack, value in zip(single, values.values(), strict=True)
            if pack is not None
        ]

    def tag_set(self, entry: bytes) -> TagSet:
        """Return the tags of an entry."""
        return self._tag_sets[entry[_KEY]]

    def _see(self, step: int) -> None:
        self.steps.logged = max(self.steps.logged, step)

    def _next_step(self) -> int:
        if self.steps.present is not None:
            step = self.steps.present()
            self._see(step)
            return step
        with self._lock:
            step = self.steps.logged + 1
            if step >= MOST_STEPS:
                raise LoggingError(
                    f"there is no step after {self.steps.logged}, the newest that was logged; give "
                    "a step with the call."
                )
            self.steps.logged = step
        return step

    def _packer(self, tags: tuple[str, ...]) -> Callable[..., bytes] | None:
        with self._lock:
            known = self.packers.get(tags)
            if known is not None:
                return known
            number = len(self._tag_sets)
            if number >= MOST_TAG_SETS and len(tags) > 1:
                return None
            one = TagSet(number, tags)
            self._tag_sets[struct.pack("=q", number)] = one
            self.packers[tags] = one.pack
            if len(tags) == 1:
                self.single_packers[tags[0]] = one.pack
            return one.pack


class Columns(NamedTuple):
    """Entries of one tag set as columns; `values` has one for each tag."""

    places: NDArray[np.intp]
    seconds: NDArray[np.float64]
    threads: NDArray[np.int64]
    steps: NDArray[np.int64]
    values: NDArray[np.float64]


def unpack(entries: list[bytes], places: NDArray[np.intp]) -> Columns:
    """Return entries of one tag set as columns; `places` are kept beside them."""
    table: NDArray[Any] = np.frombuffer(b"".join(entries), np.float64).reshape(len(entries), -1)
    whole = table.view(np.int64)
    return Columns(places, table[:, 1], whole[:, 2], whole[:, 3], table[:, HEAD:])
