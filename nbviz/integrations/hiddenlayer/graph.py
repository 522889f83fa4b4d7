"""`build_graph` and `Graph`: hiddenlayer's, with nbviz's trace of the model in them."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import contextlib
import html
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch

from nbviz.errors import ConfigurationError
from nbviz.integrations.hiddenlayer.installed import installed
from nbviz.integrations.hiddenlayer.pytorch_builder import import_graph
from nbviz.integrations.hiddenlayer.rendering import render
from nbviz.pictures.svg import image_html, in_both_schemes
from nbviz.training.checks import not_a_module

if TYPE_CHECKING:
    from collections.abc import Sequence

_module = installed("graph")

Node = _module.Node
THEMES: dict[str, dict[str, str]] = _module.THEMES


class Graph(_module.Graph):
    """A model's operations as nodes, for transforms to fold; shows itself in a notebook.

    It is hiddenlayer's Graph. What differs: given a model, it keeps what the transforms made of it,
    and it shows and saves itself also where Graphviz is not installed.

    Args:
        model: What to trace; an empty graph if None.
        args: As for `build_graph`.
        input_names: Not used, as in hiddenlayer.
        transforms: As for `build_graph`.
        framework_transforms: As for `build_graph`.
        meaningful_ids: Whether folded nodes are named after what they were made of.
    """

    def __init__(  # noqa: PLR0917  hiddenlayer's own signature
        self,
        model: torch.nn.Module | None = None,
        args: Any = None,
        input_names: Any = None,
        transforms: Sequence[Any] | str | None = "default",
        framework_transforms: Sequence[Any] | str | None = "default",
        meaningful_ids: bool = False,
    ) -> None:
        super().__init__(meaningful_ids=meaningful_ids)
        self.nodes: dict[Any, Any]
        self.edges: list[tuple[Any, Any, Any]]
        self.theme: dict[str, str]
        del input_names
        if model is not None:
            import_graph(self, model, args)
            made = _transformed(self, transforms, framework_transforms)
            self.nodes, self.edges = made.nodes, made.edges

    def save(self, path: str | Path, format: str = "pdf") -> None:  # noqa: A002
        """Write the graph to a file.

        Args:
            path: Where; `format` is added as its ending unless it is there.
            format: "pdf", "png", "svg", "dot" or another format that Graphviz writes.

        Raises:
            ConfigurationError: The format cannot be written here.
        """
        target = Path(path)
        if target.suffix != f".{format}":
            target = target.with_name(f"{target.name}.{format}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(render(self, format))

    def _repr_svg_(self) -> str:
        return in_both_schemes(render(self, "svg").decode())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        # A notebook that is not trusted shows no SVG but in an image.
        svg, said = self._repr_svg_(), _in_words(self)
        return {"text/html": image_html(svg, said), "image/svg+xml": svg, "text/plain": said}


def _in_words(graph: Graph) -> str:
    """Return a line for each node: its title, and where it leads."""
    titles = {
        key: html.unescape(node.title) + (f" ×{node.repeat}" if node.repeat > 1 else "")
        for key, node in graph.nodes.items()
    }
    before: dict[Any, set[Any]] = {key: set() for key in titles}
    for of, to, _ in graph.edges:
        if of in titles and to in titles:
            before[to].add(of)
    order = list(titles)
    with contextlib.suppress(CycleError):
        order = list(TopologicalSorter(before).static_order())
    lines: list[str] = []
    for key in order:
        title = titles[key]
        after = [titles[to] for of, to, _ in graph.edges if of == key and to in titles]
        lines.append(f"{title} → {', '.join(after)}" if after else title)
    return "\n".join(lines) or "an empty graph"


def build_graph(
    model: torch.nn.Module | None = None,
    args: Any = None,
    input_names: Any = None,
    transforms: Sequence[Any] | str | None = "default",
    framework_transforms: Sequence[Any] | str | None = "default",
) -> Graph:
    """Trace a model and return its graph, folded by transforms.

    The model is not run for real unless its own code needs values, and is left as it was.

    Args:
        model: A PyTorch model.
        args: Its example input: a tensor, or a tuple of what its forward takes.
        input_names: Not used, as in hiddenlayer.
        transforms: What folds the graph, applied in order; `[]` for every single operation.
        framework_transforms: What comes before them and gives operations their common names, such
            as Linear for Gemm; `[]` for raw ONNX names.

    Returns:
        The graph: nodes with op, output_shape and params (`kernel_shape`, `strides` …).

    Raises:
        ConfigurationError: `model` is no PyTorch model, or `args` is missing.
        TraceError: The model cannot be run with `args`.
        MissingDependencyError: hiddenlayer is not installed.
    """
    if not isinstance(cast("Any", model), torch.nn.Module):
        raise ConfigurationError(f"build_graph takes a torch.nn.Module, got {not_a_module(model)}.")
    graph = Graph()
    import_graph(graph, cast("torch.nn.Module", model), args, input_names)
    return _transformed(graph, transforms, framework_transforms)


def _transformed(
    graph: Graph,
    transforms: Sequence[Any] | str | None,
    framework_transforms: Sequence[Any] | str | None,
) -> Graph:
    if framework_transforms == "default":
        framework_transforms = installed("pytorch_builder").FRAMEWORK_TRANSFORMS
    if transforms == "default":
        transforms = installed("transforms").SIMPLICITY_TRANSFORMS
    for transform in (*(framework_transforms or ()), *(transforms or ())):
        graph = cast("Any", transform).apply(graph)
    return graph
