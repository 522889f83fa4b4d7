"""What a part of an event file holds, put together tag by tag."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from nbviz.recording.event_files.hparams import Parameter
    from nbviz.recording.media.store import MediaKind, MediaValue


class Points(NamedTuple):
    """Points of one tag in the order of the file.

    Attributes:
        steps: int64, shape (points,), as here all.
        wall_times: float64, Unix seconds.
        values: float64.
        is_late: bool; which belong among those before, of later steps. None if none does.
    """

    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    values: NDArray[np.float64]
    is_late: NDArray[np.bool_] | None = None

    def cut(self) -> Iterator[Points]:
        """Yield its parts in their order: each has late points alone, or none."""
        if self.is_late is None:
            yield self
            return
        places = np.flatnonzero(np.diff(self.is_late)) + 1
        for start, stop in pairwise([0, *places.tolist(), len(self.steps)]):
            part = _at(self, slice(start, stop))
            yield part if self.is_late[start] else part._replace(is_late=None)


def join(parts: Sequence[Points]) -> Points:
    """Return points of several parts as one."""
    return Points(
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.wall_times for part in parts]),
        np.concatenate([part.values for part in parts]),
        _joined_late(parts),
    )


def _joined_late(parts: Sequence[Points]) -> NDArray[np.bool_] | None:
    if all(part.is_late is None for part in parts):
        return None
    return np.concatenate(
        [
            np.zeros(len(part.steps), np.bool_) if part.is_late is None else part.is_late
            for part in parts
        ]
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
    value: MediaValue


@dataclass(slots=True)
class Batch:
    """What was read.

    Attributes:
        points: Tag to points.
        texts: In the order of the file.
        media: Images, histograms and arrays, in the order of the file.
        restart: The step at which a writer says that it begins anew, before all that is here: what
            came until then at this step or later no longer counts. None if it does not say so.
        hparams: Hyper-parameters.
        rest: What comes after restarts within the part, in order.
        first_wall_time: Unix seconds of its first event, None if it says none.
        writer: Who wrote the file, if it says so.
        damaged: Records that were left out because their CRC or their content is wrong.
        bad: Where in the part those begin whose CRC is wrong.
        too_long: Records of more than `records.MOST_PAYLOAD` bytes, which were passed over.
        skipped: Bytes between records that are no records.
        odd_times: Events whose wall time is infinite, not a number or out of range; that of an
            event before stands in its place.
        left_out: Values that are none of these, such as a mesh, or cannot be read: how many for
            each reason.
    """

    points: dict[str, Points] = field(default_factory=dict[str, Points])
    texts: list[Text] = field(default_factory=list[Text])
    media: list[MediaRecord] = field(default_factory=list[MediaRecord])
    restart: int | None = None
    hparams: dict[str, Parameter] = field(default_factory=dict[str, "Parameter"])
    rest: list[Batch] = field(default_factory=list["Batch"])
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

    def put_together(self, cuts: Sequence[int] = ()) -> list[dict[str, Points]]:
        """Return each tag's points, tags in the order in which they first appear.

        Args:
            cuts: Places in the file, in order: what is before, between and after them comes apart.
        """
        parts: list[dict[str, tuple[int, Points]]] = [{} for _ in range(len(cuts) + 1)]
        for tag, pieces in self._by_tag.items():
            places = np.concatenate([place for place, _ in pieces])
            points = join([points for _, points in pieces])
            if len(pieces) > 1 and bool((np.diff(places) < 0).any()):
                order = np.argsort(places, kind="stable")
                points, places = _at(points, order), places[order]
            if not cuts:
                parts[0][tag] = (int(places[0]), points)
                continue
            bounds = [0, *np.searchsorted(places, cuts).tolist(), len(places)]
            for part, (start, stop) in zip(parts, pairwise(bounds), strict=True):
                if stop > start:
                    part[tag] = (int(places[start]), _at(points, slice(start, stop)))
        return [
            {tag: part[tag][1] for tag in sorted(part, key=lambda tag: part[tag][0])}
            for part in parts
        ]


def _at(points: Points, where: NDArray[np.intp] | slice) -> Points:
    is_late = None if points.is_late is None else points.is_late[where]
    return Points(points.steps[where], points.wall_times[where], points.values[where], is_late)
