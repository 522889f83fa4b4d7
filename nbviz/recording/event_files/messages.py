"""Events as bytes: scalars by the block, texts one by one."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nbviz.recording.event_files import hparams
from nbviz.recording.event_files.arrays import plugin_field
from nbviz.recording.event_files.layout import (
    DT_FLOAT,
    DT_STRING,
    DTYPE,
    EXACT_VALUE,
    FILE_VERSION,
    LATE,
    METADATA,
    PLAIN_TEXT,
    PLUGIN_CONTENT,
    PLUGIN_DATA,
    PLUGIN_NAME,
    SESSION_LOG,
    SHAPE,
    SIMPLE_VALUE,
    SOURCE,
    START,
    STATUS,
    STEP,
    STRINGS,
    SUMMARY,
    TAG,
    TENSOR,
    VALUE,
    WALL_TIME,
    WRITER,
)
from nbviz.recording.event_files.media_forms import media_values
from nbviz.recording.event_files.records import frame_filled
from nbviz.recording.event_files.wire import (
    FIXED32,
    FIXED64,
    VARINT,
    bytes_field,
    key,
    varint,
    varint_field,
)
from nbviz.recording.media.store import PlainText
from nbviz.text import encodable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from nbviz.recording.event_files.hparams import Parameter
    from nbviz.recording.media.store import MediaValue

NBVIZ = "nbviz"
_WALL_TIME_KEY = key(WALL_TIME, FIXED64)
_STEP_KEY = key(STEP, VARINT)
_VERSION = bytes_field(FILE_VERSION, b"brain.Event:2")
_TEXT_METADATA = bytes_field(METADATA, bytes_field(PLUGIN_DATA, bytes_field(PLUGIN_NAME, b"text")))
# TensorBoard's plugin passes over the field that says that a text is no Markdown.
_PLAIN_METADATA = bytes_field(
    METADATA,
    bytes_field(
        PLUGIN_DATA,
        bytes_field(PLUGIN_NAME, b"text")
        + bytes_field(PLUGIN_CONTENT, varint_field(PLAIN_TEXT, 1)),
    ),
)
_TEXT_TYPE = varint_field(DTYPE, DT_STRING) + bytes_field(SHAPE, b"")


def file_version_event(wall_time: float) -> bytes:
    """Return the event that a file begins with. `wall_time` is in Unix seconds, as below."""
    source = bytes_field(SOURCE, bytes_field(WRITER, NBVIZ.encode()))
    return _WALL_TIME_KEY + struct.pack("<d", wall_time) + _VERSION + source


def start_event(wall_time: float, step: int) -> bytes:
    """Return the event that has readers leave out what came before and is of a step or later."""
    return (
        _WALL_TIME_KEY
        + struct.pack("<d", wall_time)
        + varint_field(STEP, step)
        + bytes_field(SESSION_LOG, varint_field(STATUS, START))
    )


def text_event(wall_time: float, step: int, tag: str, text: str) -> bytes:
    """Return an event that TensorBoard shows among the texts."""
    content = encodable(text).encode()
    tensor = _TEXT_TYPE + bytes_field(STRINGS, content)
    value = bytes_field(TAG, encodable(tag).encode()) + bytes_field(TENSOR, tensor)
    metadata = _PLAIN_METADATA if isinstance(text, PlainText) else _TEXT_METADATA
    return (
        _WALL_TIME_KEY
        + struct.pack("<d", wall_time)
        + varint_field(STEP, step)
        + bytes_field(SUMMARY, bytes_field(VALUE, value + metadata))
    )


def plugin_event(wall_time: float, tag: str, plugin: str, content: bytes) -> bytes:
    """Return an event whose one string is bytes that only a plugin of TensorBoard's knows."""
    tensor = _TEXT_TYPE + bytes_field(STRINGS, content)
    value = bytes_field(TAG, tag.encode()) + bytes_field(TENSOR, tensor) + plugin_field(plugin)
    return (
        _WALL_TIME_KEY
        + struct.pack("<d", wall_time)
        + bytes_field(SUMMARY, bytes_field(VALUE, value))
    )


def hparams_event(wall_time: float, parameters: Mapping[str, Parameter]) -> bytes:
    """Return an event that TensorBoard shows among the hyper-parameters."""
    content = hparams.write_hparams(parameters, wall_time)
    return _hparams_event(wall_time, hparams.TAG, content)


def hparams_events(
    wall_time: float, parameters: Mapping[str, Parameter], metrics: Sequence[str]
) -> list[bytes]:
    """Return the events that say which columns the table of hyper-parameters has, and the end.

    Args:
        wall_time: Unix seconds.
        parameters: The names, with a value of each.
        metrics: Tags of scalars.
    """
    experiment = hparams.write_experiment(parameters, metrics, wall_time)
    end = hparams.write_end(wall_time)
    return [
        _hparams_event(wall_time, hparams.EXPERIMENT_TAG, experiment),
        _hparams_event(wall_time, hparams.END_TAG, end),
    ]


def _hparams_event(wall_time: float, tag: str, content: bytes) -> bytes:
    value = bytes_field(TAG, tag.encode())
    value += bytes_field(TENSOR, varint_field(DTYPE, DT_FLOAT) + bytes_field(SHAPE, b""))
    value += plugin_field(hparams.PLUGIN, content)
    return (
        _WALL_TIME_KEY
        + struct.pack("<d", wall_time)
        + bytes_field(SUMMARY, bytes_field(VALUE, value))
    )


def media_event(
    wall_time: float,
    step: int,
    tag: str,
    value: MediaValue,
) -> bytes:
    """Return an event with one item of media."""
    if isinstance(value, str):
        return text_event(wall_time, step, tag, value)
    values = [
        bytes_field(VALUE, bytes_field(TAG, encodable(name).encode()) + content)
        for name, content in media_values(tag, value)
    ]
    return (
        _WALL_TIME_KEY
        + struct.pack("<d", wall_time)
        + varint_field(STEP, step)
        + bytes_field(SUMMARY, b"".join(values))
    )


def scalar_records(
    wall_times: NDArray[np.float64],
    steps: NDArray[np.int64],
    tags: Sequence[str],
    values: Sequence[NDArray[np.float64]],
    *,
    is_late: bool = False,
) -> bytes | bytearray:
    """Return records with one event a step, each with all the tags.

    `simple_value`, which every reader knows, holds a float32. Where that is not exact, the float64
    follows in `layout.EXACT_VALUE` (10 bytes more); what comes of float32 tensors needs none.

    Args:
        wall_times: Unix seconds, shape (points,).
        steps: 0 or more, shape (points,).
        tags: One or more.
        values: For each tag, shape (points,).
        is_late: Whether they belong among points before, which are of later steps.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        near = [column.astype("<f4") for column in values]
    inexact = np.zeros(len(steps), np.bool_)
    for column, rounded in zip(values, near, strict=True):
        inexact |= (rounded != column) & ~np.isnan(column)
    sizes = _varint_sizes(steps)
    kinds = sizes * 2 + inexact
    cuts = [0, *(np.flatnonzero(np.diff(kinds)) + 1).tolist(), len(steps)]
    parts: list[bytearray] = []
    # Steps only rise, so there are few runs of one size; values may alternate between exact and
    # not: then all of that size are written as not.
    if len(cuts) > _MOST_RUNS:
        inexact[:] = True
        cuts = [0, *(np.flatnonzero(np.diff(sizes)) + 1).tolist(), len(steps)]
    for start, stop in pairwise(cuts):
        if stop > start:
            run = slice(start, stop)
            parts.append(
                _run_of_records(
                    wall_times[run],
                    steps[run],
                    int(sizes[start]),
                    tags,
                    near=[column[run] for column in near],
                    exact=[column[run] for column in values] if inexact[start] else None,
                    is_late=is_late,
                )
            )
    return parts[0] if len(parts) == 1 else b"".join(parts)


_MOST_RUNS = 32


def _run_of_records(
    wall_times: NDArray[np.float64],
    steps: NDArray[np.int64],
    size: int,
    tags: Sequence[str],
    *,
    near: Sequence[NDArray[np.float32]],
    exact: Sequence[NDArray[np.float64]] | None,
    is_late: bool,
) -> bytearray:
    end = varint_field(LATE, 1) if is_late else b""
    summary = bytearray()
    places: list[tuple[int, NDArray[np.uint8]]] = []  # in the summary
    for number, tag in enumerate(tags):
        fixed = bytes_field(TAG, encodable(tag).encode()) + key(SIMPLE_VALUE, FIXED32)
        more = key(EXACT_VALUE, FIXED64) if exact is not None else b""
        length = len(fixed) + 4 + (len(more) + 8 if exact is not None else 0) + len(end)
        summary += key(VALUE, 2) + varint(length) + fixed
        places.append((len(summary), _bytes_of(near[number])))
        summary += bytes(4) + more
        if exact is not None:
            places.append((len(summary), _bytes_of(exact[number])))
            summary += bytes(8)
        summary += end
    head = _WALL_TIME_KEY + bytes(8) + _STEP_KEY + bytes(size)
    head += key(SUMMARY, 2) + varint(len(summary))
    fields = [(1, _bytes_of(wall_times)), (10, _varints(steps, size))]
    fields += [(len(head) + place, content) for place, content in places]
    return frame_filled(head + bytes(summary), fields)


def _varints(numbers: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
    """Return varints of one size, shape (numbers, size)."""
    found = np.empty((len(numbers), size), np.uint8)
    for place in range(size):
        more_follow = 0x80 if place < size - 1 else 0
        found[:, place] = (numbers >> 7 * place & 0x7F) | more_follow
    return found


def _bytes_of(numbers: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.uint8]:
    little = np.ascontiguousarray(numbers, numbers.dtype.newbyteorder("<"))
    return little.view(np.uint8).reshape(len(numbers), numbers.itemsize)


def _varint_sizes(steps: NDArray[np.int64]) -> NDArray[np.int64]:
    bounds = 1 << 7 * np.arange(1, 9, dtype=np.int64)
    return np.searchsorted(bounds, steps, "right") + 1
