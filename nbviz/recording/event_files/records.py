"""Records as event files hold them: length, its CRC, payload, its CRC; all little-endian.

Source: TensorFlow's `lib/io/record_writer.h`.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.recording.event_files.crc import (
    CHUNK,
    crc32c_columns,
    crc32c_filled,
    crc32c_many,
    masked,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HEADER = 12
FOOTER = 4
FRAME = HEADER + FOOTER
MOST_PAYLOAD = 1 << 28
"""Bytes; longer records are passed over, so that no length that a file claims takes the memory."""

SHORT_BYTES, LONG_BYTES = 2, 4
"""Bytes of a length that may be other than zero: below 64 kB, or any that is read."""

_PART = 1 << 20  # bytes gone through at once; even
_UPPER = 8  # bytes of a length


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


def frame_filled(template: bytes, fields: Sequence[tuple[int, NDArray[np.uint8]]]) -> bytearray:
    """Return records, one after another, that are alike but for some fields.

    Args:
        template: A payload with zeros in the fields.
        fields: Where each begins, and its bytes, shape (records, bytes), each row of them together
            in memory; at least one field.
    """
    length, count = len(template), len(fields[0][1])
    size = length + FRAME
    records = bytearray(size * count)

    def column(place: int, kind: str) -> NDArray[Any]:
        return np.ndarray((count,), kind, records, place, (size,))

    # Whole fields as one item of numpy's: a copy byte by byte takes four times as long.
    column(0, f"V{HEADER + length}")[:] = np.void(_header(length) + template)
    for place, content in fields:
        kind = f"V{content.shape[1]}"
        column(HEADER + place, kind)[:] = content.view(kind).reshape(-1)
    if length <= CHUNK:
        crcs = crc32c_filled(template, fields)
    else:
        crcs = crc32c_columns(np.ndarray((length, count), np.uint8, records, HEADER, (1, size)))
    column(size - FOOTER, "<u4")[:] = masked(crcs)
    return records


@functools.lru_cache(maxsize=1024)
def _header(length: int) -> bytes:
    return _headers(np.array([length])).tobytes()


def _headers(lengths: NDArray[np.int64]) -> NDArray[np.uint8]:
    heads = lengths.astype("<u8").view(np.uint8).reshape(-1, 8)
    crcs = masked(crc32c_columns(heads.T)).astype("<u4").view(np.uint8).reshape(-1, 4)
    return np.hstack([heads, crcs])


def payload_is_good(data: NDArray[np.uint8], start: int, length: int) -> bool:
    """Whether the payload of the record at `start` has the CRC that the record says."""
    begin = start + HEADER
    payload = data[begin : begin + length].reshape(-1, 1)
    said = data[begin + length : begin + length + FOOTER].tobytes()
    return masked(crc32c_columns(payload)).astype("<u4").tobytes() == said


def length_at(data: NDArray[np.uint8], at: int) -> int | None:
    """Return the length of the payload of the record at `at`, None if there is no header."""
    head = data[at : at + HEADER]
    if len(head) < HEADER:
        return None
    good = masked(crc32c_columns(head[:8].reshape(-1, 1))).astype("<u4").tobytes()
    return int.from_bytes(head[:8].tobytes(), "little") if head[8:].tobytes() == good else None


def find_headers(
    data: NDArray[np.uint8], long_bytes: int = SHORT_BYTES
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return every place with a good header, and the length of its payload.

    The upper bytes of a length are zero, which leaves few places to look at closely.

    Args:
        data: A part of a file.
        long_bytes: `SHORT_BYTES` or `LONG_BYTES`; the latter takes a few times as long.
    """
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for first in range(0, max(0, len(data) - HEADER + 1), _PART):
        chunk = data[first : first + _PART + HEADER - 1]
        if not chunk.any():
            continue
        zeros = _six_zeros(chunk) if long_bytes == SHORT_BYTES else _four_zeros(chunk)
        starts, lengths = _headers_at(chunk, zeros, long_bytes)
        parts.append((first + starts, lengths))
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _six_zeros(chunk: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Where bytes 2 to 7 of a length may be zero, in any order."""
    words = chunk[: len(chunk) // 2 * 2].view(np.uint16)
    # Wherever six zeros are, four of them are two words; the others are around them.
    fours = 2 * np.flatnonzero((words[1:-3] | words[2:-2]) == 0) + 2
    fours = fours[chunk[fours + 4] == 0]
    after, before = fours[chunk[fours + 5] == 0], fours[chunk[fours - 1] == 0] - 1
    starts = np.concatenate([after, before]) - SHORT_BYTES
    return starts[(starts >= 0) & (starts <= len(chunk) - HEADER)]


def _four_zeros(chunk: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Where bytes 4 to 7 of a length are zero."""
    is_zero = chunk == 0
    stop = len(chunk) - HEADER + 1
    four = is_zero[LONG_BYTES : LONG_BYTES + stop].copy()
    for place in range(LONG_BYTES + 1, _UPPER):
        four &= is_zero[place : place + stop]
    return np.flatnonzero(four)


def _headers_at(
    chunk: NDArray[np.uint8], starts: NDArray[np.int64], long_bytes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return those of the places that have a good header, in order, and the payloads' lengths."""
    # The zeros that a crash leaves are no headers, and there may be millions of them.
    some = chunk[starts]
    for place in (*range(1, long_bytes), *range(_UPPER, HEADER)):
        some |= chunk[starts + place]
    starts = starts[some != 0]
    low = np.stack([chunk[starts + place] for place in range(long_bytes)])
    crcs = masked(crc32c_columns(low, zeros=_UPPER - long_bytes))
    is_header = chunk[starts + 8] == (crcs & np.uint32(255)).astype(np.uint8)
    for place in range(1, 4):
        starts, low, crcs = starts[is_header], low[:, is_header], crcs[is_header]
        byte = (crcs >> np.uint32(8 * place) & np.uint32(255)).astype(np.uint8)
        is_header = chunk[starts + 8 + place] == byte
    starts, low = starts[is_header], low[:, is_header].astype(np.int64)
    order = np.argsort(starts)
    shifts = 8 * np.arange(long_bytes, dtype=np.int64)
    lengths = (low << shifts[:, None]).sum(axis=0)[order]
    is_read = lengths <= MOST_PAYLOAD
    return starts[order][is_read], lengths[is_read]
