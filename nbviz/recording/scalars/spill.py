"""A temporary file for what no longer fits a run's memory budget.

It is written like a file and read like memory: writing to mapped memory on a full disk would kill
the process, a failed write only raises. The file has no name (or goes with its last handle, on
Windows), so nothing is left behind even if the kernel is killed.
"""

from __future__ import annotations

import mmap
import tempfile
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

EXTENT = 1 << 26  # bytes mapped at once: a process may have 65,530 maps, not more
_ALIGNMENT = 64


class Region(NamedTuple):
    """Room in the file for columns of 8-byte numbers that come bit by bit."""

    offset: int
    columns: NDArray[np.float64]  # read-only: shape (columns, room)


class SpillFile:
    """Arrays that were moved out of memory and can be read as before.

    Args:
        directory: Where the file goes; the system's temporary directory if None (`TMPDIR`).
        extent: Bytes to map at once, a multiple of 65,536.
    """

    def __init__(self, directory: str | Path | None = None, extent: int = EXTENT) -> None:
        self._directory = directory
        self._extent = extent
        self._file: Any = None
        self._map: mmap.mmap | None = None
        self._mapped_at = 0
        self._end = 0

    @property
    def nbytes(self) -> int:
        """Bytes written so far."""
        return self._end

    def store(self, array: NDArray[Any]) -> NDArray[Any]:
        """Write an array, and return it as a read-only view of the file.

        Raises:
            OSError: The disk is full, or the directory cannot be written to.
        """
        start = self._place(array.nbytes)
        self._file.seek(start)
        self._file.write(np.ascontiguousarray(array).tobytes())
        self._file.flush()
        self._end = start + array.nbytes
        assert self._map is not None
        # The array keeps the map alive, and the map its own handle of the file.
        stored = np.frombuffer(
            self._map, dtype=array.dtype, count=array.size, offset=start - self._mapped_at
        )
        return stored.reshape(array.shape)

    def reserve(self, columns: int, room: int) -> Region:
        """Return room for columns of numbers; on most systems it takes none until it is written.

        Raises:
            OSError: The disk is full, or the directory cannot be written to.
        """
        start = self._place(columns * room * 8)
        self._end = start + columns * room * 8
        assert self._map is not None
        view = np.frombuffer(
            self._map, np.float64, count=columns * room, offset=start - self._mapped_at
        )
        return Region(start, view.reshape(columns, room))

    def write(self, region: Region, column: int, first: int, numbers: NDArray[Any]) -> None:
        """Write numbers of 8 bytes into a column of a region, from its place `first` on.

        Raises:
            OSError: The disk is full.
        """
        room = region.columns.shape[1]
        assert numbers.itemsize == 8  # noqa: PLR2004
        assert first + len(numbers) <= room
        self._file.seek(region.offset + (column * room + first) * 8)
        self._file.write(np.ascontiguousarray(numbers).tobytes())
        self._file.flush()

    def _place(self, nbytes: int) -> int:
        """Return where something of this size goes."""
        assert nbytes <= self._extent
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._directory, prefix="nbviz-")  # noqa: SIM115
        start = -(-self._end // _ALIGNMENT) * _ALIGNMENT
        if self._map is None or start + nbytes > self._mapped_at + self._extent:
            start = self._map_extent()
        return start

    def _map_extent(self) -> int:
        start = self._mapped_at + self._extent if self._map is not None else 0
        self._file.truncate(start + self._extent)
        self._map = mmap.mmap(
            self._file.fileno(), self._extent, access=mmap.ACCESS_READ, offset=start
        )
        self._mapped_at = start
        return start
