"""The overlays of a graph: what each of them shows, and how a box gets its value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from nbviz.protocol.graph import OverlayName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbviz.inspection.graph.overlays.measured import Measured

OVERLAYS: tuple[OverlayName, ...] = get_args(OverlayName)
BY_HOOKS: frozenset[str] = frozenset(OVERLAYS[:5])
"""Those for which modules are given hooks."""

OF_ONE_STEP: frozenset[str] = BY_HOOKS | {"update_ratio"}
"""Those for which a step must be made; the others can be had while the run stands still."""


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


def calls_of(measured: Measured, overlay: str, node: str) -> list[str]:
    """Return the calls that an overlay measures for a box."""
    if overlay == "time":
        return measured.calls_in(node)
    call = measured.rectified_of(node) if overlay == "dead_share" else measured.output_of(node)
    return [call] if call is not None else []


def value_of(
    measured: Measured, overlay: str, node: str, numbers: dict[Any, float]
) -> float | None:
    """Return a box's value, None if it has none."""
    if overlay in BY_HOOKS:
        found = [numbers.get((overlay, call)) for call in calls_of(measured, overlay, node)]
        known = [number for number in found if number is not None]
        return sum(known) if known else None
    names = measured.parameters_of(node)
    if overlay == "update_ratio":
        change = _together(numbers, "change", names)
        weights = _together(numbers, "before", names)
        return change / weights if change is not None and weights else None
    return _together(numbers, overlay, names)


def _together(numbers: dict[Any, float], kind: str, names: Iterable[str]) -> float | None:
    """Return the norm of several tensors taken as one."""
    found = [numbers[kind, name] for name in names if (kind, name) in numbers]
    return math.sqrt(math.fsum(norm * norm for norm in found)) if found else None
