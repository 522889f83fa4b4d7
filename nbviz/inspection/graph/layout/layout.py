"""Places the boxes of one level, from top to bottom, without a browser and without Graphviz.

The layered drawing of Sugiyama, Tagawa and Toda (1981): ranks, an order in each rank with few
crossings, then coordinates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.inspection.graph.layout.level import (
    BESIDE,
    BETWEEN,
    BETWEEN_BRANCHES,
    ROOM,
    ROOM_AFTER,
    ROOM_TO_BRANCH,
    Placed,
    branches,
    widened,
)
from nbviz.inspection.graph.layout.ordering import ordered
from nbviz.inspection.graph.layout.positions import positions
from nbviz.inspection.graph.layout.ranking import ranks_of
from nbviz.inspection.graph.layout.spine import place_spine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.inspection.graph.layout.level import LevelShape, Point


def place(shape: LevelShape) -> Placed:
    """Place the boxes of a level and route the edges between them."""
    boxes = len(shape.sizes)
    last = boxes + 1 + max((port for port, _ in shape.inputs), default=-1)
    count = last + 1 + max((port for _, port in shape.outputs), default=-1)
    if count == 0:
        return Placed()
    sizes = [*shape.sizes, *[(1.0, 0.0)] * (count - boxes)]
    edges = [
        *shape.edges,
        *((boxes + port, box) for port, box in shape.inputs),
        *((box, last + port) for box, port in shape.outputs),
    ]
    ranks = ranks_of(count, edges, range(boxes, last), range(last, count))
    spine = place_spine(shape, ranks)
    if spine is not None:
        return spine
    chains = _chains(edges, ranks, count)
    order, neighbours = ordered(chains, ranks)
    widths = [width for width, _ in sizes] + [1.0] * (len(ranks) - count)
    centers = positions(order, neighbours, widths, count, BESIDE)
    between = BETWEEN_BRANCHES if branches(shape) else BETWEEN
    spans = _spans(order, sizes, between, count)
    frame = _Frame(sizes, centers, [spans[rank] for rank in ranks], range(boxes, last), chains)
    frame.fit(branches=len(shape.inputs) > 1)
    return Placed(
        width=frame.right - frame.left,
        height=frame.bottom - frame.top,
        corners=[frame.corner(node) for node in range(boxes)],
        routes=[frame.route(*pair) for pair in zip(edges, chains, strict=True)],
        input_ports=[centers[node] - frame.left for node in range(boxes, last)],
        output_ports=[centers[node] - frame.left for node in range(last, count)],
    )


def _chains(edges: Sequence[tuple[int, int]], ranks: list[int], count: int) -> list[list[int]]:
    """Return the nodes along each edge, with a new one in each rank that it passes.

    `ranks` grows by the new nodes. An edge that runs upwards is returned from its end to its start.
    """
    chains: list[list[int]] = []
    for edge in edges:
        source, target = sorted(edge, key=lambda node: ranks[node])
        new = range(count, count + ranks[target] - ranks[source] - 1)
        ranks.extend(ranks[source] + 1 + i for i in range(len(new)))
        count += len(new)
        chains.append([source, *new, target])
    return chains


def _spans(
    order: list[list[int]], sizes: Sequence[tuple[float, float]], between: float, count: int
) -> list[tuple[float, float]]:
    """Return where each rank begins and ends."""
    spans: list[tuple[float, float]] = []
    y = 0.0
    for rank in order:
        height = max((sizes[node][1] for node in rank if node < count), default=0.0)
        spans.append((y, y + height))
        y += height + between
    return spans


class _Frame:
    """A level's own frame: it begins and ends with its boxes and with the ports beside them.

    Args:
        sizes: Of the boxes, then of the ports.
        centers: Where each node's middle is from left to right.
        spans: Where each node's rank begins and ends from top to bottom.
        inputs: The nodes that are ports on the upper border; those of the lower one follow.
        chains: The nodes along each edge.
    """

    def __init__(
        self,
        sizes: Sequence[tuple[float, float]],
        centers: list[float],
        spans: list[tuple[float, float]],
        inputs: range,
        chains: list[list[int]],
    ) -> None:
        self._sizes = sizes
        self._centers = centers
        self._spans = spans
        self._inputs = inputs
        self._outputs = range(inputs.stop, len(sizes))
        passed = [centers[node] for chain in chains for node in chain]
        boxes = range(inputs.start) or range(len(sizes))
        edges = [(centers[n] - sizes[n][0] / 2, centers[n] + sizes[n][0] / 2) for n in boxes]
        self.left = min([left for left, _ in edges] + passed)
        self.right = max([right for _, right in edges] + passed)
        self.top = min(self._vertical(node)[0] for node in boxes)
        self.bottom = max(self._vertical(node)[1] for node in boxes)

    def fit(self, *, branches: bool) -> None:
        """Make room for the edges in and out, a single edge in at the middle if that is cheap."""
        if len(self._inputs) == 1:
            middle = self._centers[self._inputs[0]]
            self.left, self.right = widened(self.left, self.right, middle)
        if self._inputs:
            self.top -= ROOM_TO_BRANCH if branches else ROOM
        if self._outputs:
            self.bottom += ROOM_AFTER

    def corner(self, node: int) -> Point:
        """Return a box's top left corner."""
        x = self._centers[node] - self._sizes[node][0] / 2
        return x - self.left, self._vertical(node)[0] - self.top

    def route(self, edge: tuple[int, int], chain: list[int]) -> list[Point]:
        """Return the points of an edge, straight past the boxes of each rank on it."""
        points: list[Point] = []
        for node in chain:
            start, end = self._spans[node]
            if node in self._inputs:
                ys = [self.top]
            elif node in self._outputs:
                ys = [self.bottom]
            elif node == chain[0]:
                ys = [self._vertical(node)[1], end]
            elif node == chain[-1]:
                ys = [start, self._vertical(node)[0]]
            else:
                ys = [start, end]
            for y in ys:
                point = (self._centers[node] - self.left, y - self.top)
                if not points or points[-1] != point:
                    points.append(point)
        return points if chain[0] == edge[0] else points[::-1]

    def _vertical(self, node: int) -> tuple[float, float]:
        """Return a box's upper and lower edge; it stands in the middle of its rank."""
        middle, height = sum(self._spans[node]) / 2, self._sizes[node][1]
        return middle - height / 2, middle + height / 2
