"""A hundred million values: counted part by part as numpy counts them, or refused with a way on."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from nbviz import charts
from nbviz.charts import amounts, binning, xy
from nbviz.charts.binning import binned
from nbviz.charts.matrices import MOST_SIDE, strongest
from nbviz.errors import ConfigurationError
from nbviz.pictures.figures.layers import NO_ELEMENT
from nbviz.recording.media import confusion
from nbviz.recording.media.confusion import ConfusionInput


@pytest.mark.parametrize(
    ("kind", "bins"),
    [
        ("float32", 7),
        ("int8", 1000),
        ("uint64", 3),
        ("float64", [-1.0, -0.5, 2.0, 2.5]),
        ("bool", 2),
    ],
)
def test_bins_have_what_numpy_counts_and_each_value_is_in_its_own(monkeypatch, kind, bins) -> None:
    monkeypatch.setattr(binning, "_PART", 100)
    values = (np.random.default_rng(0).standard_normal((1001, 2)) * 3).astype(kind)
    if kind.startswith("float"):
        values[5], values[6] = np.nan, np.inf
    counts, edges, bin_of = binned(values, bins)
    for group in range(2):
        finite = values[:, group][np.isfinite(values[:, group])].astype(np.float64)
        assert counts[group].tolist() == np.histogram(finite, edges)[0].tolist()
        for row in range(0, 1001, 10):
            value, place = float(values[row, group]), bin_of[group, row]
            if place == NO_ELEMENT:
                assert not edges[0] <= value <= edges[-1]
            else:
                assert edges[place] <= value
                assert value < edges[place + 1] or (value == edges[-1] and place == len(edges) - 2)


def test_edges_themselves_and_the_largest_numbers_are_in_the_bin_that_they_begin() -> None:
    edges = binned(np.array([[0.0], [0.7]]), 7)[1]
    assert binned(edges[:, None], 7)[2].tolist() == [[0, 1, 2, 3, 4, 5, 6, 6]]
    largest = np.finfo(np.float64).max
    counts, _, _ = binned(np.array([[-largest], [0.0], [largest]]), 2)
    assert counts.tolist() == [[1.0, 2.0]]


def test_of_many_points_each_stretch_keeps_its_extremes_and_its_gap() -> None:
    x = np.arange(50_000.0)
    y = np.sin(x / 700)[None].copy()
    y[0, 31_234], y[0, 7], y[0, 20_000:20_090] = 9.0, -9.0, np.nan
    chosen, element_of = xy._extremes(x, y)
    assert len(chosen) <= xy._POINTS + 200
    assert {0, 7, 31_234, 49_999} <= set(chosen.tolist())
    assert np.isnan(y[0, chosen]).any()
    nearest = np.abs(chosen[:, None] - x[None, ::97]).min(axis=0)
    assert np.array_equal(np.abs(chosen[element_of[::97]] - x[::97]), nearest)


def test_small_and_large_numbers_of_classes_are_counted_alike(monkeypatch) -> None:
    rng = np.random.default_rng(1)
    targets, predictions = rng.integers(-1, 30, 5000), rng.integers(0, 30, 5000)
    expected = ConfusionInput("a", targets, predictions, None).make()
    monkeypatch.setattr(confusion, "_PART", 700)
    parts = ConfusionInput("a", targets, predictions, None).make()
    monkeypatch.setattr(confusion, "_SMALL", 10)
    counted = ConfusionInput("a", targets, predictions, None).make()
    monkeypatch.setattr(confusion, "_FEW", 0.001)
    is_sorted = ConfusionInput("a", targets, predictions, None).make()
    by_hand = np.zeros((30, 30))
    np.add.at(by_hand, (targets[targets >= 0], predictions[targets >= 0]), 1)
    for one in (expected, parts, counted, is_sorted):
        assert np.array_equal(one.matrix, by_hand)
        assert one.left_out == (targets < 0).sum()


def test_a_matrix_of_many_classes_is_drawn_by_the_largest_count_of_each_block() -> None:
    rng = np.random.default_rng(2)
    targets, predictions = rng.integers(0, 950, 40_000), rng.integers(0, 950, 40_000)
    targets[0] = predictions[0] = 949
    chart = charts.confusion_matrix(targets, predictions)
    whole = ConfusionInput("a", targets, predictions, None).make().matrix
    values, block = strongest(whole)
    assert block == (3, 3)
    assert max(values.shape) <= MOST_SIDE
    assert np.array_equal(chart._described.values, values)


def vast(*shape: int) -> np.ndarray:
    """An array of so many zeros that takes no memory."""
    return as_strided(np.zeros(1), shape, (0,) * len(shape))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: charts.boxplot(vast(60_000_000)), "boxplot takes at most 50,000,000 values"),
        (lambda: charts.boxplot(vast(1_000_000, 101)), "boxplot draws at most 100 boxes, got 101"),
        (lambda: charts.correlation(vast(4_000_000, 10)), "at most 30,000,000 numbers"),
        (lambda: charts.quiver(vast(10_000, 10_000), vast(10_000, 10_000)), "25,000,000 arrows"),
        (lambda: charts.pr_curve(vast(20_000_000), vast(20_000_000)), "10,000,000 scores"),
        (lambda: charts.roc_curve(vast(20, 1_000_000), vast(20, 1_000_000)), "10,000,000 scores"),
    ],
)
def test_what_would_take_long_is_refused_with_what_to_draw_instead(call, said) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        call()
    assert "values[::10]" in str(caught.value) or "choose some" in str(caught.value)


def test_boxes_have_the_quartiles_and_whiskers_of_their_values() -> None:
    values = np.random.default_rng(3).standard_normal((501, 2))
    values[:3, 0] = [np.nan, np.inf, 40.0]
    boxes, dots = amounts._boxplot(values).layers
    for box in range(2):
        finite = values[np.isfinite(values[:, box]), box]
        lower, middle, upper = np.percentile(finite, [25, 50, 75])
        reach = 1.5 * (upper - lower)
        inside = finite[(finite >= lower - reach) & (finite <= upper + reach)]
        expected = [inside.min(), lower, middle, upper, inside.max()]
        assert boxes.levels[box].tolist() == pytest.approx(expected)
    assert 40.0 in dots.y.tolist()
    assert values[dots.element_of.row_of[dots.y.tolist().index(40.0)], 0] == 40.0
    chart = charts.boxplot(values)
    chart.selected = [2]
    assert [len(mark.selected) for mark, _ in chart._elements] == [2, 1]  # both boxes, one dot
