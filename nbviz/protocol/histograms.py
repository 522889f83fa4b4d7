"""Histograms that were logged."""

from __future__ import annotations

from typing import Literal, TypedDict

from nbviz.protocol.core import Answers, ItemsAdded


class HistogramInfo(TypedDict):
    """What a histogram's buffer does not hold."""

    step: int
    bins: int
    count: int  # finite values
    nonfinite: int
    sampled: int  # how many values were counted where that is a sample, else 0
    minimum: float | None  # of the finite values, as below; None if there is none
    maximum: float | None
    mean: float | None
    std: float | None


class HistogramsAdded(ItemsAdded):
    """Histograms that were logged."""

    kind: Literal["histograms_added"]


class SendHistograms(TypedDict):
    """Ask for the histograms of a tag up to a step."""

    kind: Literal["send_histograms"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    after: int  # the newest step that the page has, -1 for none


class HistogramsSent(TypedDict):
    """A tag's histograms by step, rising; the newest one and others before it, evenly chosen.

    To pages that follow the tag those are sent that came since the last were.

    Buffer: float64; for each histogram its counts (`bins`), then its edges (`bins + 1`).
    """

    kind: Literal["histograms_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int  # of the newest one
    after: int  # the step that it goes on from, -1 for none
    histograms: list[HistogramInfo]
    buffer: int


ANSWERS: Answers = {SendHistograms: (HistogramsSent,)}

Updates = HistogramsAdded | HistogramsSent
"""What the kernel sends."""

Requests = SendHistograms
"""What pages ask."""
