"""Curves of precision and recall, ROC and calibration that were logged."""

from __future__ import annotations

from typing import Literal, TypedDict

from nbviz.protocol.core import Answers, ItemsAdded


class CurveInfo(TypedDict):
    """What the buffer does not hold of the curve of one class against all others."""

    name: str  # empty where there is only one curve
    positives: int
    negatives: int
    average_precision: float | None  # None without positives
    roc_auc: float | None  # None without positives or negatives
    thresholds: int
    points: int
    bins: int  # 0 where the calibration is not known


class RocAdded(ItemsAdded):
    """Curves that were logged."""

    kind: Literal["roc_added"]


class SendRoc(TypedDict):
    """Ask for the curves of a tag at or before a step."""

    kind: Literal["send_roc"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int


class RocSent(TypedDict):
    """The curves of one step.

    Buffer: float64, deflated as `nbviz.panels.wire.deflated` does. For each curve in turn: true
    positives at `thresholds` thresholds from 0 to 1, evenly; false positives there; of its
    `points`, thresholds falling, the thresholds, true positives, false positives; and of its `bins`
    of equal width from 0 to 1 the samples, the sums of their scores, the positives.
    """

    kind: Literal["roc_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    curves: list[CurveInfo]
    left_out: int  # samples without a class or a score
    buffer: int


ANSWERS: Answers = {SendRoc: (RocSent,)}

Updates = RocAdded | RocSent
"""What the kernel sends."""

Requests = SendRoc
"""What pages ask."""
