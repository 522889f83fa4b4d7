"""Images, videos and tensors: listed as they come, sent when a page shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.panels.batch import Batch
from nbviz.panels.items import ItemsPanel
from nbviz.panels.listing import find_media
from nbviz.panels.media.items import media_item
from nbviz.protocol import media as messages

if TYPE_CHECKING:
    from nbviz.panels.media.items import MediaAnswer
    from nbviz.panels.panel import Address, Reply
    from nbviz.recording.media.store import Media
    from nbviz.recording.recorded_run import RecordedRun


class MediaPanel(ItemsPanel["MediaAnswer"]):
    """Images, videos and tensors."""

    name = "media"
    assets = ("media", "items", "heatmap", "timeline")
    requests = (messages.SendMedia,)
    slow = frozenset({"send_media"})  # images may have to be reduced
    kinds = frozenset({"image", "video", "tensor"})
    added = "media_added"

    def item(  # noqa: PLR0917
        self, run_id: str, media: Media, step: int, batch: Batch, address: Address, limit: int
    ) -> MediaAnswer:
        """Return the item of a tag at or before a step."""
        return media_item(run_id, media, step, batch, address, limit=limit)

    def answer(
        self, part: RecordedRun, request: messages.SendMedia, reply: Reply[MediaAnswer]
    ) -> None:
        """Send the item of a tag at or before a step."""
        batch = Batch()
        answer = media_item(
            part.run_id,
            find_media(part, request["tag"]),
            request["step"],
            batch,
            reply.address,
            pixels=request["pixels"],
            limit=reply.limit,
        )
        reply.send(answer, batch)
