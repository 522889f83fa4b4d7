"""Arrays as events hold them, and back.

Source: `tensor.proto` and `types.proto` of TensorFlow and TensorBoard.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from nbviz.recording.event_files.layout import (
    CONTENT,
    DIM,
    DTYPE,
    METADATA,
    PLUGIN_CONTENT,
    PLUGIN_DATA,
    PLUGIN_NAME,
    SHAPE,
    SIZE,
    TENSOR,
)
from nbviz.recording.event_files.wire import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    MessageError,
    bytes_field,
    fields,
    read_varint,
    read_varints,
    varint_field,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

TENSOR_PLUGIN = "nbviz_tensor"
_HALF, _BFLOAT16 = 19, 14
_TYPES = {
    1: "<f4",
    2: "<f8",
    3: "<i4",
    4: "|u1",
    5: "<i2",
    6: "|i1",
    9: "<i8",
    10: "|b1",
    17: "<u2",
    19: "<f2",
    22: "<u4",
    23: "<u8",
}
_NUMBERS = {np.dtype(name): number for number, name in _TYPES.items()}
# Fields of a TensorProto that hold numbers one by one: float_val, double_val, and those of varints.
_FLOATS: dict[int, tuple[int, Literal["<f4", "<f8"]]] = {5: (FIXED32, "<f4"), 6: (FIXED64, "<f8")}
_HALVES = 13
_VARINTS = (7, 10, 11, _HALVES, 16, 17)
_MOST_FILLED = 1 << 20  # elements that one number may stand for


def plugin_field(name: str, content: bytes = b"") -> bytes:
    """Return the part of a value that says which plugin shows it.

    Args:
        name: The plugin's.
        content: What it is told beside the value.
    """
    said = bytes_field(PLUGIN_CONTENT, content) if content else b""
    return bytes_field(
        METADATA, bytes_field(PLUGIN_DATA, bytes_field(PLUGIN_NAME, name.encode()) + said)
    )


def tensor_field(array: NDArray[Any]) -> bytes:
    """Return the part of a value that holds an array."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    shape = b"".join(bytes_field(DIM, varint_field(SIZE, size)) for size in array.shape)
    return bytes_field(
        TENSOR,
        varint_field(DTYPE, _NUMBERS[np.dtype(little.dtype.str)])
        + bytes_field(SHAPE, shape)
        + bytes_field(CONTENT, little.tobytes()),
    )


def read_array(event: bytes, start: int, stop: int) -> NDArray[Any]:
    """Return the array that the TensorProto `event[start:stop]` holds; bfloat16 becomes float32.

    Raises:
        MessageError: It holds none of real numbers.
    """
    dtype = 0
    shape: list[int] = []
    content: bytes | None = None
    numbers: list[NDArray[Any]] = []
    number_of = 0  # the field that holds them
    for part in fields(event, start, stop):
        if part.number == DTYPE and part.kind == VARINT:
            dtype, _ = read_varint(event, part.start, part.stop)
        elif part.number == SHAPE and part.kind == BYTES:
            shape = _shape(event, part.start, part.stop)
        elif part.number == CONTENT and part.kind == BYTES:
            content = event[part.start : part.stop]
        elif part.number in _FLOATS or part.number in _VARINTS:
            number_of = part.number
            numbers.append(_read_numbers(event[part.start : part.stop], part.number, part.kind))
    if dtype not in _TYPES and dtype != _BFLOAT16:
        raise MessageError("a tensor of a type that is not read")
    try:
        if content:
            array = _from_content(content, dtype)
        else:
            array: NDArray[Any] = np.concatenate(numbers) if numbers else np.zeros(0)
            array = _halves(array, dtype) if number_of == _HALVES else array
            array = _filled(array, math.prod(shape))
            array = array.astype("<f4" if dtype == _BFLOAT16 else _TYPES[dtype])
        return array.reshape(shape)
    except (ValueError, OverflowError) as error:
        raise MessageError("a tensor whose content does not fit its shape") from error


def _from_content(content: bytes, dtype: int) -> NDArray[Any]:
    if dtype == _BFLOAT16:
        return _widened(np.frombuffer(content, "<u2"))
    return np.frombuffer(content, _TYPES[dtype])


def _read_numbers(content: bytes, number: int, kind: int) -> NDArray[Any]:
    if number in _FLOATS:
        single, name = _FLOATS[number]
        if kind not in (BYTES, single) or len(content) % int(name[2]):
            raise MessageError("a tensor whose numbers are cut off")
        return np.frombuffer(content, name)
    if kind not in (BYTES, VARINT):
        raise MessageError("a tensor whose numbers are of another kind than it says")
    return read_varints(content)


def _halves(bits: NDArray[np.int64], dtype: int) -> NDArray[Any]:
    """Return numbers whose 16 bits stand in a varint each, or the 32 that torch writes there."""
    if bool(((bits < 0) | (bits > 0xFFFF)).any()):  # noqa: PLR2004
        return bits.astype("<i4").view("<f4")
    low = bits.astype("<u2")
    return low.view("<f2") if dtype == _HALF else _widened(low)


def _widened(bits: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Return bfloat16 numbers as float32, of which they are the upper half."""
    return (bits.astype("<u4") << np.uint32(16)).view("<f4")


def _filled(array: NDArray[Any], count: int) -> NDArray[Any]:
    """Repeat the last number, which stands for all that follow, as TensorFlow does."""
    if not 0 < len(array) < count <= _MOST_FILLED:
        return array
    return np.append(array, np.full(count - len(array), array[-1]))


def _shape(event: bytes, start: int, stop: int) -> list[int]:
    shape: list[int] = []
    for dim in fields(event, start, stop):
        if dim.number == DIM and dim.kind == BYTES:
            sizes = [
                read_varint(event, part.start, part.stop)[0]
                for part in fields(event, dim.start, dim.stop)
                if part.number == SIZE and part.kind == VARINT
            ]
            shape.append(sizes[-1] if sizes else 0)
    return shape
