"""Norm, mean, spread, extremes and what is not finite: of arrays here, and of parts put together.

Parts are merged as Chan, Golub and LeVeque (1979) do, so that nothing is lost to cancellation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.inspection.tensors.histograms import Histogram, bin_edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

STATISTICS = ("norm", "mean", "std", "min", "max", "nan", "inf", "zeros")
PARTS = ("count", "nonzero", "nan", "mean", "squares", "min", "max")
"""Columns of a table of parts: finite values, those that are not 0, NaN, mean of the finite ones,
sum of their squared distances from it, and their extremes (+inf and -inf where there is none)."""

_ROW = 1 << 16  # values at once, so that they stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is known of a tensor's values; all but the counts are of the finite ones.

    Attributes:
        norm: The square root of the sum of squares, as `torch.linalg.vector_norm`; NaN where no
            value is finite, as below.
        mean: The mean.
        std: The sample standard deviation, as `torch.std`; 0 of a single value.
        min: The smallest.
        max: The largest.
        nan: How many are NaN.
        inf: How many are infinite.
        zeros: How many are 0.
        count: How many are finite.
    """

    norm: float
    mean: float
    std: float
    min: float
    max: float
    nan: int
    inf: int
    zeros: int
    count: int


def merge_parts(
    parts: NDArray[np.float64], size: int, *, padding: int = 0, hidden_zeros: int = 0
) -> Statistics:
    """Return the statistics of a tensor from those of its parts.

    Args:
        parts: float64, shape (parts, 7), columns as `PARTS`.
        size: How many values the parts have in all, padding left out.
        padding: How many NaN in the parts are none of the tensor's.
        hidden_zeros: Zeros that are in no part, such as those that a sparse tensor leaves out.
    """
    counts, _, _, means, squares, lows, highs = parts.T
    if hidden_zeros:
        more = [[hidden_zeros, 0, 0, 0, 0, 0, 0]]
        return merge_parts(np.concatenate([parts, more]), size + hidden_zeros, padding=padding)
    count, nonzero, nan = (int(parts[:, column].sum()) for column in range(3))
    nan -= padding
    inf, zeros = size - count - nan, count - nonzero
    if not count:
        unknown = math.nan
        return Statistics(unknown, unknown, unknown, unknown, unknown, nan, inf, 0, 0)
    used = counts > 0
    mean = float((counts[used] * means[used]).sum() / count)
    around = float(squares[used].sum() + (counts[used] * (means[used] - mean) ** 2).sum())
    return Statistics(
        norm=math.sqrt(around + count * mean**2),
        mean=mean,
        std=math.sqrt(around / (count - 1)) if count > 1 else 0.0,
        min=float(lows[used].min()),
        max=float(highs[used].max()),
        nan=nan,
        inf=inf,
        zeros=zeros,
        count=count,
    )


def statistics_of(values: NDArray[Any], hidden_zeros: int = 0) -> Statistics:
    """Return the statistics of an array of real numbers, of any shape but empty.

    Args:
        values: The array.
        hidden_zeros: Zeros that are counted too.
    """
    flat = values.reshape(-1)
    kind, width = flat.dtype.kind, flat.dtype.itemsize
    if kind != "f" or width < 4:  # noqa: PLR2004
        flat = flat.astype(np.float32 if kind == "f" else np.float64)
    parts = [_part(flat[start : start + _ROW]) for start in range(0, len(flat), _ROW)]
    return merge_parts(np.array(parts, np.float64), len(flat), hidden_zeros=hidden_zeros)


def histogram_of_sample(sample: NDArray[Any], statistics: Statistics, bins: int) -> Histogram:
    """Count a sample of a tensor's values in bins between the extremes of all of them.

    Args:
        sample: Real numbers, shape (values,); all of them, or some taken evenly.
        statistics: Of the whole tensor.
        bins: Bins of equal width.
    """
    edges = bin_edges(statistics.min, statistics.max, bins)
    finite = sample[np.isfinite(sample)].astype(np.float64)
    lowest, width = edges[0] / 2, edges[-1] / 2 - edges[0] / 2
    places = np.clip((finite / 2 - lowest) / width * bins, 0, bins - 1).astype(np.int64)
    return histogram_of_counts(np.bincount(places, minlength=bins), edges, statistics)


def histogram_of_counts(
    counts: NDArray[Any], edges: NDArray[np.float64], statistics: Statistics
) -> Histogram:
    """Return a histogram from the counts of a sample, scaled up to the whole tensor."""
    counted = float(counts.sum())
    scale = statistics.count / counted if counted else 0.0
    return Histogram(
        counts * scale if scale != 1 else counts.astype(np.float64),
        edges,
        statistics.min,
        statistics.max,
        statistics.count,
        statistics.mean * statistics.count if statistics.count else 0.0,
        statistics.norm**2 if statistics.count else 0.0,
        statistics.nan,
        statistics.inf,
        int(counted) if scale > 1 else 0,
    )


def _part(values: NDArray[Any]) -> tuple[float, ...]:
    nan = 0
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        nan = int(np.isnan(values).sum())
        values = values[np.isfinite(values)]
        if not len(values):
            return 0, 0, nan, 0, 0, math.inf, -math.inf
        low, high = values.min(), values.max()
    mean = values.mean(dtype=np.float64)
    distances = values - values.dtype.type(mean)
    # The sum of distances corrects for a mean that was rounded to the values' own type.
    rest = float(distances.sum(dtype=np.float64))
    squares = (
        float(np.dot(distances, distances))
        if _is_small(low, high)
        else float(np.square(distances, dtype=np.float64).sum())
    )
    nonzero = int(np.count_nonzero(values))
    squares = max(0.0, squares - rest**2 / len(values))
    return len(values), nonzero, nan, float(mean), squares, float(low), float(high)


def _is_small(low: Any, high: Any) -> bool:
    """Whether sums of squares stay in float32's range."""
    return max(abs(float(low)), abs(float(high))) < 1e15  # noqa: PLR2004
