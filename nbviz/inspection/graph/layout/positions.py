"""Where the boxes of each rank are from left to right: lines are kept straight."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.inspection.graph.layout.ordering import Neighbours

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
    _straighten(centers, order, neighbours, gaps)
    return centers


def _straighten(
    centers: list[float],
    order: list[list[int]],
    neighbours: Neighbours,
    gaps: list[list[float]],
) -> None:
    """Put what follows one another without a branch on one line, where the others leave room."""
    place = {node: (i, j) for i, rank in enumerate(order) for j, node in enumerate(rank)}
    for first in place:
        if _only_next(first, neighbours.above, neighbours.below) is not None:
            continue
        chain: list[int] = []  # as much as finds room on one line
        room = -math.inf, math.inf
        node: int | None = first
        while node is not None:
            i, j = place[node]
            least, most = -math.inf, math.inf
            if j > 0:
                least = centers[order[i][j - 1]] + gaps[i][j]
            if j + 1 < len(order[i]):
                most = centers[order[i][j + 1]] - gaps[i][j + 1]
            both = max(room[0], least), min(room[1], most)
            if chain and both[0] > both[1]:
                _align(centers, chain, room)
                chain, both = [], (least, most)
            chain.append(node)
            room = both
            node = _only_next(node, neighbours.below, neighbours.above)
        _align(centers, chain, room)


def _align(centers: list[float], chain: list[int], room: tuple[float, float]) -> None:
    line = min(max(median(centers[node] for node in chain), room[0]), room[1])
    for node in chain:
        centers[node] = line


def _only_next(node: int, edges: Sequence[list[int]], back: Sequence[list[int]]) -> int | None:
    """The one node that a node leads to, if no other leads there."""
    if len(edges[node]) != 1 or len(back[edges[node][0]]) != 1:
        return None
    return edges[node][0]


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
