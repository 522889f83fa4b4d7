"""Predictions as events hold them, and back: TensorBoard has no plugin that shows them.

Pictures and texts stand in the first event that has them; later ones of the tag name their key.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.recording.event_files.arrays import plugin_field, read_array, tensor_field
from nbviz.recording.event_files.packed import pack, unpack
from nbviz.recording.event_files.wire import MessageError
from nbviz.recording.predictions.predictions import RANKED, Predictions, SampleInputs
from nbviz.text import encodable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbviz.recording.event_files.batch import MediaRecord
    from nbviz.recording.event_files.layout import Slot

PREDICTIONS_PLUGIN = "nbviz_predictions"
_WHAT = "predictions"
_ARRAYS = 5
_PICTURE_AXES = 4


def predictions_field(predictions: Predictions) -> bytes:
    """Return the part of a value that holds predictions."""
    inputs = predictions.inputs
    is_new = inputs is not None and not inputs.is_written
    header = {
        "size": predictions.size,
        "classes": list(map(encodable, predictions.classes)),
        "key": None if inputs is None else inputs.key,
        "texts": list(map(encodable, inputs.texts)) if inputs is not None and is_new else [],
    }
    arrays: list[Any] = [
        predictions.indices,
        predictions.targets,
        predictions.ranked,
        predictions.shares,
        predictions.own,
    ]
    if inputs is not None and is_new:
        if inputs.pictures is not None:
            arrays.append(inputs.pictures)
        inputs.is_written = True
    block = np.frombuffer(pack(header, arrays), np.uint8)
    return tensor_field(block) + plugin_field(PREDICTIONS_PLUGIN)


def read_predictions(event: bytes, slot: Slot) -> Predictions:
    """Return the predictions that a slot holds; `InputsByKey` adds what an earlier event has.

    Raises:
        MessageError: It holds none.
    """
    header, arrays = unpack(read_array(event, *slot.tensor).tobytes(), _WHAT)
    try:
        indices, targets, ranked, shares, own = arrays[:_ARRAYS]
        size, names = int(header["size"]), tuple(map(str, header["classes"]))
        texts = tuple(map(str, header["texts"]))
        pictures = arrays[_ARRAYS] if len(arrays) > _ARRAYS else None
        key = header["key"]
    except (KeyError, TypeError, ValueError) as error:
        raise MessageError(f"{_WHAT} that are damaged") from error
    count = len(indices)
    is_good = (
        count > 0
        and targets.shape == own.shape == indices.shape == (count,)
        and ranked.shape == shares.shape
        and ranked.ndim == 2  # noqa: PLR2004
        and ranked.shape[0] == count
        and 0 < ranked.shape[1] <= RANKED
        and (indices.dtype.kind, targets.dtype.kind, ranked.dtype.kind) == ("i", "i", "i")
        and (shares.dtype.kind, own.dtype.kind) == ("f", "f")
        and bool((np.diff(indices) > 0).all())
        and max(int(targets.max()), int(ranked.max())) < size
        and min(int(targets.min()), int(ranked.min())) >= -1
        and len(texts) in {0, count}
        and (pictures is None or _are_pictures(pictures, count))
    )
    if not is_good:
        raise MessageError(f"{_WHAT} that are damaged")
    inputs = None if key is None else SampleInputs(str(key), pictures, texts, is_written=True)
    return Predictions(
        indices.astype(np.int64),
        targets.astype(np.int32),
        ranked.astype(np.int32),
        shares.astype(np.float32),
        own.astype(np.float32),
        size,
        names,
        inputs,
    )


class InputsByKey:
    """What was predicted for, as far as the events of a run that were read hold it."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], SampleInputs] = {}

    def completed(self, records: Iterable[MediaRecord]) -> Iterator[MediaRecord]:
        """Give predictions the pictures and texts of earlier ones; other records pass.

        Args:
            records: In the order of the file.
        """
        for record in records:
            if record.kind != "predictions":
                yield record
                continue
            predictions = cast("Predictions", record.value)
            inputs = predictions.inputs
            if inputs is None:
                yield record
                continue
            place = record.tag, inputs.key
            if inputs.pictures is not None or inputs.texts:
                self._known[place] = inputs
                yield record
                continue
            known = self._known.get(place)
            shared = 0 if known is None else known.nbytes
            yield record._replace(value=replace(predictions, inputs=known, shared=shared))


def _are_pictures(pictures: np.ndarray[Any, Any], count: int) -> bool:
    return (
        pictures.dtype == np.uint8
        and pictures.ndim == _PICTURE_AXES
        and pictures.shape[0] == count
        and pictures.shape[3] in {1, 3, 4}
        and pictures.size > 0
    )
