"""Images, histograms, tensors and texts that were logged."""

from __future__ import annotations

from typing import Literal, TypedDict

from nbviz.protocol.core import Answers, HeatmapFields, ItemsAdded

MediaKind = Literal["image", "histogram", "tensor", "text"]


class HistogramInfo(TypedDict):
    """What a histogram's buffer does not hold."""

    step: int
    bins: int
    count: int  # finite values
    nonfinite: int
    minimum: float | None  # of the finite values, as below; None if there is none
    maximum: float | None
    mean: float | None
    std: float | None


class MediaAdded(ItemsAdded):
    """Images, histograms, tensors and texts that were logged."""

    kind: Literal["media_added"]


class SendMedia(TypedDict):
    """Ask for the item of a tag at or before a step; of histograms also those before it."""

    kind: Literal["send_media"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    after: int  # the newest step of the histograms that the page has, -1 for none
    pixels: int  # that the longest side of an image is shown with


class ImageCaption(TypedDict):
    """What is said of one image of a grid."""

    text: str
    is_right: bool | None  # whether a prediction is the truth; None where it is none


class ImageSent(TypedDict):
    """One image. Buffer: a file of type `media_type`, perhaps smaller than what was logged."""

    kind: Literal["image_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    media_type: Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
    height: int  # pixels that were logged
    width: int
    reduced: int  # how many logged pixels one that is sent stands for along each side, 1 for all
    columns: int  # of the grid's images in a row, where they have captions; else 0
    captions: list[ImageCaption]
    buffer: int


class HistogramsSent(TypedDict):
    """A tag's histograms by step, rising; the newest one and others before it, evenly chosen.

    Buffer: float64; for each histogram its counts (`bins`), then its edges (`bins + 1`).
    """

    kind: Literal["histograms_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    histograms: list[HistogramInfo]
    buffer: int


class TensorSent(HeatmapFields):
    """One tensor as a heatmap, in the form of `WeightsUpdated`."""

    kind: Literal["tensor_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    buffer: int


class TextSent(TypedDict):
    """One text; its last `omitted` characters are left out."""

    kind: Literal["text_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    text: str
    omitted: int


ANSWERS: Answers = {SendMedia: (ImageSent, HistogramsSent, TensorSent, TextSent)}

Updates = MediaAdded | ImageSent | HistogramsSent | TensorSent | TextSent
"""What the kernel sends."""

Requests = SendMedia
"""What pages ask."""
