"""Tables as events hold them, and back: TensorBoard has no plugin that shows one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from nbviz.recording.event_files.arrays import plugin_field, read_array, tensor_field
from nbviz.recording.event_files.packed import pack, unpack
from nbviz.recording.event_files.wire import MessageError
from nbviz.recording.media.tables import Column, ColumnKind, Table
from nbviz.text import encodable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.recording.event_files.layout import Slot

TABLE_PLUGIN = "nbviz_table"
_WHAT = "a table"
_KINDS = get_args(ColumnKind)
_PARTS = 3  # arrays of a column


def table_field(table: Table) -> bytes:
    """Return the part of a value that holds a table."""
    header = {
        "rows": table.rows,
        "columns": [[encodable(one.name), one.kind] for one in table.columns],
    }
    arrays = [array for one in table.columns for array in (one.data, one.ends, one.missing)]
    block = np.frombuffer(pack(header, arrays), np.uint8)
    return tensor_field(block) + plugin_field(TABLE_PLUGIN)


def read_table(event: bytes, slot: Slot) -> Table:
    """Return the table that a slot holds.

    Raises:
        MessageError: It holds none.
    """
    header, arrays = unpack(read_array(event, *slot.tensor).tobytes(), _WHAT)
    try:
        rows = int(header["rows"])
        columns = [
            _column(str(name), kind, arrays[_PARTS * n : _PARTS * (n + 1)], rows)
            for n, (name, kind) in enumerate(header["columns"])
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise MessageError(f"{_WHAT} that is damaged") from error
    if not columns:
        raise MessageError(f"{_WHAT} that is damaged")
    return Table(tuple(columns), rows)


def _column(name: str, kind: Any, parts: list[NDArray[Any]], rows: int) -> Column:
    data, ends, missing = parts
    if kind not in _KINDS or any(part.ndim != 1 for part in parts):
        raise ValueError(kind)
    if len(missing) not in {0, rows}:
        raise ValueError(missing)
    if kind in {"text", "image"}:
        is_good = len(ends) == rows and data.dtype == np.uint8
        rising = np.diff(ends, prepend=0, append=len(data))
        if not is_good or bool((rising < 0).any()) or (rows and ends[-1] != len(data)):
            raise ValueError(ends)
        if kind == "text":
            data.tobytes().decode()
    elif len(data) != rows or data.dtype.kind not in "if":
        raise ValueError(data)
    return Column(name, kind, data, ends, missing.astype(np.bool_))
