"""The backward graph: the functions that autograd will run, and the tensors that they meet."""

# pyright: reportPrivateUsage=false
# `_base` and the saved values of a function (`_saved_…`) are what PyTorch itself documents for
# looking at a graph, under names that begin with an underscore. `_sequence_nr` is asked for with
# care: without it a graph is only not grouped by modules.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

import torch

from nbviz.errors import ConfigurationError
from nbviz.inspection.graph.trace.links import link_of
from nbviz.inspection.graph.trace.nested_tensors import tensors_in
from nbviz.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbviz.inspection.graph.trace.links import ForwardLink
    from nbviz.protocol.graph import AutogradKind, AutogradTie

SAVED = "_saved_"
_NO_ORDER = 1 << 62
_LEAST_CHARS = 3


@dataclass(frozen=True, slots=True)
class AutogradNode:
    """A function of the backward pass, or a tensor at its border.

    Attributes:
        node_id: Unique in the graph.
        kind: "function"; "leaf" for a tensor whose `grad` will be filled; "saved" for one that a
            function kept; "output" for what the graph was made of, "base" for what that views.
        name: The function's class, or the tensor's name, "" if it has none.
        shape: The tensor's shape; empty for functions.
        dtype: The tensor's dtype; "" for functions.
        attributes: What the function kept that is no tensor, by name.
        forward: The forward operation that the function belongs to, if that is known.
        order: When the function was made, as compared with others; None if that is not known.
    """

    node_id: str
    kind: AutogradKind
    name: str
    shape: tuple[int, ...] = ()
    dtype: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    forward: ForwardLink | None = None
    order: int | None = None


@dataclass(frozen=True, slots=True)
class AutogradEdge:
    """A connection between two nodes, in the direction of the forward pass.

    Attributes:
        kind: "gradient" where a gradient runs (backwards along the edge), "saved" between a
            function and a tensor that it kept, "view" from a base to its view.
    """

    source: str
    target: str
    kind: Literal["gradient", "saved", "view"] = "gradient"

    @property
    def tie(self) -> AutogradTie | None:
        """What joins the nodes where no gradient runs between them."""
        return None if self.kind == "gradient" else self.kind


@dataclass
class AutogradGraph:
    """The functions and tensors that are reached backwards from some outputs."""

    nodes: list[AutogradNode] = field(default_factory=list[AutogradNode])
    edges: list[AutogradEdge] = field(default_factory=list[AutogradEdge])


def autograd_graph(
    var: Any,
    params: Any = None,
    *,
    show_attrs: bool = False,
    show_saved: bool = False,
) -> AutogradGraph:
    """Walk back from one or more tensors through the functions that made them.

    Nodes and edges are those of torchviz's `make_dot`.

    Args:
        var: A tensor, or any container or object that holds tensors.
        params: Names for tensors: a mapping of name to tensor, `model.named_parameters()`, or the
            model itself.
        show_attrs: Whether to keep what functions saved that is no tensor.
        show_saved: Whether to show the tensors that PyTorch's own functions saved. Those saved by a
            `torch.autograd.Function` are shown always.

    Raises:
        ConfigurationError: There is no tensor in `var`, or `params` holds something else.
    """
    outputs = list(tensors_in(var))
    if not outputs:
        raise ConfigurationError(
            f"make_dot takes a tensor or a container of tensors, got {type(var).__name__}."
        )
    walk = _Walk(_names(params), show_attrs=show_attrs, show_saved=show_saved)
    for output in outputs:
        walk.add_output(output, "output")
    return walk.graph


def _names(params: Any) -> dict[int, str]:
    """Return the names of tensors by their ids."""
    given: Any = {} if params is None else params
    if isinstance(given, torch.nn.Module):
        given = given.named_parameters()
    pairs: Iterable[Any] = cast("Any", given).items() if isinstance(given, Mapping) else given
    names: dict[int, str] = {}
    for name, tensor in pairs:
        if not isinstance(tensor, torch.Tensor):
            raise ConfigurationError(
                f"params must map names to tensors, got {type(tensor).__name__} for {name!r}. "
                "Pass dict(model.named_parameters())."
            )
        names[id(tensor)] = str(name)
    return names


class _Walk:
    """Collects nodes and edges; functions and tensors are held, so that their ids stay theirs."""

    def __init__(self, names: dict[int, str], *, show_attrs: bool, show_saved: bool) -> None:
        self.graph = AutogradGraph()
        self._names = names
        self._show_attrs = show_attrs
        self._show_saved = show_saved
        self._numbers: dict[int, str] = {}
        self._held: list[Any] = []
        self._walked: set[int] = set()
        self._places: dict[str, int] = {}

    def add_output(self, tensor: torch.Tensor, kind: Literal["output", "base"]) -> None:
        """Add a tensor, what made it, and what it views."""
        while id(tensor) not in self._walked:
            self._walked.add(id(tensor))
            own = self._tensor(tensor, kind)
            if tensor.grad_fn is not None:
                self._add_functions(tensor.grad_fn)
                self._edge(self._number(tensor.grad_fn), own)
            if not tensor._is_view() or tensor._base is None:
                return
            base = tensor._base
            self._edge(self._number(base), own, "view")
            tensor, kind = base, "base"

    def _add_functions(self, first: Any) -> None:
        """Add a function and all before it, without recursion: graphs are deep."""
        waiting = [first]
        while waiting:
            function = waiting.pop()
            if id(function) in self._walked:
                continue
            self._walked.add(id(function))
            own = self._number(function)
            if self._show_saved:
                for name, tensor in _saved_tensors(function):
                    self._edge(own, self._tensor(tensor, "saved", name), "saved")
            variable = getattr(function, "variable", None)
            if isinstance(variable, torch.Tensor):  # where a leaf's gradient is added up
                self._walked.add(id(variable))
                self._edge(self._tensor(variable, "leaf"), own)
            attributes = tuple(_attributes(function)) if self._show_attrs else ()
            self.graph.nodes.append(
                AutogradNode(
                    own,
                    "function",
                    type(function).__name__,
                    attributes=attributes,
                    forward=link_of(function),
                    order=_order(function),
                )
            )
            before = [f for f, _ in getattr(function, "next_functions", ()) if f is not None]
            for earlier in before:
                self._edge(self._number(earlier), own)
            waiting.extend(reversed(before))
            for tensor in _saved_by_author(function):
                self._edge(self._tensor(tensor, "saved"), own, "saved")

    def _tensor(self, tensor: torch.Tensor, kind: AutogradKind, name: str = "") -> str:
        """Add a tensor; return its id in the graph. One that is met again is not added again."""
        number = self._number(tensor)
        known = name or self._names.get(id(tensor), "")
        dtype = str(tensor.dtype).removeprefix("torch.")
        node = AutogradNode(number, kind, known, tuple(tensor.shape), dtype)
        place = self._places.get(number)
        if place is None:
            self._places[number] = len(self.graph.nodes)
            self.graph.nodes.append(node)
        elif self.graph.nodes[place].kind == "saved":  # as a leaf, or under its newest name
            self.graph.nodes[place] = node
        return number

    def _number(self, thing: Any) -> str:
        number = self._numbers.get(id(thing))
        if number is None:
            number = self._numbers[id(thing)] = f"n{len(self._numbers)}"
            self._held.append(thing)
        return number

    def _edge(
        self, source: str, target: str, kind: Literal["gradient", "saved", "view"] = "gradient"
    ) -> None:
        self.graph.edges.append(AutogradEdge(source, target, kind))


def _saved(function: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a function of PyTorch's own saved; nothing that is freed already."""
    for name in dir(function):
        if name.startswith(SAVED):
            try:
                value = getattr(function, name)
            except RuntimeError:  # the backward pass has run, and let go of it
                continue
            yield name.removeprefix(SAVED), value


def _saved_tensors(function: Any) -> Iterator[tuple[str, torch.Tensor]]:
    for name, value in _saved(function):
        if isinstance(value, torch.Tensor):
            yield name, value
        elif isinstance(value, tuple):
            for index, item in enumerate(cast("tuple[Any, ...]", value)):
                if isinstance(item, torch.Tensor):
                    yield f"{name}[{index}]", item


def _saved_by_author(function: Any) -> list[torch.Tensor]:
    """Return what a `torch.autograd.Function` saved."""
    try:
        saved = getattr(function, "saved_tensors", ())
    except RuntimeError:  # the backward pass has run, and let go of it
        return []
    return [tensor for tensor in saved if isinstance(tensor, torch.Tensor)]


def _attributes(function: Any) -> Iterator[tuple[str, str]]:
    for name, value in _saved(function):
        if isinstance(value, torch.Tensor):
            yield name, "[saved tensor]"
        elif isinstance(value, tuple) and any(
            isinstance(item, torch.Tensor) for item in cast("tuple[Any, ...]", value)
        ):
            yield name, "[saved tensors]"
        else:
            yield name, str(cast("Any", value))


def _order(function: Any) -> int | None:
    """Return when a function was made; None where PyTorch does not say, as for leaves."""
    if hasattr(function, "variable") or not hasattr(function, "_sequence_nr"):
        return None
    order: int = function._sequence_nr()
    return order if 0 <= order < _NO_ORDER else None


def cut_attributes(node: AutogradNode, max_attr_chars: int) -> tuple[tuple[str, str], ...]:
    """Return a node's attributes with values of at most so many characters, at least 3."""
    longest = max(_LEAST_CHARS, max_attr_chars)
    return tuple((name, shortened(value, longest)) for name, value in node.attributes)
