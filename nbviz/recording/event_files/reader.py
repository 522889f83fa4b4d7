"""Reads one event file, also while it is being written."""

from __future__ import annotations

import math
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nbviz.recording.event_files.batch import Batch
from nbviz.recording.event_files.decoder import Decoder
from nbviz.recording.event_files.records import (
    FRAME,
    HEADER,
    MOST_PAYLOAD,
    length_at,
    payload_is_good,
)
from nbviz.recording.event_files.scan import Part, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO

    from numpy.typing import NDArray


PART = 1 << 22  # bytes read at once
_WALL_TIME = struct.Struct("<Bd")  # an event's first field, with its tag
_WALL_TIME_TAG = 0x09
_MOST_CHECKED = 1 << 30  # bytes of long records that are looked at to find the end of one gap


def begun_at(path: Path) -> float:
    """Return the first event's wall time in Unix seconds; 0 if it cannot be read.

    The names of files tell whole seconds, in which several runs may begin.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEADER + _WALL_TIME.size)
        tag, wall_time = _WALL_TIME.unpack_from(head, HEADER)
    except (OSError, struct.error):
        return 0.0
    return wall_time if tag == _WALL_TIME_TAG and math.isfinite(wall_time) else 0.0


class EventFileReader:
    """Reads what is new in a file each time it is asked.

    A last record that is not complete yet waits for the next time. Where something else stands in
    place of a record, reading goes on at the next record; `Batch.damaged` and `Batch.skipped` say
    what was left out. No more memory is taken than the file is long, and than its longest record.

    Args:
        path: The file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._position = 0
        self._looked_to = 0  # nothing good begins between `position` and here
        self._size = 0
        self._checked = self._torn = 0
        self._decoder = Decoder()

    @property
    def position(self) -> int:
        """Bytes read so far: where the next record begins."""
        return self._position

    @property
    def waiting(self) -> int:
        """Bytes that were there at the last read, after `position`: no complete record."""
        return max(0, self._size - self._position)

    def read(self) -> Iterator[Batch]:
        """Yield what is new, a few megabytes at a time.

        Raises:
            OSError: The file cannot be read.
        """
        for batch in self.read_parts():
            yield batch
            yield from batch.rest

    def read_parts(self, upto: int | None = None) -> Iterator[Batch]:
        """Yield what is new, a few megabytes at a time, each with its `rest`.

        Args:
            upto: Go no further than this byte, where a record ends; to the file's end if None.

        Raises:
            OSError: The file cannot be read.
        """
        with self.path.open("rb", buffering=0) as file:
            self._size = os.fstat(file.fileno()).st_size
            if upto is not None:
                self._size = min(self._size, upto)
            room = PART
            while self._size - self._position >= FRAME:
                data = _read_at(file, self._position, min(room, self._size - self._position))
                if len(data) < FRAME:
                    return  # it has become shorter
                is_end = self._position + len(data) >= self._size
                found, batch = self._decode(file, data, is_end=is_end)
                self._position += found.end
                if found.end:
                    yield batch
                room = PART
                if found.is_lost or not self._is_plausible(file, found.needed):
                    skipped = self._look_on(file)
                    if not skipped:
                        return
                    yield Batch(skipped=skipped)
                elif found.needed > MOST_PAYLOAD + FRAME:
                    self._position += found.needed
                    yield Batch(too_long=1)
                elif is_end:
                    return
                else:
                    room = max(PART, found.needed)

    def _decode(self, file: FileIO, data: NDArray[np.uint8], *, is_end: bool) -> tuple[Scan, Batch]:
        part = self._part(file, data, self._position)
        found = part.scan()
        if is_end:
            found = _without_torn_record(data, found)
        batch = self._decoder.decode(data, found.starts, found.lengths)
        if batch.bad:
            # A length that is wrong though its CRC is good hides the records that it spans.
            is_bad = np.isin(found.starts, batch.bad)
            refused = part.holding_others(found.starts[is_bad], found.lengths[is_bad])
            if refused:
                found = part.scan(refused)
                if is_end:
                    found = _without_torn_record(data, found)
                batch = self._decoder.decode(data, found.starts, found.lengths)
        batch.skipped = found.skipped
        return found, batch

    def _is_plausible(self, file: FileIO, needed: int) -> bool:
        """Whether the record that begins at `position`, if any, ends within the file as it says."""
        end = self._position + needed
        if end > self._size:
            return False
        return needed <= PART or self._follows(file, end)

    def _look_on(self, file: FileIO) -> int:
        """Move to the next good record after `position`; returns how many bytes that passes over.

        0 if there is none yet.
        """
        at = max(self._position + 1, self._looked_to)
        self._checked, self._torn = 0, self._size
        while self._size - at >= FRAME:
            data = _read_at(file, at, min(PART, self._size - at))
            if len(data) < FRAME:
                break
            following = self._part(file, data, at).next_good(0)
            if following is not None:
                skipped = at + following - self._position
                self._position += skipped
                self._looked_to = 0
                return skipped
            at += len(data) - HEADER + 1
        self._looked_to = min(at, self._torn)
        return 0

    def _part(self, file: FileIO, data: NDArray[np.uint8], position: int) -> Part:
        def reaches(start: int, length: int) -> bool:
            """Look at a record that ends behind the part, and comes after bytes that are none."""
            begin = position + start
            end = begin + length + FRAME
            if end > self._size:
                self._torn = min(self._torn, begin)  # it may be complete the next time
                return False
            self._checked += length
            if self._checked > _MOST_CHECKED or not self._follows(file, end):
                return False
            return payload_is_good(_read_at(file, begin, length + FRAME), 0, length)

        return Part(data, reaches)

    def _follows(self, file: FileIO, end: int) -> bool:
        """Whether a record, or nothing, begins at a place in the file."""
        if self._size - end < HEADER:
            return True
        return length_at(_read_at(file, end, HEADER), 0) is not None


def _read_at(file: FileIO, position: int, room: int) -> NDArray[np.uint8]:
    file.seek(position)
    parts: list[bytes] = []
    while room > 0 and (part := file.read(room)):
        parts.append(part)
        room -= len(part)
    return np.frombuffer(b"".join(parts), np.uint8)


def _without_torn_record(data: NDArray[np.uint8], found: Scan) -> Scan:
    """Leave the last record for the next time if its bytes have not all arrived."""
    if not len(found.starts) or found.is_lost:
        return found
    start, length = int(found.starts[-1]), int(found.lengths[-1])
    if start + length + FRAME < found.end or payload_is_good(data, start, length):
        return found
    return found._replace(starts=found.starts[:-1], lengths=found.lengths[:-1], end=start)
