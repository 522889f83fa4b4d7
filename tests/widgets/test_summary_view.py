"""The summary's widget: its table is that of the model, and its outputs suit every reader."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, get_type_hints

import processes
import pytest
import torch
from torch import nn

import nbviz
from nbviz.inspection.summary import table as summary_table
from nbviz.inspection.summary.table import as_table
from nbviz.protocol.summary import SummaryColumn, SummaryTable

if TYPE_CHECKING:
    from nbviz.widgets.shown_summary import ShownSummary

JUPYTER = ("ipywidgets", "anywidget", "IPython")


def summary() -> ShownSummary:
    model = nn.Sequential(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), nn.Linear(4, 2, bias=False))
    model[1].requires_grad_(requires_grad=False)
    return nbviz.summary(model, torch.zeros(5, 3))


def test_the_table_has_a_cell_and_a_value_for_each_row_and_column() -> None:
    made = summary()
    table = as_table(made)
    assert table.keys() == get_type_hints(SummaryTable).keys()
    assert table["names"] == ["Sequential", "0", "0", "1", "1"]
    assert table["depths"] == [0, 1, 2, 2, 1]
    assert table["open_depth"] == 2
    columns = {column["heading"]: column for column in table["columns"]}
    for column in columns.values():
        assert column.keys() == get_type_hints(SummaryColumn).keys()
        assert len(column["cells"]) == len(column["values"]) == 5
    assert columns["Output"]["values"] == [10, 20, 20, 20, 10]
    assert columns["Parameters"]["values"] == [24, 16, 16, 0, 8]
    assert columns["Trainable"]["cells"] == ["partly", "yes", "yes", "", "no"]
    assert columns["Trainable"]["values"] == [pytest.approx(16 / 24), 1, 1, None, 0]
    assert columns["Mult-adds"]["values"] == [row.mult_adds for row in made.rows]
    assert columns["Time"]["values"] == [row.seconds for row in made.rows]


def test_a_model_of_very_many_calls_is_sent_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary_table, "MOST_ROWS", 4)
    table = as_table(summary())
    assert table["depths"] == [0, 1, 1]
    assert table["open_depth"] == 1
    assert table["totals"][-1].startswith("2 deeper module calls are not shown")


def test_the_view_is_small_and_beside_it_stands_a_table_for_other_readers() -> None:
    made = summary()
    view = made.view
    assert made.view is view
    assert len(json.dumps(view.get_state())) < 60_000  # with its own front end
    picture = view.picture()
    assert picture["text/plain"] == str(made)
    assert f'data-nbviz-static="{view._view_id}"' in picture["text/html"]
    assert "<table>" in picture["text/html"]
    assert made.sorted_by("parameter_count").view is not view
    view.close()


def test_in_a_terminal_it_is_text() -> None:
    from IPython.core.interactiveshell import InteractiveShell

    said = io.StringIO()
    made = summary()
    shell = InteractiveShell.instance()
    try:
        with redirect_stdout(said):
            shell.push({"made": made})
            shell.run_cell("made", store_history=False)
    finally:
        InteractiveShell.clear_instance()
    assert str(made) in said.getvalue()
    assert "SummaryView" not in said.getvalue()


def test_it_needs_no_jupyter() -> None:
    code = f"""
import sys
for name in {JUPYTER}:
    sys.modules[name] = None
import torch, nbviz
print(nbviz.summary(torch.nn.Linear(2, 1), torch.zeros(1, 2)).parameter_count)
"""
    assert processes.run(code).stdout.strip() == "3"
