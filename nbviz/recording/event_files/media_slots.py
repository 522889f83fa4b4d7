"""Values of an event that are no scalars and no texts, as media."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nbviz.recording.event_files.arrays import TENSOR_PLUGIN, read_array
from nbviz.recording.event_files.audio_messages import audio_from, read_audio
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
)
from nbviz.recording.event_files.picture_messages import (
    FIGURE_PLUGIN,
    read_figure,
    read_picture,
)
from nbviz.recording.event_files.table_forms import TABLE_PLUGIN, read_table
from nbviz.recording.event_files.wire import MessageError
from nbviz.recording.meshes.mesh_events import MESHES, part_of
from nbviz.recording.predictions.forms import PREDICTIONS_PLUGIN, read_predictions

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.recording.event_files.layout import Slot
    from nbviz.recording.media.store import MediaKind, MediaValue

TENSORS = (TENSOR_PLUGIN, "tensor")
"""Plugins whose arrays are tensors: our own, and that of torch's `add_tensor`."""

_HISTOGRAMS = "histograms"
MESSAGES: dict[str, Callable[[bytes, int, int], tuple[MediaKind, MediaValue]]] = {
    "image": read_picture,
    "histogram": lambda event, start, stop: ("histogram", read_histogram(event, start, stop)),
    "audio": lambda event, start, stop: ("audio", read_audio(event, start, stop)),
}
"""How what a value holds in a message of its own is read, by a slot's content."""

# Plugins whose files are strings of a tensor: which of the strings, and how one is read. Images
# come after their width and height; each sound is followed by its label.
_FILES: dict[str, tuple[MediaKind, slice, Callable[[bytes], MediaValue]]] = {
    "images": ("image", slice(2, None), image_from),
    "audio": ("audio", slice(0, None, 2), audio_from),
    FIGURE_PLUGIN: ("figure", slice(0, 1), read_figure),
}
PLUGINS = (
    _HISTOGRAMS,
    MESHES,
    PR_PLUGIN,
    CONFUSION_PLUGIN,
    TABLE_PLUGIN,
    PREDICTIONS_PLUGIN,
    *_FILES,
    *TENSORS,
)


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
    if slot.content in MESSAGES:
        kind, value = MESSAGES[slot.content](event, slot.start, slot.stop)
        return [_record(place, kind, value)]
    if slot.content == "text" and place.plugin in _FILES:
        strings = ((slot.start, slot.stop), *slot.rest)
        kind, which, read = _FILES[place.plugin]
        return [
            _record(_numbered(place, number), kind, read(event[start:stop]))
            for number, (start, stop) in enumerate(strings[which])
        ]
    if place.plugin in _READERS and slot.is_tensor:
        return _READERS[place.plugin](event, slot, place)
    if place.plugin not in (_HISTOGRAMS, MESHES, *TENSORS) or slot.content == "text":
        raise MessageError(f"a value that is none of the plugin {place.plugin!r}")
    array = read_array(event, *slot.tensor)
    if place.plugin == MESHES:
        part = part_of(place.tag, array)
        if part is None:
            raise MessageError("a part of a mesh whose tag does not say which")
        return [_record(place._replace(tag=part[0]), "mesh", part[1])]
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


def _predictions(event: bytes, slot: Slot, place: MediaPlace) -> list[MediaRecord]:
    return [_record(place, "predictions", read_predictions(event, slot))]


def _pr_curves(event: bytes, slot: Slot, place: MediaPlace) -> list[MediaRecord]:
    found = read_pr_curves(event, slot, place.tag)
    return [_record(place._replace(tag=found[0]), "pr_curve", found[1])] if found else []


_READERS: dict[str, Callable[[bytes, Slot, MediaPlace], list[MediaRecord]]] = {
    CONFUSION_PLUGIN: _confusion,
    PR_PLUGIN: _pr_curves,
    TABLE_PLUGIN: _table,
    PREDICTIONS_PLUGIN: _predictions,
}
