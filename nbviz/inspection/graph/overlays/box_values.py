"""The overlays of a graph: what each of them shows, and how a box gets its value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from nbviz.protocol.graph import OverlayName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbviz.inspection.graph.hierarchy.boxes import Box
    from nbviz.inspection.graph.hierarchy.hierarchy import Hierarchy
    from nbviz.inspection.graph.model import Graph

OVERLAYS: tuple[OverlayName, ...] = get_args(OverlayName)
BY_HOOKS: frozenset[str] = frozenset(OVERLAYS[:5])
"""Those for which modules are given hooks."""

OF_ONE_STEP: frozenset[str] = BY_HOOKS | {"update_ratio"}
"""Those for which a step must be made; the others can be measured while the run is paused."""

_RELU_MODULES = frozenset({"ReLU", "ReLU6"})
_RELU_FUNCTIONS = frozenset({"relu", "relu_", "relu6"})


@dataclass(frozen=True, slots=True)
class OverlayValues:
    """The newest values of one overlay.

    Attributes:
        overlay: Which one.
        step: The completed step at which they were measured.
        values: By `node_id`; boxes without a value are left out. Means and standard deviations
            (`torch.std`) are over a module's whole first result; `dead_share` is the share of a
            ReLU's features that are 0 throughout the batch; `nonfinite_share` that of NaN and
            infinities; `time` is the forward pass in seconds, with all that is in the box; norms
            are Euclidean, over all parameters in the box; `update_ratio` is the norm of the last
            step's change over that of the weights before it.
        note: What the reader should know, "" for nothing.
        first: Where the first NaN or infinity was made: the boxes around it, the outermost first.
    """

    overlay: OverlayName
    step: int
    values: dict[str, float]
    note: str = ""
    first: tuple[str, ...] = ()


class BoxTargets:
    """Finds for a box of the drawing what of the model is to be measured.

    Args:
        graph: The graph.
    """

    def __init__(self, graph: Graph) -> None:
        self._hierarchy: Hierarchy = graph.hierarchy
        self._graph = graph
        self._calls = {call.call_id: call for call in graph.module_calls}
        self._makers: dict[str, str] | None = None

    def path(self, call_id: str) -> str:
        """Return the path of a call's module; "" for the model and for what is not in its tree."""
        return self._calls[call_id].path or ""

    def output_of(self, box_id: str) -> str | None:
        """Return the call whose result is a box's, None if no module's is."""
        box = self._hierarchy.box(box_id)
        while box is not None and box.kind == "module":
            if box.box_id in self._calls:
                return box.box_id if self.path(box.box_id) else None
            box = self._hierarchy.box(box.children[-1]) if box.children else None
        return None

    def calls_in(self, box_id: str) -> list[str]:
        """Return the calls that together are a box: its own, or the outermost of those in it."""
        box = self._hierarchy.box(box_id)
        if box is None or box.kind != "module":
            return []
        if box.box_id in self._calls:
            return [box.box_id] if self.path(box.box_id) else []
        return [call for child in box.children for call in self.calls_in(child)]

    def rectified_of(self, box_id: str) -> str | None:
        """Return the call whose result is at or below 0 where a ReLU's is 0; None for other boxes.

        That is the ReLU module itself. For a function, it is the module whose result it is given.
        """
        box = self._hierarchy.box(box_id)
        if box is None:
            return None
        if box.kind == "module":
            return self.output_of(box_id) if box.type in _RELU_MODULES else None
        return self._maker(box) if box.type in _RELU_FUNCTIONS else None

    def parameters_of(self, box_id: str) -> dict[str, None]:
        """Return the names of the parameters in a box, each once."""
        box = self._hierarchy.box(box_id)
        if box is None:
            return {}
        return {self._graph.parameters[number].names[0]: None for number in sorted(box.parameters)}

    def _maker(self, box: Box) -> str | None:
        if self._makers is None:
            operations = {node.node_id: node for node in self._graph.nodes}
            self._makers = {}
            for edge in self._graph.edges:
                source = operations[edge.source]
                call = self._calls[source.scope]
                # A module of one operation returns what that made.
                if call.path and call.children == [source.node_id]:
                    self._makers[edge.target] = call.call_id
        return self._makers.get(box.box_id)


def layers_before_relus(graph: Graph) -> list[str]:
    """Return the paths of modules whose result a ReLU is given, each once."""
    operations = {node.node_id: node for node in graph.nodes}
    calls = {call.call_id: call for call in graph.module_calls}
    found: dict[str, None] = {}
    for edge in graph.edges:
        if operations[edge.target].name in _RELU_FUNCTIONS:
            path = calls[operations[edge.source].scope].path
            if path:
                found[path] = None
    return list(found)


def calls_of(targets: BoxTargets, overlay: str, node: str) -> list[str]:
    """Return the calls that an overlay measures for a box."""
    if overlay == "time":
        return targets.calls_in(node)
    call = targets.rectified_of(node) if overlay == "dead_share" else targets.output_of(node)
    return [call] if call is not None else []


def value_of(
    targets: BoxTargets, overlay: str, node: str, numbers: dict[Any, float]
) -> float | None:
    """Return a box's value, None if it has none."""
    if overlay in BY_HOOKS:
        found = [numbers.get((overlay, call)) for call in calls_of(targets, overlay, node)]
        known = [number for number in found if number is not None]
        return sum(known) if known else None
    names = targets.parameters_of(node)
    if overlay == "update_ratio":
        change = _together(numbers, "change", names)
        weights = _together(numbers, "before", names)
        return change / weights if change is not None and weights else None
    return _together(numbers, overlay, names)


def _together(numbers: dict[Any, float], kind: str, names: Iterable[str]) -> float | None:
    """Return the norm of several tensors taken as one."""
    found = [numbers[kind, name] for name in names if (kind, name) in numbers]
    return math.sqrt(math.fsum(norm * norm for norm in found)) if found else None
