"""Texts that were logged."""

from __future__ import annotations

from typing import Literal, TypedDict

from nbviz.protocol.core import Answers, ItemsAdded


class TextAdded(ItemsAdded):
    """Texts that were logged."""

    kind: Literal["text_added"]


class SendText(TypedDict):
    """Ask for the text of a tag at or before a step."""

    kind: Literal["send_text"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int


class TextSent(TypedDict):
    """One text; its last `omitted` characters are left out."""

    kind: Literal["text_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    text: str
    markdown: bool
    omitted: int


ANSWERS: Answers = {SendText: (TextSent,)}

Updates = TextAdded | TextSent
"""What the kernel sends."""

Requests = SendText
"""What pages ask."""
