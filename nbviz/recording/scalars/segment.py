"""Points of one tag between two restarts: one writer, any reader, no lock between them."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nbviz.recording.scalars import sampling
from nbviz.recording.scalars.block import BLOCK, Block
from nbviz.recording.scalars.pyramid import Pyramid
from nbviz.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.recording.scalars.sampling import Sample
    from nbviz.recording.scalars.spill import Region, SpillFile

    Points = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]

SEGMENT_BYTES = 1200
"""What a segment takes beside its points: objects, headers of arrays, entries in dicts."""

POINT_BYTES = 24
"""What a point takes in an array that grows."""

_LATE_BYTES = 16
_LEAST_MOVED = 64  # points; fewer take less than the headers of the arrays that stay
_NOTHING = Pyramid()  # of a segment without a full block
_NO_BLOCKS: list[Block] = []  # the same, never added to: one list fewer a tag


class Point(NamedTuple):
    """One point of a series."""

    step: int
    wall_time: float
    value: float


class Late(NamedTuple):
    """Which points came after later steps, and were sorted in.

    Attributes:
        places: Their indices, rising, shape (points,).
        turns: For each, the how many-th time of sorting in that was; 1 is the first.
        turn: The newest.
    """

    places: NDArray[np.int64]
    turns: NDArray[np.int64]
    turn: int


class _Tail:
    """The newest points, at most a block of them: those moved to a file, then arrays that grow."""

    __slots__ = ("region", "start", "steps", "values", "wall_times")

    def __init__(self, room: int, region: Region | None = None, start: int = 0) -> None:
        self.region = region
        self.start = start  # points in the region
        self.steps = np.empty(room, np.int64)
        self.wall_times = np.empty(room, np.float64)
        self.values = np.empty(room, np.float64)

    def grown(self, length: int, room: int) -> _Tail:
        tail = _Tail(room, self.region, self.start)
        tail.steps[:length] = self.steps[:length]
        tail.wall_times[:length] = self.wall_times[:length]
        tail.values[:length] = self.values[:length]
        return tail

    def part(self, start: int, stop: int) -> Points:
        if self.region is None:
            return self.steps[start:stop], self.wall_times[start:stop], self.values[start:stop]
        moved = slice(min(start, self.start), min(stop, self.start))
        here = slice(max(0, start - self.start), max(0, stop - self.start))
        steps, wall_times, values = self.region.columns
        return (
            np.concatenate([steps[moved].view(np.int64), self.steps[here]]),
            np.concatenate([wall_times[moved], self.wall_times[here]]),
            np.concatenate([values[moved], self.values[here]]),
        )


class _State(NamedTuple):
    """What a reader may look at; replaced as one, so that it always fits together."""

    sealed: int  # blocks
    tail: _Tail
    length: int  # points in all


class Segment:
    """Points of one tag whose steps never go backwards.

    One thread at a time appends; any thread reads at any time, without a lock. Full blocks of 4,096
    points are packed: about 9.4 bytes a point with the pyramid if steps are regular, whatever is
    logged. Wall times of packed blocks are within 5 ms (see `block.Block`); steps and values are
    exact.

    Args:
        is_sampled: Whether `sample` is asked of it; else it may hold points in any order.

    Attributes:
        late: Which points came after later steps, None if none did; one that has some was made
            by `sorted_in`.
    """

    __slots__ = ("_blocks", "_bytes", "_is_sampled", "_pyramid", "_spilled", "_state", "late")

    def __init__(self, *, is_sampled: bool = True) -> None:
        self.late: Late | None = None
        self._is_sampled = is_sampled
        self._blocks = _NO_BLOCKS
        self._spilled = 0
        self._bytes = 0  # of blocks in memory
        self._pyramid = _NOTHING
        self._state = _State(0, _Tail(0), 0)

    # ------------------------------------------------------------ reading

    def __len__(self) -> int:
        return self._state.length

    def __repr__(self) -> str:
        return (
            f"Segment({counted(len(self), 'point')}, steps {self.first_step:,} to "
            f"{self.last_step:,})"
        )

    @property
    def steps(self) -> NDArray[np.int64]:
        """Steps of all points, shape (points,)."""
        return self.slice(0, len(self))[0]

    @property
    def wall_times(self) -> NDArray[np.float64]:
        """Seconds since the run started of all points, shape (points,)."""
        return self.slice(0, len(self))[1]

    @property
    def values(self) -> NDArray[np.float64]:
        """Values of all points, NaN and ±inf among them, shape (points,)."""
        return self.values_between(0, len(self))

    @property
    def last(self) -> Point | None:
        """The newest point, None if there is none."""
        state = self._state
        tail, at = state.tail, state.length - state.sealed * BLOCK - state.tail.start - 1
        if at >= 0:  # as nearly always; tables of many runs ask for thousands
            return Point(int(tail.steps[at]), float(tail.wall_times[at]), float(tail.values[at]))
        if not state.length:
            return None
        steps, wall_times, values = self.slice(state.length - 1, state.length)
        return Point(int(steps[0]), float(wall_times[0]), float(values[0]))

    @property
    def first_step(self) -> int:
        """The first point's step, 0 if there is none."""
        return int(self.slice(0, 1)[0][0]) if len(self) else 0

    @property
    def last_step(self) -> int:
        """The newest point's step, 0 if there is none."""
        state = self._state
        used = state.length - state.sealed * BLOCK
        inside = used - state.tail.start
        if inside > 0:
            return int(state.tail.steps[inside - 1])
        return self.last.step if self.last else 0

    def slice(self, start: int, stop: int) -> Points:
        """Return steps, wall times and values of points `start` up to `stop`, by their index.

        The arrays may be views of the recording: copy them before changing them.
        """
        state = self._state
        stop = min(stop, state.length)
        start = max(0, min(start, stop))
        parts: list[Points] = []
        sealed_points = state.sealed * BLOCK
        for number in range(start // BLOCK, -(-min(stop, sealed_points) // BLOCK)):
            block, base = self._blocks[number], number * BLOCK
            first, end = max(0, start - base), min(BLOCK, stop - base)
            parts.append(
                (block.steps(first, end), block.wall_times(first, end), block.values[first:end])
            )
        if stop > sealed_points or not parts:
            first, end = max(0, start - sealed_points), max(0, stop - sealed_points)
            parts.append(state.tail.part(first, end))
        if len(parts) == 1:
            return parts[0]
        steps, wall_times, values = (
            np.concatenate(columns) for columns in zip(*parts, strict=True)
        )
        return steps, wall_times, values

    def values_between(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the values of points `start` up to `stop`, by their index."""
        state = self._state
        sealed = state.sealed * BLOCK
        parts = [
            self._blocks[number].values[max(0, start - number * BLOCK) : stop - number * BLOCK]
            for number in range(start // BLOCK, -(-min(stop, sealed) // BLOCK))
        ]
        if stop > sealed or not parts:
            parts.append(state.tail.part(max(0, start - sealed), max(0, stop - sealed))[2])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def at(self, indices: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return steps and wall times of the points with these rising indices."""
        state = self._state
        steps = np.empty(len(indices), np.int64)
        wall_times = np.empty(len(indices), np.float64)
        first, end = int(indices[0]) // BLOCK, int(indices[-1]) // BLOCK
        cuts = np.searchsorted(indices, np.arange(first, end + 2) * BLOCK)
        for number in range(first, end + 1):
            part = slice(int(cuts[number - first]), int(cuts[number - first + 1]))
            inside = indices[part] - number * BLOCK
            if number < state.sealed:
                steps[part], wall_times[part] = self._blocks[number].at(inside)
            else:
                tail = state.tail.part(0, state.length - state.sealed * BLOCK)
                steps[part], wall_times[part] = tail[0][inside], tail[1][inside]
        return steps, wall_times

    def step_at(self, index: int) -> int:
        """Return the step of the point with this index."""
        state = self._state
        number, inside = divmod(index, BLOCK)
        if number < state.sealed:
            return self._blocks[number].step_at(inside)
        return int(state.tail.part(inside, inside + 1)[0][0])

    def sample(
        self, first_step: int | None = None, last_step: int | None = None, points: int = 2000
    ) -> Sample:
        """Reduce a range of steps to a few buckets of neighbours that keep every extreme.

        Takes under 1 ms for 10 million points. A range of at most `points` points comes back point
        by point.

        Args:
            first_step: The first step, from the start if None.
            last_step: The last step, included; to the end if None.
            points: The most buckets, at least 1.

        Raises:
            ConfigurationError: `points` is below 1.
        """
        return sampling.sample(self, self._pyramid, first_step, last_step, points)

    # ------------------------------------------------------------ writing

    @property
    def nbytes(self) -> int:
        """Bytes in memory, without what was moved to a file."""
        pyramid = 0 if self._pyramid is _NOTHING else self._pyramid.nbytes
        late = 0 if self.late is None else _LATE_BYTES * len(self.late.places)
        tail = POINT_BYTES * len(self._state.tail.values)
        return SEGMENT_BYTES + self._bytes + pyramid + tail + late

    def extend(
        self,
        steps: NDArray[np.int64],
        wall_times: NDArray[np.float64],
        values: NDArray[np.float64],
    ) -> None:
        """Append points; only one thread at a time may.

        Args:
            steps: Steps that never go backwards, nor behind the last one here.
            wall_times: Seconds since the run started.
            values: Any float64.
        """
        done = 0
        while done < len(values):
            state = self._state
            used = state.length - state.sealed * BLOCK
            take = min(BLOCK - used, len(values) - done)
            tail = state.tail
            first = used - tail.start
            end = first + take
            if end > len(tail.values):
                room = max(4, 2 * len(tail.values), end)
                tail = tail.grown(first, min(BLOCK - tail.start, room))
            tail.steps[first:end] = steps[done : done + take]
            tail.wall_times[first:end] = wall_times[done : done + take]
            tail.values[first:end] = values[done : done + take]
            if used + take == BLOCK:
                whole = tail.part(0, BLOCK)
                block, following = Block(*whole), _Tail(BLOCK if tail.start == 0 else 0)
                if self._is_sampled:
                    if self._pyramid is _NOTHING:
                        self._pyramid = Pyramid()
                    self._pyramid.append(*whole)
                if self._blocks is _NO_BLOCKS:
                    self._blocks = []
                self._blocks.append(block)
                self._bytes += block.nbytes
                self._state = _State(state.sealed + 1, following, state.length + take)
            else:
                self._state = _State(state.sealed, tail, state.length + take)
            done += take

    def sorted_in(
        self,
        steps: NDArray[np.int64],
        wall_times: NDArray[np.float64],
        values: NDArray[np.float64],
    ) -> Segment:
        """Return a segment that has these points, too, each after those of its step and before.

        It shares the blocks before the first of them with this one, which readers may go on with;
        the time it takes is in proportion to the points after.

        Args:
            steps: Rising steps.
            wall_times: Seconds since the run started.
            values: Any float64.
        """
        first = bisect.bisect_right(range(len(self)), int(steps[0]), key=self.step_at)
        kept = min(first // BLOCK, self._state.sealed)
        after = self.slice(kept * BLOCK, len(self))
        inside = np.searchsorted(after[0], steps, "right")
        found = Segment(is_sampled=self._is_sampled)
        found._begin_with(self, kept)
        found.extend(
            np.insert(after[0], inside, steps),
            np.insert(after[1], inside, wall_times),
            np.insert(after[2], inside, values),
        )
        before = kept * BLOCK + inside  # the points in front of which they now are
        found.late = _more_late(self.late, before)
        return found

    def _begin_with(self, other: Segment, blocks: int) -> None:
        """Take over so many blocks of another segment."""
        self._blocks = other._blocks[:blocks] or _NO_BLOCKS
        self._spilled = min(other._spilled, blocks)
        self._bytes = sum(block.nbytes for block in self._blocks[self._spilled :])
        if self._is_sampled and blocks:
            self._pyramid = other._pyramid.cut(blocks * BLOCK)
        self._state = _State(blocks, _Tail(0), blocks * BLOCK)

    # ------------------------------------------------------------ spilling

    @property
    def oldest_in_memory(self) -> float | None:
        """Wall time of the oldest points that can be moved to a file, None if there are none."""
        state = self._state
        if self._spilled < state.sealed:
            return self._blocks[self._spilled].wall_start
        inside = state.length - state.sealed * BLOCK - state.tail.start
        return float(state.tail.wall_times[0]) if inside >= _LEAST_MOVED else None

    def spill_oldest(self, file: SpillFile) -> int:
        """Move the oldest points in memory to a file, and return how many bytes that freed.

        Raises:
            OSError: The file cannot be written; the points stay in memory.
        """
        state = self._state
        if self._spilled < state.sealed:
            freed = self._blocks[self._spilled].spill(file.store)
            self._spilled += 1
            self._bytes -= freed
            return freed
        tail = state.tail
        inside = state.length - state.sealed * BLOCK - tail.start
        region = tail.region or file.reserve(3, BLOCK)
        for number, column in enumerate((tail.steps, tail.wall_times, tail.values)):
            file.write(region, number, tail.start, column[:inside])
        self._state = _State(state.sealed, _Tail(0, region, tail.start + inside), state.length)
        return POINT_BYTES * len(tail.values)


def _more_late(late: Late | None, before: NDArray[np.int64]) -> Late:
    """Return which points are late once others are sorted in.

    Args:
        late: Which were.
        before: The places where others are put in, rising, as they were counted so far.
    """
    places = before + np.arange(len(before))
    turns = np.ones(len(places), np.int64)
    if late is None:
        return Late(places, turns, 1)
    turn = late.turn + 1
    same = int(np.searchsorted(late.places, int(before[0])))  # those in front of all, which stay
    moved = late.places[same:] + np.searchsorted(before, late.places[same:], "right")
    inside = np.searchsorted(moved, places)  # both rise
    moved_places: NDArray[np.int64] = np.insert(moved, inside, places)
    moved_turns: NDArray[np.int64] = np.insert(late.turns[same:], inside, turns * turn)
    return Late(
        np.concatenate([late.places[:same], moved_places]),
        np.concatenate([late.turns[:same], moved_turns]),
        turn,
    )
