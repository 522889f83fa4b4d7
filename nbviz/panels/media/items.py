"""One item of a run's media in the form in which it travels to a page that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.panels.media.strip import strip_of
from nbviz.panels.panel import NO_ADDRESS
from nbviz.panels.shown_image import shown_image
from nbviz.panels.wire import heatmap_fields
from nbviz.recording.media.captions import captions_of
from nbviz.text import clean_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz import protocol
    from nbviz.panels.batch import Batch
    from nbviz.panels.panel import Address
    from nbviz.protocol.media import ImageSent, TensorSent, VideoSent
    from nbviz.recording.media.store import Image, Media
    from nbviz.recording.media.video import Video

    MediaAnswer = ImageSent | VideoSent | TensorSent


def media_item(
    run_id: str,
    media: Media,
    step: int,
    batch: Batch,
    address: Address = NO_ADDRESS,
    *,
    pixels: int = 1024,
    limit: int = 400_000,
) -> MediaAnswer:
    """Return the item of a tag at or before a step.

    Args:
        run_id: The run's.
        media: The tag's items.
        step: The first item stands in where all are later.
        batch: Takes the item's buffer.
        address: Whose request it answers.
        pixels: The longest side of an image need not be much longer.
        limit: Bytes; larger images are reduced.

    Raises:
        CommandError: An image cannot be made small enough.
        MissingDependencyError: The image is too large, another library wrote it, and Pillow is not
            installed.
    """
    item = media.at(step)
    name = clean_line(media.tag)
    if media.kind == "image":
        image = cast("Image", item.value)
        data, media_type, factor = shown_image(image, pixels, limit)
        captions, columns = captions_of(image.data)
        return {
            "kind": "image_sent",
            **address,
            "run_id": run_id,
            "tag": name,
            "step": item.step,
            "media_type": media_type,
            "height": image.height,
            "width": image.width,
            "reduced": factor,
            "columns": columns,
            "captions": [{"text": one.text, "is_right": one.is_right} for one in captions],
            "buffer": batch.buffer(data),
        }
    if media.kind == "video":
        video = cast("Video", item.value)
        strip = strip_of(video, pixels, limit)
        return {
            "kind": "video_sent",
            **address,
            "run_id": run_id,
            "tag": name,
            "step": item.step,
            "fps": video.fps,
            "frames": video.frames,
            "every": strip.every,
            "columns": strip.columns,
            "height": video.height,
            "width": video.width,
            "reduced": strip.reduced,
            "buffer": batch.buffer(strip.data),
        }
    fields, cells = _tensor(media.tag, cast("NDArray[Any]", item.value))
    return {
        "kind": "tensor_sent",
        **address,
        "run_id": run_id,
        "tag": name,
        "step": item.step,
        **fields,
        "buffer": batch.buffer(cells),
    }


def _tensor(
    tag: str, values: NDArray[Any]
) -> tuple[protocol.core.HeatmapFields, NDArray[np.int16]]:
    import torch

    from nbviz.inspection.tensors.heatmaps import reduce_weights

    if values.dtype.kind == "u":  # torch calculates with none but the smallest of these
        values = values.astype(np.float64)
    # Torch warns of what cannot be written to. Nothing here writes, and a copy takes as long again.
    heatmap = reduce_weights(tag, torch.from_numpy(np.asarray(_Writable(values))), 0)
    return heatmap_fields(heatmap), heatmap.cells


class _Writable:
    """The memory of an array, for who knows that it does not write."""

    def __init__(self, values: NDArray[Any]) -> None:
        self._values = values if values.flags.c_contiguous else values.copy()
        interface: dict[str, Any] = self._values.__array_interface__
        address, _ = interface["data"]
        self.__array_interface__ = {**interface, "data": (address, False)}
