"""One item of a run's media in the form in which it travels to a page that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from nbviz.errors import CommandError
from nbviz.panels.listing import evenly
from nbviz.panels.panel import NO_ADDRESS
from nbviz.panels.wire import finite, heatmap_fields
from nbviz.recording.media.captions import captions_of
from nbviz.recording.media.png import SIGNATURE, encode_png, reduced
from nbviz.text import clean_line, clean_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz import protocol
    from nbviz.inspection.tensors.histograms import Histogram
    from nbviz.panels.batch import Batch
    from nbviz.panels.panel import Address
    from nbviz.protocol.media import (
        HistogramInfo,
        HistogramsSent,
        ImageSent,
        TensorSent,
        TextSent,
    )
    from nbviz.recording.media.store import Image, Media, MediaItem

    MediaAnswer = ImageSent | HistogramsSent | TensorSent | TextSent
    _MediaType = Literal["image/png", "image/jpeg", "image/gif", "image/webp"]

MOST_HISTOGRAMS = 100
MOST_CHARACTERS = 100_000
_FORMATS: dict[bytes, _MediaType] = {
    SIGNATURE: "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


def media_item(
    run_id: str,
    media: Media,
    step: int,
    batch: Batch,
    address: Address = NO_ADDRESS,
    *,
    after: int = -1,
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
        after: Histograms up to this step are left out.
        pixels: The longest side of an image need not be much longer.
        limit: Bytes; larger images are reduced, and histograms are fewer.

    Raises:
        CommandError: An image cannot be made small enough.
        MissingDependencyError: The image is too large, another library wrote it, and Pillow is not
            installed.
    """
    item = media.at(step)
    name = clean_line(media.tag)
    if media.kind == "image":
        image = cast("Image", item.value)
        data, media_type, factor = _shown(image, pixels, limit)
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
    if media.kind == "histogram":
        infos, columns = _histograms([o for o in media if after < o.step < item.step], item, limit)
        return {
            "kind": "histograms_sent",
            **address,
            "run_id": run_id,
            "tag": name,
            "histograms": infos,
            "buffer": batch.buffer(columns),
        }
    if media.kind == "text":
        text = clean_text(cast("str", item.value))
        most = min(MOST_CHARACTERS, limit // 4)  # bytes of the longest character in UTF-8
        return {
            "kind": "text_sent",
            **address,
            "run_id": run_id,
            "tag": name,
            "step": item.step,
            "text": text[:most],
            "omitted": max(0, len(text) - most),
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


def _shown(image: Image, pixels: int, limit: int) -> tuple[bytes, _MediaType, int]:
    """Return the bytes of an image as it is shown, their type, and how far it was reduced."""
    longest = max(image.height, image.width)
    # Half as many again are shown smaller by the page itself.
    factor = max(1, round(longest / max(1, pixels)))
    data = image.data
    media_type: _MediaType | None = next(
        (kind for head, kind in _FORMATS.items() if data.startswith(head)), None
    )
    if media_type is None:
        raise CommandError("the image is of a type that pages cannot show; use PNG or JPEG.")
    if factor > 1 and len(data) < limit // 8:
        factor = 1  # nothing is gained
    if factor > 1 or len(data) > limit:
        pixels_of_it = image.pixels
        data = encode_png(reduced(pixels_of_it, factor)) if factor > 1 else data
        while len(data) > limit and factor < longest:
            # Files shrink with the area; noise shrinks least.
            factor = max(factor + 1, int(factor * (len(data) / limit) ** 0.5))
            data = encode_png(reduced(pixels_of_it, factor))
        media_type = "image/png"
    return data, media_type, factor


def _histograms(
    before: list[MediaItem], newest: MediaItem, limit: int
) -> tuple[list[HistogramInfo], NDArray[np.float64]]:
    values: list[MediaItem] = [*before, newest]
    largest = max(cast("Histogram", one.value).nbytes for one in values)
    chosen = evenly(values, max(1, min(MOST_HISTOGRAMS, limit // largest)))
    if chosen[-1] is not newest:
        chosen = [newest]
    blocks: list[NDArray[np.float64]] = []
    infos: list[HistogramInfo] = []
    for one in chosen:
        histogram = cast("Histogram", one.value)
        blocks += [histogram.counts, histogram.edges]
        infos.append(_info(one.step, histogram))
    return infos, np.concatenate(blocks).astype(np.float64)


def _info(step: int, histogram: Histogram) -> HistogramInfo:
    count = histogram.count
    mean = histogram.sum / count if count else None
    variance = histogram.sum_squares / count - mean**2 if mean is not None else None
    return {
        "step": step,
        "bins": len(histogram.counts),
        "count": int(count),
        "nonfinite": int(histogram.nan + histogram.inf),
        "minimum": finite(histogram.minimum),
        "maximum": finite(histogram.maximum),
        "mean": finite(mean),
        "std": finite(max(0.0, variance) ** 0.5) if variance is not None else None,
    }


def _tensor(
    tag: str, values: NDArray[Any]
) -> tuple[protocol.core.HeatmapFields, NDArray[np.int16]]:
    import torch

    from nbviz.inspection.tensors.heatmaps import reduce_weights

    if values.dtype.kind == "u":  # torch calculates with none but the smallest of these
        values = values.astype(np.float64)
    heatmap = reduce_weights(tag, torch.from_numpy(values.copy()), 0)
    return heatmap_fields(heatmap), heatmap.cells
