"""Values of an event that are no scalars and no texts, as media."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nbviz.recording.event_files.batch import MediaRecord
from nbviz.recording.event_files.media_messages import (
    TENSOR_PLUGIN,
    histogram_from,
    image_from,
    read_array,
    read_histogram,
    read_image,
)
from nbviz.recording.event_files.wire import MessageError

if TYPE_CHECKING:
    from nbviz.recording.event_files.layout import Slot
    from nbviz.recording.media.store import MediaKind

PLUGINS = ("images", "histograms", TENSOR_PLUGIN)
_BEFORE_IMAGE = 2  # strings of an image's tensor: its width and its height


class MediaPlace(NamedTuple):
    """Where a value belongs; `plugin` is TensorBoard's that shows it."""

    wall_time: float
    step: int
    tag: str
    plugin: str


def read_media(event: bytes, slot: Slot, place: MediaPlace) -> MediaRecord | None:
    """Return what a slot holds, None if it is of a kind that is not read.

    Raises:
        MessageError: It is damaged.
    """
    if slot.content == "image":
        return _record(place, "image", read_image(event, slot.start, slot.stop))
    if slot.content == "histogram":
        return _record(place, "histogram", read_histogram(event, slot.start, slot.stop))
    if slot.content == "text" and place.plugin == "images" and len(slot.rest) >= _BEFORE_IMAGE:
        # Of several images in one event the first, as TensorBoard shows it.
        start, stop = slot.rest[_BEFORE_IMAGE - 1]
        return _record(place, "image", image_from(event[start:stop]))
    if slot.content == "array":
        array = read_array(event, slot.start, slot.stop)
    elif slot.is_tensor:
        array = np.frombuffer(event[slot.start : slot.stop], slot.content)
    else:
        return None
    if place.plugin == "histograms":
        return _record(place, "histogram", histogram_from(array))
    if not array.size:
        raise MessageError("a tensor in which there is nothing")
    return _record(place, "tensor", array) if place.plugin == TENSOR_PLUGIN else None


def _record(place: MediaPlace, kind: MediaKind, value: object) -> MediaRecord:
    return MediaRecord(place.wall_time, place.step, place.tag, kind, value)  # pyright: ignore[reportArgumentType]
