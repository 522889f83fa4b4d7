"""A series as a table: numpy, pandas, CSV, Parquet."""

from __future__ import annotations

import csv
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nbviz.errors import optional_module

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Table(Protocol):
    """What has points: a series, or a segment of it."""

    def __len__(self) -> int: ...

    def slice(
        self, start: int, stop: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Return steps, wall times and values by index."""
        ...


_COLUMNS = ("step", "wall_time", "value")
_PART = 65_536  # points written at once


def to_numpy(series: Table) -> NDArray[Any]:
    """Return all points as a structured array with fields step, wall_time and value."""
    columns = series.slice(0, len(series))
    table = np.empty(len(columns[0]), dtype=[("step", "i8"), ("wall_time", "f8"), ("value", "f8")])
    for name, column in zip(_COLUMNS, columns, strict=True):
        table[name] = column
    return table


def to_pandas(series: Table) -> Any:
    """Return all points as a `pandas.DataFrame`."""
    pandas: Any = optional_module("pandas", "all")
    columns = series.slice(0, len(series))
    return pandas.DataFrame(dict(zip(_COLUMNS, columns, strict=True)))


def to_csv(series: Table, path: str | Path) -> None:
    """Write all points as CSV with a header."""
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for start in range(0, len(series), _PART):
            columns = series.slice(start, start + _PART)
            writer.writerows(zip(*(column.tolist() for column in columns), strict=True))


def to_parquet(series: Table, path: str | Path) -> None:
    """Write all points as Parquet."""
    pyarrow: Any = optional_module("pyarrow", "all")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    columns = series.slice(0, len(series))
    parquet.write_table(pyarrow.table(dict(zip(_COLUMNS, columns, strict=True))), str(path))
