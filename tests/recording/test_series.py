"""A series keeps every point, and any range of it shows every extreme."""

from __future__ import annotations

import itertools
import math
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbviz.errors import ConfigurationError, MissingDependencyError
from nbviz.recording.scalars.block import BLOCK
from nbviz.recording.scalars.series import Series


def filled(values, steps=None, parts=(10**9,)) -> Series:
    values = np.asarray(values, np.float64)
    steps = np.arange(1, len(values) + 1) if steps is None else np.asarray(steps, np.int64)
    series = Series("loss")
    start, part = 0, 0
    while start < len(values):
        stop = start + parts[part % len(parts)]
        series.extend(steps[start:stop], steps[start:stop] * 0.01, values[start:stop])
        start, part = stop, part + 1
    return series


def check_sample(series: Series, values, steps, ends, points) -> None:
    """Compare a sample with the points themselves."""
    first, last = ends
    sample = series.sample(first, last, points)
    inside = np.ones(len(values), bool)
    if first is not None:
        inside &= steps >= first
    if last is not None:
        inside &= steps <= last
    values, steps = values[inside], steps[inside]
    assert len(sample) <= points
    assert sample.count.sum() == len(values)
    edges = np.concatenate([[0], np.cumsum(sample.count)])
    for i, (start, stop) in enumerate(itertools.pairwise(edges)):
        part = values[start:stop]
        numbers = part[~np.isnan(part)]
        finite = part[np.isfinite(part)]
        assert sample.steps[i] == steps[start]
        assert sample.nan[i] == np.isnan(part).sum()
        expected = (numbers.min(), numbers.max()) if len(numbers) else (math.nan, math.nan)
        np.testing.assert_equal((sample.min[i], sample.max[i]), expected)
        if len(finite):
            largest = np.abs(finite).max()
            assert abs(sample.mean[i] - (finite / len(finite)).sum()) <= 1e-9 * largest
        else:
            assert math.isnan(sample.mean[i])


special = st.one_of(
    st.sampled_from([math.nan, math.inf, -math.inf, 1.7e308, -1.7e308]),
    st.floats(allow_nan=True, allow_infinity=True),
)


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(1, 40_000),
    planted=st.lists(st.tuples(st.floats(0, 1), special), max_size=8),
    parts=st.lists(st.integers(1, 9000), min_size=1, max_size=4),
    ends=st.tuples(st.floats(-0.1, 1.1), st.floats(-0.1, 1.1)),
    points=st.integers(1, 3000),
    irregular=st.booleans(),
)
def test_every_extreme_is_in_the_sample(  # noqa: PLR0917
    length, planted, parts, ends, points, irregular
) -> None:
    random = np.random.default_rng(length)
    values = random.standard_normal(length)
    steps = np.cumsum(random.integers(0, 3, length)) if irregular else np.arange(length)
    for place, value in planted:
        values[int(place * (length - 1))] = value
    series = filled(values, steps, parts)
    first, last = (int(end * steps[-1]) for end in ends)
    check_sample(series, values, steps, (first, last), points)
    check_sample(series, values, steps, (None, None), points)


@pytest.mark.parametrize("place", [0, 63, 64, 65, 400_000, 999_999])
@pytest.mark.parametrize("planted", [1e9, -1e9, math.nan, math.inf, -math.inf])
def test_one_point_in_a_million_is_seen_at_every_zoom(place, planted) -> None:
    values = np.zeros(1_000_000)
    values[place] = planted
    series = filled(values)
    width = 1_000_000
    while width >= 10:
        first = max(1, place + 1 - width // 3)
        sample = series.sample(first, first + width, 500)
        if math.isnan(planted):
            assert sample.nan.sum() == 1
        elif planted > 0:
            assert sample.max.max() == planted
        else:
            assert sample.min.min() == planted
        width //= 7


def test_points_come_back_as_they_were() -> None:
    random = np.random.default_rng(0)
    values = random.standard_normal(3 * BLOCK + 17)
    steps = np.cumsum(random.integers(0, 5, len(values)))
    series = filled(values, steps, parts=(1, 500, 7000))
    assert len(series) == len(values)
    np.testing.assert_array_equal(series.values, values)
    np.testing.assert_array_equal(series.steps, steps)
    for start, stop in [
        (0, 0),
        (5, 9),
        (BLOCK - 1, BLOCK + 1),
        (100, 3 * BLOCK + 2),
        (12_000, 10**9),
    ]:
        got = series.slice(start, stop)
        np.testing.assert_array_equal(got[0], steps[start:stop])
        np.testing.assert_array_equal(got[2], values[start:stop])
        assert len(got[1]) == len(got[0])
    last = series.last
    assert last is not None
    assert (last.step, last.value) == (steps[-1], values[-1])
    assert series.last_step == last.step


def test_an_empty_series() -> None:
    series = Series("loss")
    assert len(series) == 0
    assert series.last is None
    assert series.last_step == 0
    assert len(series.values) == len(series.steps) == len(series.sample()) == 0


def test_a_range_without_points_is_empty() -> None:
    series = filled(np.zeros(10_000))
    assert len(series.sample(20_000, 30_000)) == 0
    assert len(series.sample(500, 400)) == 0


def test_points_must_be_at_least_one() -> None:
    with pytest.raises(ConfigurationError, match="at least 1, got 0"):
        filled([1.0]).sample(points=0)


def test_ten_million_points_need_at_most_100_mb() -> None:
    series = Series("loss")
    walls = np.cumsum(np.random.default_rng(0).exponential(2.5e-4, 100_000))
    values = np.zeros(100_000)
    for part in range(20):
        steps = np.arange(part * 100_000, (part + 1) * 100_000)
        series.extend(steps, walls + part * walls[-1], values)
    assert series.nbytes / len(series) <= 10.0


def test_a_reader_never_sees_a_torn_series() -> None:
    series = Series("loss")
    done = threading.Event()
    wrong: list[str] = []

    def read() -> None:
        while not done.is_set():
            sample = series.sample(points=50)
            steps, _, values = series.slice(0, len(series))
            if len(steps) and not (np.array_equal(steps, values) and steps[-1] == len(steps) - 1):
                wrong.append("slice")
            if len(sample) and sample.max[-1] != sample.count.sum() - 1:
                wrong.append("sample")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for start in range(0, 200_000, 777):
        steps = np.arange(start, start + 777)
        series.extend(steps, steps * 0.1, steps.astype(float))
    done.set()
    for reader in readers:
        reader.join(180)
    assert not wrong


# ---------------------------------------------------------------- out


def test_tables(tmp_path) -> None:
    values = [0.1, math.nan, math.inf, -math.inf, 1e-300]
    series = filled(values)
    table = series.to_numpy()
    assert table.dtype.names == ("step", "wall_time", "value")
    np.testing.assert_array_equal(table["value"], values)
    frame = series.to_pandas()
    np.testing.assert_array_equal(frame["value"], values)
    series.to_csv(tmp_path / "loss.csv")
    import pandas as pd

    read = pd.read_csv(tmp_path / "loss.csv")
    np.testing.assert_array_equal(read["value"], values)
    np.testing.assert_array_equal(read["step"], series.steps)
    series.to_parquet(tmp_path / "loss.parquet")
    np.testing.assert_array_equal(pd.read_parquet(tmp_path / "loss.parquet")["value"], values)


def test_a_missing_package_is_named(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match="needs the package pandas"):
        filled([1.0]).to_pandas()
