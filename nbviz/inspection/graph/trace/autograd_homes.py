"""The modules to which the functions of a backward pass belong."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbviz.inspection.graph.trace.autograd import AutogradGraph

Home = tuple[tuple[str, str], ...]
"""Module calls from the outermost to the innermost: id and class name, "" if that is unknown."""

# Functions that only change how a parameter is looked at, between it and what it is used for.
_LOOKS = ("T", "Transpose", "Permute", "View", "ToCopy", "Expand", "Unsqueeze", "Squeeze", "NumpyT")
_LOOKING = frozenset(f"{name}Backward0" for name in _LOOKS)


def homes_of(autograd: AutogradGraph) -> dict[str, Home]:
    """Return where each node belongs; () for what is in no module."""
    homes: dict[str, Home] = {}
    for node in autograd.nodes:
        if node.forward is not None:
            homes[node.node_id] = tuple(zip(node.forward.scopes, node.forward.types, strict=True))
    if not homes:
        homes = _guessed(autograd)
    return _with_tensors(autograd, homes)


def _guessed(autograd: AutogradGraph) -> dict[str, Home]:
    """Guess the modules of functions by the names of the parameters that they take.

    What was made between the first and the last function of a module is in it too, so that nothing
    leaves a module only to come back.
    """
    after: dict[str, list[str]] = {}
    for edge in autograd.edges:
        if edge.kind == "gradient":
            after.setdefault(edge.source, []).append(edge.target)
    nodes = {node.node_id: node for node in autograd.nodes}
    spans: dict[str, tuple[int, int]] = {}
    for leaf in autograd.nodes:
        if leaf.kind != "leaf" or "." not in leaf.name:
            continue
        waiting = list(after.get(leaf.node_id, ()))
        while waiting:
            function = nodes[waiting.pop()]
            if function.order is None or function.name in _LOOKING:
                waiting.extend(after.get(function.node_id, ()))
            if function.order is not None:
                for path in _around(leaf.name):
                    first, last = spans.get(path, (function.order, function.order))
                    spans[path] = (min(first, function.order), max(last, function.order))
    spans = _apart(spans)
    return {
        node.node_id: tuple(
            (path, "")
            for path, (first, last) in sorted(spans.items(), key=lambda item: item[0].count("."))
            if first <= node.order <= last
        )
        for node in autograd.nodes
        if node.kind == "function" and node.order is not None
    }


def _around(name: str) -> list[str]:
    """Return the paths of the modules around a parameter, the outermost first."""
    parts = name.split(".")[:-1]
    return [".".join(parts[: i + 1]) for i in range(len(parts))]


def _apart(spans: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Leave out modules that did not run in one go, such as those that are called twice."""
    mixed: set[str] = set()
    ordered = sorted(spans.items(), key=lambda item: (item[1][0], -item[1][1], len(item[0])))
    open_: list[tuple[str, int]] = []
    for path, (first, last) in ordered:
        while open_ and open_[-1][1] < first:
            open_.pop()
        if open_ and not path.startswith(f"{open_[-1][0]}."):
            mixed |= {path, open_[-1][0]}
        open_.append((path, last))
    return {path: span for path, span in spans.items() if path not in mixed}


def _with_tensors(autograd: AutogradGraph, homes: dict[str, Home]) -> dict[str, Home]:
    """Add where leaves and saved tensors belong: to all the functions that they meet."""
    beside: dict[str, list[str]] = {}
    for edge in autograd.edges:
        if edge.kind == "gradient":
            beside.setdefault(edge.source, []).append(edge.target)
        elif edge.kind == "saved":
            beside.setdefault(edge.source, []).append(edge.target)
            beside.setdefault(edge.target, []).append(edge.source)
    found = dict(homes)
    # A leaf is two steps from the function that uses it.
    border = [n for n in autograd.nodes if n.node_id not in homes and n.kind not in _ENDS]
    accumulating = [n for n in border if n.kind == "function" and n.order is None]
    for node in [*accumulating, *(n for n in border if n.kind != "function")]:
        near = [found[other] for other in beside.get(node.node_id, ()) if other in found]
        found[node.node_id] = _common(near)
    return {node.node_id: found.get(node.node_id, ()) for node in autograd.nodes}


_ENDS = ("output", "base")


def _common(homes: list[Home]) -> Home:
    if not homes:
        return ()
    shared = 0
    while all(len(home) > shared and home[shared] == homes[0][shared] for home in homes):
        shared += 1
    return homes[0][:shared]
