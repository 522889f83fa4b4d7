"""Images and histograms as events hold them, and back.

Source: `summary.proto` of TensorFlow and TensorBoard. They are written in the
older form, which every reader knows, and read in both.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import MissingDependencyError
from nbviz.inspection.tensors.histograms import Histogram
from nbviz.recording.event_files.layout import HISTOGRAM, IMAGE
from nbviz.recording.event_files.wire import (
    BYTES,
    FIXED64,
    VARINT,
    MessageError,
    bytes_field,
    fields,
    key,
    read_varint,
    varint_field,
)
from nbviz.recording.media.pil import check_size, open_image
from nbviz.recording.media.png import image_size
from nbviz.recording.media.store import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Summary.Image
_HEIGHT, _WIDTH, _COLORS, _ENCODED = 1, 2, 3, 4
_RGB = 3
# HistogramProto; the last three are our own, which other readers pass over
_MIN, _MAX, _NUM, _SUM, _SQUARES, _LIMITS, _COUNTS, _NAN, _INF = 1, 2, 3, 4, 5, 6, 7, 1000, 1001
_SAMPLED = 1002
_DOUBLES = {_MIN, _MAX, _NUM, _SUM, _SQUARES}
_FORMATS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")
_COLUMNS = 3  # of a histogram's tensor: left edge, right edge, count


def image_field(image: Image) -> bytes:
    """Return the part of a value that holds an image."""
    return bytes_field(IMAGE, image_message(image))


def image_message(image: Image) -> bytes:
    """Return an image as a message of its own."""
    return (
        varint_field(_HEIGHT, image.height)
        + varint_field(_WIDTH, image.width)
        + varint_field(_COLORS, _RGB)
        + bytes_field(_ENCODED, image.data)
    )


def histogram_field(histogram: Histogram) -> bytes:
    """Return the part of a value that holds a histogram.

    Its first bucket is empty and ends at the first edge, as in `torch.utils.tensorboard`.
    """
    empty = histogram.count == 0
    numbers = (
        0.0 if empty else histogram.minimum,
        0.0 if empty else histogram.maximum,
        float(histogram.count),
        histogram.sum,
        histogram.sum_squares,
    )
    doubles = b"".join(
        key(number, FIXED64) + struct.pack("<d", value)
        for number, value in enumerate(numbers, _MIN)
    )
    counts = np.concatenate([[0.0], histogram.counts])
    return bytes_field(
        HISTOGRAM,
        doubles
        + bytes_field(_LIMITS, histogram.edges.astype("<f8").tobytes())
        + bytes_field(_COUNTS, counts.astype("<f8").tobytes())
        + (varint_field(_NAN, histogram.nan) if histogram.nan else b"")
        + (varint_field(_INF, histogram.inf) if histogram.inf else b"")
        + (varint_field(_SAMPLED, histogram.sampled) if histogram.sampled else b""),
    )


def read_image(event: bytes, start: int, stop: int) -> Image:
    """Return the image that `event[start:stop]` holds.

    Raises:
        MessageError: It holds none of a kind that is known.
    """
    for part in fields(event, start, stop):
        if part.number == _ENCODED and part.kind == BYTES:
            return image_from(event[part.start : part.stop])
    raise MessageError("an image without content")


def image_from(data: bytes) -> Image:
    """Return an image file as an `Image`.

    Raises:
        MessageError: It is none of a kind that is known.
    """
    is_webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    if not (data.startswith(_FORMATS) or is_webp):
        raise MessageError("an image of a kind that is not read")
    try:
        size = image_size(data)
        if size is None:
            image = open_image(data)
            size = (image.height, image.width)
        check_size(*size)
    except (MissingDependencyError, OSError) as error:
        raise MessageError(f"an image that cannot be read: {error}") from error
    return Image(data, *size)


def read_histogram(event: bytes, start: int, stop: int) -> Histogram:
    """Return the histogram that `event[start:stop]` holds.

    Raises:
        MessageError: It holds none.
    """
    numbers = dict.fromkeys(_DOUBLES, 0.0)
    parts: dict[int, list[bytes]] = {_LIMITS: [], _COUNTS: []}
    own = {_NAN: 0, _INF: 0, _SAMPLED: 0}
    for part in fields(event, start, stop):
        content = event[part.start : part.stop]
        if part.number in _DOUBLES and part.kind == FIXED64:
            (numbers[part.number],) = struct.unpack("<d", content)
        elif part.number in parts and part.kind in (BYTES, FIXED64):
            if len(content) % 8:
                raise MessageError("a histogram whose buckets are cut off.")
            parts[part.number].append(content)
        elif part.number in own and part.kind == VARINT:
            own[part.number], _ = read_varint(event, part.start, part.stop)
    limits, counts = (np.frombuffer(b"".join(parts[one]), "<f8") for one in (_LIMITS, _COUNTS))
    low, high = numbers[_MIN], numbers[_MAX]
    if not len(limits) or len(limits) != len(counts):
        raise MessageError("a histogram without buckets.")
    if counts[0] == 0 and len(counts) > 1:
        edges, counts = limits, counts[1:]
    else:
        edges = np.append(min(low, limits[0]), limits)
    # TensorFlow's own outermost buckets reach to the largest number there is.
    if abs(edges[0]) > 1e300 or abs(edges[-1]) > 1e300:  # noqa: PLR2004
        edges = np.clip(edges, low, high)
    return _checked(
        counts,
        edges,
        (low, high, numbers[_NUM], numbers[_SUM], numbers[_SQUARES]),
        (own[_NAN], own[_INF], own[_SAMPLED]),
    )


def histogram_from(table: NDArray[Any]) -> Histogram:
    """Return a histogram of TensorBoard's newer form: left edge, right edge and count of each bin.

    Raises:
        MessageError: The table is none.
    """
    if table.ndim != 2 or table.shape[1] != _COLUMNS or not len(table):  # noqa: PLR2004
        raise MessageError("a histogram whose table has no three columns.")
    left, right, counts = table.astype(np.float64).T
    centers = (left + right) / 2
    sums = float((counts * centers).sum()), float((counts * centers**2).sum())
    used = np.flatnonzero(counts > 0)
    low = float(left[used[0]]) if len(used) else float(left[0])
    high = float(right[used[-1]]) if len(used) else float(right[-1])
    edges = np.append(left, right[-1])
    return _checked(counts, edges, (low, high, float(counts.sum()), *sums), (0, 0, 0))


def _checked(
    counts: NDArray[np.float64],
    edges: NDArray[np.float64],
    numbers: tuple[float, float, float, float, float],
    others: tuple[int, int, int],
) -> Histogram:
    low, high, count, total, squares = numbers
    if not (np.isfinite(edges).all() and np.isfinite(counts).all() and np.isfinite(count)):
        raise MessageError("a histogram whose edges or counts are not finite.")
    is_empty = count <= 0
    return Histogram(
        counts.astype(np.float64),
        edges.astype(np.float64),
        float("nan") if is_empty else low,
        float("nan") if is_empty else high,
        max(0, int(count)),
        total,
        squares,
        *others,
    )
