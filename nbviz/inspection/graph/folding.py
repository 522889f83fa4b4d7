"""Equal blocks in series drawn as one box: "12 × EncoderLayer", which opens to show all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbviz.inspection.graph.boxes import Box
from nbviz.inspection.graph.containers import replace_by
from nbviz.inspection.graph.crossings import Crossings, find_crossings

if TYPE_CHECKING:
    from nbviz.inspection.graph.model import Graph

_FEWEST = 3


def fold_repeats(graph: Graph, boxes: dict[str, Box]) -> None:
    """Fold runs of at least three boxes that have equal insides and that follow each other.

    Boxes are equal if their types, settings, shapes, insides and the ways between them are. A box
    that holds nothing but one run is itself marked as that run.
    """
    crossings = find_crossings(graph, boxes)
    structures = _Structures(boxes, crossings)
    for scope in [box for box in boxes.values() if box.kind == "module" and box.children]:
        level = crossings.get(scope.box_id) or Crossings()
        for run in _runs(scope, level, structures, boxes):
            if len(run) == len(scope.children) and scope.parent is not None:
                _mark(scope, boxes[run[0]], len(run))
            else:
                _fold(scope, run, boxes)


class _Structures:
    """Numbers that are equal for boxes with equal insides."""

    def __init__(self, boxes: dict[str, Box], crossings: dict[str, Crossings]) -> None:
        self._boxes = boxes
        self._crossings = crossings
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
        place = {child: i for i, child in enumerate(box.children)}
        edges = self._crossings[box_id].edges if box_id in self._crossings else {}
        return (
            box.type,
            box.detail,
            box.outputs,
            box.flops,
            tuple(map(self.of, box.children)),
            tuple(sorted((place[source], place[target]) for source, target in edges)),
        )


def _runs(
    scope: Box, level: Crossings, structures: _Structures, boxes: dict[str, Box]
) -> list[list[str]]:
    """Find runs among the boxes of a level, in the order in which they ran."""
    runs: list[list[str]] = []
    run: list[str] = []
    for child in scope.children:
        follows = (
            run
            and boxes[child].children
            and (run[-1], child) in level.edges
            and structures.of(run[-1]) == structures.of(child)
        )
        if not follows:
            runs.append(run)
            run = []
        run.append(child)
    runs.append(run)
    return [run for run in runs if len(run) >= _FEWEST]


def _mark(scope: Box, block: Box, count: int) -> None:
    scope.repeat = count
    scope.detail = f"{count} × {block.type}"


def _fold(scope: Box, run: list[str], boxes: dict[str, Box]) -> None:
    first, last = boxes[run[0]], boxes[run[-1]]
    made = Box(
        box_id=f"{first.box_id}+{len(run)}",
        kind="module",
        label=f"{first.label} – {last.label}",
        type=first.type,
        path=first.path,
        parent=scope.box_id,
        detail=f"{len(run)} × {first.type}",
        source=first.source,
        outputs=last.outputs,
        flops=sum(boxes[child].flops for child in run),
        repeat=len(run),
        children=run,
    )
    replace_by(scope, made, boxes)
