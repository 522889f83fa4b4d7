"""GraphView: a graph in the cell, without a run; `graph` and `record`, which make it."""

from __future__ import annotations

import base64
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nbviz.errors import ConfigurationError, MissingDependencyError
from nbviz.inspection.graph.model import Graph
from nbviz.inspection.graph.trace.recording import Recording
from nbviz.inspection.graph.trace.trace import trace
from nbviz.panels import PANELS
from nbviz.panels.subject import Subject
from nbviz.pictures.graph_files import encoded_picture, save_graph
from nbviz.pictures.graph_picture import graph_picture
from nbviz.pictures.saved_view import figure_html
from nbviz.pictures.svg import picture_to_svg
from nbviz.session.saved import saved_page
from nbviz.text import clean_line
from nbviz.widgets.live_view import LiveView

if TYPE_CHECKING:
    import torch

    from nbviz.pictures.graph_levels import Levels


class GraphView(LiveView):
    """Shows a graph in a notebook cell: modules as boxes that open, and the tensors between them.

    A notebook that is saved keeps a picture of it.

    Args:
        graph: What `nbviz.trace` returned, or anything else that has levels.
        transport: How the graph travels to the page, as for `Dashboard`.
    """

    def __init__(
        self, graph: Levels, *, transport: Literal["auto", "push", "pull"] = "auto"
    ) -> None:
        self._graph = graph
        super().__init__(panels=("graph",), transport=transport)
        self._title: str = graph.level("")["title"]
        self.add_subject(Subject.of_graph(graph))

    @property
    def graph(self) -> Any:
        """The graph that is shown."""
        return self._graph

    def save(self, path: str | Path, *, depth: int | None = None) -> Path:
        """Write the graph as a file: .svg, .png, .pdf, .dot, .json, or .html whose boxes open.

        Nothing of it needs Graphviz.

        Args:
            path: The file to write; one that exists is replaced.
            depth: How many levels of boxes are open in a picture; None for as many as are read at a
                glance.

        Returns:
            The file's path.

        Raises:
            ConfigurationError: The extension is another, or the file cannot be written.
            MissingDependencyError: For .png, Pillow is not installed.
        """
        return save_graph(self._graph, path, depth, page=self._page)

    def save_html(self, path: str | Path, *, title: str | None = None) -> Path:
        """Write the graph as one page whose boxes open, without a kernel and without a network."""
        del title  # the graph has its own
        file = Path(path)
        if file.suffix.lower() != ".html":
            raise ConfigurationError(f"the path of a page ends with .html; got {str(file)!r}.")
        return self.save(file)

    def picture(self) -> dict[str, Any]:
        """Return what is saved beside the live view, for readers without a kernel, by MIME type."""
        return graph_bundle(self._graph, self.view_id)

    def _page(self) -> str:
        svg = picture_to_svg(graph_picture(self._graph))
        return saved_page(PANELS, self.subjects, self._title, picture=svg)

    def __repr__(self) -> str:
        return f"GraphView({self._title!r})"


def graph_bundle(levels: Levels, view_id: str) -> dict[str, Any]:
    """Return a graph's saved picture in every form that notebook readers know."""
    picture = graph_picture(levels)
    root = levels.level("")
    names = [node["label"] for node in root["nodes"]]
    said = f"{root['title']}: {' '.join(f'{name},' for name in names).rstrip(',')}"
    bundle: dict[str, Any] = {
        "text/plain": clean_line(root["title"]),
        "text/html": figure_html(picture_to_svg(picture), said, view_id),
    }
    # Without Pillow: every reader that takes a PNG takes the text too.
    with contextlib.suppress(MissingDependencyError):
        bundle["image/png"] = base64.b64encode(encoded_picture(picture, "png")).decode("ascii")
    return bundle


def graph(model: torch.nn.Module | Graph, *inputs: Any, **kwargs: Any) -> GraphView:
    """Show what a model does, in a notebook cell; `.save(path)` writes it as a file.

    Args:
        model: The model, in the mode (train or eval) in which it shall be shown; or a graph that
            `nbviz.trace` has returned.
        *inputs: What its forward takes: tensors, or containers and objects that hold tensors.
        **kwargs: The same by name.

    Raises:
        TraceError: The model cannot be run with these inputs; the model's own error is chained.
    """
    return GraphView(model if isinstance(model, Graph) else trace(model, *inputs, **kwargs))


class ShownRecording(Recording):
    """A recording that shows its graph when it is the last line of a cell."""

    _shown: GraphView | None = None

    def _ipython_display_(self, **_: Any) -> None:
        self._shown = self._shown or GraphView(self.graph)  # kept: a view answers while it lives
        self._shown.show()


def record(model: torch.nn.Module) -> ShownRecording:
    """Record the next forward pass of a model, with its real values, as a graph.

        with nbviz.record(model) as recording:
            loss = loss_fn(model(inputs), targets)
            loss.backward()
        recording          # shows; `recording.graph` is the graph

    The pass is the user's own: it is neither repeated nor changed. The functions of its backward
    pass are linked to the operations, which `nbviz.make_dot(loss)` shows.

    Args:
        model: The model; called in the block by the user's own code. Its first call is recorded.

    Raises:
        TraceError: It is no `torch.nn.Module`.
    """
    return ShownRecording(model)
