import pytest

from nbviz.pictures.number_text import (
    format_duration,
    format_ticks,
    format_value,
    nice_ticks,
)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 2250, [0, 500, 1000, 1500, 2000]),
        (-3, 3, [-2, 0, 2]),
        (0.97, 0.99, [0.97, 0.975, 0.98, 0.985, 0.99]),
    ],
)
def test_ticks_are_round_and_inside(low: float, high: float, expected: list[float]) -> None:
    assert nice_ticks(low, high, 5 if low >= 0 else 4) == pytest.approx(expected)


@pytest.mark.parametrize("high", [0.0, float("inf"), float("nan"), -1.0])
def test_a_range_that_is_none_has_one_tick(high: float) -> None:
    assert nice_ticks(0.0, high, 5) == [0.0]


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [
        ([0, 0.5, 1], ["0", "0.5", "1.0"]),
        ([0, 100_000, 200_000], ["0", "100k", "200k"]),
        ([0, 500_000, 1_000_000], ["0", "0.5M", "1.0M"]),
        ([0, 500, 1000], ["0", "500", "1,000"]),
        ([0, 0.0005, 0.001], ["0", "0.0005", "0.0010"]),
        ([0, 2e-6, 4e-6], ["0", "2e-6", "4e-6"]),
        ([-20, 0, 20], ["−20", "0", "20"]),
        ([0, 1e14, 2e14], ["0", "1.0e+14", "2.0e+14"]),
    ],
)
def test_tick_labels_of_an_axis_have_the_same_decimals(
    ticks: list[float], expected: list[str]
) -> None:
    assert format_ticks(ticks) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.031241, "0.03124"),
        (0.0, "0"),
        (12.3456, "12.35"),
        (123456, "123,456"),
        (3.14159e-7, "3.142e-7"),
        (-2e9, "−2e9"),
        (float("nan"), "NaN"),
        (float("-inf"), "−∞"),
    ],
)
def test_values_have_four_digits(value: float, expected: str) -> None:
    assert format_value(value) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (4.21, "4.2 s"),
        (31.4, "31 s"),
        (59.9, "1 min 00 s"),
        (185, "3 min 05 s"),
        (7800, "2 h 10 min"),
        (280000, "3 d 5 h"),
    ],
)
def test_durations_have_two_units(seconds: float, expected: str) -> None:
    assert format_duration(seconds) == expected
