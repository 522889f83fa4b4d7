"""Embeddings: clouds of points by step, what is known of the points, and layouts on request."""

from __future__ import annotations

from typing import Literal, TypedDict

from nbviz.protocol.core import Answers, CommandDone, ItemsAdded

Method = Literal["pca", "tsne", "umap"]
LayoutMethod = Literal["tsne", "umap"]
LayoutState = Literal["running", "done", "failed", "cancelled"]
NeighbourMetric = Literal["cosine", "euclidean"]


class EmbeddingsAdded(ItemsAdded):
    """Embeddings that were logged."""

    kind: Literal["embeddings_added"]


class LayoutChanged(TypedDict):
    """Where a layout of one embedding is that a page has started."""

    kind: Literal["layout_changed"]
    run_id: str
    tag: str
    step: int
    method: LayoutMethod
    dims: int
    state: LayoutState
    share: float  # of the work, 0 to 1
    revision: int  # rises when positions came; 0 while there are none
    text: str  # what is being done, or what went wrong


class PointColumn(TypedDict):
    """One label of each point."""

    name: str
    column_kind: Literal["category", "number", "text"]
    names: list[str]  # of categories
    content: str  # the same for columns that say the same, at any step


class SendEmbedding(TypedDict):
    """Ask for what is known of the embedding of a tag at or before a step."""

    kind: Literal["send_embedding"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int


class EmbeddingSent(TypedDict):
    """What is known of an embedding; its positions and labels are asked for by themselves.

    Buffer: uint32; of a sample the places of its points among those that were logged, else empty.
    """

    kind: Literal["embedding_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    points: int  # that a page can ask for
    points_logged: int
    points_without_place: int  # their vectors are not finite
    dims_logged: int
    kept_dims: int  # of the vectors that neighbours and layouts are computed from
    variance: list[float]  # the share of each of the first three principal components
    columns: list[PointColumn]
    images: str  # the same for images that are the same, at any step; "" for none
    image_height: int
    image_width: int
    image_channels: int
    buffer: int


class SendPositions(TypedDict):
    """Ask for positions from the point `start` on; for as many as fit into a message."""

    kind: Literal["send_positions"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    method: Method
    dims: int  # 2 or 3
    start: int


class PositionsSent(TypedDict):
    """Positions of `count` points.

    Buffer: uint16, count × dims; position = middle + (value / 65534 - 0.5) × span. 65535 stands for
    a point without a place.
    """

    kind: Literal["positions_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    method: Method
    dims: int
    start: int
    count: int
    middle: list[float]
    span: float  # of the longest side
    buffer: int


class SendColumn(TypedDict):
    """Ask for labels from the point `start` on; for as many as fit into a message."""

    kind: Literal["send_column"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    column: int  # its place in `EmbeddingSent.columns`
    start: int


class ColumnSent(TypedDict):
    """Labels of `count` points.

    Buffer: of categories uint16, the place in `names`; of numbers float32; of texts UTF-8, a line
    each.
    """

    kind: Literal["column_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    column: int
    start: int
    count: int
    buffer: int


class SendThumbnails(TypedDict):
    """Ask for images of points."""

    kind: Literal["send_thumbnails"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    points: list[int]


class ThumbnailsSent(TypedDict):
    """Images of points; the last of those asked for are left out where they do not fit.

    Buffer: uint8, points × height × width × channels.
    """

    kind: Literal["thumbnails_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    points: list[int]
    buffer: int


class SendNeighbours(TypedDict):
    """Ask for the points whose vectors are nearest to that of a point."""

    kind: Literal["send_neighbours"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    point: int
    count: int
    metric: NeighbourMetric


class NeighboursSent(TypedDict):
    """The nearest points, without the point itself; nearest first."""

    kind: Literal["neighbours_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    point: int
    metric: NeighbourMetric
    points: list[int]
    distances: list[float]


class StartLayout(TypedDict):
    """Have an embedding laid out in the background; `LayoutChanged` tells how it goes."""

    kind: Literal["start_layout"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    method: LayoutMethod
    dims: int


class CancelLayout(TypedDict):
    """End the work on a layout."""

    kind: Literal["cancel_layout"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    method: LayoutMethod
    dims: int


class SelectPoints(TypedDict):
    """Tell Python which points of an embedding are selected."""

    kind: Literal["select_points"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    selected: str  # a bit for each point, the first of a byte its lowest; base64


ANSWERS: Answers = {
    SendEmbedding: (EmbeddingSent,),
    SendPositions: (PositionsSent,),
    SendColumn: (ColumnSent,),
    SendThumbnails: (ThumbnailsSent,),
    SendNeighbours: (NeighboursSent,),
    StartLayout: (CommandDone,),
    CancelLayout: (CommandDone,),
    SelectPoints: (CommandDone,),
}

Updates = (
    EmbeddingsAdded
    | LayoutChanged
    | EmbeddingSent
    | PositionsSent
    | ColumnSent
    | ThumbnailsSent
    | NeighboursSent
)
"""What the kernel sends."""

Requests = (
    SendEmbedding
    | SendPositions
    | SendColumn
    | SendThumbnails
    | SendNeighbours
    | StartLayout
    | CancelLayout
    | SelectPoints
)
"""What pages ask."""
