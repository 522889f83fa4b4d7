"""`make_dot`: torchviz's call, its arguments and its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbviz.errors import MissingDependencyError
from nbviz.inspection.graph.trace.autograd import autograd_graph

if TYPE_CHECKING:
    from nbviz.widgets.autograd_digraph import AutogradDigraph


def make_dot(
    var: Any,
    params: Any = None,
    show_attrs: bool = False,
    show_saved: bool = False,
    max_attr_chars: int = 50,
) -> AutogradDigraph:
    """Return the backward graph of one or more tensors as a `graphviz.Digraph`.

    Arguments, nodes, edges and colours are those of `torchviz.make_dot`: functions grey, leaves
    whose gradient will be filled blue, saved tensors orange, the outputs green, and what an output
    views dark green. In a notebook it is shown by nbviz's own view, in which the functions stand in
    their modules: those that `nbviz.record` has seen, or else those that the names in `params`
    tell. `render` and `pipe` draw svg, png and pdf also without the program `dot`.

    Args:
        var: A tensor, or any container or object that holds tensors.
        params: Names for tensors: a mapping of name to tensor such as
            `dict(model.named_parameters())`, or the model itself.
        show_attrs: Whether to show what functions saved that is no tensor.
        show_saved: Whether to show the tensors that PyTorch's own functions saved. Those saved by a
            `torch.autograd.Function` are shown always.
        max_attr_chars: The longest value shown of an attribute, at least 3.

    Raises:
        MissingDependencyError: The Python package graphviz is not installed.
        ConfigurationError: There is no tensor in `var`, or `params` holds something else.
    """
    try:
        from nbviz.widgets.autograd_digraph import make_digraph
    except ModuleNotFoundError as error:
        if error.name != "graphviz":
            raise
        raise MissingDependencyError("graphviz", "graph") from None
    found = autograd_graph(var, params, show_attrs=show_attrs, show_saved=show_saved)
    return make_digraph(found, max_attr_chars)
