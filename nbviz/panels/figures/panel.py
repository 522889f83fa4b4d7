"""Figures: listed as they come, sent as pictures when a page shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from nbviz.panels.items import ItemsPanel
from nbviz.panels.shown_image import shown_image
from nbviz.protocol import figures as messages
from nbviz.text import clean_line

if TYPE_CHECKING:
    from nbviz.panels.batch import Batch
    from nbviz.panels.panel import Address, Reply
    from nbviz.panels.shown_image import MediaType
    from nbviz.protocol.figures import FigureSent
    from nbviz.recording.media.figures import Figure
    from nbviz.recording.media.store import Media

_SAVED_PIXELS = 1280  # of a figure in a page without a kernel, along its longest side


class FiguresPanel(ItemsPanel["FigureSent"]):
    """Figures of matplotlib, Plotly, Altair and others."""

    name = "figures"
    assets = ("figures", "items", "timeline")
    requests = (messages.SendFigure,)
    slow = frozenset({"send_figure"})  # they may have to be reduced
    kinds = frozenset({"figure"})
    added = "figures_added"

    def item(  # noqa: PLR0917
        self, run_id: str, media: Media, step: int, batch: Batch, address: Address, limit: int
    ) -> FigureSent:
        """Return the figure of a tag at or before a step."""
        return _figure_sent(run_id, media, step, batch, address, limit=limit)

    def item_asked(
        self,
        run_id: str,
        media: Media,
        request: messages.SendFigure,
        batch: Batch,
        reply: Reply[FigureSent],
    ) -> FigureSent:
        """Return the figure of a tag at or before a step."""
        return _figure_sent(
            run_id,
            media,
            request["step"],
            batch,
            reply.address,
            limit=reply.limit,
            pixels=request["pixels"],
        )


def _figure_sent(
    run_id: str,
    media: Media,
    step: int,
    batch: Batch,
    address: Address,
    *,
    limit: int,
    pixels: int = _SAVED_PIXELS,
) -> FigureSent:
    item = media.at(step)
    figure = cast("Figure", item.value)
    picture = figure.picture
    data, media_type, factor = b"", cast("MediaType", "image/png"), 1
    if picture is not None:
        data, media_type, factor = shown_image(picture, pixels, limit)
    return {
        "kind": "figure_sent",
        **address,
        "run_id": run_id,
        "tag": clean_line(media.tag),
        "step": item.step,
        "library": figure.library,
        "note": clean_line(figure.note),
        "media_type": media_type,
        "height": picture.height if picture is not None else 0,
        "width": picture.width if picture is not None else 0,
        "reduced": factor,
        "buffer": batch.buffer(data),
    }
