"""The order of the boxes within each rank: few edges cross."""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SWEEPS = 12
_MANY = 4000  # nodes, beyond which fewer sweeps must do
_FEW_SWEEPS = 4


@dataclass
class Neighbours:
    """The nodes joined to each node in the rank before and in the one after."""

    above: list[list[int]] = field(default_factory=list[list[int]])
    below: list[list[int]] = field(default_factory=list[list[int]])


def ordered(
    chains: Sequence[Sequence[int]], ranks: Sequence[int]
) -> tuple[list[list[int]], Neighbours]:
    """Return the nodes of each rank from left to right, and who is joined to whom.

    Sweeps down and up put each node at the barycentre of its neighbours (Sugiyama, Tagawa and Toda,
    1981); the order with the fewest crossings is kept.

    Args:
        chains: The nodes along each edge; two that follow each other are one rank apart.
        ranks: The rank of each node.
    """
    count = len(ranks)
    joined = Neighbours([[] for _ in range(count)], [[] for _ in range(count)])
    for chain in chains:
        for upper, lower in pairwise(chain):
            joined.below[upper].append(lower)
            joined.above[lower].append(upper)
    order = _initial(ranks, joined)
    best, fewest = [list(rank) for rank in order], _crossings(order, joined)
    for sweep in range(_SWEEPS if count <= _MANY else _FEW_SWEEPS):
        if fewest == 0:
            break
        down = sweep % 2 == 0
        for i in range(1, len(order)) if down else range(len(order) - 2, -1, -1):
            _by_barycentre(
                order, i, i - 1 if down else i + 1, joined.above if down else joined.below
            )
        found = _crossings(order, joined)
        if found < fewest:
            best, fewest = [list(rank) for rank in order], found
    return best, joined


def _initial(ranks: Sequence[int], joined: Neighbours) -> list[list[int]]:
    """Return the order in which a walk from the first rank finds the nodes."""
    order: list[list[int]] = [[] for _ in range(max(ranks) + 1)]
    seen = [False] * len(ranks)
    for start in sorted(range(len(ranks)), key=lambda node: ranks[node]):
        waiting = [start]
        while waiting:
            node = waiting.pop()
            if seen[node]:
                continue
            seen[node] = True
            order[ranks[node]].append(node)
            waiting.extend(reversed(joined.below[node]))
    return order


def _by_barycentre(
    order: list[list[int]], rank: int, fixed: int, neighbours: list[list[int]]
) -> None:
    """Sort a rank by the mean places of its neighbours; those without keep their place."""
    place = {node: i for i, node in enumerate(order[fixed])}
    known: list[tuple[float, int]] = []
    free: list[tuple[int, int]] = []
    for i, node in enumerate(order[rank]):
        places = [place[other] for other in neighbours[node]]
        if places:
            known.append((sum(places) / len(places), node))
        else:
            free.append((i, node))
    known.sort(key=lambda pair: pair[0])  # stable: equal ones keep their order
    result = [node for _, node in known]
    for i, node in free:
        result.insert(i, node)
    order[rank] = result


def _crossings(order: list[list[int]], joined: Neighbours) -> int:
    total = 0
    for upper, lower in pairwise(order):
        place = {node: i for i, node in enumerate(lower)}
        passed: list[int] = []
        for node in upper:
            places = sorted(place[other] for other in joined.below[node])
            for at in places:
                total += len(passed) - bisect_right(passed, at)
            for at in places:
                insort(passed, at)
    return total
