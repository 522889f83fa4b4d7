"""What users give to charts by mistake, or as their libraries have it: refused, or drawn."""

import itertools
import warnings
from collections.abc import Callable, Iterator
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import torch

from nbviz import charts
from nbviz.errors import ConfigurationError

LABELLED: dict[str, Callable[..., object]] = {
    "line": lambda **options: charts.line([1, 2, 3], **options),
    "scatter": lambda **options: charts.scatter([1, 2, 3], [1, 2, 3], **options),
    "stem": lambda **options: charts.stem([1, 2, 3], **options),
    "bar": lambda **options: charts.bar([1, 2, 3], **options),
    "histogram": lambda **options: charts.histogram([1, 2, 3], **options),
    "heatmap": lambda **options: charts.heatmap(np.eye(3), **options),
    "pie": lambda **options: charts.pie([1, 2, 3], **options),
    "boxplot": lambda **options: charts.boxplot([1, 2, 3], **options),
    "contour": lambda **options: charts.contour(np.eye(3), **options),
    "quiver": lambda **options: charts.quiver(np.eye(3), np.eye(3), **options),
    "pr_curve": lambda **options: charts.pr_curve([0, 1, 1], [0.1, 0.5, 0.9], **options),
    "roc_curve": lambda **options: charts.roc_curve([0, 1, 1], [0.1, 0.5, 0.9], **options),
    "confusion_matrix": lambda **options: charts.confusion_matrix([0, 1], [1, 1], **options),
    "correlation": lambda **options: charts.correlation(np.eye(3), **options),
    "parallel": lambda **options: charts.parallel(np.eye(3), **options),
}


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ResourceWarning)  # of files that other tests have left
        yield


@pytest.mark.parametrize("kind", LABELLED)
def test_labels_that_are_no_list_are_refused(kind: str) -> None:
    draw = LABELLED[kind]
    for labels in (3, np.array(3), {"a": 1}, {"a"}, torch.empty(3, device="meta"), np):
        with pytest.raises(ConfigurationError, match="needs labels= as a list of names, got"):
            draw(labels=labels)
    with pytest.raises(ConfigurationError, match=r"labels= has more names|at most 10,000"):
        draw(labels=map(str, itertools.count()))  # without an end


@pytest.mark.parametrize("kind", LABELLED)
def test_colors_that_are_none_are_refused(kind: str) -> None:
    draw = LABELLED[kind]
    for color in (3, np.array(3), {"a": 1}, torch.empty(3, device="meta")):
        with pytest.raises(ConfigurationError, match="colo"):
            draw(color=color)


def test_what_is_missing_in_a_column_of_words_is_missing() -> None:
    for missing in (None, pd.NA, float("nan")):
        words = pd.Series(["b", missing, "a", "b"], dtype=object)
        chart = charts.bar(words)
        assert chart.marks[0].y.tolist() == [1, 2]
    words = pd.Series(["b", pd.NA, "a"], dtype="string")
    chart = charts.scatter([1, 2, 3], [1, 2, 3], color=words)
    assert [mark.labels for mark in chart.marks] == [["a"], ["b"], ["missing"]]
    flags = pd.Series([True, None, False], dtype="boolean")
    chart = charts.boxplot([1, 2, 3], by=flags)
    assert chart.axes[0].tick_labels == {"0": "0", "1": "1"}
    with pytest.raises(ConfigurationError, match="by= with 3 missing values and no class"):
        charts.boxplot([1, 2, 3], by=[float("nan")] * 3)


def test_dates_are_names_and_numbers_of_other_kinds_are_numbers() -> None:
    days = np.array(["2026-01-01", "2026-01-02", "2026-02-01"], "M8[D]")
    for dates in (days, pd.Series(days), days.astype("M8[ns]")):
        chart = charts.bar(dates, [1, 2, 3])
        assert list(chart.axes[0].tick_labels.values()) == [str(day) for day in days]
        chart = charts.pie([1, 2, 3], labels=dates)
        assert "2026-02-01" in chart.drawing()
    chart = charts.pie([1, 2], labels=torch.tensor([4, 7]))
    assert "tensor" not in chart.drawing()
    values = [Decimal("1.5"), np.float32(2.5), None]
    chart = charts.parallel({"a": values, "b": [1, 2, 3]})
    assert chart.drawn["axes"][0]["words"] == []


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: charts.line(x for x in range(3)), r"got generator; write list\(...\) of it"),
        (lambda: charts.line({"a": 1}.values()), r"got dict_values; write list\(...\) of it"),
        (lambda: charts.line([1j, 2]), r"of dtype complex128; draw np.abs\(...\) of it"),
        (lambda: charts.line(np.array([1], "M8[D]")), "draw the seconds from the first one"),
        (lambda: charts.line(["a", "b"]), "words are counted by bar and pie"),
        (lambda: charts.line([torch.empty(3, device="meta")]), "^line got y as a tensor without"),
        (lambda: charts.bar(np.array([(1, 2.0)], "i,f")), "draw one of its fields"),
        (lambda: charts.bar(np), "got module"),
        (lambda: charts.bar([10**400, 2], [1, 2]), "a number in it is beyond 1.8e308"),
        (lambda: charts.scatter([1, 2], [1, 2], color=["a"] * 10**6), "has 1,000,000 values"),
        (lambda: charts.histogram([1, 2], bins=[1, np.inf]), "must have finite edges, got"),
        (lambda: charts.histogram([1, 2], bins=[1e308, -1e308]), "edges that rise"),
        (lambda: charts.contour([1e308, -1e308], [0, 1], np.eye(2)), "x that rises evenly"),
        (lambda: charts.pr_curve(1, 0.5), r"\(samples, classes\), got float64 of shape \(\)"),
        (lambda: charts.pr_curve([np.nan, np.nan], [0.1, 0.2]), "got NaN or parts of whole"),
    ],
)
def test_it_is_said_what_to_give_instead(call: Callable[[], object], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as raised:
        call()
    assert len(str(raised.value)) < 400


def test_an_update_that_lacks_data_or_has_unknown_options_is_refused() -> None:
    chart = charts.pr_curve([0, 1, 1], [0.1, 0.5, 0.9])
    before = chart.drawing()
    with pytest.raises(ConfigurationError, match="PR curve chart cannot show this: missing"):
        chart.update([0, 1])
    with pytest.raises(ConfigurationError, match="unexpected keyword argument 'colour'"):
        chart.update(colour="red")
    assert chart.drawing() == before


def test_the_largest_and_the_smallest_numbers_are_drawn() -> None:
    huge, tiny = [1e308, -1e308, 1e308], [5e-324, 1e-320, 0.0]
    for values in (huge, tiny):
        for chart in (
            charts.line(values),
            charts.bar(values),
            charts.histogram(values),
            charts.boxplot(values),
            charts.quiver(values, values, values, values),
        ):
            drawing = chart.drawing()
            assert "nan" not in drawing
            assert "inf" not in drawing
    counts = charts.histogram(tiny).marks[0].y
    assert np.sum(counts) == 3
