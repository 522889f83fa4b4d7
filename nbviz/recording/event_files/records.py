"""Records as event files hold them: length, its CRC, payload, its CRC; all little-endian.

Source: TensorFlow's `lib/io/record_writer.h`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nbviz.recording.event_files.crc import crc32c_columns, crc32c_many, masked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HEADER = 12
FOOTER = 4
FRAME = HEADER + FOOTER
_LONG_BYTES = 2  # longer lengths are looked for only where a record must begin


def frame(payloads: Sequence[bytes]) -> bytes:
    """Return records of any lengths, one after another."""
    if not payloads:
        return b""
    headers = _headers(np.array([len(payload) for payload in payloads]))
    footers = masked(crc32c_many(payloads)).astype("<u4").view("V4")
    parts: list[bytes] = []
    for header, payload, footer in zip(
        headers.reshape(-1).view("V12"), payloads, footers, strict=True
    ):
        parts += (header.tobytes(), payload, footer.tobytes())
    return b"".join(parts)


def frame_columns(columns: NDArray[np.uint8]) -> bytes:
    """Return records of one length, one after another.

    Args:
        columns: Shape (bytes, records): a payload is a column.
    """
    length, count = columns.shape
    rows = np.empty((count, length + FRAME), np.uint8)
    rows[:, :HEADER] = _headers(np.array([length]))
    rows[:, HEADER:-FOOTER] = columns.T
    rows[:, -FOOTER:] = masked(crc32c_columns(columns)).astype("<u4").view(np.uint8).reshape(-1, 4)
    return rows.tobytes()


def _headers(lengths: NDArray[np.int64]) -> NDArray[np.uint8]:
    heads = lengths.astype("<u8").view(np.uint8).reshape(-1, 8)
    crcs = masked(crc32c_columns(heads.T)).astype("<u4").view(np.uint8).reshape(-1, 4)
    return np.hstack([heads, crcs])


class Scan(NamedTuple):
    """Where records are in a part of a file.

    Attributes:
        starts: Where each complete record begins, in bytes, shape (records,). Their headers are
            good; their payloads have not been looked at.
        lengths: Bytes of each payload.
        end: Where the next record begins or will begin.
        needed: How many bytes from `end` on must be there to go on; 0 if any might do.
        skipped: Bytes between records that are none.
    """

    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    end: int
    needed: int
    skipped: int


def payload_is_good(data: NDArray[np.uint8], start: int, length: int) -> bool:
    """Whether the payload of the record at `start` has the CRC that the record says."""
    begin = start + HEADER
    payload = data[begin : begin + length].reshape(-1, 1)
    said = data[begin + length : begin + length + FOOTER].tobytes()
    return masked(crc32c_columns(payload)).astype("<u4").tobytes() == said


def scan(data: NDArray[np.uint8]) -> Scan:
    """Find the records of a part of a file that begins with one.

    Where something else stands in place of a record, it looks for the next record whose header and
    payload are good.
    """
    starts, lengths = _candidates(data)
    ends = starts + lengths + FRAME
    # A run of records that follow each other ends at each of these.
    breaks = np.append(np.flatnonzero(starts[1:] != ends[:-1]), len(starts) - 1)
    found: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    at, needed, skipped = 0, 0, 0
    while at + HEADER <= len(data):
        first = int(np.searchsorted(starts, at))
        if first < len(starts) and starts[first] == at:
            last = int(breaks[np.searchsorted(breaks, first)]) + 1
            complete = first + int(np.searchsorted(ends[first:last], len(data), "right"))
            found.append((starts[first:complete], lengths[first:complete]))
            at = int(ends[complete - 1]) if complete > first else at
            if complete < last:
                needed = int(ends[complete]) - at
                break
            continue
        length = _length_at(data, at)
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
        following = _next_good(data, broken, starts, lengths)
        if following is None:
            at = broken
            break
        skipped += following - broken
        at = following
    columns = [np.concatenate([part[side] for part in found]) for side in (0, 1)] if found else []
    if not columns:
        columns = [np.empty(0, np.int64), np.empty(0, np.int64)]
    return Scan(columns[0], columns[1], at, needed, skipped)


def _next_good(
    data: NDArray[np.uint8], after: int, starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> int | None:
    for number in range(int(np.searchsorted(starts, after, "right")), len(starts)):
        start, length = int(starts[number]), int(lengths[number])
        if start + length + FRAME <= len(data) and payload_is_good(data, start, length):
            return start
    return None


def _length_at(data: NDArray[np.uint8], at: int) -> int | None:
    """The length of the payload of the record at `at`, None if there is no record."""
    head = data[at : at + HEADER]
    good = masked(crc32c_columns(head[:8].reshape(-1, 1))).astype("<u4").tobytes()
    return int.from_bytes(head[:8].tobytes(), "little") if head[8:].tobytes() == good else None


def _candidates(data: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every place with a good header of a payload below 64 kB, and the payload's length.

    The six upper bytes of such a length are zero, which leaves few places to look at closely.
    """
    empty = np.empty(0, np.int64)
    if len(data) < HEADER:
        return empty, empty
    words = data[: len(data) // 2 * 2].view(np.uint16)
    # Wherever six zeros are, four of them are two words; the others are around them.
    fours = 2 * np.flatnonzero((words[1:-3] | words[2:-2]) == 0) + 2
    fours = fours[data[fours + 4] == 0]
    after, before = fours[data[fours + 5] == 0], fours[data[fours - 1] == 0] - 1
    starts = np.concatenate([after, before]) - _LONG_BYTES
    starts = starts[(starts >= 0) & (starts <= len(data) - HEADER)]
    low = np.stack([data[starts + place] for place in range(_LONG_BYTES)])
    crcs = masked(crc32c_columns(low, zeros=8 - _LONG_BYTES))
    is_header = data[starts + 8] == (crcs & np.uint32(255)).astype(np.uint8)
    for place in range(1, 4):
        starts, low, crcs = starts[is_header], low[:, is_header], crcs[is_header]
        byte = (crcs >> np.uint32(8 * place) & np.uint32(255)).astype(np.uint8)
        is_header = data[starts + 8 + place] == byte
    starts, low = starts[is_header], low[:, is_header].astype(np.int64)
    order = np.argsort(starts)
    return starts[order], (low[0] | low[1] << 8)[order]
