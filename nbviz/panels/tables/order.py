"""Which rows of a table a page asks for: filtered and sorted, as long as they are looked at."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.recording.media.tables import Column, Table

_MOST_KEPT = 8
_CONDITION = re.compile(r"\s*(.+?)\s*(<=|>=|!=|==?|<|>)\s*(.*?)\s*")


class Arrangement(NamedTuple):
    """How rows are chosen and sorted.

    Attributes:
        sort: The number of the column; -1 for the order in which they were logged.
        descending: The largest first. Cells with nothing in them are last in both directions.
        filter: A text that a cell of a row contains, in upper or lower case; or conditions such as
            `score > 0.5 and class = cat`. Empty for all rows.
    """

    sort: int = -1
    descending: bool = False
    filter: str = ""


class Orders:
    """Rows in the order that was asked for last, of a few tables."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, Arrangement], tuple[Table, NDArray[np.intp]]]
        self._kept = OrderedDict()
        self._lock = threading.Lock()

    def rows(self, table: Table, arrangement: Arrangement) -> NDArray[np.intp]:
        """Return the numbers of the rows, in order."""
        key = (id(table), arrangement)
        with self._lock:
            known = self._kept.get(key)
            if known is not None and known[0] is table:
                self._kept.move_to_end(key)
                return known[1]
        rows = arranged(table, arrangement)
        with self._lock:
            self._kept[key] = (table, rows)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return rows


def arranged(table: Table, arrangement: Arrangement) -> NDArray[np.intp]:
    """Return the numbers of the rows that a filter leaves, sorted."""
    rows: NDArray[np.intp] = np.arange(table.rows)
    if arrangement.filter.strip():
        rows = rows[_matching(table, arrangement.filter)]
    if not 0 <= arrangement.sort < len(table.columns):
        return rows
    keys, has_nothing = _keys(table.columns[arrangement.sort])
    keys, has_nothing = keys[rows], has_nothing[rows]
    there, nothing = rows[~has_nothing], rows[has_nothing]
    order = np.argsort(keys[~has_nothing], kind="stable")
    if arrangement.descending:
        # Equal ones stay in the order in which they were logged.
        order = len(order) - 1 - np.argsort(keys[~has_nothing][::-1], kind="stable")[::-1]
    return np.concatenate([there[order], nothing])


def _keys(column: Column) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """Return what a column is sorted by, and which cells have nothing in them."""
    if column.kind == "number":
        return column.data, np.isnan(column.data)
    if column.kind == "boolean":
        return column.data, column.data < 0
    missing = column.missing if len(column.missing) else np.zeros(len(column.ends), np.bool_)
    if column.kind == "image":  # by nothing but whether there is one
        return np.zeros(len(column.ends)), missing
    return np.array([text.casefold() for text in _texts(column)], np.object_), missing


def _matching(table: Table, text: str) -> NDArray[np.bool_]:
    parts = re.split(r"\s+and\s+", text)
    conditions = [one for part in parts if (one := _condition(table, part)) is not None]
    if len(conditions) == len(parts):
        return np.asarray(np.logical_and.reduce(conditions), np.bool_)
    wanted = text.strip().casefold()
    found = np.zeros(table.rows, np.bool_)
    for column in table.columns:
        if column.kind == "image":
            continue
        shown = _texts(column)
        found |= np.fromiter((wanted in one.casefold() for one in shown), np.bool_, table.rows)
    return found


def _condition(table: Table, text: str) -> NDArray[np.bool_] | None:
    """Return which rows meet a condition, None if it is none on a column of this table."""
    found = _CONDITION.fullmatch(text)
    if found is None:
        return None
    name, sign, value = found.groups()
    column = next((one for one in table.columns if one.name.casefold() == name.casefold()), None)
    if column is None or column.kind == "image":
        return None
    if column.kind == "number":
        try:
            number = float(value)
        except ValueError:
            return None
        return _compared(column.data, sign, number)
    if sign in {"<", ">", "<=", ">="} and column.kind == "boolean":
        return None
    texts = np.array([one.casefold() for one in _texts(column)], np.object_)
    return _compared(texts, sign, value.strip("'\"").casefold())


def _compared(values: NDArray[np.generic], sign: str, to: float | str) -> NDArray[np.bool_]:
    if sign in {"=", "=="}:
        return np.asarray(values == to, np.bool_)
    if sign == "!=":
        return np.asarray(values != to, np.bool_)
    compare = {"<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal}[sign]
    return np.asarray(compare(values, to), np.bool_)


def _texts(column: Column) -> list[str]:
    """Return the cells of a column as they are shown, about."""
    if column.kind == "number":
        return list(map(str, column.data.tolist()))
    if column.kind == "boolean":
        return ["" if one < 0 else "true" if one else "false" for one in column.data.tolist()]
    data, ends = column.data.tobytes(), column.ends.tolist()
    return [data[start:end].decode() for start, end in zip([0, *ends], ends, strict=False)]
