"""PNG images from arrays and back, without an imaging library for those written here.

Source: the PNG specification, third edition (W3C, 2025): 8 bits a channel, not interlaced, every
row filtered by "up", whose inverse is a running sum.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from nbviz.errors import MissingDependencyError
from nbviz.recording.media.pil import check_size, open_image, pixels_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # channels: grey, grey and alpha, RGB, RGBA
_CHANNELS = {kind: channels for channels, kind in _COLOR_TYPES.items()}
_UP = 2
_AFTER = (b"IEND", b"iTXt")  # what may follow the pixels
_LEVEL = 4  # of zlib's 9: a third of the time of its default, a few per cent larger
_HEADER = struct.Struct(">IIBBBBB")


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Return a PNG file.

    Args:
        pixels: uint8, height × width × channels; 1 to 4 channels (grey, grey and alpha, RGB, RGBA).
    """
    height, width, channels = pixels.shape
    rows = np.ascontiguousarray(pixels).reshape(height, width * channels)
    filtered = np.empty((height, 1 + width * channels), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = _HEADER.pack(width, height, 8, _COLOR_TYPES[channels], 0, 0, 0)
    return b"".join(
        [
            SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(filtered.data, _LEVEL)),
            _chunk(b"IEND", b""),
        ]
    )


def decode_image(data: bytes) -> NDArray[np.uint8]:
    """Return the pixels of an image file: uint8, height × width × channels.

    Raises:
        MissingDependencyError: It was not written here, and Pillow is not installed.
        OSError: It is no image, or one of more than `pil.MOST_PIXELS`.
    """
    size = image_size(data)
    if size is not None:
        check_size(*size)
    own = _decode_own(data)
    if own is not None:
        return own
    try:
        return pixels_of(open_image(data))
    except (MissingDependencyError, OSError):
        raise
    except Exception as error:  # Pillow raises many kinds for what is damaged
        raise OSError(f"an image that Pillow cannot read: {error}") from error


def image_size(data: bytes) -> tuple[int, int] | None:
    """Return the height and width in pixels of a PNG file; None if it is none."""
    if data[:8] != SIGNATURE or data[12:16] != b"IHDR" or len(data) < 24:  # noqa: PLR2004
        return None
    width, height = struct.unpack(">II", data[16:24])
    return height, width


def with_png_text(png: bytes, keyword: str, text: str) -> bytes:
    """Return a PNG file with a text in it, before its end, that other programs pass over."""
    end = len(_chunk(b"IEND", b""))
    # Not compressed, of no language, as UTF-8.
    content = keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode()
    return png[:-end] + _chunk(b"iTXt", content) + png[-end:]


def png_text(data: bytes, keyword: str) -> str | None:
    """Return the text that `with_png_text` put into a file; None if there is none."""
    if image_size(data) is None:
        return None
    head = keyword.encode("latin-1") + b"\0\0\0\0\0"
    at = len(SIGNATURE)
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        content = data[at + 8 : at + 8 + size]
        if data[at + 4 : at + 8] == b"iTXt" and content.startswith(head):
            return content[len(head) :].decode(errors="replace")
        at += 12 + size
    return None


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def _decode_own(data: bytes) -> NDArray[np.uint8] | None:
    """Return the pixels of an image that `encode_png` wrote, None if another did."""
    body = 8 + 12 + _HEADER.size  # where the second chunk begins
    if image_size(data) is None or data[body + 4 : body + 8] != b"IDAT":
        return None
    width, height, depth, kind, _, _, interlaced = _HEADER.unpack(data[16 : 16 + _HEADER.size])
    (length,) = struct.unpack(">I", data[body : body + 4])
    end = body + 12 + length
    if depth != 8 or interlaced or kind not in _CHANNELS or data[end + 4 : end + 8] not in _AFTER:  # noqa: PLR2004
        return None
    channels = _CHANNELS[kind]
    room = height * (1 + width * channels)
    filtered = np.frombuffer(
        zlib.decompressobj().decompress(data[body + 8 : body + 8 + length], room), np.uint8
    )
    if len(filtered) != room:
        return None
    rows = filtered.reshape(height, -1)
    if not (rows[:, 0] == _UP).all():
        return None
    pixels = np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8)
    return pixels.reshape(height, width, channels)


def reduced(pixels: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Return the means of blocks of `factor` × `factor` pixels; those at the edges are smaller."""
    height, width, _ = pixels.shape
    rows: NDArray[np.int64] = np.arange(0, height, factor, dtype=np.int64)
    columns: NDArray[np.int64] = np.arange(0, width, factor, dtype=np.int64)
    by_row = np.add.reduceat(pixels, rows, axis=0, dtype=np.uint32)
    sums = np.add.reduceat(by_row, columns, axis=1)
    heights = np.minimum(factor, height - rows)[:, None, None]
    widths = np.minimum(factor, width - columns)[None, :, None]
    areas = heights * widths
    return ((sums + areas // 2) // areas).astype(np.uint8)
