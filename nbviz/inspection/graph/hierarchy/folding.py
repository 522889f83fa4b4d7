"""Equal blocks in series drawn as one box: "12 × EncoderLayer", which opens to show all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nbviz.inspection.graph.hierarchy.boxes import Box, adopt, box_around
from nbviz.inspection.graph.hierarchy.containers import replace_by, with_what_is_between
from nbviz.inspection.graph.hierarchy.level_edges import LevelEdges, find_level_edges, successors

if TYPE_CHECKING:
    from nbviz.inspection.graph.structure import GraphStructure

_FEWEST = 3
_LONGEST_GROUP = 24
_FEWEST_LEAVES = 12


class _Repeat(NamedTuple):
    """Boxes that follow each other: `len(boxes) // period` times the same few."""

    boxes: list[str]
    period: int


def fold_repeats(graph: GraphStructure, boxes: dict[str, Box]) -> None:
    """Fold what follows each other at least three times: equal boxes, or equal groups of them.

    Boxes are equal if their types, settings, shapes, insides and the edges between them and into
    them are; groups are if their boxes are, one by one, and the edges within each group and from
    each group to the next. Groups of nothing but boxes that cannot be opened are folded from 12
    boxes on. A box that holds nothing but one repeat is itself marked as that repeat.
    """
    level_edges = find_level_edges(graph, boxes)
    structures = _Structures(boxes, level_edges)
    for scope in [box for box in boxes.values() if box.kind == "module" and box.children]:
        if len(scope.children) < _FEWEST:
            continue
        level = level_edges.get(scope.box_id) or LevelEdges()
        for repeat in _Level(scope, level, structures, boxes).repeats():
            is_all = len(repeat.boxes) == len(scope.children) and scope.parent is not None
            holder = scope if is_all else _fold(scope, repeat, boxes)
            _mark(holder, repeat, boxes, is_new=not is_all)


def fold_parallel(graph: GraphStructure, boxes: dict[str, Box]) -> None:
    """Fold what stands beside each other at least 12 times: equal boxes with the same neighbours.

    Such as the operations that make a cache of what each layer has returned, once the layers and
    the cache are one box each.
    """
    level_edges = find_level_edges(graph, boxes)
    structures = _Structures(boxes, level_edges)
    for scope in [box for box in boxes.values() if box.kind == "module" and box.children]:
        level = level_edges.get(scope.box_id)
        if level is None or len(scope.children) < _FEWEST_LEAVES:
            continue
        before, after = _neighbours(level)
        alike: dict[Any, list[str]] = {}
        for child in scope.children:
            if boxes[child].kind in ("module", "operation") and child in before:
                ends = frozenset(before[child]), frozenset(after.get(child, ()))
                alike.setdefault((structures.of(child), *ends), []).append(child)
        for held in alike.values():
            if len(held) >= _FEWEST_LEAVES:
                repeat = _Repeat(held, 1)
                _mark(_fold(scope, repeat, boxes), repeat, boxes, is_new=True)


def _neighbours(level: LevelEdges) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return where the tensors of each box come from, and where they go, outside the level, too."""
    before: dict[str, set[str]] = {}
    after: dict[str, set[str]] = {}
    for source, target in (*level.edges, *((outside, box) for box, outside in level.inputs)):
        before.setdefault(target, set()).add(source)
    for source, target in (*level.edges, *level.outputs):
        after.setdefault(source, set()).add(target)
    return before, after


class _Structures:
    """Numbers that are equal for boxes with equal insides."""

    def __init__(self, boxes: dict[str, Box], level_edges: dict[str, LevelEdges]) -> None:
        self._boxes = boxes
        self._level_edges = level_edges
        self._numbers: dict[Any, int] = {}
        self._known: dict[str, int] = {}

    def of(self, box_id: str) -> int:
        """Return the number of a box's structure."""
        known = self._known.get(box_id)
        if known is None:
            known = self._numbers.setdefault(self._structure(box_id), len(self._numbers))
            self._known[box_id] = known
        return known

    def _structure(self, box_id: str) -> Any:
        box = self._boxes[box_id]
        own = (box.kind, box.type, box.detail, box.outputs, box.flops)
        if not box.children:
            return own
        place = {child: i for i, child in enumerate(box.children)}
        level = self._level_edges.get(box_id) or LevelEdges()
        outside: dict[str, int] = {}
        for _, source in level.inputs:
            outside.setdefault(source, len(outside))
        return (
            *own,
            tuple(map(self.of, box.children)),
            tuple(sorted((place[source], place[target]) for source, target in level.edges)),
            tuple(sorted((place[inside], outside[source]) for inside, source in level.inputs)),
            tuple(sorted({place[inside] for inside, _ in level.outputs})),
        )


class _Level:
    """The boxes of one level in the order in which they ran, and what repeats among them."""

    def __init__(
        self, scope: Box, level: LevelEdges, structures: _Structures, boxes: dict[str, Box]
    ) -> None:
        self._children = scope.children
        self._boxes = boxes
        self._structures = [structures.of(child) for child in scope.children]
        place = {child: i for i, child in enumerate(scope.children)}
        self._next: dict[int, list[int]] = {}
        for source, target in level.edges:
            self._next.setdefault(place[source], []).append(place[target])
        is_in_order = all(i < min(after) for i, after in self._next.items())
        self._after = None if is_in_order else successors(level)

    def repeats(self) -> list[_Repeat]:
        """Find the repeats, those of single boxes before those of groups."""
        found: list[_Repeat] = []
        start = 0
        while start < len(self._children):
            repeat = self._repeat_from(start)
            if repeat is None:
                start += 1
                continue
            found.append(repeat)
            start += len(repeat.boxes)
        return found

    def _repeat_from(self, start: int) -> _Repeat | None:
        structures = self._structures
        for period in range(1, min(_LONGEST_GROUP, (len(self._children) - start) // _FEWEST) + 1):
            # Most places begin no repeat, which comparing numbers tells soonest.
            if structures[start] != structures[start + period]:
                continue
            least = structures[start : start + (_FEWEST - 1) * period]
            if least != structures[start + period : start + _FEWEST * period]:
                continue
            count = self._repeats(start, period)
            held = self._children[start : start + count * period]
            if count >= _FEWEST and self._is_worth_it(held) and self._stays_whole(held):
                return _Repeat(held, period)
        return None

    def _repeats(self, start: int, period: int) -> int:
        """Return how many equal groups follow each other from a place on."""
        count = 1
        within = self._edges_between(start, start, period)
        between: list[tuple[int, int]] | None = None
        while start + (count + 1) * period <= len(self._children):
            here, last = start + count * period, start + (count - 1) * period
            edges = self._edges_between(last, here, period)
            same = (
                self._structures[last:here] == self._structures[here : here + period]
                and bool(edges)
                and (between is None or edges == between)
                and self._edges_between(here, here, period) == within
            )
            if not same:
                break
            between = edges
            count += 1
        return count

    def _edges_between(self, source: int, target: int, period: int) -> list[tuple[int, int]]:
        """Return the edges from one group to another, by places within them."""
        return sorted(
            (i, place - target)
            for i in range(period)
            for place in self._next.get(source + i, ())
            if target <= place < target + period
        )

    def _is_worth_it(self, held: list[str]) -> bool:
        opens = any(self._boxes[child].children for child in held)
        return opens or len(held) >= _FEWEST_LEAVES

    def _stays_whole(self, held: list[str]) -> bool:
        """Whether no edge leaves the repeat only to come back."""
        return self._after is None or with_what_is_between(set(held), self._after) == set(held)


def _fold(scope: Box, repeat: _Repeat, boxes: dict[str, Box]) -> Box:
    first, last = boxes[repeat.boxes[0]], boxes[repeat.boxes[-1]]
    made = box_around(
        repeat.boxes,
        boxes,
        box_id=f"{first.box_id}+{len(repeat.boxes)}",
        label=first.label if first.label == last.label else f"{first.label} – {last.label}",
        type=first.type,
        parent=scope.box_id,
        path=first.path,
    )
    replace_by(scope, made, boxes)
    return made


def _mark(holder: Box, repeat: _Repeat, boxes: dict[str, Box], *, is_new: bool) -> None:
    """Say of a box that it holds a repeat, and put each of its groups into a box of its own."""
    holder.repeat = len(repeat.boxes) // repeat.period
    if repeat.period == 1:
        holder.detail = f"{holder.repeat} × {boxes[repeat.boxes[0]].type}"
        return
    starts = range(0, len(repeat.boxes), repeat.period)
    holder.children = [_group(holder, repeat.boxes[i : i + repeat.period], boxes) for i in starts]
    group = boxes[holder.children[0]]
    holder.detail = f"{holder.repeat} × ({group.type})"
    if is_new:
        holder.type = group.type


def _group(holder: Box, held: list[str], boxes: dict[str, Box]) -> str:
    first, last = boxes[held[0]], boxes[held[-1]]
    types = [boxes[child].type for child in held]
    made = box_around(
        held,
        boxes,
        box_id=f"{first.box_id}…{len(held)}",
        label=f"{first.label} – {last.label}",
        type=", ".join(types) if len(types) <= _FEWEST else f"{types[0]} … {types[-1]}",
        parent=holder.box_id,
    )
    adopt(made, boxes)
    return made.box_id
