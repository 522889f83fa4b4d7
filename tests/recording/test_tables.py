"""Tables: what is taken, what is refused, and what an event file keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import PIL.Image
import processes
import pyarrow as pa
import pytest
import torch

import nbviz
from nbviz.errors import LoggingError
from nbviz.recording.event_files.messages import media_event
from nbviz.recording.event_files.records import frame
from nbviz.recording.event_files.writer import EventFileWriter
from nbviz.recording.media.png import decode_image
from nbviz.recording.media.tables import Column, Table

if TYPE_CHECKING:
    from pathlib import Path

NASTY = "<script>alert(1)</script>"
NAN = float("nan")


def logged(frame: Any, **options: Any) -> Table:
    run = nbviz.Run("a")
    run.log_table("t", frame, step=1, **options)
    value = run.media["t"][0].value
    assert isinstance(value, Table)
    return value


class Series:
    """A column as polars has it."""

    def __init__(self, name: str, values: list[Any]) -> None:
        self.name = name
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def clone(self) -> Series:
        return Series(self.name, list(self.values))

    def to_numpy(self) -> Any:
        return np.array(self.values)


class PolarsFrame:
    """A frame as polars has it: columns are asked for by `get_columns`."""

    columns = ("a", "b")

    def get_columns(self) -> list[Series]:
        return [Series("a", [1, 2]), Series("b", ["x", "y"])]


FORMS = {
    "pandas": pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    "polars": PolarsFrame(),
    "arrow": pa.table({"a": [1, 2], "b": ["x", "y"]}),
    "columns": {"a": np.array([1, 2]), "b": ["x", "y"]},
    "tensors": {"a": torch.tensor([1, 2]), "b": ("x", "y")},
    "dictionaries": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
    "cells of tensors": [{"a": torch.tensor(1), "b": "x"}, {"a": torch.tensor(2), "b": "y"}],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_table_is_the_same_table(form: str) -> None:
    table = logged(FORMS[form])
    assert table.to_dict() == {"a": [1, 2], "b": ["x", "y"]}
    assert [column.kind for column in table.columns] == ["number", "text"]
    assert table.rows == 2


def test_rows_have_the_names_that_are_given_or_numbers() -> None:
    assert logged([[1, "x"], [2, "y"]], columns=["a", "b"]).to_dict() == {
        "a": [1, 2],
        "b": ["x", "y"],
    }
    assert logged(np.arange(4).reshape(2, 2)).to_dict() == {"0": [0, 2], "1": [1, 3]}
    assert logged(torch.eye(2), columns=["u", "v"]).to_dict() == {"u": [1, 0], "v": [0, 1]}


def test_columns_are_chosen_in_the_order_of_their_names() -> None:
    table = logged(FORMS["pandas"], columns=["b", "a"])
    assert [column.name for column in table.columns] == ["b", "a"]


def test_cells_in_which_there_is_nothing() -> None:
    table = logged(
        pd.DataFrame(
            {
                "whole": pd.array([1, None, 3], dtype="Int64"),
                "text": ["x", None, NASTY],
                "flag": [True, None, False],
                "day": pd.to_datetime(["2024-01-01", None, "2024-02-03"]),
                "kind": pd.Categorical(["u", None, "u"]),
            }
        )
    )
    found = table.to_dict()
    np.testing.assert_equal(found["whole"], [1.0, NAN, 3.0])
    assert found["text"] == ["x", None, NASTY]
    assert found["flag"] == [True, None, False]
    assert found["day"] == ["2024-01-01", None, "2024-02-03"]
    assert found["kind"] == ["u", None, "u"]


def test_keys_that_some_rows_have_not_are_empty_there() -> None:
    found = logged([{"a": 1}, {"b": "x"}]).to_dict()
    np.testing.assert_equal(found, {"a": [1.0, NAN], "b": [None, "x"]})


def test_what_is_neither_number_nor_text_becomes_its_text() -> None:
    found = logged({"x": [1, "a"], "y": [{"k": 1}, None], "z": ["y" * 5000, "\ud800"]}).to_dict()
    assert found["x"] == ["1", "a"]
    assert found["y"] == ["{'k': 1}", None]
    assert found["z"] == ["y" * 1000 + "…", "\\ud800"]
    assert logged({"n": [2**70, 1]}).to_dict()["n"] == [float(2**70), 1.0]


@pytest.mark.filterwarnings("error")
def test_durations_and_complex_numbers_become_their_text() -> None:
    frame = pd.DataFrame(
        {
            "took": pd.to_timedelta([1.5, None, 90_000], "s"),
            "z": np.array([1 + 2j, 3, -1j]),
            "month": pd.period_range("2020-01", periods=3, freq="M"),
        }
    )
    found = logged(frame).to_dict()
    assert found["took"] == ["0:00:01.500000", None, "1 day, 1:00:00"]
    assert found["z"] == ["(1+2j)", "(3+0j)", "(-0-1j)"]
    assert found["month"] == ["2020-01", "2020-02", "2020-03"]
    cells = logged({"z": [1 + 2j, 1], "t": [np.timedelta64(2, "D"), None]}).to_dict()
    assert cells == {"z": ["(1+2j)", "1"], "t": ["2 days", None]}
    assert logged({"y": np.array([3], "m8[Y]")}).to_dict() == {"y": ["3 years"]}


@pytest.mark.parametrize(
    "images",
    [
        torch.rand(2, 3, 100, 150),
        np.zeros((2, 100, 150), np.uint8),
        [PIL.Image.new("RGB", (150, 100)), PIL.Image.new("L", (150, 100))],
        [torch.rand(3, 100, 150), torch.rand(1, 100, 150)],
    ],
    ids=["batch", "grey batch", "Pillow", "tensors"],
)
def test_images_are_kept_as_thumbnails(images: Any) -> None:
    table = logged({"image": images, "n": [1, 2]})
    column = table.columns[0]
    assert column.kind == "image"
    for row in (0, 1):
        small = decode_image(column.bytes_at(row) or b"")
        assert small.shape[:2] == (34, 50)


def test_an_image_may_be_missing() -> None:
    column = logged({"image": [None, np.eye(4)]}).columns[0]
    assert column.bytes_at(0) is None
    assert decode_image(column.bytes_at(1) or b"").shape == (4, 4, 1)


def test_a_table_may_change_after_the_call() -> None:
    run = nbviz.Run("a")
    frame_of = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    column, cells, cell = np.array([1, 2]), ["x", "y"], torch.tensor(5)
    run.log_table("pandas", frame_of, 1)
    run.log_table("columns", {"a": column, "b": cells, "c": [cell, 6]}, 1)
    frame_of.loc[0, "a"], frame_of.loc[0, "b"] = 9.0, "z"
    column[:], cells[0] = 9, "z"
    cell.fill_(9)
    assert run.media["pandas"][0].value.to_dict() == {"a": [1, 2], "b": ["x", "y"]}
    assert run.media["columns"][0].value.to_dict() == {"a": [1, 2], "b": ["x", "y"], "c": [5, 6]}


def test_neither_pandas_nor_polars_is_imported() -> None:
    code = (
        "import sys, nbviz; r = nbviz.Run('a'); r.log_table('t', {'a': [1]}, 1); r.drain_media();"
        "assert not {'pandas', 'polars', 'pyarrow'} & set(sys.modules), 'imported'"
    )
    processes.run(code)


REFUSED = {
    "a number": (3, {}, r"'t' needs a table, got int; give a data frame"),
    "a text": ("abc", {}, "needs a table, got str"),
    "no rows": ([], {}, "a table without rows"),
    "no columns": ({}, {}, "a table without columns"),
    "rows without cells": ([[], []], {}, "rows without cells"),
    "dictionaries without cells": ([{}], {}, "rows without columns"),
    "uneven columns": (
        {"a": [1, 2], "b": [1]},
        {},
        r"columns of different lengths: 'a' has 2, 'b' has 1",
    ),
    "uneven rows": ([[1, 2], [1]], {}, "rows of 1 to 2 cells"),
    "a list of numbers": ([1, 2], {}, r"each row as a dictionary or a list, got int"),
    "too few names": ([[1, 2]], {"columns": ["a"]}, "has 2 columns, but columns= has 1 name;"),
    "an unknown column": (
        {"a": [1]},
        {"columns": ["b"]},
        r"has no column 'b'; there are: a",
    ),
    "names in a text": ([[1]], {"columns": "a"}, "columns= as a list of names"),
    "three axes": (np.zeros((2, 2, 2)), {}, r"shape \(rows, columns\), got \(2, 2, 2\)"),
    "a matrix as a column": (
        {"a": np.zeros((2, 2))},
        {},
        "column 'a' of 't' needs one value a row",
    ),
    "a scalar as a column": ({"a": 3}, {}, "column 'a' of 't' needs one value a row, got int"),
    "mixed images": ({"a": [np.eye(4), "x"]}, {}, "column 'a' of 't'"),
    "a million columns": (np.zeros((1, 1_000_000), np.int8), {}, "at most 500 can be shown"),
    "too many rows": ({"a": np.zeros(1_000_001, np.int8)}, {}, "at most 1,000,000 can be shown"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_table_is_refused_by_name(case: str) -> None:
    given, options, message = REFUSED[case]
    run = nbviz.Run("a")
    with pytest.raises(LoggingError, match=message):
        run.log_table("t", given, step=1, **options)
    assert not run.media


def test_it_is_read_back_from_its_journal(tmp_path: Path) -> None:
    run = nbviz.Run("a", dir=tmp_path, overhead_budget=1)
    for step in (1, 2):
        run.log_table(
            "val/t",
            {
                "n": np.arange(50) * step,
                "f": np.linspace(0, 1, 50),
                "t": [f"ü {NASTY} {row}" if row else None for row in range(50)],
                "b": np.arange(50) % 2 == 0,
                NASTY + "\ud800": torch.rand(50, 8, 8),
            },
            step,
        )
    run.log_table("one", [[1]], 1)
    run.finish()
    opened = nbviz.open_run(tmp_path)
    assert set(opened.media) == {"val/t", "one"}
    for tag, media in run.media.items():
        again = opened.media[tag]
        assert (again.kind, again.steps.tolist()) == ("table", media.steps.tolist())
        for one, other in zip(media, again, strict=True):
            ours, theirs = one.value.to_dict(), other.value.to_dict()
            assert list(ours.values()) == list(theirs.values())
            assert [c.kind for c in one.value.columns] == [c.kind for c in other.value.columns]


NO_ENDS, NONE_MISSING = np.zeros(0, np.int64), np.zeros(0, np.bool_)


@pytest.mark.parametrize(
    "column",
    [
        Column("a", "number", np.zeros(3), NO_ENDS, NONE_MISSING),
        Column("a", "text", np.zeros(3, np.uint8), np.array([1, 9]), NONE_MISSING),
        Column("a", "text", np.full(2, 255, np.uint8), np.array([1, 2]), NONE_MISSING),
        Column("a", "odd", np.zeros(2), NO_ENDS, NONE_MISSING),  # pyright: ignore[reportArgumentType]
    ],
    ids=["rows", "ends", "no UTF-8", "kind"],
)
def test_a_damaged_one_is_left_out_and_counted(tmp_path: Path, column: Column) -> None:
    writer = EventFileWriter(tmp_path, 1.0)
    writer.write(frame([media_event(1.0, 1, "t", Table((column,), 2))]))
    writer.close()
    opened = nbviz.open_run(tmp_path)
    assert not opened.media
    assert any("a table that is damaged" in line.text for line in opened.lines.since(0))
