"""A model's parameters as heatmaps."""

from __future__ import annotations

from typing import Literal, TypedDict

from nbviz.protocol.core import Answers, HeatmapFields, ItemsAdded


class LayerInfo(TypedDict):
    """One parameter whose values can be shown as a heatmap."""

    name: str
    shape: list[int]


class LayersListed(TypedDict):
    """The parameters whose weights can be shown."""

    kind: Literal["layers_listed"]
    run_id: str
    layers: list[LayerInfo]


class WeightsUpdated(HeatmapFields):
    """One parameter's values as a heatmap of `rows` × `columns` cells.

    Buffer: int16, row by row; a cell's value is `cell * scale`, and -32768 stands for NaN or an
    infinity.
    Convolution kernels are tiled: `tile_rows` × `tile_columns` cells each, or 0 × 0 for one matrix.
    """

    kind: Literal["weights_updated"]
    run_id: str
    name: str
    step: int
    buffer: int


class WeightsKept(ItemsAdded):
    """Steps of which heatmaps are kept; the tags are names of parameters."""

    kind: Literal["weights_kept"]


class SendWeights(TypedDict):
    """Ask for a parameter's heatmap at or before a step."""

    kind: Literal["send_weights"]
    client_id: str
    request_id: int
    run_id: str
    name: str
    step: int


class WeightsSent(HeatmapFields):
    """A parameter's heatmap of an earlier step, as `WeightsUpdated` has the newest."""

    kind: Literal["weights_sent"]
    client_id: str
    request_id: int
    run_id: str
    name: str
    step: int
    buffer: int


ANSWERS: Answers = {SendWeights: (WeightsSent,)}

Updates = LayersListed | WeightsUpdated | WeightsKept | WeightsSent
"""What the kernel sends."""

Requests = SendWeights
"""What pages ask."""
