"""What a part of an event file holds, put together tag by tag."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbviz.inspection.tensors.histograms import Histogram
    from nbviz.recording.media.store import Image, MediaKind


class Points(NamedTuple):
    """Points of one tag in the order of the file.

    Attributes:
        steps: int64, shape (points,), as here all.
        wall_times: float64, Unix seconds.
        values: float64.
    """

    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    values: NDArray[np.float64]


def join(parts: Sequence[Points]) -> Points:
    """Return points of several parts as one."""
    return Points(
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.wall_times for part in parts]),
        np.concatenate([part.values for part in parts]),
    )


class Text(NamedTuple):
    """One text; `wall_time` is in Unix seconds."""

    wall_time: float
    step: int
    tag: str
    text: str


class MediaRecord(NamedTuple):
    """One image, histogram, array or text; `wall_time` is in Unix seconds."""

    wall_time: float
    step: int
    tag: str
    kind: MediaKind
    value: Image | Histogram | NDArray[np.generic] | str


@dataclass(slots=True)
class Batch:
    """What was read.

    Attributes:
        points: Tag to points.
        texts: In the order of the file.
        media: Images, histograms and arrays, in the order of the file.
        first_wall_time: Unix seconds of its first event, None if it says none.
        writer: Who wrote the file, if it says so.
        damaged: Records that were left out because their CRC or their content is wrong.
        bad: Where in the part those begin whose CRC is wrong.
        too_long: Records of more than `records.MOST_PAYLOAD` bytes, which were passed over.
        skipped: Bytes between records that are no records.
        odd_times: Events whose wall time is infinite, not a number or out of range; that of an
            event before stands in its place.
        left_out: Values that are none of these, such as audio, or cannot be read: how many for each
            reason.
    """

    points: dict[str, Points] = field(default_factory=dict[str, Points])
    texts: list[Text] = field(default_factory=list[Text])
    media: list[MediaRecord] = field(default_factory=list[MediaRecord])
    first_wall_time: float | None = None
    writer: str = ""
    damaged: int = 0
    bad: list[int] = field(default_factory=list[int])
    too_long: int = 0
    skipped: int = 0
    odd_times: int = 0
    left_out: Counter[str] = field(default_factory=Counter[str])

    @property
    def others(self) -> int:
        """How many values were left out."""
        return self.left_out.total()


class Pieces:
    """Collects points of many tags in any order, and puts them in the order of the file."""

    def __init__(self) -> None:
        self._by_tag: dict[str, list[tuple[NDArray[np.int64], Points]]] = {}

    def add(self, tag: str, places: NDArray[np.int64], points: Points) -> None:
        """Add points; `places` say where in the file each one was."""
        self._by_tag.setdefault(tag, []).append((places, points))

    def put_together(self) -> dict[str, Points]:
        """Return each tag's points, tags in the order in which they first appear."""
        firsts: dict[str, int] = {}
        together: dict[str, Points] = {}
        for tag, pieces in self._by_tag.items():
            places = np.concatenate([place for place, _ in pieces])
            points = join([points for _, points in pieces])
            if len(pieces) > 1 and bool((np.diff(places) < 0).any()):
                order = np.argsort(places, kind="stable")
                points = Points(*(column[order] for column in points))  # pyright: ignore[reportArgumentType]
            firsts[tag] = int(places.min())
            together[tag] = points
        return {tag: together[tag] for tag in sorted(together, key=firsts.__getitem__)}
