"""Confusion matrices that were logged."""

from __future__ import annotations

from typing import Literal, TypedDict

from nbviz.protocol.core import Answers, ItemsAdded, NumberType


class ConfusionAdded(ItemsAdded):
    """Confusion matrices that were logged."""

    kind: Literal["confusion_added"]


class SendConfusion(TypedDict):
    """Ask for the confusion matrix of a tag at or before a step."""

    kind: Literal["send_confusion"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int


class ConfusionSent(TypedDict):
    """One confusion matrix: its cells that are not 0, and the sums of all of them.

    Buffer: three parts, each of its type, deflated as `nbviz.panels.wire.deflated` does. For each
    cell how far its place (target × size + prediction) is from the one before; for each cell its
    value; for each class the sum of its row, then of its column, then its cell on the diagonal.
    """

    kind: Literal["confusion_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    size: int  # classes
    names: list[str]  # of the classes in order; there may be fewer, or none
    cells: int  # the largest ones, if not all had room
    omitted: int  # cells that are not sent; the sums count them
    left_out: int  # samples without a class
    types: list[NumberType]  # of the buffer's parts
    buffer: int


ANSWERS: Answers = {SendConfusion: (ConfusionSent,)}

Updates = ConfusionAdded | ConfusionSent
"""What the kernel sends."""

Requests = SendConfusion
"""What pages ask."""
