"""Images, videos and tensors: listed as they come, sent when a page shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.panels.items import ItemsPanel
from nbviz.panels.media.items import media_item
from nbviz.protocol import media as messages

if TYPE_CHECKING:
    from nbviz.panels.batch import Batch
    from nbviz.panels.media.items import MediaAnswer
    from nbviz.panels.panel import Address, Reply
    from nbviz.recording.media.store import Media


class MediaPanel(ItemsPanel["MediaAnswer"]):
    """Images, videos and tensors."""

    name = "media"
    assets = ("media", "items", "heatmap", "timeline")
    requests = (messages.SendMedia,)
    slow = frozenset({"send_media"})  # images may have to be reduced
    kinds = frozenset({"image", "video", "tensor"})
    followed_kinds = frozenset({"image", "tensor"})
    added = "media_added"

    def item(  # noqa: PLR0917
        self, run_id: str, media: Media, step: int, batch: Batch, address: Address, limit: int
    ) -> MediaAnswer:
        """Return the item of a tag at or before a step."""
        return media_item(run_id, media, step, batch, address, limit=limit)

    def item_asked(
        self,
        run_id: str,
        media: Media,
        request: messages.SendMedia,
        batch: Batch,
        reply: Reply[MediaAnswer],
    ) -> MediaAnswer:
        """Return the item of a tag at or before a step."""
        return media_item(
            run_id,
            media,
            request["step"],
            batch,
            reply.address,
            pixels=request["pixels"],
            limit=reply.limit,
        )

    def item_followed(
        self, run_id: str, media: Media, step: int, batch: Batch, *, pixels: int, since: int
    ) -> MediaAnswer:
        """Return the item of a tag at or before a step, for pages that follow the tag."""
        del since
        return media_item(run_id, media, step, batch, pixels=pixels)
