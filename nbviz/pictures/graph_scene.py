"""Everything that a saved graph shows, in one coordinate system: boxes in boxes, and edges."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbviz.inspection.graph.layout.layout import place
from nbviz.inspection.graph.layout.level import LevelShape, Placed, Point
from nbviz.pictures.graph_boxes import HEADER, BoxText, text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from nbviz.pictures.graph_levels import Levels
    from nbviz.protocol.graph import AutogradTie, GraphLevel, GraphNode

INSIDE = 14.0  # space around the inside of an opened box
AT_A_GLANCE = 40  # boxes that are opened by themselves


@dataclass(frozen=True, slots=True)
class SceneBox:
    """A box; its corner is the top left one."""

    node: GraphNode
    text: BoxText
    x: float
    y: float
    width: float
    height: float
    depth: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class SceneEdge:
    """A piece of an edge, from a box or the border of an open one to the next."""

    points: list[Point]
    arrives: bool  # at a box, and so with an arrow head unless its tie has none
    tie: AutogradTie | None = None


@dataclass(slots=True)
class Scene:
    """Boxes from the outermost to the innermost, and edges."""

    width: float
    height: float
    boxes: list[SceneBox] = field(default_factory=list[SceneBox])
    edges: list[SceneEdge] = field(default_factory=list[SceneEdge])


@dataclass
class _Level:
    """A level with its layout; opened boxes hold levels themselves."""

    data: GraphLevel
    placed: Placed
    sizes: list[tuple[float, float]]
    inside: list[_Level | None]
    in_ports: list[str]
    out_ports: list[str]


def at_a_glance(levels: Levels, most: int = AT_A_GLANCE) -> set[str]:
    """Return the boxes to open: one generation after the other while few are shown."""
    found: set[str] = set()
    shown = levels.level("")["nodes"]
    count = len(shown)
    while True:
        following = [node for node in shown if node["child_count"] and node["repeat"] == 1]
        count += sum(node["child_count"] for node in following)
        if not following or count > most:
            return found
        found |= {node["node_id"] for node in following}
        shown = [n for node in following for n in levels.level(node["node_id"])["nodes"]]


def to_depth(levels: Levels, depth: int) -> set[str]:
    """Return the boxes to open so that `depth` levels below the model's own are shown."""
    found: set[str] = set()
    shown = levels.level("")["nodes"]
    for _ in range(depth):
        following = [node["node_id"] for node in shown if node["child_count"]]
        found.update(following)
        shown = [node for scope in following for node in levels.level(scope)["nodes"]]
    return found


def compose(levels: Levels, opened: Collection[str]) -> Scene:
    """Lay out the whole model with some boxes open."""
    root = _lay_out(levels, "", opened)
    _untwist(root)
    scene = Scene(root.placed.width, root.placed.height)
    _add(scene, root, (0.0, 0.0), 0, None)
    return scene


def _lay_out(levels: Levels, scope: str, opened: Collection[str]) -> _Level:
    """Lay out a level, opened boxes from the inside out."""
    data = levels.level(scope)
    inside: list[_Level | None] = []
    sizes: list[tuple[float, float]] = []
    for node in data["nodes"]:
        is_open = node["node_id"] in opened and node["child_count"] > 0
        level = _lay_out(levels, node["node_id"], opened) if is_open else None
        text = text_of(node, is_open=is_open)
        inside.append(level)
        if level is None:
            sizes.append((text.width, text.height))
        else:
            room = level.placed.width + 2 * INSIDE
            sizes.append((max(text.width, room), HEADER + level.placed.height + INSIDE))
    place_of = {node["node_id"]: i for i, node in enumerate(data["nodes"])}
    in_ports = list(dict.fromkeys(outside for _, outside in data["inputs"]))
    # Whatever leaves one box inside leaves by one port, to however many boxes it goes.
    out_ports = list(dict.fromkeys(box for box, _ in data["outputs"]))
    shape = LevelShape(
        sizes,
        [(place_of[edge["source"]], place_of[edge["target"]]) for edge in data["edges"]],
        [(in_ports.index(outside), place_of[box]) for box, outside in data["inputs"]],
        [(place_of[box], port) for port, box in enumerate(out_ports)],
    )
    return _Level(data, place(shape), sizes, inside, in_ports, out_ports)


def _untwist(level: _Level) -> None:
    """Mirror the insides of open boxes where edges would cross just before them, outer ones first.

    A level is laid out before it is known in which order its inputs arrive.
    """
    pairs = [(edge["source"], edge["target"]) for edge in level.data["edges"]]
    pairs += [(outside, box) for box, outside in level.data["inputs"]]
    for node, inner in zip(level.data["nodes"], level.inside, strict=True):
        if inner is None:
            continue
        arrivals = [
            (level.placed.routes[i][-2][0], inner.placed.input_ports[inner.in_ports.index(source)])
            for i, (source, target) in enumerate(pairs)
            if target == node["node_id"] and source in inner.in_ports
        ]
        twists = sum(
            1 if (outside < other) == (port > other_port) else -1
            for i, (outside, port) in enumerate(arrivals)
            for other, other_port in arrivals[:i]
            if outside != other and port != other_port
        )
        if twists > 0:
            inner.placed = _mirrored(inner.placed, inner.sizes)
        _untwist(inner)


def _mirrored(placed: Placed, sizes: list[tuple[float, float]]) -> Placed:
    width = placed.width
    return Placed(
        width=width,
        height=placed.height,
        corners=[(width - x - w, y) for (x, y), (w, _) in zip(placed.corners, sizes, strict=True)],
        routes=[[(width - x, y) for x, y in route] for route in placed.routes],
        input_ports=[width - x for x in placed.input_ports],
        output_ports=[width - x for x in placed.output_ports],
    )


def _add(scene: Scene, level: _Level, corner: Point, depth: int, border: float | None) -> None:
    """Add a level with its corner at a point; `border` is the lower edge of the box around it."""
    x, y = corner
    data, placed = level.data, level.placed
    ends = _Ends(level, corner)
    for i, node in enumerate(data["nodes"]):
        left, top = x + placed.corners[i][0], y + placed.corners[i][1]
        width, height = level.sizes[i]
        inner = level.inside[i]
        text = text_of(node, is_open=inner is not None)
        scene.boxes.append(SceneBox(node, text, left, top, width, height, depth, inner is not None))
        if inner is not None:
            indent = (width - inner.placed.width) / 2
            _add(scene, inner, (left + indent, top + HEADER), depth + 1, top + height)
    routes = iter([[(px + x, py + y) for px, py in route] for route in placed.routes])
    for edge in data["edges"]:
        points = next(routes)
        starts = ends.leaving(edge["source"], edge["target"])
        arrivals = ends.arriving(edge["target"], edge["source"])
        _join(scene, SceneEdge(points, arrives=True, tie=edge.get("tie")), starts, arrivals)
    in_ties = data.get("input_ties") or [None] * len(data["inputs"])
    for (box, outside), tie in zip(data["inputs"], in_ties, strict=True):
        made = SceneEdge(next(routes), arrives=True, tie=tie)
        _join(scene, made, [None], ends.arriving(box, outside))
    out_ties = data.get("output_ties") or [None] * len(data["outputs"])
    for box in level.out_ports:
        points = next(routes)
        if border is not None:
            points[-1] = (points[-1][0], border)
        outputs = [one for one in zip(data["outputs"], out_ties, strict=True) if one[0][0] == box]
        starts = [start for (_, target), _ in outputs for start in ends.leaving(box, target)]
        tie = outputs[0][1] if all(of == outputs[0][1] for _, of in outputs) else None
        _join(scene, SceneEdge(points, False, tie), list(dict.fromkeys(starts)), [None])


def _join(
    scene: Scene, edge: SceneEdge, starts: Iterable[Point | None], arrivals: Sequence[Point | None]
) -> None:
    for start in starts:
        for arrival in arrivals:
            points = list(edge.points)
            if start is not None:
                points[0] = start
            if arrival is not None:
                points[-1] = arrival
            scene.edges.append(SceneEdge(points, edge.arrives, edge.tie))


class _Ends:
    """Where the edges of a level begin and end: None for a box's own middle."""

    def __init__(self, level: _Level, corner: Point) -> None:
        self._level = level
        self._corner = corner
        self._place = {node["node_id"]: i for i, node in enumerate(level.data["nodes"])}

    def leaving(self, box: str, target: str) -> list[Point | None]:
        """The starts of the edges from a box to another."""
        inside = self._level.inside[self._place[box]]
        if inside is None:
            return [None]
        serving = [port for port, to in inside.data["outputs"] if to == target]
        ports = [inside.placed.output_ports[inside.out_ports.index(port)] for port in serving]
        return [self._border(box, inside, port, leaves=True) for port in ports] or [None]

    def arriving(self, box: str, source: str) -> list[Point | None]:
        """The end of the edge from another box."""
        inside = self._level.inside[self._place[box]]
        if inside is None or source not in inside.in_ports:
            return [None]
        port = inside.placed.input_ports[inside.in_ports.index(source)]
        # The edge goes on behind the header, to where the inside begins.
        return [self._border(box, inside, port, leaves=False)]

    def _border(self, box: str, inside: _Level, port: float, *, leaves: bool) -> Point:
        number = self._place[box]
        width, height = self._level.sizes[number]
        left, top = self._level.placed.corners[number]
        indent = (width - inside.placed.width) / 2
        x, y = self._corner
        return (x + left + indent + port, y + top + (height if leaves else 0.0))
