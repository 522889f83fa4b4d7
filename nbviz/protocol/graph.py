"""A model's graph, and what its boxes were measured to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

if TYPE_CHECKING:
    from nbviz.protocol.core import Answers

AutogradKind = Literal["function", "leaf", "saved", "output", "base"]
"""A node of a backward graph, see `inspection.graph.autograd`."""


AutogradTie = Literal["saved", "view"]
"""A line of a backward graph on which no gradient runs: between a function and a tensor that it
saved, or from a tensor to its view."""


OverlayName = Literal[
    "activation_mean",
    "activation_std",
    "dead_share",
    "nonfinite_share",
    "time",
    "gradient_norm",
    "weight_norm",
    "update_ratio",
]
"""What the boxes of a graph can be coloured by; see `inspection.graph.overlay_values`."""


class GraphNode(TypedDict):
    """One box of the model's graph: a module call, an operation, an input or an output."""

    node_id: str  # unique in the whole graph
    kind: Literal["module", "operation", "input", "output"]
    label: str  # what its author calls it: conv1, relu, +
    type: str  # Conv2d, operation name …
    path: str  # the module's dotted path, "" for none
    detail: str  # "3×3, stride 2"
    output_shapes: list[list[int]]
    dtype: str
    parameter_count: int  # in it and below it, each parameter once
    trainable_count: int
    flops: int
    child_count: int  # nodes one level below; 0 means it cannot be expanded
    tied: list[str]  # names of parameters in it or below it that several modules share
    repeat: int  # how many equal blocks in series this box stands for; 1 for itself alone
    source: str  # "file.py:12", "" if unknown
    autograd: AutogradKind | None  # what it is in a backward graph, which decides its colour
    attributes: list[tuple[str, str]]  # what a backward function kept that is no tensor, by name
    error: NotRequired[str]  # what was raised in it; absent where nothing was


class GraphEdge(TypedDict):
    """A tensor that flows from one box of a level to another."""

    source: str
    target: str
    shape: list[int]
    tie: NotRequired[AutogradTie]  # absent where a tensor or its gradient flows


class GraphLevel(TypedDict):
    """One level of the graph: the inside of one module call, or the whole model."""

    scope: str  # the node_id of the module call, "" for the whole model
    title: str  # of the whole model: "ResNet, 11,689,512 parameters, 3.63 GFLOP"
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    # Where tensors enter and leave this level: (node_id inside, node_id outside). The outside one
    # is as seen from the first level around that holds both ends.
    inputs: list[tuple[str, str]]
    outputs: list[tuple[str, str]]
    input_ties: NotRequired[list[AutogradTie | None]]  # of each of `inputs`; absent if all are None
    output_ties: NotRequired[list[AutogradTie | None]]
    note: str  # how it was traced, where that matters to the reader


class GraphAdded(TypedDict):
    """The run has a model; sent again when other layers of it are watched."""

    kind: Literal["graph_added"]
    run_id: str
    watched: list[str]  # names of the layers that `watch_layer` has watched


class OverlayUpdated(TypedDict):
    """What the boxes of the graph in sight were measured to be, for one overlay.

    Buffer: float64, a value for each of `nodes`. Boxes without a value are left out.
    """

    kind: Literal["overlay_updated"]
    run_id: str
    overlay: OverlayName
    step: int
    nodes: list[str]
    note: str  # what the reader should know, "" for nothing
    first: list[str]  # where the first NaN or infinity was made: boxes from the outermost on
    buffer: int


class GraphBroken(TypedDict):
    """Where the step broke that the run comes to next: the first NaN or infinity of it."""

    kind: Literal["graph_broken"]
    run_id: str
    step: int
    boxes: list[str]  # around it, the outermost first; none where nothing broke
    is_backward: bool  # it goes on against the edges, as a gradient; else to the loss
    text: str


class SendGraph(TypedDict):
    """Ask for levels of the model's graph by their scopes; "" is the whole model."""

    kind: Literal["send_graph"]
    client_id: str
    request_id: int
    run_id: str
    scopes: list[str]


class GraphSent(TypedDict):
    """Levels of the model's graph."""

    kind: Literal["graph_sent"]
    client_id: str
    request_id: int
    run_id: str
    levels: list[GraphLevel]
    overlays: list[OverlayName]  # the first key of `SetWanted` may be one of them


ANSWERS: Answers = {SendGraph: (GraphSent,)}

Updates = GraphAdded | OverlayUpdated | GraphBroken | GraphSent
"""What the kernel sends."""

Requests = SendGraph
"""What pages ask."""
