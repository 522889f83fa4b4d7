"""A hiddenlayer graph as a file's bytes: by Graphviz where it is installed, without it otherwise.

Without it, matplotlib draws.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import html
import io
import shutil
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

from nbviz.errors import ConfigurationError, MissingDependencyError
from nbviz.inspection.graph.layout.layout import place
from nbviz.inspection.graph.layout.level import LevelShape, Placed
from nbviz.integrations.hiddenlayer.drawing import matplotlib_module

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE_FORMATS = ("dot", "gv")
DRAWN_FORMATS = ("svg", "pdf", "png", "eps", "jpg", "jpeg")  # also without Graphviz
_BOX = (1.5, 0.5)  # inches
_UNITS = 56  # of the layout, in an inch: leaves labels their room between boxes
_LABELLED = 1.4  # inches: a line that is longer passes other boxes, and has no label


class DrawnGraph(Protocol):
    """What is drawn of hiddenlayer's graph.

    Attributes:
        nodes: By their ids, in any order.
        edges: Source's id, target's id, label.
        theme: Colours and sizes, by hiddenlayer's names.
    """

    nodes: dict[Any, Any]
    edges: list[tuple[Any, Any, Any]]
    theme: dict[str, str]

    def build_dot(self) -> Any:
        """Return the graph as a `graphviz.Digraph`."""
        ...


def render(graph: DrawnGraph, format: str) -> bytes:  # noqa: A002
    """Return a graph's picture, or its Graphviz source.

    Args:
        graph: What to draw, in the colours of its theme.
        format: "dot" or "gv" for the source; any format of Graphviz where that is installed; svg,
            pdf, png, eps or jpg otherwise.

    Raises:
        ConfigurationError: The format cannot be written here.
        MissingDependencyError: The Python package graphviz or matplotlib is not installed.
    """
    if format in SOURCE_FORMATS:
        return str(_source(graph).source).encode()
    if shutil.which("dot") is not None:
        return _source(graph).pipe(format=format)
    if format in DRAWN_FORMATS:
        return _drawn(graph, format)
    raise ConfigurationError(
        f"the format {format!r} needs Graphviz, whose program dot was not found; install it with "
        "`apt install graphviz` or `conda install graphviz`, or use one of "
        f"{', '.join((*DRAWN_FORMATS, *SOURCE_FORMATS))}."
    )


def _source(graph: DrawnGraph) -> Any:
    try:
        return graph.build_dot()
    except ImportError as error:
        raise MissingDependencyError("graphviz", "graph") from error


def _drawn(graph: DrawnGraph, format: str) -> bytes:  # noqa: A002
    figures, patches = matplotlib_module("figure"), matplotlib_module("patches")
    edges = [edge for edge in graph.edges if edge[0] != edge[1]]
    placed = placed_graph(list(graph.nodes), [(a, b) for a, b, _ in edges])
    theme = graph.theme
    pad_x, pad_y = (float(part) for part in theme["padding"].split(","))
    size = (placed.width + 2 * pad_x, placed.height + 2 * pad_y)
    text: dict[str, Any] = {
        "va": "center",
        "color": theme["font_color"],
        "fontsize": float(theme["font_size"]),
        "parse_math": False,  # names are no formulas
    }
    line = {"ec": theme["outline_color"], "lw": 0.8}
    with matplotlib_module("style").context({"svg.fonttype": "none", "svg.hashsalt": "nbviz"}):
        figure = figures.Figure(figsize=size, facecolor=theme["background_color"])
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, size[0]), ylim=(size[1], 0))
        axes.set_axis_off()
        for (_, _, label), route in zip(edges, placed.routes, strict=True):
            points = [(x + pad_x, y + pad_y) for x, y in route]
            arrow = {"arrowstyle": "-|>", "mutation_scale": 8, "shrinkA": 0, "shrinkB": 0}
            way = patches.FancyArrowPatch(path=_smooth(points), fc="none", **arrow, **line)
            axes.add_patch(way)
            (x0, y0), (x1, y1) = points[0], points[-1]
            if label and abs(y1 - y0) < _LABELLED:
                middle = ((x0 + x1) / 2 + 0.08, (y0 + y1) / 2)
                axes.text(*middle, _label(label), **{**text, "fontsize": 0.8 * text["fontsize"]})
        for key, (left, top) in zip(graph.nodes, placed.corners, strict=True):
            corner = (left + pad_x, top + pad_y)
            x, y = corner[0] + _BOX[0] / 2, corner[1] + _BOX[1] / 2
            node = graph.nodes[key]
            axes.add_patch(patches.Rectangle(corner, *_BOX, fc=theme["fill_color"], **line))
            title = _wrapped(html.unescape(node.title))  # transforms join names with &gt;
            repeat = f"  ×{node.repeat}" if node.repeat > 1 else ""
            longest = max(len(part) for part in (title + repeat).split("\n"))
            fitting = min(text["fontsize"], 1.5 * _BOX[0] * 72 / max(longest, 1))
            axes.text(x, y, title + repeat, ha="center", **{**text, "fontsize": fitting})
        file = io.BytesIO()
        figure.savefig(file, format=format)
    return file.getvalue()


def placed_graph(keys: Sequence[Any], edges: Sequence[tuple[Any, Any]]) -> Placed:
    """Return where the boxes of a graph stand and how the lines between them run, in inches.

    Args:
        keys: The nodes.
        edges: Pairs of them; they may form circles.
    """
    number = {key: i for i, key in enumerate(keys)}
    sizes = [(_BOX[0] * _UNITS, _BOX[1] * _UNITS)] * len(keys)
    found = place(LevelShape(sizes, [(number[a], number[b]) for a, b in edges]))
    return Placed(
        width=found.width / _UNITS,
        height=found.height / _UNITS,
        corners=[(x / _UNITS, y / _UNITS) for x, y in found.corners],
        routes=[[(x / _UNITS, y / _UNITS) for x, y in route] for route in found.routes],
    )


def _smooth(points: list[tuple[float, float]]) -> Any:
    """Return a line that leaves and arrives vertically and bends only between ranks."""
    paths: Any = matplotlib_module("path").Path
    vertices, codes = [points[0]], [paths.MOVETO]
    for (x, y), (next_x, next_y) in pairwise(points):
        middle = (y + next_y) / 2
        vertices += [(x, middle), (next_x, middle), (next_x, next_y)]
        codes += [paths.CURVE4] * 3
    return paths(vertices, codes)


def _wrapped(title: str, most: int = 20) -> str:
    """Break a long title in the middle, at a space."""
    if len(title) <= most or " " not in title:
        return title
    spaces = [i for i, sign in enumerate(title) if sign == " "]
    middle = min(spaces, key=lambda i: abs(i - len(title) / 2))
    return f"{title[:middle]}\n{title[middle + 1 :]}"


def _label(label: Any) -> str:
    return (
        "x".join(str(part or "?") for part in label) if isinstance(label, tuple | list) else label
    )
