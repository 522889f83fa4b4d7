"""Values of an event that are no scalars and no texts, as media."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nbviz.recording.event_files.arrays import TENSOR_PLUGIN, read_array
from nbviz.recording.event_files.batch import MediaRecord
from nbviz.recording.event_files.evaluation_forms import (
    CONFUSION_PLUGIN,
    PR_PLUGIN,
    read_confusion,
    read_pr_curves,
)
from nbviz.recording.event_files.media_messages import (
    histogram_from,
    image_from,
    read_histogram,
    read_image,
)
from nbviz.recording.event_files.table_forms import TABLE_PLUGIN, read_table
from nbviz.recording.event_files.wire import MessageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.recording.event_files.layout import Slot
    from nbviz.recording.media.store import MediaKind

TENSORS = (TENSOR_PLUGIN, "tensor")
"""Plugins whose arrays are tensors: our own, and that of torch's `add_tensor`."""

_IMAGES, _HISTOGRAMS = "images", "histograms"
PLUGINS = (_IMAGES, _HISTOGRAMS, PR_PLUGIN, CONFUSION_PLUGIN, TABLE_PLUGIN, *TENSORS)
_BEFORE_IMAGES = 2  # strings of an image's tensor: its width and its height


class MediaPlace(NamedTuple):
    """Where a value belongs; `plugin` is TensorBoard's that shows it."""

    wall_time: float
    step: int
    tag: str
    plugin: str


def read_media(event: bytes, slot: Slot, place: MediaPlace) -> list[MediaRecord]:
    """Return what a slot holds.

    Of several images in one event the first has the event's tag, the others `tag/1`, `tag/2` …

    Raises:
        MessageError: It is damaged, or of a kind that is not read.
    """
    if slot.content == "image":
        return [_record(place, "image", read_image(event, slot.start, slot.stop))]
    if slot.content == "histogram":
        return [_record(place, "histogram", read_histogram(event, slot.start, slot.stop))]
    if slot.content == "text" and place.plugin == _IMAGES:
        return [
            _record(_numbered(place, number), "image", image_from(event[start:stop]))
            for number, (start, stop) in enumerate(slot.rest[_BEFORE_IMAGES - 1 :])
        ]
    if place.plugin in _READERS and slot.is_tensor:
        return _READERS[place.plugin](event, slot, place)
    if place.plugin not in (_HISTOGRAMS, *TENSORS) or slot.content == "text":
        raise MessageError(f"a value that is none of the plugin {place.plugin!r}")
    array = read_array(event, *slot.tensor)
    if place.plugin == _HISTOGRAMS:
        return [_record(place, "histogram", histogram_from(array))]
    if not array.size:
        raise MessageError("a tensor in which there is nothing")
    return [_record(place, "tensor", array)]


def _numbered(place: MediaPlace, number: int) -> MediaPlace:
    return place._replace(tag=f"{place.tag}/{number}") if number else place


def _record(place: MediaPlace, kind: MediaKind, value: object) -> MediaRecord:
    return MediaRecord(place.wall_time, place.step, place.tag, kind, value)  # pyright: ignore[reportArgumentType]


def _confusion(event: bytes, slot: Slot, place: MediaPlace) -> list[MediaRecord]:
    return [_record(place, "confusion_matrix", read_confusion(event, slot))]


def _table(event: bytes, slot: Slot, place: MediaPlace) -> list[MediaRecord]:
    return [_record(place, "table", read_table(event, slot))]


def _pr_curves(event: bytes, slot: Slot, place: MediaPlace) -> list[MediaRecord]:
    found = read_pr_curves(event, slot, place.tag)
    return [_record(place._replace(tag=found[0]), "pr_curve", found[1])] if found else []


_READERS: dict[str, Callable[[bytes, Slot, MediaPlace], list[MediaRecord]]] = {
    CONFUSION_PLUGIN: _confusion,
    PR_PLUGIN: _pr_curves,
    TABLE_PLUGIN: _table,
}
