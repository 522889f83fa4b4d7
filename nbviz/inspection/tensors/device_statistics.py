"""Statistics and histograms of many tensors at once, on their device, in few kernels.

Tensors are laid one after another into rows of one length, padded with NaN, so that one kernel does
for all of them what would else take one for each; the host merges the rows. Nothing here waits for
the device: its results are tensors. Of memory it takes at most some 50 MB for the time it works.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
import torch

from nbviz.inspection.tensors.statistics import PARTS
from nbviz.training.devices.cuda_events import make_pinned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from numpy.typing import NDArray

ROW = 8192
"""Values in a row."""

SAMPLE = 16_384
"""The most values of a tensor that its histogram counts."""

CHUNK = 1 << 22
"""Values reduced at once: 16 MB, beside a few masks."""

_LEAST_PINNED = ROW  # so that a plan for other sizes finds memory that is pinned already
PLAIN = (torch.float32, torch.float64, torch.bfloat16, torch.float16)
"""Types that are computed with as they are; others become float32 first."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where tensors of given sizes lie in rows.

    Attributes:
        sizes: How many values each tensor has.
        rows: How many rows each one takes.
        owners: int64 on the device, shape (rows,): which tensor a row belongs to.
    """

    sizes: tuple[int, ...]
    rows: tuple[int, ...]
    owners: torch.Tensor


def make_plan(sizes: Sequence[int], device: torch.device) -> Plan:
    """Return a plan; worth keeping, as it brings a small table to the device."""
    rows = tuple(-(-size // ROW) for size in sizes)
    # Made on the host under any default device; not of inference, as it is kept.
    with torch.inference_mode(mode=False):
        owners = torch.from_numpy(np.repeat(np.arange(len(sizes), dtype=np.int64), rows))
        if device.type == "cuda":
            pinned = make_pinned((max(_LEAST_PINNED, len(owners)),), torch.int64)[: len(owners)]
            owners = pinned.copy_(owners)
        return Plan(tuple(sizes), rows, owners.to(device, non_blocking=device.type == "cuda"))


def flat_values(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor's values in any order as one dimension, real and of a plain type.

    Of a sparse tensor those that it stores, duplicates added, for which a CUDA device is waited
    for; of complex numbers the magnitudes.
    """
    tensor = tensor.detach()
    if tensor.layout == torch.sparse_coo:
        tensor = tensor.coalesce().values()
    elif tensor.layout != torch.strided:
        tensor = tensor.values()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.is_complex():
        tensor = tensor.abs()
    if tensor.dtype not in PLAIN:
        tensor = tensor.to(torch.float32)
    if not tensor.is_contiguous() and tensor.is_contiguous(memory_format=torch.channels_last):
        tensor = tensor.permute(0, 2, 3, 1)  # the order in memory, so that nothing is copied
    return tensor.reshape(-1)


def reduce_rows(values: Sequence[torch.Tensor], plan: Plan) -> torch.Tensor:
    """Return a table of parts, shape (rows, 7), columns as `statistics.PARTS`; see `read_parts`.

    Mean and squares are of the values divided by the largest magnitude of the row, so that no sum
    leaves the range of the values' type; the latter is the root of the sum.

    Args:
        values: From `flat_values`, all of one type.
        plan: For their sizes.
    """
    tables = [_reduce(matrix) for matrix in rows_of(values, plan)]
    return tables[0] if len(tables) == 1 else torch.cat(tables)


def read_parts(table: NDArray[Any]) -> NDArray[np.float64]:
    """Return a table as `statistics.merge_parts` takes it, from what `reduce_rows` returned."""
    parts = table.astype(np.float64)
    low, high, mean, squares = (PARTS.index(name) for name in ("min", "max", "mean", "squares"))
    largest = _divisors(np.abs(parts[:, low]), np.abs(parts[:, high]))
    parts[:, mean] *= largest
    with np.errstate(over="ignore"):  # of 64-bit numbers from about 1e154 on
        parts[:, squares] = (parts[:, squares] * largest) ** 2
    return parts


def _divisors(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    largest = np.maximum(low, high)
    return np.where((largest > 0) & np.isfinite(largest), largest, 1.0)


def count_in_bins(
    values: Sequence[torch.Tensor], parts: torch.Tensor, plan: Plan, bins: int
) -> torch.Tensor:
    """Return how many values of each tensor lie in each bin, shape (tensors, bins).

    Bins are of equal width between a tensor's finite extremes; where those are equal all is in the
    middle one. Of tensors of more than `SAMPLE` values every n-th one is counted.

    Args:
        values: As for `reduce_rows`.
        parts: What that returned.
        plan: For their sizes.
        bins: How many bins.
    """
    low_parts, high_parts = parts[:, PARTS.index("min")], parts[:, PARTS.index("max")]
    tensors = len(values)
    infinity = float("inf")
    low, high = _extremes(low_parts, plan, "amin"), _extremes(high_parts, plan, "amax")
    samples = [take_evenly(one) for one in values]
    width = max(len(one) for one in samples)
    padding = samples[0].new_full((width,), float("nan"))
    pieces = [piece for one in samples for piece in (one, padding[: width - len(one)])]
    matrix = torch.cat(pieces).view(tensors, width).to(parts.dtype)
    # Halves, as the range may be larger than the type's own.
    span = (high / 2 - low / 2).unsqueeze(1)
    places = (matrix / 2 - low.unsqueeze(1) / 2) / span * bins
    middle = torch.full_like(span, bins // 2)
    places = torch.where(span > 0, places, middle).clamp_(0, bins - 1)
    # Those that are not finite go to a bin of their own, which is left out.
    places = torch.where(matrix.abs() < infinity, places, float(bins)).to(torch.int64)
    counts = torch.zeros(tensors, bins + 1, dtype=parts.dtype, device=parts.device)
    counts.scatter_add_(1, places, torch.ones_like(matrix))
    return counts[:, :bins]


def _extremes(parts: torch.Tensor, plan: Plan, which: Literal["amin", "amax"]) -> torch.Tensor:
    """Return the smallest or largest of each tensor's parts, shape (tensors,)."""
    infinity = float("inf") if which == "amin" else -float("inf")
    found = parts.new_full((len(plan.sizes),), infinity)
    if torch.are_deterministic_algorithms_enabled():
        # PyTorch counts scatter_reduce among what is not deterministic on a GPU, and refuses it.
        pieces = cast("tuple[torch.Tensor, ...]", parts.split(plan.rows))  # pyright: ignore[reportUnknownMemberType]
        groups = [torch.cat((found[:1], piece)) for piece in pieces]
        return torch.stack([one.amin() if which == "amin" else one.amax() for one in groups])
    return found.scatter_reduce_(0, plan.owners, parts, which)


def take_evenly(values: torch.Tensor) -> torch.Tensor:
    """Return at most `SAMPLE` values, every n-th one."""
    return values[:: max(1, -(-len(values) // SAMPLE))]


def rows_of(
    values: Sequence[torch.Tensor], plan: Plan, chunk: int | None = None
) -> Iterator[torch.Tensor]:
    """Yield the values in rows of `ROW`, padded with NaN: float64 where they are that, or float32.

    Args:
        values: As for `reduce_rows`.
        plan: For their sizes.
        chunk: About how many values at once, `CHUNK` if None.
    """
    most = chunk or CHUNK
    padding = values[0].new_full((ROW,), float("nan"))
    pieces: list[torch.Tensor] = []
    length = 0
    for one, size in zip(values, plan.sizes, strict=True):
        start = 0
        while start < size:
            part = one[start : start + most - length]
            start += len(part)
            missing = -len(part) % ROW
            pieces += (part, padding[:missing])
            length += len(part) + missing
            if length >= most:
                yield _as_rows(pieces)
                pieces, length = [], 0
    if pieces:
        yield _as_rows(pieces)


def _as_rows(pieces: list[torch.Tensor]) -> torch.Tensor:
    matrix = torch.cat(pieces).view(-1, ROW)
    return matrix if matrix.dtype == torch.float64 else matrix.to(torch.float32)


def _reduce(matrix: torch.Tensor) -> torch.Tensor:
    """Reduce rows that are of no use afterwards: all in place, as masks and copies cost memory."""
    infinity = float("inf")
    missing = matrix.isnan()
    nan = missing.sum(1)
    missing |= matrix == infinity
    missing |= matrix == -infinity
    count = matrix.shape[1] - missing.sum(1)
    low = matrix.masked_fill_(missing, infinity).amin(1)
    high = matrix.masked_fill_(missing, -infinity).amax(1)
    matrix.masked_fill_(missing, 0.0)
    nonzero = torch.count_nonzero(matrix, dim=1)
    largest = torch.maximum(low.abs(), high.abs())
    largest = torch.where((largest > 0) & (largest < infinity), largest, 1.0)
    matrix.div_(largest.unsqueeze(1))
    mean = matrix.sum(1) / count.clamp(min=1)
    matrix.sub_(mean.unsqueeze(1)).masked_fill_(missing, 0.0)
    columns: dict[str, torch.Tensor] = {
        "count": count,
        "nonzero": nonzero,
        "nan": nan,
        "mean": mean,
        "squares": torch.linalg.vector_norm(matrix, dim=1),
        "min": low,
        "max": high,
    }
    return torch.stack([columns[name].to(matrix.dtype) for name in PARTS], dim=1)
