"""The run table as rows, for Python: what the page shows, in full."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import optional_module
from nbviz.panels.runs.values import COLUMNS, values_of
from nbviz.text import csv_text, encodable_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.recording.recorded_run import RecordedRun

_OF_A_TAG = ("", "step of {}", "lowest {}", "step of lowest {}", "highest {}", "step of highest {}")


def table_of(runs: Sequence[RecordedRun]) -> list[dict[str, Any]]:
    """Return a row for each run: name, state, step, duration, hyper-parameters, values of tags.

    All rows have the same keys in the same order; what a run has not is None. Of each tag there are
    the newest value, under the tag itself, and the lowest and the highest finite one.
    """
    rows = [_row(run) for run in runs]
    names = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in names} for row in rows]


def table_to_pandas(runs: Sequence[RecordedRun]) -> Any:
    """Return the same as a `pandas.DataFrame`.

    Raises:
        MissingDependencyError: pandas is not installed.
    """
    pandas = optional_module("pandas", "all")
    return pandas.DataFrame([encodable_row(row) for row in table_of(runs)])


def table_to_csv(runs: Sequence[RecordedRun], path: str | Path) -> None:
    """Write the same as CSV; a text that a spreadsheet would calculate is written as text."""
    rows = table_of(runs)
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([csv_text(name) for name in (rows[0] if rows else ())])
        for row in rows:
            writer.writerow([_cell(value) for value in row.values()])


def _row(run: RecordedRun) -> dict[str, Any]:
    run.drain()
    progress = run.progress
    row: dict[str, Any] = {
        "run": run.name,
        "state": progress.status,
        "step": progress.step,
        "duration": progress.elapsed_seconds,
        **({} if run.origin is None else {"from": str(run.origin)}),
        **run.hyperparameters.all,
    }
    values = values_of(run)
    values.look_at_all()
    for tag, numbers in zip(values.tags, values.columns(), strict=True):
        for place in range(COLUMNS):
            name = _OF_A_TAG[place].format(tag) or tag
            # A hyper-parameter may be called like a tag: `lr` is what was set first.
            shown = f"{name} (logged)" if name in row else name
            row[shown] = _number(float(numbers[place]), is_step=place % 2 == 1)
    return row


def _number(value: float, *, is_step: bool) -> float | int | None:
    if is_step:
        return None if np.isnan(value) else int(value)
    return value


def _cell(value: Any) -> Any:
    return csv_text(value) if isinstance(value, str) else value
