"""The points of a run in the order of its tags, as tables have them."""

from __future__ import annotations

import csv
import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nbviz.errors import optional_module
from nbviz.text import csv_text, encodable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from nbviz.recording.recorded_run import RecordedRun

COLUMNS = ("tag", "segment", "step", "wall_time", "value")
_PART = 65_536  # points taken at once


class Rows(NamedTuple):
    """Some points of one segment of a tag; wall times are seconds since the run's start."""

    tag: str
    segment: int
    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    values: NDArray[np.float64]


def rows_of(run: RecordedRun) -> Iterator[Rows]:
    """Yield all points of a run: tag by tag, each segment in the order of its steps.

    A point that came late by itself stands in a part of its own, after the segments.
    """
    for tag in run:
        series = run[tag]
        for number, segment in enumerate(series.segments):
            for start in range(0, len(segment), _PART):
                yield Rows(tag, number, *segment.slice(start, start + _PART))
        last = len(series.segments) - 1
        for point in series.strays:
            step = np.array([point.step], np.int64)
            yield Rows(tag, last, step, np.array([point.wall_time]), np.array([point.value]))


def write_csv(run: RecordedRun, path: str | Path) -> None:
    """Write all points as CSV with a header."""
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for rows in rows_of(run):
            tag = csv_text(rows.tag)
            columns = zip(
                rows.steps.tolist(), rows.wall_times.tolist(), rows.values.tolist(), strict=True
            )
            writer.writerows((tag, rows.segment, *columns_of) for columns_of in columns)


def write_parquet(run: RecordedRun, path: str | Path) -> None:
    """Write all points as Parquet, part by part.

    Raises:
        MissingDependencyError: pyarrow is not installed.
    """
    arrow = optional_module("pyarrow", "all")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    names = arrow.dictionary(arrow.int32(), arrow.string())
    types = (names, arrow.int32(), arrow.int64(), arrow.float64(), arrow.float64())
    about = {"name": run.name, "hparams": run.hparams}
    schema = arrow.schema(
        list(zip(COLUMNS, types, strict=True)), metadata={"nbviz": json.dumps(about)}
    )
    with parquet.ParquetWriter(str(path), schema) as writer:
        for rows in rows_of(run):
            count = len(rows.steps)
            name = encodable(rows.tag)
            tag = arrow.DictionaryArray.from_arrays(np.zeros(count, np.int32), [name])
            columns = [tag, np.full(count, rows.segment, np.int32), *rows[2:]]
            writer.write_table(
                arrow.Table.from_arrays([arrow.array(one) for one in columns], schema=schema)
            )
