"""What a traced model consists of: operations, module calls, parameters and the tensors between."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbviz.inspection.graph.trace.nested_tensors import TensorInfo
    from nbviz.protocol.graph import AutogradKind, AutogradTie


@dataclass(frozen=True, slots=True)
class Operation:
    """One torch call, or one of the model's inputs or outputs.

    Attributes:
        node_id: Unique in the graph, and the same in every trace of the same model.
        kind: "operation", "input" or "output".
        name: The function's name, such as `relu` or `__add__`; the argument's for an input.
        scope: `call_id` of the module call in which it ran.
        outputs: The tensors that it made.
        flops: Floating-point operations of its matrix products, convolutions and attention; one
            multiply-add counts as two.
        kernels: The operators that it ran, such as `addmm`.
        source: Where it was called, `file.py:12`; "" if unknown.
        functions: The author's functions in which it ran, within the forward of its module, the
            outermost first; each call of a function has its own name, `attend#12`.
        parameters: Numbers of the parameters given to it directly, see `Graph.parameters`.
        autograd: What it is in a backward graph; None in a model's.
        attributes: What a function of a backward graph kept that is no tensor, by name.
        error: What it raised, "" for nothing; see `TraceError.graph`.
    """

    node_id: str
    kind: str
    name: str
    scope: str
    outputs: tuple[TensorInfo, ...]
    flops: int
    kernels: tuple[str, ...]
    source: str
    functions: tuple[str, ...]
    parameters: tuple[int, ...]
    autograd: AutogradKind | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """A tensor made by the node `source` and taken by the node `target`.

    Attributes:
        tie: What joins the two in a backward graph where no gradient runs; None in a model's.
    """

    source: str
    target: str
    tensor: TensorInfo
    tie: AutogradTie | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of the model; tied ones have several names.

    Attributes:
        names: Its dotted names, such as `conv1.weight`.
        size: How many numbers it holds.
        is_trainable: Whether it requires a gradient.
        shape: Its shape; empty while a lazy module has not made it.
        dtype: Such as `float32`.
        byte_count: How much memory it takes.
    """

    names: tuple[str, ...]
    size: int
    is_trainable: bool
    shape: tuple[int, ...]
    dtype: str
    byte_count: int


@dataclass(slots=True)
class ModuleCall:
    """One call of a module.

    Attributes:
        call_id: Unique in the graph: the path, with `:2` for its second call; "" for the model.
        path: The module's dotted path; "" for the model, None for a module outside of its tree.
        call: 1 for its first call.
        type: The name of its class.
        detail: Its settings in a few words.
        parent: `call_id` of the call around it, None for the model.
        outputs: The tensors that it returned.
        flops: Of all operations in it and below it.
        source: Where it was called.
        functions: The author's functions in which it was called, as for operations.
        parameters: Numbers of the parameters that it holds itself, see `Graph.parameters`.
        children: `call_id` and `node_id` of the calls and operations directly in it, in order.
        is_library: Whether it is one of PyTorch's own modules.
        error: What was raised in it, "" for nothing; see `TraceError.graph`.
    """

    call_id: str
    path: str | None
    call: int
    type: str
    detail: str
    parent: str | None
    outputs: tuple[TensorInfo, ...]
    flops: int
    source: str
    functions: tuple[str, ...]
    parameters: tuple[int, ...]
    is_library: bool
    children: list[str] = field(default_factory=list[str])
    error: str = ""


@dataclass
class GraphStructure:
    """A model's module calls, operations and the tensors between them.

    Attributes:
        nodes: Operations, inputs and outputs in the order in which they ran.
        edges: The tensors between nodes, each pair of nodes once.
        module_calls: All calls of modules in the order in which they began, the model's own first.
        parameters: Every parameter of the model once.
        module_types: The class name of every module of the model by its path, called or not.
        note: How it was traced, where that matters to the reader.
    """

    nodes: list[Operation]
    edges: list[Edge]
    module_calls: list[ModuleCall]
    parameters: list[Parameter]
    module_types: dict[str, str]
    note: str

    @property
    def parameter_count(self) -> int:
        """How many numbers the model's parameters hold; tied parameters count once."""
        return sum(parameter.size for parameter in self.parameters)

    @property
    def trainable_count(self) -> int:
        """How many of these numbers are trained."""
        return sum(parameter.size for parameter in self.parameters if parameter.is_trainable)

    @property
    def flops(self) -> int:
        """Floating-point operations of one pass; one multiply-add counts as two."""
        return self.module_calls[0].flops
