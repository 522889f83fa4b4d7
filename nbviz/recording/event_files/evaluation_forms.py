"""Confusion matrices and curves of precision as events hold them, and back.

TensorBoard has no plugin that shows a matrix; ours is a tensor of places and values, and JSON that
says the rest. Of the curves there is a value for each class, as TensorBoard's own plugin reads it;
the first one also holds what only nbviz shows, in a field that other readers pass over.

Source: `pr_curve/plugin_data.proto` of TensorBoard.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.recording.event_files.arrays import plugin_field, read_array, tensor_field
from nbviz.recording.event_files.packed import pack, unpack
from nbviz.recording.event_files.wire import BYTES, MessageError, bytes_field, fields, varint_field
from nbviz.recording.media.confusion import MOST_CLASSES, ConfusionMatrix
from nbviz.recording.media.pr_curves import Curve, PrCurves, curve_from
from nbviz.text import encodable

if TYPE_CHECKING:
    from nbviz.recording.event_files.layout import Slot

CONFUSION_PLUGIN = "nbviz_confusion_matrix"
PR_PLUGIN = "pr_curves"
# PrCurvePluginData; the last two are our own: all curves, or that another value of the event has
# this one.
_NUM_THRESHOLDS, _WHOLE, _PART = 2, 1000, 1001
_LEAST = 1e-7  # in place of a division by 0, as in TensorBoard
_ROWS = 6  # true and false positives, true and false negatives, precision, recall
_COLUMNS = 3  # of a point, and of a bin


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


def pr_values(tag: str, curves: PrCurves) -> list[tuple[str, bytes]]:
    """Return the tag and the content of each value that holds a curve."""
    several = len(curves.curves) > 1
    values: list[tuple[str, bytes]] = []
    for number, curve in enumerate(curves.curves):
        true, false = curve.true_positives.astype(float), curve.false_positives.astype(float)
        precision = true / np.maximum(true + false, _LEAST)
        recall = true / max(curve.positives, _LEAST)
        negatives = curve.negatives - false, curve.positives - true
        table = np.stack([true, false, *negatives, precision, recall]).astype(np.float32)
        own = bytes_field(_PART, b"1") if number else bytes_field(_WHOLE, _whole(tag, curves))
        content = varint_field(_NUM_THRESHOLDS, table.shape[1]) + own
        name = f"{tag}/{curve.name}" if several else tag
        values.append((name, tensor_field(table) + plugin_field(PR_PLUGIN, content)))
    return values


def read_pr_curves(event: bytes, slot: Slot, tag: str) -> tuple[str, PrCurves] | None:
    """Return the curves that a slot holds, with their tag; None where another slot has them.

    Raises:
        MessageError: It holds none.
    """
    for part in fields(event, *slot.details):
        if part.kind == BYTES and part.number == _PART:
            return None
        if part.kind == BYTES and part.number == _WHOLE:
            return _read_whole(event[part.start : part.stop])
    table = read_array(event, *slot.tensor)
    if table.ndim != 2 or table.shape[0] != _ROWS or table.shape[1] < 2:  # noqa: PLR2004
        raise MessageError("a PR curve whose table has no six rows")
    true, false = table[:2]
    if not (np.isfinite(table[:2]).all() and (table[:2] >= 0).all()):
        raise MessageError("a PR curve of negative counts")
    return tag, PrCurves((curve_from("", true, false),))


def _whole(tag: str, curves: PrCurves) -> bytes:
    header = {
        "tag": encodable(tag),
        "left_out": curves.left_out,
        "curves": [
            {
                "name": encodable(one.name),
                "positives": one.positives,
                "negatives": one.negatives,
                "average_precision": _or_none(one.average_precision),
                "roc_auc": _or_none(one.roc_auc),
            }
            for one in curves.curves
        ],
    }
    arrays = [
        array
        for one in curves.curves
        for array in (one.true_positives, one.false_positives, one.points, one.calibration)
    ]
    return pack(header, arrays)


def _read_whole(block: bytes) -> tuple[str, PrCurves]:
    header, arrays = unpack(block, "PR curves")
    try:
        curves: list[Curve] = []
        for number, one in enumerate(header["curves"]):
            true, false, points, calibration = arrays[4 * number : 4 * number + 4]
            if true.shape != false.shape or true.ndim != 1 or len(true) < 2:  # noqa: PLR2004
                raise MessageError("PR curves that are damaged")
            if points.shape[1:] != (_COLUMNS,) or calibration.shape[1:] != (_COLUMNS,):
                raise MessageError("PR curves that are damaged")
            curves.append(
                Curve(
                    str(one["name"]),
                    int(one["positives"]),
                    int(one["negatives"]),
                    _number(one["average_precision"]),
                    _number(one["roc_auc"]),
                    true,
                    false,
                    points,
                    calibration,
                )
            )
        if not curves:
            raise MessageError("PR curves that are damaged")
        return str(header["tag"]), PrCurves(tuple(curves), int(header["left_out"]))
    except (KeyError, TypeError, ValueError) as error:
        raise MessageError("PR curves that are damaged") from error


def _or_none(value: float) -> float | None:
    """JSON has no NaN."""
    return value if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
