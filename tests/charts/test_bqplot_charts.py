"""Charts that bqplot draws: what their marks show, how they are selected and updated."""

import tracemalloc

import bqplot
import ipywidgets
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_iris
from sklearn.metrics import average_precision_score, roc_auc_score

from nbviz import charts
from nbviz.errors import ConfigurationError


@pytest.fixture(scope="module")
def iris() -> pd.DataFrame:
    frame = load_iris(as_frame=True).frame
    return frame.rename(columns=lambda name: name.replace(" (cm)", ""))


class Polars:
    """A table as polars has them, which is not installed here."""

    class Series:
        def __init__(self, name: str, values: list[float]) -> None:
            self.name, self._values = name, values

        def to_numpy(self) -> np.ndarray:
            return np.array(self._values)

    columns = ["a", "b"]

    def get_columns(self) -> list[Series]:
        return [self.Series("a", [1.0, 2.0]), self.Series("b", [3.0, 4.0])]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ([[1, 3], [2, 4]], []),
        (np.array([[1, 3], [2, 4]], np.uint8), []),
        (torch.tensor([[1.0, 3.0], [2.0, 4.0]], dtype=torch.bfloat16, requires_grad=True), []),
        (pd.DataFrame({"a": [1, 2], "b": [3, 4]}), ["a", "b"]),
        (Polars(), ["a", "b"]),
        ({"a": torch.tensor([1, 2]), "b": (3, 4)}, ["a", "b"]),
    ],
)
def test_numbers_come_from_whatever_holds_them(given: object, names: list[str]) -> None:
    (lines,) = charts.line(given).marks
    assert lines.y.tolist() == [[1, 2], [3, 4]]
    assert lines.labels == names


def test_labels_title_and_color_mean_the_same_in_all(iris: pd.DataFrame) -> None:
    score = np.clip(iris["sepal length"] / 8, 0, 1)
    options = {"title": "a title", "color": "tomato"}
    made = [
        charts.line(score, **options),
        charts.stem(score, **options),
        charts.scatter(iris["sepal length"], iris["petal length"], **options),
        charts.bar([1, 2], labels=["x", "y"], **options),
        charts.histogram(score, **options),
        charts.pie([1, 2], labels=["x", "y"], **options),
        charts.boxplot(score, labels=["x"], **options),
        charts.pr_curve(iris["target"] > 0, score, **options),
        charts.roc_curve(iris["target"] > 0, score, **options),
        charts.heatmap([[1, 2], [3, 4]], labels=["x", "y"], **options),
        charts.confusion_matrix([0, 1], [0, 1], labels=["x", "y"], **options),
        charts.correlation(iris, **options),
        charts.contour([[1, 2], [3, 4]], labels=["x", "y"], **options),
        charts.quiver([[1, 2], [3, 4]], [[1, 2], [3, 4]], labels=["x", "y"], **options),
        charts.parallel(iris, **options),
    ]
    box = ipywidgets.VBox(made)
    for chart in box.children:
        assert "tomato" not in chart.drawing()
        assert ">a title</text>" in chart.drawing()
        assert chart.selected == []
        is_cells = chart.kind in {"heatmap", "confusion matrix", "correlation", "contour"}
        assert is_cells or "#ff6347" in chart.drawing(), chart.kind
        with pytest.raises(ConfigurationError, match="does not know the colour 'url"):
            chart.update(color="url(http://x)")
        if chart.kind != "confusion matrix":  # which may have classes without samples
            with pytest.raises(ConfigurationError, match="labels= has 9 names"):
                chart.update(labels=list("abcdefghi"))


def test_ticks_are_round_and_names_can_be_read() -> None:
    x = np.arange(1, 181)
    chart = charts.line(x, np.cos(x))
    assert chart.axes[0].tick_values.tolist() == [0, 50, 100, 150]
    with chart._scales["x"].hold_sync():  # as a page does that zooms in
        chart._scales["x"].min, chart._scales["x"].max = 30.9, 89.1
    assert chart.axes[0].tick_values.tolist() == [40, 60, 80]
    chart.update([0.001, 0.002, 0.003], [1, 2, 3])
    assert chart.axes[0].tick_values.tolist() == [0.001, 0.0015, 0.002, 0.0025, 0.003]
    curve = charts.roc_curve([0, 1, 1, 0], [0.1, 0.5, 0.9, 0.6])
    assert curve.axes[0].tick_values.tolist() == [0, 0.2, 0.4, 0.6, 0.8, 1]
    digits = charts.bar([str(digit) for digit in range(10)], np.ones(10))
    assert list(digits.axes[0].tick_labels.values()) == [str(digit) for digit in range(10)]
    words = charts.bar([f"class number {at}" for at in range(40)], np.ones(40))
    shown = list(words.axes[0].tick_labels.values())
    assert 2 <= len(shown) <= 8
    assert all(len(name) >= 5 for name in shown)
    assert words.axes[0].num_ticks is None  # else bqplot leaves out some of those


def test_a_drag_over_points_selects_input_rows(iris: pd.DataFrame) -> None:
    chart = charts.scatter(iris["sepal length"], iris["petal length"], color=iris["target"])
    first, second, third = chart.marks
    assert [len(mark.x) for mark in chart.marks] == [50, 50, 50]
    second.selected = np.array([3, 0], np.uint32)
    assert chart.selected == [50, 53]
    third.selected = np.array([49], np.uint32)
    assert chart.selected == [50, 53, 149]
    chart.selected = [7, 149, 7]
    assert chart.selected == [7, 149]
    assert (first.selected.tolist(), second.selected, third.selected.tolist()) == ([7], None, [49])
    with pytest.raises(ConfigurationError, match="the row 150, and the chart has the rows 0"):
        chart.selected = [150]


def test_a_box_selects_rows_that_a_sample_left_out() -> None:
    x, y = np.random.default_rng(1).normal(size=(2, 100_000))
    chart = charts.scatter(x, y)
    assert sum(len(mark.x) for mark in chart.marks) == 8000
    chart.interaction.selected = np.array([[-0.5, 0.0], [0.5, 1.0]])
    wanted = np.flatnonzero((abs(x) <= 0.5) & (y >= 0) & (y <= 1))
    assert chart.selected == wanted.tolist()


def test_a_long_curve_keeps_every_extreme_and_each_row_has_a_point() -> None:
    y = np.sin(np.arange(200_000) / 2e4)
    y[[123_456, 177_777]] = 40, -40
    y[5000] = np.nan
    chart = charts.line(y)
    (lines,) = chart.marks
    assert len(lines.x) <= 4010
    assert (np.nanmax(lines.y), np.nanmin(lines.y)) == (40, -40)
    assert np.isnan(lines.y).sum() == 1
    lines.selected = np.arange(len(lines.x), dtype=np.uint32)
    assert len(chart.selected) == 200_000
    lines.selected = np.flatnonzero(lines.y == 40).astype(np.uint32)
    assert 123_456 in chart.selected


def test_a_bin_selects_the_rows_whose_values_it_counts() -> None:
    values = torch.tensor([0.0, 0.1, 0.5, 1.0, float("nan"), float("inf")])
    chart = charts.histogram(values, bins=2)
    (bars,) = chart.marks
    assert np.asarray(bars.y).tolist() == [2, 2]
    bars.selected = np.array([1], np.uint32)
    assert chart.selected == [2, 3]
    assert "2 values are NaN, infinite or outside" in chart.drawing()
    groups = charts.histogram({"a": [0, 1, 1], "b": [1, 1, 0]}, bins=[0, 0.5, 1])
    assert groups.marks[0].y.tolist() == [[1, 2], [1, 2]]
    groups.marks[0].selected = np.array([0], np.uint32)
    assert groups.selected == [0, 2]
    assert groups.marks[0].selected.tolist() == [0]


def test_words_are_counted_and_thousands_of_them_grouped() -> None:
    pets = charts.bar(["dog", "cat", "dog"])
    assert pets.marks[0].y.tolist() == [1, 2]
    pets.marks[0].selected = np.array([1], np.uint32)
    assert pets.selected == [0, 2]
    words = [f"word {at % 20_000}" for at in range(60_000)]
    pie = charts.pie(words)
    assert (len(pie.marks[0].sizes), pie.marks[0].sizes.sum()) == (20, 60_000)
    assert pie.marks[0].labels[-1] == "19,981 others 100%"
    pie.selected = [59_999]
    assert len(charts.bar(words).marks[0].y) == 40


def test_boxes_have_the_quartiles_of_their_classes(iris: pd.DataFrame) -> None:
    values, classes = iris["sepal width"], iris["target"]
    chart = charts.boxplot(values, by=classes, labels=["setosa", "versicolor", "virginica"])
    boxes, columns, dots = chart.marks
    for at in range(3):
        own = values[classes == at]
        assert boxes.y[at][1:4].tolist() == pytest.approx(np.percentile(own, [25, 50, 75]))
    columns.selected = np.array([2], np.uint32)
    assert chart.selected == list(range(100, 150))
    columns.selected, dots.selected = None, np.array([0], np.uint32)
    (row,) = chart.selected
    assert values[row] == dots.y[0]


def test_curves_of_scores_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    target = rng.random(800) < 0.3
    score = np.clip(target * 0.2 + rng.random(800) * 0.8, 0, 1)
    precise = charts.pr_curve(torch.tensor(target), torch.tensor(score))
    assert precise.marks[0].labels == [
        f"AP {average_precision_score(target, score):.4f}".rstrip("0")
    ]
    roc = charts.roc_curve(target, score)
    assert roc.marks[1].labels == [f"AUC {roc_auc_score(target, score):.4f}".rstrip("0")]
    recall = precise.marks[0].x
    precise.marks[0].selected = np.flatnonzero(recall <= recall[4]).astype(np.uint32)
    chosen = np.sort(np.argsort(-score)[: len(precise.selected)])
    assert precise.selected == chosen.tolist()
    probabilities = rng.dirichlet(np.ones(3), 50)
    many = charts.roc_curve(rng.integers(0, 3, 50), probabilities, labels=["a", "b", "c"])
    assert [mark.labels[0].split()[0] for mark in many.marks] == ["chance", "a", "b", "c"]


def test_an_update_goes_into_the_same_marks_or_changes_nothing() -> None:
    chart = charts.line([1, 2, 3], title="loss")
    (lines,) = chart.marks
    chart.selected = [0, 2]
    changed: list[object] = []
    chart.observe(lambda change: changed.append(change.new), "selected")
    assert chart.update([4.0, 5.0]) is chart
    assert chart.marks == [lines]
    assert (lines.y.tolist(), chart.title) == ([4, 5], "loss")
    assert (chart.selected, changed) == ([0], [[0]])
    with pytest.raises(ConfigurationError, match="as many x as y, got 3 and 2"):
        chart.update([1, 2, 3], [1, 2])
    assert (lines.y.tolist(), chart.title) == ([4, 5], "loss")
    scatter = charts.scatter([1, 2], [1, 2])
    (before,) = scatter.marks
    scatter.update(color=["red", "blue"])
    assert len(scatter.marks) == 2
    assert before.comm is None
    shown = ipywidgets.interactive(lambda bins: chart.update(np.arange(bins)), bins=(2, 9))
    shown.children[0].value = 7
    assert lines.y.tolist() == list(range(7))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: charts.line([]), "without rows"),
        (charts.line, "takes y, or x and y, got 0"),
        (lambda: charts.line([1, 2], [1]), "as many x as y"),
        (lambda: charts.line([[1], [1, 2]]), "rows need the same length"),
        (lambda: charts.line(["a", "b"]), "dtype"),
        (lambda: charts.line(torch.zeros(2, dtype=torch.complex64)), r"draw \.abs\(\) of it"),
        (lambda: charts.line(torch.zeros(3, device="meta")), "without values"),
        (lambda: charts.line(np.zeros((2, 1000))), "at most 200 curves"),
        (lambda: charts.scatter([1, 2, 3]), "needs points with two columns"),
        (lambda: charts.scatter([1, 2], [1, 2], color=[1, 2, 3]), "color= has 3 values"),
        (lambda: charts.bar(np.zeros(1_000_000)), "at most 1,000 bars"),
        (lambda: charts.pie([1, -1]), "finite sizes from 0 on, got -1"),
        (lambda: charts.histogram([1, 2], bins=0), "bins must be from 1 to 1,000, got 0"),
        (lambda: charts.histogram([1], bins=[1, 0]), "edges that rise"),
        (lambda: charts.boxplot([1, 2], by=["a"]), "by= has 1"),
        (lambda: charts.pr_curve([0, 1], [0.1]), "scores of shape"),
        (lambda: charts.roc_curve([], []), "nothing to draw"),
        (lambda: charts.line([1], title=3), "title= as a text"),
        (lambda: charts.line("a text"), "the text 'a text'"),
    ],
)
def test_bad_input_is_refused_with_its_value_and_what_to_do(call: object, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        call()


@pytest.mark.parametrize(
    "draw",
    [charts.line, charts.stem, charts.bar, charts.boxplot, charts.scatter, charts.correlation],
)
def test_a_matrix_that_cannot_be_drawn_is_refused_before_it_is_read(draw: object) -> None:
    matrix = np.broadcast_to(np.uint8(1), (10_000, 10_000))
    tracemalloc.start()
    try:
        with pytest.raises(ConfigurationError, match="10,000"):
            draw(matrix)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "values",
    [[3], [float("nan")] * 3, [float("inf"), 1, float("-inf")], [1.7e308, -1.7e308, 0]],
)
def test_one_point_and_nothing_finite_are_a_sane_picture(values: list[float]) -> None:
    pairs = list(zip(values, values, strict=True))
    for chart in (
        charts.line(values),
        charts.stem(values),
        charts.scatter(pairs),
        charts.bar(values),
        charts.histogram(values),
        charts.boxplot(values),
    ):
        assert chart.picture()["image/png"]
        drawing = chart.drawing()
        assert "nan" not in drawing.lower().replace("values are nan", "")
        assert len(drawing) < 20_000
        if not np.isfinite(values).any() and chart.kind != "histogram":
            assert "nothing finite to draw" in drawing


def test_a_legend_lies_where_the_least_is_drawn() -> None:
    rising = np.linspace(0, 1, 60)
    kinds = ["a", "b"] * 30
    assert charts.scatter(rising, rising, color=kinds).legend_location == "top-left"
    assert charts.scatter(rising, -rising, color=kinds).legend_location == "top-right"
    falling_last = charts.bar([[1.0, 0.9], [0.2, 0.2], [0.9, 1.0]], labels=["a", "b"])
    assert falling_last.legend_location == "top"
    huge = charts.line({"a": [1.7e308, -1.7e308], "b": [float("nan"), float("inf")]})
    assert huge.legend_location in {"top-right", "top-left", "bottom-right", "bottom-left"}


def test_names_with_html_stay_text() -> None:
    evil = "<img src=x onerror=alert(1)>"
    chart = charts.line({evil: [1, 2], "b": [1, 2]}, title=evil)
    assert "<img" not in chart.drawing()
    assert "&lt;img src=x" in chart.drawing()
    assert chart.marks[0].labels[0].startswith("<img src=x")  # bqplot writes text


def test_all_parts_answer_while_a_cell_is_busy() -> None:
    chart = charts.scatter([1, 2], [1, 2])
    assert isinstance(chart.interaction, bqplot.interacts.BrushSelector)
    for part in (chart, *chart.marks, chart.interaction):
        route = getattr(part.comm, "_reply_subshell_for", None)
        assert route is None or route({"any": 1}, "default") == "default"
