"""`AutogradDigraph`: torchviz's result, drawn in the cell and saved without Graphviz's program."""

from __future__ import annotations

import os
import shutil
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import graphviz

from nbviz.inspection.graph.hierarchy.autograd_levels import as_graph
from nbviz.pictures.autograd_picture import autograd_picture, box_lines
from nbviz.pictures.graph_files import PICTURE_FORMATS, encoded_picture, write_file
from nbviz.widgets.graph_view import GraphView

if TYPE_CHECKING:
    from nbviz.inspection.graph.trace.autograd import AutogradGraph

# As torchviz draws them.
_COLORS = {
    "leaf": "lightblue",
    "saved": "orange",
    "output": "darkolivegreen1",
    "base": "darkolivegreen3",
}
_EDGES = {"gradient": {}, "saved": {"dir": "none"}, "view": {"style": "dotted"}}
_NODE_LOOK = {
    "style": "filled",
    "shape": "box",
    "align": "left",
    "fontsize": "10",
    "ranksep": "0.1",
    "height": "0.2",
    "fontname": "monospace",
}
_INCHES_A_LINE, _LEAST_INCHES = 0.15, 12.0


class AutogradDigraph(graphviz.Digraph):
    """A backward graph as a `graphviz.Digraph`, with torchviz's nodes, edges and colours.

    In a notebook it is shown by nbviz's own view. Where the program `dot` is not installed,
    `render`, `view` and `pipe` draw svg, png and pdf with nbviz's own layout.

    Args:
        autograd: The backward graph.
        max_attr_chars: The longest value shown of what a function saved.
    """

    def __init__(self, autograd: AutogradGraph, *, max_attr_chars: int = 50) -> None:
        super().__init__(node_attr=dict(_NODE_LOOK), graph_attr={"size": "12,12"})
        self.autograd = autograd
        self._max_attr_chars = max_attr_chars
        self._shown: GraphView | None = None
        for node in autograd.nodes:
            label = graphviz.escape("\n".join(box_lines(node, max_attr_chars)))
            color = _COLORS.get(node.kind)
            self.node(node.node_id, label, **({"fillcolor": color} if color else {}))
        for edge in autograd.edges:
            self.edge(edge.source, edge.target, **_EDGES[edge.kind])
        size = max(_LEAST_INCHES, len(autograd.nodes + autograd.edges) * _INCHES_A_LINE)
        self.graph_attr.update(size=f"{size:g},{size:g}")

    def graph_view(self) -> GraphView:
        """Return the interactive view: functions in the modules that they belong to."""
        return GraphView(as_graph(self.autograd, self._max_attr_chars))

    def render(self, *args: Any, **kwargs: Any) -> str:
        """Save the source and draw it, as `graphviz.Digraph.render` does; returns the file's path.

        Raises:
            graphviz.ExecutableNotFound: `dot` is not installed, and the format is none of svg, png
                and pdf.
        """
        if shutil.which("dot") is not None:
            return super().render(*args, **kwargs)
        names = ("filename", "directory", "view", "cleanup", "format")
        given: dict[str, Any] = {**dict(zip(names, args, strict=False)), **kwargs}
        outfile: Any = given.get("outfile")
        kind = given.get("format") or (Path(outfile).suffix[1:].lower() if outfile else self.format)
        if kind not in PICTURE_FORMATS:
            return super().render(*args, **kwargs)  # which says that `dot` is missing
        if outfile is not None:
            file = Path(given.get("directory") or str(self.directory), outfile)
            file.parent.mkdir(parents=True, exist_ok=True)
        else:
            source = self.save(given.get("filename"), directory=given.get("directory"))
            file = Path(f"{source}.{kind}")
            if given.get("cleanup"):
                Path(source).unlink()
        write_file(file, self._drawn(kind))
        if given.get("view") or given.get("quiet_view"):
            webbrowser.open(file.resolve().as_uri())
        return os.fspath(file)

    def pipe(self, *args: Any, **kwargs: Any) -> Any:
        """Return the drawing as bytes, or as text if an `encoding` is given."""
        kind = kwargs.get("format") or (args[0] if args else None) or self.format
        if shutil.which("dot") is not None or kind not in PICTURE_FORMATS:
            return super().pipe(*args, **kwargs)
        data = self._drawn(kind)
        encoding = kwargs.get("encoding")
        return data if encoding is None else data.decode(encoding)

    def _drawn(self, kind: str) -> bytes:
        return encoded_picture(autograd_picture(self.autograd, self._max_attr_chars), kind)

    def _ipython_display_(self, **_: Any) -> None:
        self._shown = self._shown or self.graph_view()  # kept: a view answers as long as it lives
        self._shown.show()


def make_digraph(autograd: AutogradGraph, max_attr_chars: int) -> AutogradDigraph:
    """Return a backward graph as a `graphviz.Digraph`."""
    return AutogradDigraph(autograd, max_attr_chars=max_attr_chars)
