"""Charts that nbviz draws itself: what their page is given, and what it selects."""

import base64
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_iris
from sklearn.metrics import confusion_matrix

from nbviz import charts
from nbviz.errors import ConfigurationError


def array(text: str, kind: type = np.float64) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


def tell(chart: object, **content: object) -> None:
    """Send what a page would."""
    chart._on_message(chart, json.loads(json.dumps(content)), [])


def test_a_heatmap_has_its_values_and_the_names_of_its_frame() -> None:
    frame = pd.DataFrame([[1, -2], [3, 4], [5, np.nan]], index=["x", "y", "z"], columns=["a", "b"])
    drawn = charts.heatmap(frame)._drawn
    assert array(drawn["values"]["exact"])[:5].tolist() == [1, -2, 3, 4, 5]
    assert (drawn["row_names"], drawn["column_names"]) == (["x", "y", "z"], ["a", "b"])
    assert (drawn["palette"], drawn["low"], drawn["high"]) == ("sign", -5, 5)
    warm = charts.heatmap(torch.tensor([[1000.0, 1010.0]]))._drawn
    assert (warm["palette"], warm["low"], warm["high"]) == ("magnitude", 1000, 1010)


def test_several_in_a_box_share_its_width_as_others_do() -> None:
    drawn, figure = charts.heatmap(np.eye(3)), charts.line([1, 2])
    assert (drawn.layout.width, drawn.layout.min_width) == ("100%", figure.layout.min_width)


def test_a_large_matrix_is_reduced_and_a_cell_selects_all_that_it_stands_for() -> None:
    matrix = np.zeros((10_000, 10_000), np.int8)
    matrix[9_999, 26] = -7
    chart = charts.heatmap(matrix)
    drawn = chart._drawn
    assert (drawn["rows"], drawn["columns"], drawn["block"]) == (400, 400, [25, 25])
    values = drawn["values"]
    cells = values["low"] + array(values["steps"], np.uint16).reshape(400, 400) * values["scale"]
    assert cells[399, 1] == pytest.approx(-7)
    assert len(json.dumps(drawn)) < 500_000
    assert len(chart.drawing()) < 300_000
    tell(chart, kind="cells", **{"from": [399, 1], "to": [399, 1]}, add=False)
    assert (len(chart.selected), chart.selected[0]) == (625, (9_975, 25))
    assert chart._marked == [[399, 1]]
    sent: list[object] = []
    chart.send = lambda content, buffers=None: sent.append(content)
    tell(chart, kind="cells", **{"from": [0, 0], "to": [399, 399]}, add=False)
    assert sent == [{"kind": "refused", "text": "at most 250,000 can be selected"}]
    assert len(chart.selected) == 625


def test_cells_are_added_taken_away_and_cleared() -> None:
    chart = charts.heatmap(np.arange(12).reshape(3, 4))
    seen: list[object] = []
    chart.observe(lambda change: seen.append(change.new), "selected")
    tell(chart, kind="cells", **{"from": [1, 2], "to": [0, 1]}, add=False)
    assert chart.selected == [(0, 1), (0, 2), (1, 1), (1, 2)]
    tell(chart, kind="cells", **{"from": [2, 3], "to": [2, 3]}, add=True)
    tell(chart, kind="cells", **{"from": [0, 1], "to": [1, 1]}, add=True)
    assert chart.selected == [(0, 2), (1, 2), (2, 3)]
    tell(chart, kind="clear")
    assert chart.selected == seen[-1] == []
    chart.selected = [(2, 3), [0, 0]]
    assert (chart.selected, chart._marked) == ([(0, 0), (2, 3)], [[0, 0], [2, 3]])
    with pytest.raises(ConfigurationError, match="pairs of a matrix of 3 × 4, got"):
        chart.selected = [(3, 0)]


def test_what_a_page_sends_can_break_nothing() -> None:
    chart = charts.heatmap([[1, 2], [3, 4]])
    for content in (
        None,
        {},
        {"kind": "cells"},
        {"kind": "cells", "from": ["x", 0], "to": [0, 0]},
        {"kind": "cells", "from": [5, 5], "to": [9, 9]},
        {"kind": "ranges", "ranges": [[0, 1, 2]]},
        {"kind": "box", "box": [0, 1, 0, 1]},
    ):
        chart._on_message(chart, content, [])
    assert chart.selected == []
    lines = charts.parallel({"a": [1, 2]})
    for ranges in ([[7, 0, 1]], [["x", 0, 1]], [[0]], None, [[0, None, 1]]):
        lines._on_message(lines, {"kind": "ranges", "ranges": ranges}, [])
    assert lines.selected == []


def test_a_confusion_matrix_counts_as_scikit_learn_does() -> None:
    rng = np.random.default_rng(0)
    target, score = rng.integers(0, 4, 300), rng.random((300, 4))
    chart = charts.confusion_matrix(torch.tensor(target), torch.tensor(score), labels=list("abcd"))
    counts = array(chart._drawn["values"]["exact"]).reshape(4, 4)
    assert counts.tolist() == confusion_matrix(target, score.argmax(1)).tolist()
    assert (chart._drawn["row_label"], chart._drawn["column_label"]) == ("target", "predicted")
    many = charts.confusion_matrix(np.arange(1000), np.arange(1000))
    assert many._drawn["rows"] <= 400
    with pytest.raises(ConfigurationError, match="at most 10,000 can be shown"):
        charts.confusion_matrix(np.arange(1_000_000), np.arange(1_000_000))
    with pytest.raises(ConfigurationError, match="4 classes, but labels= names 2;"):
        charts.confusion_matrix(target, target, labels=["a", "b"])


def test_a_correlation_is_that_of_pandas() -> None:
    frame = load_iris(as_frame=True).frame.iloc[:, :4].copy()
    frame.iloc[::7, 1] = np.nan
    frame["large"] = 1e9 + frame.iloc[:, 0]
    frame["same"] = 3.3
    frame["word"] = "a"
    drawn = charts.correlation(frame)._drawn
    found = array(drawn["values"]["exact"]).reshape(6, 6)
    wanted = frame.drop(columns="word").corr().to_numpy()
    np.testing.assert_allclose(found[:5, :5], wanted[:5, :5], atol=1e-6)
    assert np.isnan(found[5]).all()
    assert drawn["column_names"][-1] == "same"
    assert (drawn["low"], drawn["high"]) == (-1, 1)


def test_contours_lie_where_the_function_has_their_height() -> None:
    x, y = np.linspace(-2, 2, 41), np.linspace(0, 3, 31)
    z = x**2 + y[:, None]
    chart = charts.contour(x, y, z, levels=[1.0, 2.5], labels=("y", "x"))
    drawn = chart._drawn
    assert (drawn["x"], drawn["y"]) == ((-2.0, 2.0), (0.0, 3.0))
    assert {line["level"] for line in drawn["lines"]} == {1.0, 2.5}
    for line in drawn["lines"]:
        column, row = array(line["points"], np.float32).reshape(-1, 2).T
        heights = (-2 + column * 0.1) ** 2 + row * 0.1
        np.testing.assert_allclose(heights, line["level"], atol=0.01)
    with pytest.raises(ConfigurationError, match="contour needs x that rises evenly"):
        charts.contour(x**3, y, z)


def test_a_drag_over_arrows_selects_those_that_begin_in_it() -> None:
    x, y = np.meshgrid(np.arange(4.0), np.arange(3.0))
    chart = charts.quiver(x, y, -y, x, color=np.hypot(x, y).reshape(-1))
    tell(chart, kind="box", box=[0.5, 2.5, 0.5, 1.5])
    assert (chart.selected, chart._marked) == ([5, 6], [5, 6])
    assert chart._drawn["longest"] == pytest.approx(np.hypot(2, 3))
    grid = charts.quiver(-y, x)
    assert grid._drawn["ends"] == pytest.approx([-0.24, 3.24, -0.16, 2.16])
    with pytest.raises(ConfigurationError, match=r"one shape, got x \(12,\), y \(12,\), u \(3,\)"):
        charts.quiver(x, y, [1, 2, 3], y)


def test_ranges_on_axes_select_rows_also_those_of_no_line() -> None:
    rows = 50_000
    frame = {"value": np.arange(rows), "word": [f"w{at % 3}" for at in range(rows)]}
    chart = charts.parallel(frame, color=frame["word"])
    drawn = chart._drawn
    assert drawn["axes"][1]["words"] == ["w0", "w1", "w2"]
    assert len(array(drawn["rows"], np.uint32)) <= 3010
    assert "of 50,000 rows are drawn" in drawn["remark"]
    tell(chart, kind="ranges", ranges=[[0, 10, 20], [1, 0.6, 1.4]])
    assert chart.selected == [10, 13, 16, 19]
    chart.selected = [49_999]
    places = array(drawn["rows"], np.uint32)
    assert places[chart._marked].tolist() == [49_999]


@pytest.mark.parametrize(
    "chart",
    [
        lambda: charts.heatmap([[float("nan")]]),
        lambda: charts.correlation([[1.0], [float("nan")]]),
        lambda: charts.contour(np.full((2, 2), np.nan)),
        lambda: charts.quiver([float("inf")], [0], [1], [1]),
        lambda: charts.parallel({"a": [float("nan")], "b": [None]}),
    ],
)
def test_one_row_and_nothing_finite_are_a_sane_picture(chart: object) -> None:
    made = chart()
    assert "nan" not in made.drawing().lower()
    json.dumps(made._drawn, allow_nan=False)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: charts.heatmap([]), r"shape \(rows, columns\), got \(0,\)"),
        (lambda: charts.heatmap(np.zeros((0, 3))), "nothing to draw"),
        (lambda: charts.heatmap([[1, 2, 3]], labels=["a"]), r"labels=\(row_names, column_names\)"),
        (lambda: charts.heatmap(np.zeros((3, 20_000, 20_000), np.int8)), "at most 200,000,000"),
        (lambda: charts.contour([[1, 2, 3]]), "at least 2 rows and 2 columns"),
        (lambda: charts.quiver([1], [2]), r"u of shape \(rows, columns\)"),
        (lambda: charts.parallel({"a": [1], "b": [1, 2]}), "different lengths: 'a' has 1, 'b' has"),
        (lambda: charts.parallel({}), "without columns"),
        (lambda: charts.parallel(SimpleNamespace()), "that numpy cannot read"),
        (lambda: charts.correlation({"a": ["x", "y"]}), "without a column of numbers"),
    ],
)
def test_bad_input_is_refused_with_its_value_and_what_to_do(call: object, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        call()
