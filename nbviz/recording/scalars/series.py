"""One tag's points in full: one writer, any reader, no lock between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nbviz.recording.scalars import export, sampling
from nbviz.recording.scalars.block import BLOCK, Block
from nbviz.recording.scalars.pyramid import Pyramid
from nbviz.recording.scalars.sampling import Sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Points = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]

__all__ = ["Point", "Sample", "Series"]


class Point(NamedTuple):
    """One point of a series."""

    step: int
    wall_time: float
    value: float


class _Tail:
    """The newest points, at most a block of them, in arrays with room to grow."""

    __slots__ = ("steps", "values", "wall_times")

    def __init__(self, room: int) -> None:
        self.steps = np.empty(room, np.int64)
        self.wall_times = np.empty(room, np.float64)
        self.values = np.empty(room, np.float64)

    def grown(self, length: int, room: int) -> _Tail:
        tail = _Tail(room)
        tail.steps[:length] = self.steps[:length]
        tail.wall_times[:length] = self.wall_times[:length]
        tail.values[:length] = self.values[:length]
        return tail


class _State(NamedTuple):
    """What a reader may look at; replaced as one, so that it always fits together."""

    sealed: int  # blocks
    tail: _Tail
    length: int  # points in all


class Series:
    """All points of one tag in one run.

    One thread at a time appends; any thread reads at any time, without a lock. Full blocks of 4,096
    points are packed: about 9.4 bytes a point with the pyramid if steps are regular, whatever is
    logged. Wall times of packed blocks are within 5 ms (see `block.Block`); steps and values are
    exact.

    Args:
        tag: The series' name, such as `loss/train`.
    """

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self._blocks: list[Block] = []
        self._spilled = 0
        self._spilled_bytes = 0
        self._block_bytes = 0
        self._pyramid = Pyramid()
        self._state = _State(0, _Tail(0), 0)

    # ------------------------------------------------------------ reading

    def __len__(self) -> int:
        return self._state.length

    def __repr__(self) -> str:
        last = self.last
        end = f", last {last.value:.6g} at step {last.step}" if last else ""
        return f"Series({self.tag!r}, {len(self):,} points{end})"

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
        if not len(self):
            return None
        steps, wall_times, values = self.slice(len(self) - 1, len(self))
        return Point(int(steps[0]), float(wall_times[0]), float(values[0]))

    @property
    def last_step(self) -> int:
        """The newest point's step, 0 if there is none."""
        state = self._state
        used = state.length - state.sealed * BLOCK
        if used > 0:
            return int(state.tail.steps[used - 1])
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
            tail = state.tail
            parts.append(
                (tail.steps[first:end], tail.wall_times[first:end], tail.values[first:end])
            )
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
            parts.append(state.tail.values[max(0, start - sealed) : max(0, stop - sealed)])
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
                steps[part] = state.tail.steps[inside]
                wall_times[part] = state.tail.wall_times[inside]
        return steps, wall_times

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

    def to_numpy(self) -> NDArray[Any]:
        """Return all points as a structured array with fields step, wall_time and value."""
        return export.to_numpy(self)

    def to_pandas(self) -> Any:
        """Return all points as a `pandas.DataFrame` with columns step, wall_time and value.

        Raises:
            MissingDependencyError: pandas is not installed.
        """
        return export.to_pandas(self)

    def to_csv(self, path: str | Path) -> None:
        """Write all points as CSV with a header; values read back equal."""
        export.to_csv(self, path)

    def to_parquet(self, path: str | Path) -> None:
        """Write all points as Parquet with columns step, wall_time and value.

        Raises:
            MissingDependencyError: pyarrow is not installed.
        """
        export.to_parquet(self, path)

    # ------------------------------------------------------------ writing

    @property
    def nbytes(self) -> int:
        """Bytes in memory, without what was spilled to a file."""
        return (
            self._block_bytes
            - self._spilled_bytes
            + self._pyramid.nbytes
            + 24 * len(self._state.tail.values)
        )

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
            if used + take > len(tail.values):
                tail = tail.grown(used, min(BLOCK, max(16, 2 * len(tail.values), used + take)))
            tail.steps[used : used + take] = steps[done : done + take]
            tail.wall_times[used : used + take] = wall_times[done : done + take]
            tail.values[used : used + take] = values[done : done + take]
            if used + take == BLOCK:
                block = Block(tail.steps, tail.wall_times, tail.values)
                self._pyramid.append(tail.steps, tail.wall_times, tail.values)
                self._blocks.append(block)
                self._block_bytes += block.nbytes
                self._state = _State(state.sealed + 1, _Tail(BLOCK), state.length + take)
            else:
                self._state = _State(state.sealed, tail, state.length + take)
            done += take

    # ------------------------------------------------------------ spilling

    @property
    def oldest_in_memory(self) -> float | None:
        """Wall time at which the oldest block still in memory starts, None if there is none."""
        if self._spilled == self._state.sealed:
            return None
        return self._blocks[self._spilled].wall_start

    def spill_oldest(self, store: Callable[[NDArray[Any]], NDArray[Any]]) -> int:
        """Move the oldest block in memory elsewhere, and return how many bytes that freed.

        Raises:
            OSError: `store` could not write it; the block stays in memory.
        """
        freed = self._blocks[self._spilled].spill(store)
        self._spilled += 1
        self._spilled_bytes += freed
        return freed
