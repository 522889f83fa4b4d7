"""The rank of each box of a level: edges lead from one rank to a later one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PASSES = 8


def ranks_of(
    count: int, edges: Sequence[tuple[int, int]], first: Sequence[int], last: Sequence[int]
) -> list[int]:
    """Return each node's rank, from 0.

    The longest path from the start gives each node its earliest rank; then nodes move to where
    their edges are shorter. Edges that close a cycle do not count.

    Args:
        count: How many nodes there are.
        edges: Pairs of nodes.
        first: Nodes before all others.
        last: Nodes after all others.
    """
    after: list[list[int]] = [[] for _ in range(count)]
    before: list[list[int]] = [[] for _ in range(count)]
    for source, target in dict.fromkeys(edges):
        if source != target:
            after[source].append(target)
    order = _acyclic_order(after)
    for node, targets in enumerate(after):
        for target in targets:
            before[target].append(node)
    ranks = [0] * count
    for node in order:
        ranks[node] = max((ranks[source] + 1 for source in before[node]), default=0)
    fixed = set(first) | set(last)
    _shorten(order, before, after, ranks, fixed)
    ends = [rank for node, rank in enumerate(ranks) if node not in fixed]
    for node in first:
        ranks[node] = min(ends, default=1) - 1
    for node in last:
        ranks[node] = max(ends, default=0) + 1
    used = {rank: i for i, rank in enumerate(sorted(set(ranks)))}
    return [used[rank] for rank in ranks]


def _acyclic_order(after: list[list[int]]) -> list[int]:
    """Return the nodes so that edges lead forwards; edges back are taken out of `after`."""
    unseen, open_, done = 0, 1, 2
    state = [unseen] * len(after)
    order: list[int] = []
    for start in range(len(after)):
        if state[start] != unseen:
            continue
        state[start] = open_
        stack = [(start, iter(list(after[start])))]
        while stack:
            node, targets = stack[-1]
            for target in targets:
                if state[target] == open_:
                    after[node].remove(target)
                elif state[target] == unseen:
                    state[target] = open_
                    stack.append((target, iter(list(after[target]))))
                    break
            else:
                state[node] = done
                order.append(node)
                stack.pop()
    return order[::-1]


def _shorten(
    order: list[int],
    before: list[list[int]],
    after: list[list[int]],
    ranks: list[int],
    fixed: set[int],
) -> None:
    """Move nodes later where that shortens their edges, as constants to their use.

    So do nodes that more edges leave than reach, and chains that begin without an edge in.
    """
    loose = [False] * len(ranks)
    for node in order:
        loose[node] = len(before[node]) <= 1 and all(loose[source] for source in before[node])
    for _ in range(_PASSES):
        moved = False
        for node in reversed(order):
            stays = len(after[node]) <= len(before[node]) and not loose[node]
            if node in fixed or stays:
                continue
            free = [ranks[target] for target in after[node] if target not in fixed]
            latest = min(free, default=ranks[node] + 1) - 1
            if latest > ranks[node]:
                ranks[node] = latest
                moved = True
        if not moved:
            return
