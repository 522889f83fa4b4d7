"""Histograms of whole tensors, counted on their device; only the counts travel.

Nothing in `count_on_device` waits for the device; `read_counts` makes on the host what
`histograms.make_histogram` makes of values that are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from nbviz.inspection.tensors.device_statistics import (
    ROW,
    Plan,
    flat_values,
    read_parts,
    reduce_rows,
    rows_of,
)
from nbviz.inspection.tensors.histograms import LEAST, NARROWEST, Histogram, bin_edges
from nbviz.inspection.tensors.statistics import PARTS, histogram_of_counts, merge_parts

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

CHUNK = 1 << 20
"""Values counted at once: 8 MB as 64-bit numbers, a few times over."""


def has_64_bits(device: torch.device) -> bool:
    """Whether the device can count as the host does."""
    return device.type != "mps"


def count_on_device(tensor: torch.Tensor, bins: int) -> torch.Tensor:
    """Return float64 numbers of which `read_counts` makes a histogram.

    Args:
        tensor: Real numbers in any shape but empty, on a device for which `has_64_bits` holds.
        bins: Bins of equal width between the smallest and the largest finite value.
    """
    if not tensor.is_floating_point():
        tensor = tensor.to(torch.float64)
    values = flat_values(tensor)
    plan = Plan((len(values),), (-(-len(values) // ROW),), values.new_empty(0))
    parts = reduce_rows([values], plan).to(torch.float64)
    low = parts[:, PARTS.index("min")].amin()
    high = parts[:, PARTS.index("max")].amax()
    # As `bin_edges` and `make_histogram` do: by halves, and room around what is hardly apart.
    narrow = (NARROWEST * torch.maximum(low.abs(), high.abs())).clamp(min=LEAST)
    room = torch.where(high / 2 - low / 2 < narrow, (low.abs() * 1e-6).clamp(min=0.5), 0.0)
    low, high = low - room, high + room
    width = high / 2 - low / 2
    counts = torch.zeros(bins + 1, dtype=torch.int64, device=values.device)
    for matrix in rows_of([values], plan, CHUNK):
        finite = matrix.abs() < float("inf")
        places = matrix.to(torch.float64).mul_(0.5).sub_(low / 2).div_(width).mul_(bins)
        found = places.clamp_(0, bins - 1).masked_fill_(~finite, bins).to(torch.int64)
        # A count for each row: one for all would be a place where every thread waits for others.
        each = torch.zeros(len(found), bins + 1, dtype=torch.int64, device=values.device)
        counts += each.scatter_add_(1, found, torch.ones_like(found)).sum(0)
    return torch.cat([counts[:bins].to(torch.float64), parts.reshape(-1)])


def read_counts(numbers: NDArray[Any], size: int, bins: int) -> Histogram:
    """Return the histogram.

    Args:
        numbers: What `count_on_device` returned.
        size: How many values the tensor has.
        bins: As there.
    """
    parts = read_parts(numbers[bins:].reshape(-1, len(PARTS)))
    statistics = merge_parts(parts, size, padding=len(parts) * ROW - size)
    edges = bin_edges(statistics.min, statistics.max, bins)
    return histogram_of_counts(numbers[:bins], edges, statistics)
