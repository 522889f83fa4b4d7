"""What is no scalar: images, histograms, texts and the like by tag and step, within a budget.

Of each tag the first and the newest item are always kept, and those between are thinned evenly over
the steps, so that a whole run can be scrubbed however long it is.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, get_args

import numpy as np

from nbviz.errors import LoggingError
from nbviz.recording.media.png import decode_image
from nbviz.text import clean_line, counted, text_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray


MediaKind = Literal[
    "image",
    "histogram",
    "tensor",
    "text",
    "audio",
    "video",
    "figure",
    "table",
    "confusion_matrix",
    "pr_curve",
    "embedding",
    "mesh",
    "predictions",
]
KINDS: tuple[MediaKind, ...] = get_args(MediaKind)
MOST_ITEMS = 1000
"""Of one tag; a slider has no more places."""

TAG_BYTES = 600
"""Of a tag, beside its own text and its items."""

MOST_TEXT = 1_000_000
"""Characters of a text that are kept."""

_PLURALS = {
    "audio": "audio",
    "confusion_matrix": "confusion matrices",
    "mesh": "meshes",
    "predictions": "predictions",
}
_ITEM_BYTES = 400  # Python objects around the content
_ALWAYS = 2  # first and newest
_SAID = 40  # characters that say how many more there were


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One image.

    Attributes:
        data: A PNG file; a JPEG, GIF or WebP where another library wrote it.
        height: In pixels.
        width: In pixels.
    """

    data: bytes = field(repr=False)
    height: int
    width: int

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The image as uint8, height × width × channels (1 grey, 2 with alpha, 3 RGB, 4 RGBA).

        Raises:
            MissingDependencyError: Another library wrote it, and Pillow is not installed.
        """
        return decode_image(self.data)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return len(self.data)

    def _repr_png_(self) -> bytes | None:
        return self.data if self.data.startswith(b"\x89PNG") else None


class Sized(Protocol):
    """What a tag keeps: an `Image`, a `Histogram`, an array, or another kind's class."""

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        ...


MediaValue = str | Sized


@dataclass(frozen=True, slots=True, eq=False)
class MediaItem:
    """One item of a tag.

    Attributes:
        step: The completed step.
        wall_time: Unix seconds.
        value: An `Image`, a `Histogram`, an array, a string (`PlainText` if it is no Markdown), or
            what its kind keeps.
        version: Rises with every item that the store takes in.
    """

    step: int
    wall_time: float
    value: MediaValue
    version: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        value = self.value
        return (text_bytes(value) if isinstance(value, str) else value.nbytes) + _ITEM_BYTES


class Media:
    """What one tag keeps, in the order of the steps, as it was when it was asked for.

    Attributes:
        tag: Its name.
        kind: One of `KINDS`.
    """

    def __init__(self, tag: str, kind: MediaKind, items: tuple[MediaItem, ...]) -> None:
        self.tag = tag
        self.kind: MediaKind = kind
        self._items = items

    @property
    def steps(self) -> NDArray[np.int64]:
        """The steps of the items kept; int64, shape (items,)."""
        return np.array([item.step for item in self._items], np.int64)

    @property
    def wall_times(self) -> NDArray[np.float64]:
        """Unix seconds; float64, shape (items,)."""
        return np.array([item.wall_time for item in self._items])

    def at(self, step: int) -> MediaItem:
        """Return the newest item at or before a step; the first one if all are later."""
        index = int(np.searchsorted(self.steps, step, "right")) - 1
        return self._items[max(0, index)]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[MediaItem]:
        return iter(self._items)

    def __getitem__(self, index: int) -> MediaItem:
        return self._items[index]

    def __repr__(self) -> str:
        first, last = self._items[0].step, self._items[-1].step
        return f"Media({self.tag!r}, {len(self)} × {self.kind}, steps {first:,} to {last:,})"


@dataclass(slots=True)
class LeftOut:
    """How many items of a tag are not kept.

    Attributes:
        time: Not made, to keep within the overhead's budget.
        memory: Thinned, to keep within the media budget and the most items of a tag.
    """

    time: int = 0
    memory: int = 0


class _Kept:
    """The items of one tag, and how near to each other their neighbours are."""

    def __init__(self, kind: MediaKind) -> None:
        self.kind: MediaKind = kind
        self.items: list[MediaItem] = []
        self.nbytes = 0

    def add(self, item: MediaItem) -> None:
        if self.items and self.items[-1].step == item.step:
            self.nbytes -= self.items.pop().nbytes  # said again: the newer one counts
        self.items.append(item)
        self.nbytes += item.nbytes

    def thin(self) -> None:
        """Leave out the item between two whose steps are nearest to each other."""
        steps = np.array([item.step for item in self.items], np.float64)
        gaps = steps[2:] - steps[:-2]
        self.nbytes -= self.items.pop(1 + int(np.argmin(gaps))).nbytes


class MediaStore(Mapping[str, Media]):
    """A run's media, by tag.

    Args:
        budget: Bytes that all of them may take. Tags are thinned to their first and newest items
            for it; then first items go, and then the tags longest without a new item.
        warn: Called, once, with a sentence: that first items and tags go.
        beside: Returns how many bytes of the budget are held elsewhere.

    Attributes:
        let_go: Called with a tag of which nothing is kept any more.
    """

    def __init__(
        self,
        budget: int,
        warn: Callable[[str], None] | None = None,
        beside: Callable[[], int] = lambda: 0,
    ) -> None:
        self.budget = budget
        self.nbytes = 0
        self.version = 0
        self.let_go: Callable[[str], None] = lambda _: None
        self._beside = beside
        self._left_out: dict[str, LeftOut] = {}
        self._warn: Callable[[str], None] = warn or (lambda _: None)
        self._has_warned = False
        self._kept: dict[str, _Kept] = {}
        self._restarts: dict[str, int] = {}
        self._current: dict[str, str] = {}  # where a tag's items go that began again
        self._lock = threading.Lock()

    def kind(self, tag: str) -> MediaKind | None:
        """Return what kind a tag is, None if there is no such tag."""
        kept = self._kept.get(tag)
        return kept.kind if kept else None

    def add(
        self,
        tag: str,
        kind: MediaKind,
        step: int,
        wall_time: float,
        value: MediaValue,
    ) -> None:
        """Take an item in, and thin where it is too much.

        Where a tag begins again at an earlier step, as a restarted training does, its items go
        under a tag of their own: `samples (2)`.

        Raises:
            LoggingError: The tag is of another kind.
        """
        with self._lock:
            kept = self._kept.get(self._current.get(tag, tag))
            if kept is not None:
                check_kind(tag, kept.kind, kind)
                if kept.items and step < kept.items[-1].step:
                    self._restarts[tag] = self._restarts.get(tag, 1) + 1
                    self._current[tag] = f"{tag} ({self._restarts[tag]})"
            tag = self._current.get(tag, tag)
            kept = self._kept.get(tag)
            if kept is None:
                kept = self._kept[tag] = _Kept(kind)
                self.nbytes += _bytes_of_tag(tag)
            check_kind(tag, kept.kind, kind)
            self.version += 1
            before = kept.nbytes
            kept.add(MediaItem(step, wall_time, value, self.version))
            self.nbytes += kept.nbytes - before
            if len(kept.items) > MOST_ITEMS:
                self._thin(tag)
            while self.nbytes + self._beside() > self.budget:
                # The tag that takes the most gives, so that a small one beside it stays whole.
                large = [name for name, one in self._kept.items() if len(one.items) > _ALWAYS]
                if large:
                    self._thin(max(large, key=lambda name: self._kept[name].nbytes))
                elif not self._let_go(tag):
                    break

    def left_out(self, tag: str) -> LeftOut:
        """Return how many items of a tag are not kept."""
        return self._left_out.get(tag) or LeftOut()

    def leave_out(self, tag: str) -> None:
        """Count an item that another took the place of before it was made."""
        with self._lock:
            self._count(self._current.get(tag, tag)).time += 1

    def purge(self, step: int) -> int:
        """Leave out what is of a step or later, and return how many items that were."""
        count = 0
        with self._lock:
            for tag, kept in list(self._kept.items()):
                stays = [item for item in kept.items if item.step < step]
                count += len(kept.items) - len(stays)
                nbytes = sum(item.nbytes for item in stays)
                self.nbytes += nbytes - kept.nbytes
                kept.items, kept.nbytes = stays, nbytes
                if not stays:
                    del self._kept[tag]
                    self.nbytes -= _bytes_of_tag(tag)
        return count

    def since(self, version: int) -> list[tuple[str, MediaKind, MediaItem]]:
        """Return the items kept that came after a version, oldest first."""
        if version >= self.version:
            return []
        found: list[tuple[str, MediaKind, MediaItem]] = []
        with self._lock:
            for tag, kept in self._kept.items():
                for item in reversed(kept.items):
                    if item.version <= version:
                        break
                    found.append((tag, kept.kind, item))
        return sorted(found, key=lambda one: one[2].version)

    def renew_lock(self) -> None:
        """After a fork, in the child: a thread that is not here may have held it."""
        self._lock = threading.Lock()

    def _let_go(self, newest: str) -> bool:
        """Drop a first item or, if there is none to drop, the tag longest without a new item."""
        if not self._has_warned:
            self._has_warned = True
            self._warn(
                f"{len(self._kept):,} tags of media do not fit into the media budget of "
                f"{self.budget / 1e6:,.0f} MB: their first items are let go, then those tags that "
                "have been longest without a new one. Log to fewer tags, or give the run a larger "
                "media_budget."
            )
        several = [name for name, one in self._kept.items() if len(one.items) > 1]
        if several:
            most = max(several, key=lambda name: self._kept[name].nbytes)
            kept = self._kept[most]
            before = kept.nbytes
            kept.nbytes -= kept.items.pop(0).nbytes
            self.nbytes += kept.nbytes - before
            self._count(most).memory += 1
        else:
            old = min(self._kept, key=lambda tag: self._kept[tag].items[-1].version)
            if old == newest:
                return False
            self.nbytes -= self._kept.pop(old).nbytes + _bytes_of_tag(old)
            self._left_out.pop(old, None)
            self.let_go(old)
        return True

    def _thin(self, tag: str) -> None:
        kept = self._kept[tag]
        before = kept.nbytes
        kept.thin()
        self.nbytes += kept.nbytes - before
        self._count(tag).memory += 1

    def _count(self, tag: str) -> LeftOut:
        return self._left_out.setdefault(tag, LeftOut())

    def __getitem__(self, tag: str) -> Media:
        with self._lock:
            kept = self._kept.get(tag)
            if kept is not None:
                return Media(tag, kept.kind, tuple(kept.items))
        known = ", ".join(map(clean_line, self._kept)) or "none yet"
        raise KeyError(f"no media {tag!r} in this run; tags: {known}")

    def __contains__(self, tag: object) -> bool:
        return tag in self._kept

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def __repr__(self) -> str:
        return f"MediaStore({counted(len(self), 'tag')}, {self.nbytes:,} of {self.budget:,} bytes)"


def _bytes_of_tag(tag: str) -> int:
    return TAG_BYTES + text_bytes(tag)


class PlainText(str):
    """A text that is no Markdown."""

    __slots__ = ()


def shortened(text: str) -> str:
    """Return a text, of a very long one the beginning and how much more there was."""
    more = len(text) - MOST_TEXT
    # What has been shortened before is a little longer.
    return text if more <= _SAID else f"{text[:MOST_TEXT]}… and {more:,} more characters"


def check_kind(tag: str, known: MediaKind, kind: MediaKind) -> None:
    """Raise LoggingError unless a tag is of the kind that is logged."""
    if known != kind:
        raise LoggingError(
            f"{tag!r} has {_plural(known)} already and cannot take {_plural(kind)} too; use "
            f"another tag, such as {tag + '/' + kind!r}."
        )


def _plural(kind: MediaKind) -> str:
    return _PLURALS.get(kind, f"{kind.replace('_', ' ')}s")
