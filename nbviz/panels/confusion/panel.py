"""Confusion matrices: their cells that are not 0, with the sums that say how each class does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from nbviz.panels.items import ItemsPanel
from nbviz.panels.listing import class_names
from nbviz.panels.wire import deflated, narrowed
from nbviz.protocol import confusion as messages
from nbviz.text import clean_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.panels.batch import Batch
    from nbviz.panels.panel import Address
    from nbviz.protocol.confusion import ConfusionSent
    from nbviz.protocol.core import NumberType
    from nbviz.recording.media.confusion import ConfusionMatrix
    from nbviz.recording.media.store import Media

_LEAST_GAIN = 0.9
_MOST_CELLS_A_BYTE = 8  # zlib makes less of few matrices; of the largest not all are tried


class ConfusionPanel(ItemsPanel["ConfusionSent"]):
    """Confusion matrices."""

    name = "confusion"
    assets = ("confusion", "items", "heatmap", "timeline")
    requests = (messages.SendConfusion,)
    slow = frozenset({"send_confusion"})  # large ones are sorted and deflated
    kinds = frozenset({"confusion_matrix"})
    added = "confusion_added"

    def item(  # noqa: PLR0917
        self, run_id: str, media: Media, step: int, batch: Batch, address: Address, limit: int
    ) -> ConfusionSent:
        """Return the matrix of a tag at or before a step; the first one if all are later."""
        item = media.at(step)
        matrix = cast("ConfusionMatrix", item.value)
        names = class_names(matrix.classes, matrix.size, limit)
        cells, types, data = _packed(matrix, limit - sum(map(len, names)))
        return {
            "kind": "confusion_sent",
            **address,
            "run_id": run_id,
            "tag": clean_line(media.tag),
            "step": item.step,
            "size": matrix.size,
            "names": names,
            "cells": cells,
            "omitted": len(matrix.places) - cells,
            "left_out": matrix.left_out,
            "types": types,
            "buffer": batch.buffer(data),
        }


class _Packed(NamedTuple):
    """How many cells are sent, and as what."""

    cells: int
    types: list[NumberType]
    data: bytes


def _packed(matrix: ConfusionMatrix, limit: int) -> _Packed:
    """Return what is sent in about `limit` bytes: the largest cells, if not all have room."""
    places, (values, value_type) = matrix.places, narrowed(matrix.values)
    sums, sum_type = narrowed(_sums(matrix))
    count = min(len(places), limit * _MOST_CELLS_A_BYTE)
    while True:
        if count < len(places):
            chosen = _largest(values, count)
            places, values = places[chosen], values[chosen]
        gaps, gap_type = narrowed(np.diff(places, prepend=places.dtype.type(0)))
        data = deflated(gaps, values, sums)
        if len(data) <= limit or not count:
            return _Packed(count, [gap_type, value_type, sum_type], data)
        count = int(count * limit / len(data) * _LEAST_GAIN)


def _sums(matrix: ConfusionMatrix) -> NDArray[np.float64]:
    """Return the sums of the rows, those of the columns, and the diagonal."""
    size, places, values = matrix.size, matrix.places, matrix.values.astype(np.float64)
    on_diagonal = np.flatnonzero(places % (size + 1) == 0)
    diagonal = np.zeros(size)
    diagonal[places[on_diagonal] // (size + 1)] = values[on_diagonal]
    rows: NDArray[Any] = np.bincount(places // size, values, size)
    columns: NDArray[Any] = np.bincount(places % size, values, size)
    return np.concatenate([rows, columns, diagonal])


def _largest(values: NDArray[Any], count: int) -> NDArray[np.intp]:
    """Return where the largest values are, rising; of equal ones the first."""
    least = np.partition(values, len(values) - count)[len(values) - count] if count else np.inf
    above = np.flatnonzero(values > least)
    equal = np.flatnonzero(values == least)[: count - len(above)]
    return np.sort(np.concatenate([above, equal]))
