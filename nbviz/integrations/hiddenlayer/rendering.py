"""A hiddenlayer graph as a file's bytes: by Graphviz where it is installed, without it otherwise.

Without it, matplotlib draws.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import html
import io
import shutil
from typing import TYPE_CHECKING, Any

from nbviz.errors import ConfigurationError, MissingDependencyError
from nbviz.integrations.hiddenlayer.drawing import matplotlib_module
from nbviz.integrations.hiddenlayer.layering import layered

if TYPE_CHECKING:
    from nbviz.integrations.hiddenlayer.graph import Graph

SOURCE_FORMATS = ("dot", "gv")
DRAWN_FORMATS = ("svg", "pdf", "png", "eps", "jpg", "jpeg")  # also without Graphviz
_BOX = (1.5, 0.5)  # inches
_GAPS = (0.6, 0.4)  # beside and below a box


def render(graph: Graph, format: str) -> bytes:  # noqa: A002
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


def _source(graph: Graph) -> Any:
    try:
        return graph.build_dot()
    except ImportError as error:
        raise MissingDependencyError("graphviz", "graph") from error


def _drawn(graph: Graph, format: str) -> bytes:  # noqa: A002
    figures, patches = matplotlib_module("figure"), matplotlib_module("patches")
    places = layered(list(graph.nodes), [(a, b) for a, b, _ in graph.edges])
    theme = graph.theme
    pad_x, pad_y = (float(part) for part in theme["padding"].split(","))
    step_x, step_y = _BOX[0] + _GAPS[0], _BOX[1] + _GAPS[1]
    columns = [column for _, column in places.values()] or [0.0]
    left, right = min(columns), max(columns)
    down = max((layer for layer, _ in places.values()), default=0)
    centers = {
        key: (pad_x + _BOX[0] / 2 + (x - left) * step_x, pad_y + _BOX[1] / 2 + layer * step_y)
        for key, (layer, x) in places.items()
    }
    size = ((right - left) * step_x + _BOX[0] + 2 * pad_x, down * step_y + _BOX[1] + 2 * pad_y)
    text: dict[str, Any] = {
        "va": "center",
        "color": theme["font_color"],
        "fontsize": float(theme["font_size"]),
        "parse_math": False,  # names are no formulas
    }
    line = {"color": theme["outline_color"], "lw": 0.8}
    with matplotlib_module("style").context({"svg.fonttype": "none", "svg.hashsalt": "nbviz"}):
        figure = figures.Figure(figsize=size, facecolor=theme["background_color"])
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, size[0]), ylim=(size[1], 0))
        axes.set_axis_off()
        for source, target, label in graph.edges:
            (x0, y0), (x1, y1) = centers[source], centers[target]
            ends = ((x1, y1 - _BOX[1] / 2), (x0, y0 + _BOX[1] / 2))
            axes.annotate("", *ends, arrowprops={"arrowstyle": "-|>", **line})
            if label and y1 - y0 < 1.5 * step_y:
                middle = ((x0 + x1) / 2 + 0.08, (y0 + y1) / 2)
                axes.text(*middle, _label(label), **{**text, "fontsize": 0.8 * text["fontsize"]})
        for key, (x, y) in centers.items():
            node = graph.nodes[key]
            corner = (x - _BOX[0] / 2, y - _BOX[1] / 2)
            axes.add_patch(
                patches.Rectangle(
                    corner, *_BOX, lw=line["lw"], ec=line["color"], fc=theme["fill_color"]
                )
            )
            title = _wrapped(html.unescape(node.title))  # transforms join names with &gt;
            repeat = f"  ×{node.repeat}" if node.repeat > 1 else ""
            longest = max(len(part) for part in (title + repeat).split("\n"))
            fitting = min(text["fontsize"], 1.75 * _BOX[0] * 72 / max(longest, 1))
            axes.text(x, y, title + repeat, ha="center", **{**text, "fontsize": fitting})
        file = io.BytesIO()
        figure.savefig(file, format=format)
    return file.getvalue()


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
