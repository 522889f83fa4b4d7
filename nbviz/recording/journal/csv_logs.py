"""Runs that were logged as CSV: Lightning's `metrics.csv`, and what other libraries write like it.

The first line has the names. A column of steps, or else of epochs, says where each row belongs;
cells that are empty have no point. What `Run.to_csv` writes is read, too.
"""

from __future__ import annotations

import csv
import time
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from nbviz.errors import MissingDependencyError, describe, optional_module
from nbviz.recording.event_files.batch import Batch, Points
from nbviz.recording.hyperparameters import read_config
from nbviz.recording.outward.rows import COLUMNS
from nbviz.recording.scalars.inputs import MOST_STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

ENDING = ".csv"
_LIGHTNINGS = "metrics.csv"
_PARAMETERS = "hparams.yaml"
_STEPS = ("step", "global_step", "trainer/global_step", "_step", "iteration", "iter", "epoch")
_TIMES = ("wall_time", "timestamp", "_timestamp")
_DELIMITERS = ",;\t"
_SETTLED_SECONDS = 5.0  # after which a last line without an end is taken to be complete
_MOST_LOOKED_AT = 50  # files of a folder
_HEAD_BYTES = 1 << 16
_ROWS = 65_536  # taken at once
_LONGEST = 1_000_000  # bytes of a line
_MOST_PARAMETERS = 10_000  # lists and mappings counted with what is in them, as often as it is
_YEAR_1973 = 1e8  # Unix seconds: a smaller number is no time of day
_TRUTHS = {"true": 1.0, "false": 0.0}


def is_csv(path: Path) -> bool:
    """Whether a file is named as a CSV file."""
    return path.suffix.lower() == ENDING


def csv_logs(folder: Path) -> list[Path]:
    """Return the CSV files of a folder that are logs: Lightning's alone, where it is there."""
    if (folder / _LIGHTNINGS).is_file():
        return [folder / _LIGHTNINGS]
    found = sorted(islice(folder.glob(f"*{ENDING}"), _MOST_LOOKED_AT))
    return [file for file in found if file.is_file() and _looks_like_log(file)]


def folders_with_logs(path: Path) -> set[Path]:
    """Return the folders below a directory that have such files in them."""
    folders = {file.parent for file in path.rglob(f"*{ENDING}")} - {path}
    return {folder for folder in folders if csv_logs(folder)}


def _looks_like_log(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            names = _Columns(file.readline(_HEAD_BYTES)).names
    except OSError:
        return False
    return len(names) > 1 and (tuple(names) == COLUMNS or any(one in _STEPS for one in names))


class CsvReader:
    """Reads what is new in a CSV file each time it is asked, as `EventFileReader` does.

    Lightning writes the file anew once a metric comes that it has no column for; the rows that were
    there stay in their order.

    Args:
        path: The file.

    Attributes:
        position: How many bytes have been read.
        waiting: None: what is not complete is no damage here.
    """

    waiting = 0

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = 0
        self._rows: int = 0
        self._head = b""
        self._knows_parameters = False

    def read_parts(self, upto: int | None = None) -> Iterator[Batch]:
        """Yield what is new.

        Args:
            upto: Taken, and not needed: there is no second reading.

        Raises:
            OSError: The file cannot be read.
        """
        del upto
        stat = self.path.stat()
        with self.path.open("rb") as file:
            head = file.readline(_LONGEST)
            if len(head) == _LONGEST and self._head != head:
                self._head = head
                reason = f"a first line of a CSV file that is longer than {_LONGEST:,} bytes"
                yield Batch(first_wall_time=stat.st_mtime, left_out=Counter({reason: 1}))
            if not head.endswith(b"\n"):
                return
            is_shorter = head == self._head and stat.st_size < self.position
            known = 0 if is_shorter else self._rows
            begin = self.position if head == self._head and not is_shorter else len(head)
            columns, is_settled = _Columns(head), time.time() - stat.st_mtime >= _SETTLED_SECONDS
            file.seek(begin)
            lines = _Lines(file, begin, is_settled=is_settled)
            rows = _rows(lines, columns)
            if head != self._head and sum(1 for _ in islice(rows, known)) < known:
                return  # it is being written anew
            self._head, self._rows, self.position = head, known, lines.position
            if not self._knows_parameters:
                self._knows_parameters = True
                yield self._parameters(stat.st_mtime)
            if is_shorter:
                yield Batch(restart=0, first_wall_time=stat.st_mtime)
            while part := list(islice(rows, _ROWS)):
                batch = columns.batch(part, self._rows, stat.st_mtime)
                self._rows += len(part)
                self.position = lines.position
                batch.left_out += lines.left_out
                lines.left_out.clear()
                yield batch
            self.position = lines.position
            if lines.left_out:
                yield Batch(first_wall_time=stat.st_mtime, left_out=lines.left_out)

    def _parameters(self, wall_time: float) -> Batch:
        batch = Batch(first_wall_time=wall_time)
        path = self.path.parent / _PARAMETERS
        if not path.is_file():
            return batch
        try:
            yaml: Any = optional_module("yaml", "all")
            with path.open("rb") as file:
                text = file.read(_LONGEST + 1)
            values: Any = (yaml.safe_load(text) or {}) if len(text) <= _LONGEST else None
            if values is None or not _is_small(values):
                batch.left_out[f"{path.name}, which is too large"] += 1
            else:
                batch.hparams = read_config(values)
        except MissingDependencyError:
            batch.left_out[f"{path.name}, which PyYAML reads (pip install pyyaml)"] += 1
        except Exception as error:  # noqa: BLE001  objects of Python's, which are not made
            batch.left_out[f"{path.name}, which is no plain YAML ({describe(error)})"] += 1
        return batch


class _Lines:
    """The lines of a file from where it stands, but for a last one that may go on.

    Args:
        file: The file.
        position: Where it stands.
        is_settled: Whether a last line without an end is complete.

    Attributes:
        position: The first byte that was not taken.
        left_out: What cannot be read, and how often it was found.
    """

    def __init__(self, file: BinaryIO, position: int, *, is_settled: bool) -> None:
        self._file = file
        self._is_settled = is_settled
        self.position = position
        self.left_out: Counter[str] = Counter()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        while len(line := self._file.readline(_LONGEST)) == _LONGEST and line[-1:] != b"\n":
            self.left_out[f"lines of a CSV file longer than {_LONGEST:,} bytes"] += 1
            while line and line[-1:] != b"\n":
                self.position += len(line)
                line = self._file.readline(_LONGEST)
            self.position += len(line)
        if not line or not (self._is_settled or line.endswith(b"\n")):
            raise StopIteration
        self.position += len(line)
        return line.decode(errors="replace")


def _rows(lines: _Lines, columns: _Columns) -> Iterator[list[str]]:
    reader = csv.reader(lines, delimiter=columns.delimiter)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.left_out[f"lines of a CSV file ({error})"] += 1
            continue
        if len(row) != len(columns.names) and any("\n" in text for text in row):
            # A quote that none ends took in the lines below it.
            text = columns.delimiter.join(row).splitlines()
            yield from csv.reader(text, delimiter=columns.delimiter, quoting=csv.QUOTE_NONE)
        elif row:
            yield row


class _Columns:
    """The columns that a first line names."""

    def __init__(self, head: bytes) -> None:
        text = _text(head).strip("\r\n")
        self.delimiter = max(_DELIMITERS, key=text.count)
        try:
            given = next(csv.reader([text], delimiter=self.delimiter), list[str]())
        except csv.Error:  # a carriage return in it, or a name of 131,072 characters
            given = list[str]()
        self.given = _distinct([name.strip() for name in given])
        self.names = [name.lower() for name in self.given]
        self._step = next((self.names.index(one) for one in _STEPS if one in self.names), None)
        self._time = next((self.names.index(one) for one in _TIMES if one in self.names), None)

    def batch(self, rows: Sequence[Sequence[str]], before: int, wall_time: float) -> Batch:
        """Return the points of rows, `before` of which came earlier."""
        if tuple(self.names) == COLUMNS:
            return _of_points(rows, wall_time)
        batch = Batch(first_wall_time=wall_time)
        steps = self._steps_of(rows, before)
        times = np.full(len(rows), wall_time)
        if self._time is not None:
            given = _numbers(rows, self._time)
            times = np.where(given > _YEAR_1973, given, times)
        for place, name in enumerate(self.given):
            if place in (self._step, self._time) or not name:
                continue
            texts = [row[place] if place < len(row) else "" for row in rows]
            values = _numbers_of(texts)
            none = [
                at for at in np.flatnonzero(np.isnan(values)).tolist() if not _is_nan(texts[at])
            ]
            where = np.setdiff1d(np.arange(len(rows)), none)
            if said := sum(bool(texts[at].strip()) for at in none):
                batch.left_out[f"texts in the column {name!r} of a CSV file"] += said
            if len(where):
                batch.points[name] = Points(steps[where], times[where], values[where])
        return batch

    def _steps_of(self, rows: Sequence[Sequence[str]], before: int) -> NDArray[np.int64]:
        counted = np.arange(before + 1, before + 1 + len(rows))
        if self._step is None:
            return counted
        given = _numbers(rows, self._step)
        known = np.isfinite(given) & (given >= 0) & (given < MOST_STEPS)
        return np.where(known, np.where(known, given, 0), counted).astype(np.int64)


def _distinct(names: Sequence[str]) -> list[str]:
    """Return names with a number where one stands a second time."""
    seen: Counter[str] = Counter()
    found: list[str] = []
    for name in names:
        seen[name] += 1
        found.append(f"{name} ({seen[name]})" if name and seen[name] > 1 else name)
    return found


def _is_small(values: object) -> bool:
    """Whether there are few parameters: an alias of YAML may stand for a thousand others."""
    count, rest = 0, [values]
    while rest and count <= _MOST_PARAMETERS:
        value = rest.pop()
        count += 1
        if isinstance(value, dict):
            rest += cast("dict[Any, Any]", value).values()
        elif isinstance(value, list | tuple | set):
            rest += cast("list[Any]", value)
    return not rest


def _of_points(rows: Sequence[Sequence[str]], wall_time: float) -> Batch:
    """Return what `Run.to_csv` wrote; its times are seconds since the run began."""
    batch = Batch(first_wall_time=wall_time)
    whole = [row for row in rows if len(row) == len(COLUMNS)]
    steps, seconds, values = (_numbers(whole, place) for place in (2, 3, 4))
    good = np.isfinite(steps) & (steps >= 0) & (steps < MOST_STEPS)
    places: dict[str, list[int]] = {}
    for place in np.flatnonzero(good).tolist():
        places.setdefault(whole[place][0], []).append(place)
    for tag, at in places.items():
        times = wall_time + np.nan_to_num(seconds[at])
        batch.points[tag] = Points(steps[at].astype(np.int64), times, values[at])
    return batch


def _numbers(rows: Sequence[Sequence[str]], place: int) -> NDArray[np.float64]:
    return _numbers_of([row[place] if place < len(row) else "" for row in rows])


def _numbers_of(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return numbers; NaN for what is none."""
    try:
        return np.array(list(map(float, texts)))
    except ValueError:
        return np.array([_number(text) for text in texts])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return _TRUTHS.get(text.strip().lower(), np.nan)


def _is_nan(text: str) -> bool:
    return text.strip().lstrip("+-").lower() == "nan"


def _text(data: bytes) -> str:
    return data.decode("utf-8-sig", errors="replace")
