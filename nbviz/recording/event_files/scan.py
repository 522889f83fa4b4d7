"""Finds the records of a part of a file, also after bytes that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nbviz.recording.event_files.records import (
    FRAME,
    HEADER,
    LONG_BYTES,
    find_headers,
    length_at,
    payload_is_good,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from numpy.typing import NDArray

_MOST_WORK = 16  # bytes of payloads looked at for each byte of the part, to find a good one
_LEAST_WORK = 1 << 20


class Scan(NamedTuple):
    """Where records are in a part of a file.

    Attributes:
        starts: Where each complete record begins, in bytes, shape (records,). Their headers are
            good; their payloads have not been looked at.
        lengths: Bytes of each payload.
        end: Where to go on.
        needed: Bytes of the record that begins at `end` and is not all there; 0 if none is known.
        skipped: Bytes between records that are none.
        is_lost: Whether no record begins at `end`, and none was found after it.
    """

    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    end: int
    needed: int
    skipped: int
    is_lost: bool


class Part:
    """A part of a file.

    Args:
        data: Its bytes.
        reaches: Says of a record that is not all there, by its start and its payload's length,
            whether what follows in the file makes it a good one; asked only after other bytes. By
            default it is none.
    """

    def __init__(
        self, data: NDArray[np.uint8], reaches: Callable[[int, int], bool] | None = None
    ) -> None:
        self._data = data
        self._reaches = reaches
        self._long: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
        self._work = max(_LEAST_WORK, _MOST_WORK * len(data))

    def scan(self, refused: Container[int] = ()) -> Scan:
        """Find the records of a part that begins with one.

        Where something else stands in place of a record, it looks for the next record whose header
        and payload are good.

        Args:
            refused: Starts of records whose payloads are known to be wrong, and their lengths with
                them: what looks like good records inside of them is taken for such.
        """
        data = self._data
        starts, lengths = find_headers(data)
        ends = starts + lengths + FRAME
        # A run of records that follow each other ends at each of these.
        breaks = np.flatnonzero(starts[1:] != ends[:-1])
        if refused:
            cuts = [number for number, start in enumerate(starts.tolist()) if start in refused]
            breaks = np.union1d(breaks, [number - 1 for number in cuts if number])
        breaks = np.append(breaks, len(starts) - 1)
        found: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        at, needed, skipped, is_lost = 0, 0, 0, False
        while at + HEADER <= len(data):
            first = int(np.searchsorted(starts, at))
            if first < len(starts) and starts[first] == at and at not in refused:
                last = int(breaks[np.searchsorted(breaks, first)]) + 1
                complete = first + int(np.searchsorted(ends[first:last], len(data), "right"))
                found.append((starts[first:complete], lengths[first:complete]))
                at = int(ends[complete - 1]) if complete > first else at
                if complete < last:
                    needed = int(ends[complete]) - at
                    break
                continue
            length = None if at in refused else length_at(data, at)
            if length is not None:
                if at + length + FRAME > len(data):
                    needed = length + FRAME
                    break
                found.append((np.array([at]), np.array([length])))
                at += length + FRAME
                continue
            # A writer that was killed and began again inside a record leaves a bad one before.
            broken = at
            if found and len(found[-1][0]):
                start, length = int(found[-1][0][-1]), int(found[-1][1][-1])
                if not payload_is_good(data, start, length):
                    found[-1] = (found[-1][0][:-1], found[-1][1][:-1])
                    broken = start
            following = self.next_good(broken + 1)
            if following is None:
                at, is_lost = broken, True
                break
            skipped += following - broken
            at = following
        empty = np.empty(0, np.int64)
        columns = [
            np.concatenate([part[side] for part in found]) if found else empty for side in (0, 1)
        ]
        return Scan(columns[0], columns[1], at, needed, skipped, is_lost)

    def next_good(self, after: int) -> int | None:
        """Return where the first good record at or after a place begins, None if there is none."""
        starts, lengths = self._long_headers()
        for number in range(int(np.searchsorted(starts, after)), len(starts)):
            start, length = int(starts[number]), int(lengths[number])
            if start + length + FRAME > len(self._data):
                if self._reaches is not None and self._reaches(start, length):
                    return start
                continue
            self._work -= length + FRAME
            if self._work < 0:
                return None
            if payload_is_good(self._data, start, length):
                return start
        return None

    def holding_others(
        self, starts: NDArray[np.int64], lengths: NDArray[np.int64]
    ) -> frozenset[int]:
        """Return the starts of those records that have headers of others inside."""
        inner, _ = self._long_headers()
        count = np.searchsorted(inner, starts + lengths + FRAME) - np.searchsorted(
            inner, starts + 1
        )
        return frozenset(starts[count > 0].tolist())

    def _long_headers(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        if self._long is None:
            self._long = find_headers(self._data, LONG_BYTES)
        return self._long
