"""A level of a graph as the layout sees it, before and after."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Point = tuple[float, float]

BESIDE = 22.0  # between two boxes of a rank
BETWEEN, BETWEEN_BRANCHES = 24.0, 34.0  # between two ranks
ROOM, ROOM_TO_BRANCH, ROOM_AFTER = 18.0, 26.0, 6.0  # inside a border that is crossed
WIDENED = 1.4  # the most by which a level is widened to have its edge in at its middle


@dataclass(frozen=True)
class LevelShape:
    """A level without names: boxes and ports are numbered in their order.

    Attributes:
        sizes: Width and height of each box, in pixels.
        edges: Pairs of boxes.
        inputs: Edges in: the port on the upper border, and the box.
        outputs: Edges out: the box, and the port on the lower border.
    """

    sizes: Sequence[tuple[float, float]]
    edges: Sequence[tuple[int, int]]
    inputs: Sequence[tuple[int, int]] = ()
    outputs: Sequence[tuple[int, int]] = ()


@dataclass
class Placed:
    """Where everything of a level is; its origin is its top left corner.

    Attributes:
        corners: The boxes' top left corners.
        routes: For the edges, then the inputs, then the outputs: points from border to border.
            Between two points of different x lies the gap between two ranks.
        input_ports: Where each port is along the upper border.
        output_ports: The same along the lower border.
    """

    width: float = 0.0
    height: float = 0.0
    corners: list[Point] = field(default_factory=list[Point])
    routes: list[list[Point]] = field(default_factory=list[list[Point]])
    input_ports: list[float] = field(default_factory=list[float])
    output_ports: list[float] = field(default_factory=list[float])


def widened(left: float, right: float, middle: float) -> tuple[float, float]:
    """Return a level's extent with `middle` at its middle, or as it is where that costs much."""
    half = max(middle - left, right - middle)
    if 2 * half > WIDENED * (right - left):
        return left, right
    return middle - half, middle + half


def branches(shape: LevelShape) -> bool:
    """Whether anything but a plain chain is to be drawn, which needs room for its lines."""
    sources = [source for source, _ in shape.edges]
    return len(set(sources)) < len(sources) or len(shape.inputs) > 1
