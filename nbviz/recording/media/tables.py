"""Tables: columns of numbers, texts and small images, copied at the call and read later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from nbviz.errors import LoggingError
from nbviz.recording.media.columns import ColumnInput
from nbviz.recording.media.inputs import is_tensor
from nbviz.text import counted, text_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

ColumnKind = Literal["number", "boolean", "text", "image"]
MOST_ROWS = 1_000_000
MOST_COLUMNS = 500
_AXES = 2


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column.

    Attributes:
        name: Its name; two may have the same.
        kind: What its cells are.
        data: Numbers: int64 or float64, NaN where there is none. Booleans: int8, -1 for none. Of
            texts (UTF-8) and images (PNG) the bytes of all cells, one after another; uint8.
        ends: Where the bytes of each cell end; int64. Empty of numbers and booleans.
        missing: Cells of texts and images in which there is nothing; bool. Empty if there is none.
    """

    name: str
    kind: ColumnKind
    data: NDArray[Any] = field(repr=False)
    ends: NDArray[np.int64] = field(repr=False)
    missing: NDArray[np.bool_] = field(repr=False)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.data.nbytes + self.ends.nbytes + self.missing.nbytes + text_bytes(self.name)

    def bytes_at(self, row: int) -> bytes | None:
        """Return the bytes of a cell of texts or images; None if there is nothing in it."""
        if len(self.missing) and self.missing[row]:
            return None
        start = int(self.ends[row - 1]) if row else 0
        return self.data[start : int(self.ends[row])].tobytes()

    def value(self, row: int) -> float | bool | str | bytes | None:
        """Return a cell."""
        if self.kind == "boolean":
            number = int(self.data[row])
            return None if number < 0 else number == 1
        if self.kind == "number":
            return self.data[row].item()
        content = self.bytes_at(row)
        return content.decode() if content is not None and self.kind == "text" else content


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One table.

    Attributes:
        columns: From left to right.
        rows: How many there are.
    """

    columns: tuple[Column, ...]
    rows: int

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return sum(column.nbytes for column in self.columns)

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the cells of each column by its name; images as the bytes of PNG files."""
        return {
            column.name: [column.value(row) for row in range(self.rows)] for column in self.columns
        }


class TableInput:
    """A table, copied column by column.

    Args:
        tag: For errors.
        frame: As for `Run.log_table`.
        columns: Names, where the frame has none; else which columns, in this order.

    Raises:
        LoggingError: It is no table.
    """

    said = ""

    def __init__(self, tag: str, frame: object, columns: Sequence[str] | None) -> None:
        named = _columns_of(tag, frame, columns)
        if len(named) > MOST_COLUMNS:
            raise LoggingError(
                f"{tag!r} has {len(named):,} columns; at most {MOST_COLUMNS} can be shown. Choose "
                "some with columns=[…]."
            )
        self._inputs = [ColumnInput(tag, name, values) for name, values in named]
        lengths = {one.name: one.rows for one in self._inputs}
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{name!r} has {rows:,}" for name, rows in lengths.items())
            raise LoggingError(f"{tag!r} has columns of different lengths: {shown}.")
        self._rows = self._inputs[0].rows
        if self._rows > MOST_ROWS:
            raise LoggingError(
                f"{tag!r} has {counted(self._rows, 'row')}; at most {MOST_ROWS:,} can be shown. "
                "Log a "
                "sample, or the first ones."
            )
        self.nbytes = sum(one.nbytes for one in self._inputs)

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for a device."""
        return all(one.is_ready for one in self._inputs)

    def make(self) -> Table:
        """Return the table."""
        columns = [Column(one.name, *one.make()) for one in self._inputs]
        return Table(tuple(columns), self._rows)


def _columns_of(tag: str, frame: Any, columns: Sequence[str] | None) -> list[tuple[str, Any]]:
    """Return names and values of columns."""
    if isinstance(columns, str):
        raise LoggingError(f"{tag!r} needs columns= as a list of names, got the text {columns!r}.")
    names = None if columns is None else [str(name) for name in columns]
    found: Iterable[tuple[Any, Any]] | None = None
    if hasattr(frame, "collect") and hasattr(frame, "collect_schema"):
        raise LoggingError(f"{tag!r} got a query that has not run; log .collect() of it.")
    given: object = frame
    if isinstance(given, Mapping):
        found = cast("Mapping[Any, Any]", given).items()
    elif hasattr(frame, "columns") and hasattr(frame, "items"):  # as pandas has them
        found = frame.items()
    elif hasattr(frame, "get_columns"):  # as polars has them
        found = [(one.name, one) for one in frame.get_columns()]
    elif hasattr(frame, "column_names") and hasattr(frame, "columns"):  # as Arrow has them
        found = zip(frame.column_names, frame.columns, strict=True)
    if found is not None:
        return _chosen(tag, [(str(name), values) for name, values in found], names)
    is_array = is_tensor(cast("Any", given)) or isinstance(given, np.ndarray)
    if is_array:
        return _of_array(tag, frame, names)
    is_text = isinstance(given, str | bytes)
    if isinstance(given, Sequence) and not is_text:
        return _of_rows(tag, cast("Sequence[Any]", given), names)
    raise LoggingError(
        f"{tag!r} needs a table, got {type(frame).__name__}; give a data frame of pandas or "
        "polars, a dictionary of columns, or a list of rows."
    )


def _chosen(
    tag: str, found: list[tuple[str, Any]], names: list[str] | None
) -> list[tuple[str, Any]]:
    if names is not None:
        values = dict(found)
        unknown = [name for name in names if name not in values]
        if unknown:
            raise LoggingError(
                f"{tag!r} has no column {unknown[0]!r}; there are: {', '.join(values) or 'none'}."
            )
        found = [(name, values[name]) for name in names]
    if not found:
        raise LoggingError(f"{tag!r} got a table without columns; give at least one.")
    return found


def _of_array(tag: str, array: Any, names: list[str] | None) -> list[tuple[str, Any]]:
    shape = tuple(array.shape)
    if len(shape) != _AXES or 0 in shape:
        raise LoggingError(
            f"{tag!r} needs an array of shape (rows, columns), got {shape}; of images or several "
            "arrays make a dictionary of columns."
        )
    _check_names(tag, names, shape[1])
    return [(names[n] if names else str(n), array[:, n]) for n in range(shape[1])]


def _of_rows(tag: str, rows: Sequence[Any], names: list[str] | None) -> list[tuple[str, Any]]:
    if not rows:
        raise LoggingError(f"{tag!r} got a table without rows; give at least one.")
    if all(isinstance(row, Mapping) for row in rows):
        keys = list(dict.fromkeys(key for row in rows for key in row)) if names is None else names
        if not keys:
            raise LoggingError(f"{tag!r} got rows without columns; give at least one.")
        return [(str(key), [row.get(key) for row in rows]) for key in keys]
    if any(isinstance(row, str | bytes) or not hasattr(row, "__len__") for row in rows):
        odd = next(r for r in rows if isinstance(r, str | bytes) or not hasattr(r, "__len__"))
        raise LoggingError(
            f"{tag!r} needs each row as a dictionary or a list, got {type(odd).__name__}; one "
            "column is {'name': values}."
        )
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        raise LoggingError(
            f"{tag!r} has rows of {min(lengths)} to {max(lengths)} cells; give each as many."
        )
    _check_names(tag, names, len(rows[0]))
    if not lengths - {0}:
        raise LoggingError(f"{tag!r} got rows without cells; give at least one.")
    return [(names[n] if names else str(n), [row[n] for row in rows]) for n in range(len(rows[0]))]


def _check_names(tag: str, names: list[str] | None, count: int) -> None:
    if names is not None and len(names) != count:
        raise LoggingError(
            f"{tag!r} has {counted(count, 'column')}, but columns= has "
            f"{counted(len(names), 'name')}; give as many."
        )
