"""Writes one event file: records go to the disk whole, or not at all as far as readers see."""

from __future__ import annotations

import itertools
import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

from nbviz.recording.event_files.messages import NBVIZ, file_version_event
from nbviz.recording.event_files.records import frame

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import FileIO

_numbers = itertools.count()


class EventFileWriter:
    """A new event file in a directory, beside those that are there.

    What is written is with the operating system when `write` returns, so a killed process loses
    none of it.

    Args:
        directory: Made if it does not exist.
        wall_time: Unix seconds of the event that says which version the file has.
        events: Further events that the file begins with.
        suffix: Ends the file's name.

    Raises:
        OSError: The file cannot be made.
    """

    def __init__(
        self,
        directory: str | Path,
        wall_time: float,
        events: Sequence[bytes] = (),
        suffix: str = "",
    ) -> None:
        # TensorBoard reads a directory's files in the order of their names.
        host = socket.gethostname() or "host"
        name = f"events.out.tfevents.{int(time.time()):010d}.{host}.{os.getpid()}"
        self.path = Path(directory) / f"{name}.{next(_numbers)}.{NBVIZ}{suffix}"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file: FileIO = self.path.open("xb", buffering=0)
        self._end = 0
        try:
            self.write(frame([file_version_event(wall_time), *events]))
        except OSError:
            self.close()
            self.path.unlink(missing_ok=True)
            raise

    def write(self, records: bytes | bytearray) -> None:
        """Append whole records.

        Raises:
            OSError: They could not all be written. The next call writes in their place; until then
                readers see a torn tail, or none.
        """
        self._file.seek(self._end)
        left = memoryview(records)
        try:
            while left:
                left = left[self._file.write(left) or 0 :]
        except OSError:
            if len(left) < len(records):
                self._file.truncate(self._end)
            raise
        self._end += len(records)

    def is_there(self) -> bool:
        """Whether the file still has its name; what is written to one that was removed is lost.

        Raises:
            OSError: That cannot be found out now.
        """
        try:
            named = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        return os.path.samestat(named, os.fstat(self._file.fileno()))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
