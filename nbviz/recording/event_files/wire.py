"""Protobuf's wire format: just what event files need of it.

Source: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nbviz.errors import NbvizError
from nbviz.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_WIDTHS = {FIXED64: 8, FIXED32: 4}
_MOST_VARINT_BYTES = 10


class MessageError(NbvizError):
    """Bytes that are no message."""


class Field(NamedTuple):
    """One field of a message; its content is `data[start:stop]`."""

    number: int
    kind: int
    start: int
    stop: int


def fields(data: bytes, start: int, stop: int) -> Iterator[Field]:
    """Yield the fields of the message that is `data[start:stop]`.

    Raises:
        MessageError: It is none.
    """
    at = start
    while at < stop:
        key, at = read_varint(data, at, stop)
        number, kind = key >> 3, key & 7
        begin = at
        if kind == VARINT:
            _, at = read_varint(data, at, stop)
        elif kind == BYTES:
            length, begin = read_varint(data, at, stop)
            at = begin + length
        elif kind in _WIDTHS:
            at += _WIDTHS[kind]
        else:
            raise MessageError(f"field {number} has the unknown wire type {kind}.")
        if at > stop:
            raise MessageError(
                f"field {number} ends {counted(at - stop, 'byte')} after its message."
            )
        yield Field(number, kind, begin, at)


def read_varint(data: bytes, at: int, stop: int) -> tuple[int, int]:
    """Return the number at `at`, and where it ends.

    Raises:
        MessageError: It does not end.
    """
    value = shift = 0
    for place in range(at, min(stop, at + _MOST_VARINT_BYTES)):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004
            return value, place + 1
        shift += 7
    raise MessageError(f"the number at byte {at} does not end.")


def read_varints(content: bytes) -> NDArray[np.int64]:
    """Return numbers that follow each other, those above 2⁶³ as negative ones; shape (numbers,).

    Raises:
        MessageError: The last one does not end, or one is too long.
    """
    data = np.frombuffer(content, np.uint8)
    lasts = np.flatnonzero(data < 0x80)  # noqa: PLR2004
    if len(data) and (not len(lasts) or lasts[-1] != len(data) - 1):
        raise MessageError("numbers that do not end")
    firsts = np.append(0, lasts + 1)[:-1]
    sizes = lasts - firsts + 1
    if len(sizes) and sizes.max() > _MOST_VARINT_BYTES:
        raise MessageError("a number that does not end")
    numbers = np.zeros(len(lasts), np.uint64)
    for place in range(int(sizes.max(initial=0))):
        goes_on = sizes > place
        part = (data[firsts[goes_on] + place] & 0x7F).astype(np.uint64)
        numbers[goes_on] |= part << np.uint64(7 * place)
    return numbers.view(np.int64)


def varint(value: int) -> bytes:
    """Return a number of 0 or more as 1 to 10 bytes."""
    parts = bytearray()
    while value > 0x7F:  # noqa: PLR2004
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def key(number: int, kind: int) -> bytes:
    """Return what comes before a field's content."""
    return varint(number << 3 | kind)


def bytes_field(number: int, content: bytes) -> bytes:
    """Return a field that holds bytes, a string or a message."""
    return key(number, BYTES) + varint(len(content)) + content


def varint_field(number: int, value: int) -> bytes:
    """Return a field that holds a whole number of 0 or more."""
    return key(number, VARINT) + varint(value)
