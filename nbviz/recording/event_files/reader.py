"""Reads one event file, also while it is being written."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nbviz.recording.event_files.batch import Batch
from nbviz.recording.event_files.decoder import Decoder
from nbviz.recording.event_files.records import FRAME, payload_is_good, scan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO

    from numpy.typing import NDArray

    from nbviz.recording.event_files.records import Scan


PART = 1 << 22  # bytes read at once
_HEADER = 12  # a record's length and the length's checksum
_WALL_TIME = struct.Struct("<Bd")  # an event's first field, with its tag
_WALL_TIME_TAG = 0x09
_LONGEST_GAP = 1 << 26  # bytes without a record that are gone through to find the next one


def begun_at(path: Path) -> float:
    """Return the first event's wall time in Unix seconds; 0 if it cannot be read.

    The names of files tell whole seconds, in which several runs may begin.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER + _WALL_TIME.size)
        tag, wall_time = _WALL_TIME.unpack_from(head, _HEADER)
    except (OSError, struct.error):
        return 0.0
    return wall_time if tag == _WALL_TIME_TAG else 0.0


class EventFileReader:
    """Reads what is new in a file each time it is asked.

    A last record that is not complete yet waits for the next time. Where something else stands in
    place of a record, reading goes on at the next record; `Batch.damaged` and `Batch.skipped` say
    what was left out.

    Args:
        path: The file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._position = 0
        self._decoder = Decoder()

    @property
    def position(self) -> int:
        """Bytes read so far: where the next record begins."""
        return self._position

    def read(self) -> Iterator[Batch]:
        """Yield what is new, a few megabytes at a time.

        Raises:
            OSError: The file cannot be read.
        """
        with self.path.open("rb", buffering=0) as file:
            room = PART
            while True:
                data = _read_at(file, self._position, room)
                is_end = len(data) < room
                found = scan(data)
                if is_end:
                    found = _without_torn_record(data, found)
                if found.end:
                    batch = self._decoder.decode(data, found.starts, found.lengths)
                    batch.skipped = found.skipped
                    self._position += found.end
                    yield batch
                if is_end:
                    return
                if found.needed > room or (not found.end and room < _LONGEST_GAP):
                    room = max(found.needed, 2 * room)
                elif not found.end:
                    gap = len(data) - FRAME
                    self._position += gap
                    yield Batch(skipped=gap)
                else:
                    room = PART


def _read_at(file: FileIO, position: int, room: int) -> NDArray[np.uint8]:
    file.seek(position)
    parts: list[bytes] = []
    while room > 0 and (part := file.read(room)):
        parts.append(part)
        room -= len(part)
    return np.frombuffer(b"".join(parts), np.uint8)


def _without_torn_record(data: NDArray[np.uint8], found: Scan) -> Scan:
    """Leave the last record for the next time if its bytes have not all arrived."""
    if not len(found.starts):
        return found
    start, length = int(found.starts[-1]), int(found.lengths[-1])
    if start + length + FRAME < found.end or payload_is_good(data, start, length):
        return found
    return found._replace(starts=found.starts[:-1], lengths=found.lengths[:-1], end=start)
