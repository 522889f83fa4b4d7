"""Values in the bins of a histogram, counted part by part: of a hundred million, too."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.charts.inputs import numbers, short_name
from nbviz.errors import ConfigurationError
from nbviz.pictures.figures.layers import NO_ELEMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MOST_BINS = 1_000
_LEAST_EDGES = 2
_LEAST_REACH = 1e-290
_PART = 1 << 17  # values: what a cache holds is counted several times as fast


def binned(
    table: NDArray[Any], bins: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int16]]:
    """Return how many values are in each bin, the bins' edges, and the bin of each value.

    The last bin has its upper edge, too, as numpy's. What is in none has `NO_ELEMENT`.

    Args:
        table: Of shape (values, groups), which share their bins; of any type of real numbers.
        bins: How many there are, or their edges.

    Returns:
        float64 of shape (groups, bins), float64 of shape (bins + 1,), int16 of shape (groups,
        values).

    Raises:
        ConfigurationError: They are no bins.
    """
    edges = _edges(bins, table)
    is_even = isinstance(bins, int)
    count, groups = len(edges) - 1, table.shape[1]
    counts = np.zeros((groups, count))
    bin_of = np.full((groups, len(table)), NO_ELEMENT, np.int16)
    for group in range(groups):
        for start, part in _parts(table[:, group]):
            inside = (part >= edges[0]) & (part <= edges[-1])
            values = part if inside.all() else part[inside]
            places = _even_places(values, edges) if is_even else _places(values, edges)
            counts[group] += np.bincount(places, minlength=count)
            bin_of[group, start : start + len(part)][inside] = places
    return counts, edges, bin_of


def _parts(values: NDArray[Any]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    for start in range(0, len(values), _PART):
        yield start, values[start : start + _PART].astype(np.float64)


def _places(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    places = np.searchsorted(edges, values, side="right") - 1
    return np.minimum(places, len(edges) - 2)


def _even_places(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the same for bins of one width, several times as fast."""
    count = len(edges) - 1
    low, high = float(edges[0]), float(edges[-1])
    # Halved, since the difference of the largest numbers is none.
    guess = (values * 0.5 - low * 0.5) * (count / (high * 0.5 - low * 0.5))
    places = np.minimum(guess.astype(np.int64), count - 1)
    places -= values < edges[places]  # by rounding it may be the next
    places += values >= edges[places + 1]
    return np.minimum(places, count - 1)


def _ends(table: NDArray[Any]) -> tuple[float, float]:
    """Return the smallest and the largest finite value; 0 and 1 if there is none."""
    low, high = math.inf, -math.inf
    for group in range(table.shape[1]):
        for _, part in _parts(table[:, group]):
            finite = part if np.isfinite(part).all() else part[np.isfinite(part)]
            low = min(low, float(finite.min(initial=math.inf)))
            high = max(high, float(finite.max(initial=-math.inf)))
    return (low, high) if low <= high else (0.0, 1.0)


def _edges(bins: Any, table: NDArray[Any]) -> NDArray[np.float64]:
    if isinstance(bins, int) and not isinstance(bins, bool):
        if not 1 <= bins <= MOST_BINS:
            raise ConfigurationError(f"bins must be from 1 to {MOST_BINS:,}, got {bins:,}.")
        low, high = _ends(table)
        size = max(abs(low), abs(high))
        # Of differences that are no normal numbers the widths of bins are none.
        if high * 0.5 - low * 0.5 <= max(1e-12 * size, _LEAST_REACH):
            reach = abs(low) * 1e-3 if size > 1e3 * _LEAST_REACH else 0.5
            low, high = low - reach, high + reach
        share = np.linspace(0.0, 1.0, bins + 1)
        return low * (1 - share) + high * share
    edges = numbers("histogram", bins, "bins")
    if not np.isfinite(edges).all():
        raise ConfigurationError(f"bins must have finite edges, got {short_name(bins)}.")
    with np.errstate(over="ignore"):
        rises = bool((np.diff(edges) > 0).all())
    if len(edges) < _LEAST_EDGES or len(edges) > MOST_BINS + 1 or not rises:
        raise ConfigurationError(
            f"bins must be a whole number, or 2 to {MOST_BINS + 1:,} edges that rise; got "
            f"{short_name(bins)}."
        )
    return edges
