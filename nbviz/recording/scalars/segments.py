"""The segments of a series: the newest grows, the short ones before it lie in one."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from nbviz.recording.scalars.block import BLOCK
from nbviz.recording.scalars.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

_PLACE_BYTES = 8


class _Closed:
    """The segments before the newest; only ever appended to.

    Points of those that are shorter than a block lie one after another in a single segment: each
    takes the memory of its points and 8 bytes, and moves to a file as all points do, however often
    a training begins again.
    """

    __slots__ = ("ends", "long", "short")

    def __init__(self) -> None:
        self.ends = array("q")  # of each one's points in `short`
        self.short = Segment(is_sampled=False)
        self.long: dict[int, Segment] = {}  # by number: those that are not in `short`

    def append(self, segment: Segment, *, may_grow: bool) -> None:
        if may_grow or len(segment) >= BLOCK or segment.late is not None:
            self.long[len(self.ends)] = segment
        else:
            self.short.extend(*segment.slice(0, len(segment)))
        self.ends.append(len(self.short))

    def place(self, number: int) -> tuple[int, int]:
        return self.ends[number - 1] if number else 0, self.ends[number]


class Segments(Sequence[Segment]):
    """The segments of a series at a moment, the newest last; later ones are not in it.

    Args:
        closed: Those before the newest.
        newest: The newest.
        numbering: As below.

    Attributes:
        numbering: Rises where points of the newest get other indices: where a segment begins, and
            where points are sorted in.
    """

    __slots__ = ("_before", "_closed", "_newest", "numbering")

    def __init__(
        self,
        closed: _Closed | None = None,
        newest: Segment | None = None,
        numbering: int = 0,
    ) -> None:
        self.numbering = numbering
        self._closed = closed
        self._before = 0 if closed is None else len(closed.ends)
        self._newest = Segment() if newest is None else newest

    def __len__(self) -> int:
        return self._before + 1

    def __repr__(self) -> str:
        return f"Segments({len(self):,}, the newest {self._newest})"

    @overload
    def __getitem__(self, index: int) -> Segment: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Segment, ...]: ...
    def __getitem__(self, index: int | slice) -> Segment | tuple[Segment, ...]:
        if isinstance(index, slice):
            return tuple(self[number] for number in range(*index.indices(len(self))))
        number = index + len(self) if index < 0 else index
        if number == self._before:
            return self._newest
        if self._closed is None or not 0 <= number < self._before:
            raise IndexError(f"no segment {index}: there are {len(self)}.")
        if (found := self._closed.long.get(number)) is not None:
            return found
        found = Segment()
        found.extend(*self._closed.short.slice(*self._closed.place(number)))
        return found

    def __iter__(self) -> Iterator[Segment]:
        return (self[number] for number in range(len(self)))

    def count_points(self, first: int = 0) -> int:
        """Return how many points the segments from number `first` on have."""
        if first >= self._before or self._closed is None:
            return len(self._newest)
        start, stop = self._closed.place(first)[0], self._closed.ends[self._before - 1]
        long = tuple(self._closed.long.items())
        inside = sum(len(one) for number, one in long if first <= number < self._before)
        return stop - start + inside + len(self._newest)

    def growing(self, number: int) -> Segment | None:
        """Return a segment to append to, None for one that is closed for good."""
        if number == self._before:
            return self._newest
        return None if self._closed is None else self._closed.long.get(number)

    # ------------------------------------------------------------ for the one that writes

    def followed(self, *, may_grow: bool = False) -> Segments:
        """Return them with a new segment after the newest, which is closed.

        Args:
            may_grow: Whether points may still come that belong to the one closed.
        """
        closed = self._closed or _Closed()
        closed.append(self._newest, may_grow=may_grow)
        return Segments(closed, Segment(), self.numbering + 1)

    def sorted_in(
        self,
        steps: NDArray[np.int64],
        wall_times: NDArray[np.float64],
        values: NDArray[np.float64],
    ) -> Segments:
        """Return them with points sorted into the newest; as `Segment.sorted_in`."""
        newest = self._newest.sorted_in(steps, wall_times, values)
        return Segments(self._closed, newest, self.numbering + 1)

    @property
    def kept(self) -> tuple[Segment, ...]:
        """What keeps the points: the long segments, and the one that the short ones lie in."""
        if self._closed is None:
            return (self._newest,)
        return (self._closed.short, *self._closed.long.values(), self._newest)

    @property
    def nbytes(self) -> int:
        """Bytes in memory, without what was moved to a file."""
        return sum(one.nbytes for one in self.kept) + _PLACE_BYTES * self._before
