"""Where the boxes of each rank are from left to right: lines shall be straight."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.inspection.graph.ordering import Neighbours

_SWEEPS = 16
_LINE_GAP = 14.0  # between two lines that pass a rank
_STRAIGHT = 8.0  # how much more a long line wants to be straight than a box to be in the middle


def positions(
    order: list[list[int]],
    neighbours: Neighbours,
    widths: Sequence[float],
    boxes: int,
    gap: float,
) -> list[float]:
    """Return the middle of each node.

    Each sweep moves every rank to where its nodes' neighbours are, as near as their order and
    widths allow: an isotonic regression by pooling adjacent violators (Ayer et al., 1955).

    Args:
        order: The nodes of each rank from left to right.
        neighbours: Who is joined to whom.
        widths: Of all nodes.
        boxes: Nodes from this number on are lines that pass.
        gap: Between two boxes.
    """
    centers = [0.0] * len(widths)
    gaps = [_gaps(rank, widths, boxes, gap) for rank in order]
    for rank, steps in zip(order, gaps, strict=True):
        x = 0.0
        for node, step in zip(rank, steps, strict=True):
            x += step
            centers[node] = x
        for node in rank:
            centers[node] -= x / 2
    for sweep in range(_SWEEPS):
        both = sweep >= _SWEEPS - 2
        down = sweep % 2 == 0
        for i in range(len(order)) if down else range(len(order) - 1, -1, -1):
            wanted: list[float] = []
            weights: list[float] = []
            for node in order[i]:
                above, below = neighbours.above[node], neighbours.below[node]
                near = [*above, *below] if both else (above if down else below) or [*above, *below]
                wanted.append(median(centers[n] for n in near) if near else centers[node])
                passes = node >= boxes and any(n >= boxes for n in near)
                weights.append(_STRAIGHT if passes else 1.0 if near else 0.1)
            for node, x in zip(order[i], _nearest(wanted, weights, gaps[i]), strict=True):
                centers[node] = x
    return centers


def _gaps(rank: list[int], widths: Sequence[float], boxes: int, gap: float) -> list[float]:
    """Return for each node how far its middle is from the one before it, at the least."""
    steps = [0.0]
    for left, right in pairwise(rank):
        space = _LINE_GAP if left >= boxes or right >= boxes else gap
        steps.append((widths[left] + widths[right]) / 2 + space)
    return steps[: len(rank)]


def _nearest(wanted: list[float], weights: list[float], steps: list[float]) -> list[float]:
    """Return the places nearest to those wanted (least squares) that keep their distances."""
    before = 0.0
    offsets: list[float] = []
    for step in steps:
        before += step
        offsets.append(before)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many nodes
    for place, weight, offset in zip(wanted, weights, offsets, strict=True):
        mean, total, size = place - offset, weight, 1
        while pools and pools[-1][0] > mean:
            other, other_total, other_size = pools.pop()
            mean = (mean * total + other * other_total) / (total + other_total)
            total, size = total + other_total, size + other_size
        pools.append((mean, total, size))
    means = [mean for mean, _, size in pools for _ in range(size)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
