"""Figures of plotting libraries that were logged."""

from __future__ import annotations

from typing import Literal, TypedDict

from nbviz.protocol.core import Answers, ItemsAdded


class FiguresAdded(ItemsAdded):
    """Figures that were logged."""

    kind: Literal["figures_added"]


class SendFigure(TypedDict):
    """Ask for the figure of a tag at or before a step."""

    kind: Literal["send_figure"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    pixels: int  # that its longest side is shown with


class FigureSent(TypedDict):
    """One figure. Buffer: a PNG file, empty where `note` says why it is not drawn."""

    kind: Literal["figure_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    library: str  # that it comes from
    note: str
    media_type: Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
    height: int  # pixels that were drawn
    width: int
    reduced: int  # how many drawn pixels one that is sent stands for along each side, 1 for all
    buffer: int


ANSWERS: Answers = {SendFigure: (FigureSent,)}

Updates = FiguresAdded | FigureSent
"""What the kernel sends."""

Requests = SendFigure
"""What pages ask."""
