"""A header and arrays as one block of bytes, for what only nbviz reads in event files."""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.recording.event_files.wire import MessageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_LENGTH = struct.Struct("<I")
_MOST_BYTES = 1 << 30  # that a damaged or hostile block may become


def pack(header: Mapping[str, Any], arrays: Sequence[NDArray[Any]]) -> bytes:
    """Return a header of JSON and arrays of numbers, deflated."""
    little = [np.ascontiguousarray(one, one.dtype.newbyteorder("<")) for one in arrays]
    described = [[one.dtype.str, list(one.shape)] for one in little]
    text = json.dumps({**header, "arrays": described}, allow_nan=False).encode()
    parts = [_LENGTH.pack(len(text)), text, *(one.tobytes() for one in little)]
    return zlib.compress(b"".join(parts), 6)


def unpack(block: bytes, what: str) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Return what `pack` was given.

    Args:
        block: The bytes.
        what: What they hold, for errors.

    Raises:
        MessageError: They hold none.
    """
    try:
        inflater = zlib.decompressobj()
        data = inflater.decompress(block, _MOST_BYTES)
        if not inflater.eof:
            raise ValueError  # noqa: TRY301
        (length,) = _LENGTH.unpack_from(data)
        start = _LENGTH.size + length
        header = cast("dict[str, Any]", json.loads(data[_LENGTH.size : start]))
        arrays: list[NDArray[Any]] = []
        for name, shape in header["arrays"]:
            dtype = np.dtype(name)
            if dtype.kind not in "biuf":
                raise ValueError  # noqa: TRY301
            count = int(np.prod(shape, dtype=np.int64))
            if count < 0:
                raise ValueError  # noqa: TRY301
            arrays.append(np.frombuffer(data, dtype, count, start).reshape(shape))
            start += count * dtype.itemsize
    except (ValueError, KeyError, TypeError, AttributeError, struct.error, zlib.error) as error:
        raise MessageError(f"{what} that is damaged") from error
    return header, arrays
