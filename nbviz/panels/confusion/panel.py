"""Confusion matrices: their cells that are not 0, with the sums that say how each class does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.panels.items import ItemsPanel
from nbviz.panels.listing import class_names
from nbviz.panels.wire import deflated
from nbviz.protocol import confusion as messages
from nbviz.text import clean_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.panels.batch import Batch
    from nbviz.panels.panel import Address
    from nbviz.protocol.confusion import ConfusionSent
    from nbviz.recording.media.confusion import ConfusionMatrix
    from nbviz.recording.media.store import Media

_LEAST_GAIN = 0.9


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
        cells, data = _packed(matrix, limit - sum(map(len, names)))
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
            "buffer": batch.buffer(data),
        }


def _packed(matrix: ConfusionMatrix, limit: int) -> tuple[int, bytes]:
    """Return how many cells are sent, and the bytes: the largest cells, if not all have room."""
    places, values = matrix.places.astype(np.int64), matrix.values.astype(np.float64)
    rows, columns = places // matrix.size, places % matrix.size
    is_diagonal = rows == columns
    sums: list[NDArray[Any]] = [
        np.bincount(rows, values, matrix.size),
        np.bincount(columns, values, matrix.size),
        np.bincount(rows[is_diagonal], values[is_diagonal], matrix.size),
    ]
    count = len(places)
    chosen = np.arange(count)  # rising, and all of them for most
    while True:
        gaps = np.diff(places[chosen], prepend=0)
        data = deflated(np.concatenate([gaps, values[chosen], *sums]).astype(np.float64))
        if len(data) <= limit or not count:
            return count, data
        count = int(count * limit / len(data) * _LEAST_GAIN)
        chosen = np.sort(np.argsort(-values, kind="stable")[:count])
