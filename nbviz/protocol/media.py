"""Images, videos and tensors that were logged."""

from __future__ import annotations

from typing import Literal, TypedDict

from nbviz.protocol.core import Answers, HeatmapFields, ItemsAdded

MediaKind = Literal["image", "video", "tensor"]


class MediaAdded(ItemsAdded):
    """Images, videos and tensors that were logged."""

    kind: Literal["media_added"]


class SendMedia(TypedDict):
    """Ask for the item of a tag at or before a step."""

    kind: Literal["send_media"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
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


class VideoSent(TypedDict):
    """One video. Buffer: a PNG file with its frames, row by row; what is left in it is black."""

    kind: Literal["video_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    fps: float  # frames a second
    frames: int  # that were logged
    every: int  # which of them are sent: 1 for all, 2 for the first, the third …
    columns: int  # frames beside each other
    height: int  # pixels of a frame that were logged
    width: int
    reduced: int  # how many logged pixels one that is sent stands for along each side, 1 for all
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


ANSWERS: Answers = {SendMedia: (ImageSent, VideoSent, TensorSent)}

Updates = MediaAdded | ImageSent | VideoSent | TensorSent
"""What the kernel sends."""

Requests = SendMedia
"""What pages ask."""
