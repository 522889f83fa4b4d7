"""Curves of precision and recall, ROC and calibration: listed as they come, sent when shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.panels.items import ItemsPanel
from nbviz.panels.listing import evenly
from nbviz.panels.wire import deflated, finite
from nbviz.protocol import roc as messages
from nbviz.text import clean_line, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbviz.panels.batch import Batch
    from nbviz.panels.panel import Address
    from nbviz.protocol.roc import CurveInfo, RocSent
    from nbviz.recording.media.pr_curves import Curve, PrCurves
    from nbviz.recording.media.store import Media

_MOST_CHARACTERS = 60  # of a name
_INFO_BYTES = 200
_LEAST_POINTS = 8


class RocPanel(ItemsPanel["RocSent"]):
    """Curves of precision and recall, ROC and calibration."""

    name = "roc"
    assets = ("roc", "items", "timeline")
    requests = (messages.SendRoc,)
    slow = frozenset({"send_roc"})
    kinds = frozenset({"pr_curve"})
    added = "roc_added"

    def item(  # noqa: PLR0917
        self, run_id: str, media: Media, step: int, batch: Batch, address: Address, limit: int
    ) -> RocSent:
        """Return the curves of a tag at or before a step; the first ones if all are later."""
        item = media.at(step)
        value = cast("PrCurves", item.value)
        curves = value.curves
        most = max(len(one.points) for one in curves)
        room = limit - _INFO_BYTES * len(curves)
        while True:
            points = [_chosen(one, most) for one in curves]
            parts = [_numbers(*one) for one in zip(curves, points, strict=True)]
            data = deflated(np.concatenate(parts))
            if len(data) <= room or most <= _LEAST_POINTS:
                break
            most = max(_LEAST_POINTS, most // 2)
        return {
            "kind": "roc_sent",
            **address,
            "run_id": run_id,
            "tag": clean_line(media.tag),
            "step": item.step,
            "curves": [_info(one, of) for one, of in zip(curves, points, strict=True)],
            "left_out": value.left_out,
            "buffer": batch.buffer(data),
        }


def _chosen(curve: Curve, most: int) -> NDArray[np.float64]:
    places: Sequence[int] = range(len(curve.points))
    return curve.points[evenly(places, most)]


def _numbers(curve: Curve, points: NDArray[np.float64]) -> NDArray[np.float64]:
    parts: list[NDArray[Any]] = [
        curve.true_positives,
        curve.false_positives,
        points.T.reshape(-1),
        curve.calibration.T.reshape(-1),
    ]
    return np.concatenate(parts).astype(np.float64)


def _info(curve: Curve, points: NDArray[np.float64]) -> CurveInfo:
    return {
        "name": shortened(clean_line(curve.name), _MOST_CHARACTERS),
        "positives": curve.positives,
        "negatives": curve.negatives,
        "average_precision": finite(curve.average_precision),
        "roc_auc": finite(curve.roc_auc),
        "thresholds": len(curve.true_positives),
        "points": len(points),
        "bins": len(curve.calibration),
    }
