"""Texts: listed as they come, sent when a page shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from nbviz.panels.items import ItemsPanel
from nbviz.protocol import text as messages
from nbviz.recording.media.store import PlainText
from nbviz.text import clean_line, clean_text

if TYPE_CHECKING:
    from nbviz.panels.batch import Batch
    from nbviz.panels.panel import Address
    from nbviz.protocol.text import TextSent
    from nbviz.recording.media.store import Media

MOST_CHARACTERS = 100_000
_CHARACTER_BYTES = 4  # of the longest in UTF-8


class TextPanel(ItemsPanel["TextSent"]):
    """Texts, as Markdown or as they are."""

    name = "text"
    assets = ("text", "items", "timeline")
    requests = (messages.SendText,)
    kinds = frozenset({"text"})
    added = "text_added"

    def item(  # noqa: PLR0917
        self, run_id: str, media: Media, step: int, batch: Batch, address: Address, limit: int
    ) -> TextSent:
        """Return the text of a tag at or before a step."""
        del batch
        item = media.at(step)
        given = cast("str", item.value)
        text = clean_text(given)
        most = min(MOST_CHARACTERS, limit // _CHARACTER_BYTES)
        return {
            "kind": "text_sent",
            **address,
            "run_id": run_id,
            "tag": clean_line(media.tag),
            "step": item.step,
            "text": text[:most],
            "markdown": not isinstance(given, PlainText),
            "omitted": max(0, len(text) - most),
        }
