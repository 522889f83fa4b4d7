"""Confusion matrices as events hold them, and back.

TensorBoard has no plugin that shows a matrix; ours is a tensor of places and values, and JSON that
says the rest.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.recording.event_files.arrays import plugin_field, read_array, tensor_field
from nbviz.recording.event_files.wire import MessageError
from nbviz.recording.media.confusion import MOST_CLASSES, ConfusionMatrix
from nbviz.text import encodable

if TYPE_CHECKING:
    from nbviz.recording.event_files.layout import Slot

CONFUSION_PLUGIN = "nbviz_confusion_matrix"


def confusion_field(matrix: ConfusionMatrix) -> bytes:
    """Return the part of a value that holds a confusion matrix."""
    content = {
        "size": matrix.size,
        "classes": list(map(encodable, matrix.classes)),
        "left_out": matrix.left_out,
    }
    table = np.stack([matrix.places.astype(matrix.values.dtype), matrix.values])
    return tensor_field(table) + plugin_field(CONFUSION_PLUGIN, json.dumps(content).encode())


def read_confusion(event: bytes, slot: Slot) -> ConfusionMatrix:
    """Return the confusion matrix that a slot holds.

    Raises:
        MessageError: It holds none.
    """
    said = content_of(event, slot, "a confusion matrix")
    table = read_array(event, *slot.tensor)
    try:
        size, left_out = int(said["size"]), int(said["left_out"])
        places, values = table
        names = tuple(map(str, said["classes"]))
    except (KeyError, TypeError, ValueError) as error:
        raise MessageError("a confusion matrix that is damaged") from error
    is_good = (
        0 < size <= MOST_CLASSES
        and values.dtype.kind in "uf"
        and bool((np.diff(places.astype(np.int64)) > 0).all())
        and bool(((places >= 0) & (places < size * size)).all())
        and bool((np.isfinite(values) & (values >= 0)).all())
    )
    if not is_good:
        raise MessageError("a confusion matrix that is damaged")
    return ConfusionMatrix(size, places.astype(np.uint32), values, names, left_out)


def content_of(event: bytes, slot: Slot, what: str) -> dict[str, Any]:
    """Return the JSON that an event tells one of our own plugins.

    Raises:
        MessageError: There is none.
    """
    try:
        found: object = json.loads(event[slice(*slot.details)])
    except ValueError as error:
        raise MessageError(f"{what} that is damaged") from error
    if not isinstance(found, dict):
        raise MessageError(f"{what} that is damaged")
    return cast("dict[str, Any]", found)
