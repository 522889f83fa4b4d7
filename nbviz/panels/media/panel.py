"""What was logged that is no scalar: listed as it comes, sent when a page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbviz.panels.batch import Batch
from nbviz.panels.media.items import add_newest, media_item
from nbviz.panels.media.listing import add_media
from nbviz.panels.panel import Extent, Reply, RunPanel
from nbviz.protocol import media as messages

if TYPE_CHECKING:
    from nbviz.panels.batch import SavedBatch
    from nbviz.panels.media.items import MediaAnswer
    from nbviz.recording.recorded_run import RecordedRun

_LISTED_SHARE = 0.25  # of a frame, for the steps of media
_SAVED_BYTES = 3_000_000  # of a run


@dataclass(slots=True)
class MediaEntry:
    """Up to which version of the store was listed."""

    version: int = 0


class MediaPanel(RunPanel[MediaEntry, None]):
    """Images, histograms, tensors and texts."""

    name = "media"
    assets = ("media", "heatmap")
    requests = (messages.SendMedia,)
    slow = frozenset({"send_media"})  # images may have to be reduced

    def has_content(self, part: RecordedRun) -> bool:
        """Whether something was logged and taken in."""
        return len(part.kept_media) > 0

    def entry(self) -> MediaEntry:
        """Return the entry of a page that knows of no media."""
        return MediaEntry()

    def updates(
        self, part: RecordedRun, entry: MediaEntry, batch: Batch, extent: Extent[MediaEntry, None]
    ) -> None:
        """Add which media came."""
        end = None if extent.end is None else extent.end.version
        entry.version = add_media(part, entry.version, batch, extent.limit * _LISTED_SHARE, end)

    def answer(
        self, part: RecordedRun, request: messages.SendMedia, reply: Reply[MediaAnswer]
    ) -> None:
        """Send the item of a tag at or before a step."""
        batch = Batch()
        answer = media_item(
            part,
            request["tag"],
            request["step"],
            batch,
            reply.address,
            after=request["after"],
            pixels=request["pixels"],
            limit=reply.limit,
        )
        reply.send(answer, batch)

    def saved(self, part: RecordedRun, batch: SavedBatch, limit: float) -> bool:
        """Add the newest item of each tag, and the course of histograms."""
        part.drain_media()
        return add_newest(part, batch, min(limit, _SAVED_BYTES))
