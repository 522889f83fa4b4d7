"""Histograms of values: how many lie where, with those that are not finite counted apart."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PART = 1 << 16  # values at once, so that they stay in the processor's cache
NARROWEST, LEAST = 1e-12, 1e-300
"""Of the range that is cut into bins, relative to the larger end, and absolute."""


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """How values are distributed.

    Attributes:
        counts: float64, shape (bins,): how many finite values lie in each bin.
        edges: float64, shape (bins + 1,), ascending; a bin includes its lower edge, the last one
            its upper edge too.
        minimum: The smallest finite value; NaN if there is none, as below.
        maximum: The largest finite value.
        count: How many finite values there are. Where the bins hold a sample of them, as
            `Run.watch` takes of large tensors, `counts` are scaled up to this number.
        sum: Of the finite values.
        sum_squares: Of the finite values.
        nan: How many values are NaN.
        inf: How many values are infinite.
        sampled: How many values were counted where that is a sample; 0 where all were.
    """

    counts: NDArray[np.float64] = field(repr=False)
    edges: NDArray[np.float64] = field(repr=False)
    minimum: float
    maximum: float
    count: int
    sum: float
    sum_squares: float
    nan: int = 0
    inf: int = 0
    sampled: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.counts.nbytes + self.edges.nbytes + 64


def make_histogram(values: NDArray[Any], bins: int) -> Histogram:
    """Count real values of any shape in bins of equal width between their finite extremes.

    All equal values are one bin's, in a range of 1 around them (as `numpy.histogram` has it).
    """
    flat = values.reshape(-1)
    precise = np.float64 if flat.dtype.itemsize > 4 or flat.dtype.kind != "f" else np.float32  # noqa: PLR2004
    parts: list[NDArray[Any]] = []
    low, high = float("inf"), float("-inf")
    nan = inf = 0
    for start in range(0, len(flat), _PART):
        part = flat[start : start + _PART].astype(precise, copy=False)
        lowest, highest = float(part.min()), float(part.max())
        if not (math.isfinite(lowest) and math.isfinite(highest)):
            finite, missing = part[np.isfinite(part)], int(np.isnan(part).sum())
            nan += missing
            inf += len(part) - len(finite) - missing
            if not len(finite):
                continue
            part = finite
            lowest, highest = float(part.min()), float(part.max())
        parts.append(part)
        low, high = min(low, lowest), max(high, highest)
    edges = bin_edges(low, high, bins)
    counts = np.zeros(bins, np.int64)
    total = squares = 0.0
    # By halves: the range of float64 values may be larger than float64's own.
    start, width = edges[0] / 2, edges[-1] / 2 - edges[0] / 2
    for part in parts:
        # In place: each of these lets go of the interpreter, and new memory costs as much again.
        place = part * np.float64(0.5)
        place -= start
        place /= width
        place *= bins
        np.minimum(place, bins - 1, out=place)  # none is below 0 but by rounding, which ends at 0
        counts += np.bincount(place.astype(np.int64), minlength=bins)
        total += float(part.sum(dtype=np.float64))
        with np.errstate(over="ignore"):  # infinite, as it would be in any event file
            squares += float(np.square(part, dtype=np.float64).sum())
    count = int(counts.sum())
    return Histogram(
        counts.astype(np.float64),
        edges,
        low if count else float("nan"),
        high if count else float("nan"),
        count,
        total,
        squares,
        nan,
        inf,
    )


def scaled_up(sample: Histogram, taken: int, size: int) -> Histogram:
    """Return the histogram of a whole of which a sample was counted; extremes are the sample's.

    Args:
        sample: Of the values taken.
        taken: How many those are.
        size: How many the whole has.
    """
    scale = size / taken
    nan, inf = round(sample.nan * scale), round(sample.inf * scale)
    count = size - nan - inf
    up = count / sample.count if sample.count else 0.0
    return Histogram(
        sample.counts * up,
        sample.edges,
        sample.minimum,
        sample.maximum,
        count,
        sample.sum * up,
        sample.sum_squares * up,
        nan,
        inf,
        taken,
    )


def bin_edges(low: float, high: float, bins: int) -> NDArray[np.float64]:
    """Return the edges of bins of equal width from the smallest to the largest value."""
    if not low <= high:
        low, high = 0.0, 1.0
    elif high / 2 - low / 2 < max(NARROWEST * max(abs(low), abs(high)), LEAST):
        half = max(0.5, abs(low) * 1e-6)
        low, high = low - half, high + half
    return np.linspace(low / 2, high / 2, bins + 1) * 2
