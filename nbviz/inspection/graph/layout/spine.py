"""Places boxes of which no two share a rank, as a person draws them.

They stand one below the other. What skips some of them runs beside them, on the other side where it
would cross what does so already.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbviz.inspection.graph.layout.level import (
    BETWEEN,
    BETWEEN_BRANCHES,
    ROOM,
    ROOM_AFTER,
    ROOM_TO_BRANCH,
    Placed,
    branches,
    widened,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.inspection.graph.layout.level import LevelShape, Point

_CLEAR = 16.0  # between a box and a line that runs past it
_LANE = 12.0  # between two such lines
_BESIDE_LINE = 4.0  # between such a line and the border of its level
_MOST = 150  # finding the sides takes time that grows with the square of this


@dataclass
class _Skip:
    """What leaves one box, or a port, and skips boxes.

    Attributes:
        start: The place in line that it leaves; -1 for a port.
        ends: The places where it arrives; the number of boxes for the lower border.
        lane: How far from the boxes' middle it runs; negative to the left.
    """

    start: int
    ends: list[int] = field(default_factory=list[int])
    lane: float = 0.0

    @property
    def last(self) -> int:
        return max(self.ends)


def place_spine(shape: LevelShape, ranks: Sequence[int]) -> Placed | None:
    """Place the boxes of a level in one line, or return None if they are not to be drawn so.

    Args:
        shape: The level.
        ranks: Of its boxes first; what follows is not read.
    """
    count = len(shape.sizes)
    order = sorted(range(count), key=lambda box: ranks[box])
    place = [0] * count
    for number, box in enumerate(order):
        place[box] = number
    in_line = count > 0 and len({ranks[box] for box in order}) == count
    if not in_line or any(place[target] <= place[source] for source, target in shape.edges):
        return None
    spine = _Spine(shape, order, place)
    return None if len(spine.skips) > _MOST else spine.placed()


class _Spine:
    def __init__(self, shape: LevelShape, order: list[int], place: list[int]) -> None:
        self._shape, self._order, self._place = shape, order, place
        self._count = len(order)
        self._middle_port = next((port for port, box in shape.inputs if place[box] == 0), None)
        self.skips: dict[tuple[str, int], _Skip] = {}
        for source, target in shape.edges:
            if place[target] > place[source] + 1:
                self._skip(("box", source), place[source], place[target])
        for port, box in shape.inputs:
            if port != self._middle_port or place[box] > 0:
                self._skip(("port", port), -1, place[box])
        for box, _ in shape.outputs:
            if place[box] < self._count - 1:
                self._skip(("box", box), place[box], self._count)
        self._starts: list[float] = []
        self._ends: list[float] = []

    def _skip(self, name: tuple[str, int], start: int, end: int) -> None:
        self.skips.setdefault(name, _Skip(start)).ends.append(end)

    def placed(self) -> Placed:
        """Return where everything is."""
        shape, place, last = self._shape, self._place, self._count - 1
        sizes = [shape.sizes[box] for box in self._order]
        _arrange(list(self.skips.values()), [width / 2 for width, _ in sizes])
        self._measure([height for _, height in sizes])
        ins = {
            port: 0.0 if port == self._middle_port else self._lane(("port", port))
            for port, _ in shape.inputs
        }
        outs = {
            port: self._lane(("box", box)) if place[box] < last else 0.0
            for box, port in shape.outputs
        }
        left, right = self._width([*ins.values(), *outs.values()])
        routes = [
            *(
                [
                    self._leave(source),
                    *self._past(("box", source), place[target]),
                    self._arrive(target),
                ]
                for source, target in shape.edges
            ),
            *(
                [(ins[port], 0.0), *self._past(("port", port), place[box]), self._arrive(box)]
                for port, box in shape.inputs
            ),
            *(
                [self._leave(box), *self._past(("box", box), self._count)]
                if place[box] < last
                else [self._leave(box), (outs[port], self._length)]
                for box, port in shape.outputs
            ),
        ]
        return Placed(
            width=right - left,
            height=self._length,
            corners=[
                (-width / 2 - left, self._starts[place[box]])
                for box, (width, _) in enumerate(shape.sizes)
            ],
            routes=[[(x - left, y) for x, y in route] for route in routes],
            input_ports=[ins[port] - left for port in sorted(ins)],
            output_ports=[outs[port] - left for port in sorted(outs)],
        )

    def _measure(self, heights: Sequence[float]) -> None:
        """Say where each box begins and ends along the line."""
        shape = self._shape
        apart = BETWEEN_BRANCHES if branches(shape) else BETWEEN
        at = 0.0
        if shape.inputs:
            at = ROOM_TO_BRANCH if len(shape.inputs) > 1 else ROOM
        for height in heights:
            self._starts.append(at)
            self._ends.append(at + height)
            at += height + apart
        self._length = self._ends[-1] + (ROOM_AFTER if shape.outputs else 0.0)

    def _width(self, ports: list[float]) -> tuple[float, float]:
        """Return how far it reaches, with the edge in at its middle if that does not cost much."""
        reach = [side * width / 2 for width, _ in self._shape.sizes for side in (-1, 1)]
        reach += [
            one.lane + side for one in self.skips.values() for side in (-_BESIDE_LINE, _BESIDE_LINE)
        ]
        left, right = min(reach), max(reach)
        if len({round(port) for port in ports}) in (1, 2):
            return widened(left, right, ports[0])
        return left, right

    def _lane(self, name: tuple[str, int]) -> float:
        return self.skips[name].lane if name in self.skips else 0.0

    def _past(self, name: tuple[str, int], end: int) -> list[Point]:
        """Return the points beside the boxes up to a place; none where no box is skipped."""
        skip = self.skips.get(name)
        if skip is None or end <= skip.start + 1:
            return []
        begin = self._starts[skip.start + 1]
        stop = self._ends[end - 1] if end < self._count else self._length
        return [(skip.lane, begin), (skip.lane, stop)]

    def _leave(self, box: int) -> Point:
        return 0.0, self._ends[self._place[box]]

    def _arrive(self, box: int) -> Point:
        return 0.0, self._starts[self._place[box]]


def _arrange(skips: list[_Skip], halves: Sequence[float]) -> None:
    """Give each skip a side and a lane: short ones run next to the boxes, longer ones outside."""
    done: list[_Skip] = []
    for skip in sorted(skips, key=lambda one: (one.last - one.start, one.start)):
        sides = {
            side: sum(_crossings(skip, inner) for inner in done if inner.lane * side > 0)
            for side in (1, -1)
        }
        side = -1 if sides[-1] < sides[1] else 1
        reach = max(halves[skip.start + 1 : skip.last], default=0.0) + _CLEAR
        for inner in done:
            is_beside = inner.start < skip.last and skip.start < inner.last
            if is_beside and inner.lane * side > 0:
                reach = max(reach, abs(inner.lane) + _LANE)
        skip.lane = side * reach
        done.append(skip)


def _crossings(outer: _Skip, inner: _Skip) -> int:
    """Return how often a skip crosses a shorter one on the same side, around which it runs."""
    return sum(inner.start < place < inner.last for place in (outer.start, *outer.ends))
