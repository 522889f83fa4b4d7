"""One column of a table: copied as it was given, and read later as numbers, texts or images."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from nbviz.errors import LoggingError
from nbviz.recording.capture.arrays import CapturedArray, CapturedPart, copy_array, copy_arrays
from nbviz.recording.media.inputs import ImageInput, array_of, image_of, is_tensor
from nbviz.recording.media.pil import is_pil
from nbviz.recording.media.png import reduced
from nbviz.text import encodable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbviz.recording.media.inputs import ImageLayout
    from nbviz.recording.media.store import Image

    Kind = Literal["number", "boolean", "text", "image"]
    Parts = tuple[Kind, NDArray[Any], NDArray[np.int64], NDArray[np.bool_]]

MOST_TEXT = 1000
"""Characters of a cell that are kept."""

MOST_PIXELS = 64
"""Of an image that are kept along its longer side."""

_CHANNELS = (1, 3, 4)
_NO_DURATIONS = ("Y", "M", "generic")  # that are so many seconds
_CELL_BYTES = 60  # of an object that waits, about
_NO_ENDS: NDArray[np.int64] = np.zeros(0, np.int64)
_NONE_MISSING: NDArray[np.bool_] = np.zeros(0, np.bool_)


class ColumnInput:
    """A column, copied.

    Args:
        tag: For errors.
        name: The column's name.
        values: An array, a tensor, a data frame's column or a sequence; or a batch of images.

    Raises:
        LoggingError: It is no column.
    """

    def __init__(self, tag: str, name: str, values: Any) -> None:
        self.name = name
        self._where = f"column {name!r} of {tag!r}"
        self._images: list[ImageInput | None] | None = None
        self._copies: list[CapturedArray] = []
        self._parts: dict[int, CapturedPart] = {}
        self._layout: ImageLayout = "auto"
        if is_tensor(values) or isinstance(values, np.ndarray):
            self._take_array(values)
        elif hasattr(values, "to_numpy"):
            self._take_series(values)
        else:
            self._take_cells(values)

    def _take_array(self, array: Any) -> None:
        shape = tuple(array.shape)
        self._is_batch = len(shape) in (3, 4)
        if len(shape) != 1 and not self._is_batch:
            raise LoggingError(
                f"{self._where} needs one value a row, got shape {shape}; give a column of each."
            )
        if not is_tensor(array) and array.dtype.kind == "O":
            self._take_cells(array.tolist())
            return
        if is_tensor(array) or array.dtype.kind in "biuf":
            if 0 in shape:
                raise LoggingError(f"{self._where} got shape {shape}, in which there is nothing.")
            array = array_of(self._where, array, "values")
            if is_tensor(array) and len(shape) == 4 and shape[1] in _CHANNELS:  # noqa: PLR2004
                self._layout = "CHW"
            self._content: Any = copy_array(array)
            self.nbytes = self._content.nbytes
        else:
            self._content = array.copy()
            self.nbytes = array.nbytes + _CELL_BYTES * len(array)
        self.rows = shape[0]

    def _take_series(self, series: Any) -> None:
        # What polars and Arrow hold is not changed in place; a copy of theirs costs nothing.
        copy = getattr(series, "clone", None) or getattr(series, "copy", None)
        self._content = copy() if copy is not None else series
        self._is_batch = False
        self.rows = len(series)
        self.nbytes = _CELL_BYTES * self.rows
        if self.rows and _is_object(series):
            self._take_cells(list(series))

    def _take_cells(self, values: object) -> None:
        self._is_batch = False
        is_one = isinstance(values, str | bytes | dict) or not hasattr(values, "__iter__")
        if is_one:
            kind = type(cast("object", values)).__name__
            raise LoggingError(f"{self._where} needs one value a row, got {kind}; give a list.")
        cells: list[Any] = list(cast("Any", values))
        self.rows = len(cells)
        first = next((cell for cell in cells if not _is_missing(cell)), None)
        if is_pil(first) or (_is_array(first) and cast("Any", first).ndim > 1):
            self._images = [
                None if _is_missing(cell) else ImageInput(self._where, cell, "auto")
                for cell in cells
            ]
            self.nbytes = sum(one.nbytes for one in self._images if one is not None)
            return
        self._content = cells
        # An array may be changed after the call, and one on a device is not there yet.
        arrays = [(row, cell) for row, cell in enumerate(cells) if _is_array(cell)]
        copies, parts = copy_arrays(
            [array.detach() if is_tensor(array) else array for _, array in arrays]
        )
        self._copies = copies
        self._parts = {row: part for (row, _), part in zip(arrays, parts, strict=True)}
        self.nbytes = _CELL_BYTES * self.rows + sum(copy.nbytes for copy in copies)

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for a device."""
        if self._images is not None:
            return all(one is None or one.is_ready for one in self._images)
        is_here = not isinstance(self._content, CapturedArray) or self._content.is_ready
        return is_here and all(copy.is_ready for copy in self._copies)

    def make(self) -> Parts:
        """Return kind, data, ends and missing cells, as `tables.Column` has them."""
        if self._images is not None:
            return _images([one and one.make() for one in self._images])
        content = self._content
        if isinstance(content, CapturedArray):
            content = content.read()
            if self._is_batch:
                return _images(
                    [ImageInput(self._where, one, self._layout).make() for one in content]
                )
        elif hasattr(content, "to_numpy"):
            content = content.to_numpy()
        if isinstance(content, np.ndarray):
            array = cast("NDArray[Any]", content)
            if array.dtype.kind in "biuf":
                return _numbers(array)
            if array.dtype.kind == "M":
                gone = np.isnat(array)
                days = array.astype("M8[D]")
                is_day = bool((gone | (array == days)).all())
                dates = np.datetime_as_string(days if is_day else array).tolist()
                return _cells([None if no else date for date, no in zip(dates, gone, strict=True)])
            if array.dtype.kind == "m" and np.datetime_data(array.dtype)[0] not in _NO_DURATIONS:
                return _cells(array.astype("m8[us]").tolist())
        cells: list[Any] = list(cast("Any", content))
        for row, part in self._parts.items():
            cells[row] = _scalar(part.read())
        return _cells(cells)


def _numbers(array: NDArray[Any]) -> Parts:
    if array.dtype.kind == "b":
        return "boolean", array.astype(np.int8), _NO_ENDS, _NONE_MISSING
    is_whole = array.dtype.kind == "i" or (array.dtype.kind == "u" and array.dtype.itemsize < 8)  # noqa: PLR2004
    numbers = array.astype(np.int64 if is_whole else np.float64)
    return "number", numbers, _NO_ENDS, _NONE_MISSING


def _cells(cells: list[Any]) -> Parts:
    """Return cells that may be of any type: numbers and booleans if all are, else texts."""
    is_missing = np.array([_is_missing(cell) for cell in cells], np.bool_)
    kinds: set[type[Any]] = {
        type(cell) for cell, missing in zip(cells, is_missing, strict=True) if not missing
    }
    if kinds in ({bool}, {np.bool_}):
        flags = [-1 if gone else int(cell) for cell, gone in zip(cells, is_missing, strict=True)]
        return "boolean", np.array(flags, np.int8), _NO_ENDS, _NONE_MISSING
    is_number = kinds and all(
        issubclass(kind, int | float | np.integer | np.floating) for kind in kinds
    )
    if is_number and not any(issubclass(kind, bool | np.timedelta64) for kind in kinds):
        is_whole = all(issubclass(kind, int | np.integer) for kind in kinds)
        if is_whole and not is_missing.any():
            try:
                return "number", np.array(cells, np.int64), _NO_ENDS, _NONE_MISSING
            except OverflowError:
                pass
        numbers = [
            math.nan if gone else float(cell) for cell, gone in zip(cells, is_missing, strict=True)
        ]
        return "number", np.array(numbers), _NO_ENDS, _NONE_MISSING
    texts = [
        b"" if gone else encodable(_text(cell)).encode()
        for cell, gone in zip(cells, is_missing, strict=True)
    ]
    return _blocks("text", texts, is_missing)


def _images(images: Sequence[Image | None]) -> Parts:
    blocks: list[bytes] = []
    for image in images:
        if image is None:
            blocks.append(b"")
            continue
        factor = -(-max(image.height, image.width) // MOST_PIXELS)
        small = image if factor == 1 else image_of(reduced(image.pixels, factor))
        blocks.append(small.data)
    return _blocks("image", blocks, np.array([image is None for image in images], np.bool_))


def _blocks(kind: Kind, blocks: list[bytes], is_missing: NDArray[np.bool_]) -> Parts:
    ends = np.cumsum([len(block) for block in blocks], dtype=np.int64)
    data = np.frombuffer(b"".join(blocks), np.uint8)
    return kind, data, ends, is_missing if is_missing.any() else _NONE_MISSING


def _text(cell: object) -> str:
    text = cell if isinstance(cell, str) else str(cell)
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…"


def _scalar(array: NDArray[Any]) -> Any:
    """Return the number in an array of one element, else its text."""
    return array.item() if array.size == 1 else str(array)


def _is_array(value: object) -> bool:
    return is_tensor(value) or isinstance(value, np.ndarray)


def _is_object(series: Any) -> bool:
    """Whether a column holds Python objects, which may be images or be changed in place."""
    return str(getattr(series, "dtype", "")).lower() == "object"


def _is_missing(value: object) -> bool:
    """Whether a cell has nothing in it: None, NaN, or what a data frame has in their place."""
    if value is None:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    return type(value).__name__ in {"NAType", "NaTType"}
