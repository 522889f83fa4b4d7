"""Where nodes of a graph stand, for a machine without Graphviz.

Layers by the longest path; within each, nodes in the order of their neighbours' mean place (K.
Sugiyama, S. Tagawa and M. Toda, "Methods for visual understanding of hierarchical system
structures", 1981).
"""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_SWEEPS = 8


def layered(nodes: Sequence[Any], edges: Sequence[tuple[Any, Any]]) -> dict[Any, tuple[int, float]]:
    """Return each node's layer, and its place within it; the layer's middle is 0.

    Args:
        nodes: Their keys.
        edges: Pairs of keys; a cycle is cut where it is met.
    """
    ins: dict[Any, list[Any]] = {key: [] for key in nodes}
    outs: dict[Any, list[Any]] = {key: [] for key in nodes}
    for source, target in edges:
        ins[target].append(source)
        outs[source].append(target)
    layer = _layers(ins, outs)
    layers: list[list[Any]] = [[] for _ in range(1 + max(layer.values(), default=-1))]
    for key in nodes:
        layers[layer[key]].append(key)
    rows: dict[Any, float] = {}
    for keys in layers:
        _spread(keys, rows)
    for sweep in range(_SWEEPS):
        is_down = sweep % 2 == 0
        near = ins if is_down else outs
        for keys in layers if is_down else layers[::-1]:
            wish = {
                key: fmean(rows[other] for other in near[key]) if near[key] else rows[key]
                for key in keys
            }
            keys.sort(key=wish.__getitem__)
            _spread(keys, rows)
    return {key: (layer[key], rows[key]) for key in nodes}


def _spread(keys: list[Any], rows: dict[Any, float]) -> None:
    rows.update((key, i - (len(keys) - 1) / 2) for i, key in enumerate(keys))


def _layers(ins: dict[Any, list[Any]], outs: dict[Any, list[Any]]) -> dict[Any, int]:
    layer: dict[Any, int] = {}
    waiting = {key: len(sources) for key, sources in ins.items()}
    ready = [key for key, count in waiting.items() if count == 0]
    while len(layer) < len(ins):
        if not ready:  # folding can make a cycle: begin somewhere
            ready = [next(key for key in ins if key not in layer)]
        key = ready.pop()
        if key in layer:
            continue
        layer[key] = max((layer[source] + 1 for source in ins[key] if source in layer), default=0)
        for target in outs[key]:
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    return layer
