"""Figures of plotting libraries that were logged."""

from __future__ import annotations

from typing import Literal, TypedDict

from nbviz.protocol.core import Answers, ItemsAdded

Library = Literal["plotly", "altair"]
"""Whose figures a page can draw itself."""


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
    draws: bool  # the page draws figures of Plotly and Altair itself, where it can


class FigureSent(TypedDict):
    """One figure. Buffer: a picture's file, or deflated JSON; empty where `note` says why."""

    kind: Literal["figure_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    library: str  # that it comes from
    note: str
    media_type: Literal["image/png", "image/jpeg", "image/gif", "image/webp", "application/json"]
    height: int  # pixels that were drawn, 0 of JSON
    width: int
    reduced: int  # how many drawn pixels one that is sent stands for along each side, 1 for all
    buffer: int


class SendLibrary(TypedDict):
    """Ask for a part of the code with which a page draws figures of a library."""

    kind: Literal["send_library"]
    client_id: str
    request_id: int
    run_id: str  # of a figure that is to be drawn
    name: Library
    part: int  # from 0


class LibrarySent(TypedDict):
    """A part of a library's code. Buffer: that part of a module's source, deflated as a whole."""

    kind: Literal["library_sent"]
    client_id: str
    request_id: int
    name: Library
    version: str
    part: int
    parts: int
    buffer: int


ANSWERS: Answers = {SendFigure: (FigureSent,), SendLibrary: (LibrarySent,)}

Updates = FiguresAdded | FigureSent | LibrarySent
"""What the kernel sends."""

Requests = SendFigure | SendLibrary
"""What pages ask."""
