"""Figures: listed as they come, sent when a page shows them: as pictures, or to be drawn there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from nbviz.panels.batch import Batch
from nbviz.panels.figures.libraries import drawn_by_page, library_code
from nbviz.panels.items import ItemsPanel
from nbviz.panels.shown_image import shown_image
from nbviz.protocol import figures as messages
from nbviz.text import clean_line

if TYPE_CHECKING:
    from nbviz.panels.panel import Address, Reply
    from nbviz.panels.shown_image import MediaType
    from nbviz.protocol.figures import FigureSent
    from nbviz.recording.media.figures import Figure
    from nbviz.recording.media.store import Media
    from nbviz.recording.recorded_run import RecordedRun

_SAVED_PIXELS = 1280  # of a figure in a page without a kernel, along its longest side


class FiguresPanel(ItemsPanel["FigureSent"]):
    """Figures of matplotlib, Plotly, Altair and others."""

    name = "figures"
    assets = ("figures", "items", "timeline")
    requests = (messages.SendFigure, messages.SendLibrary)
    # Pictures may have to be reduced, and a library's code is made.
    slow = frozenset({"send_figure", "send_library"})
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
            draws=request["draws"],
        )

    def answer(self, part: RecordedRun, request: Any, reply: Reply[Any]) -> None:
        """Send a figure, or what draws it."""
        if request["kind"] != "send_library":
            super().answer(part, request, reply)
            return
        batch = Batch()
        reply.send(_library_sent(request, batch, reply), batch)


def _library_sent(
    request: messages.SendLibrary, batch: Batch, reply: Reply[messages.LibrarySent]
) -> messages.LibrarySent:
    name, part = request["name"], request["part"]
    version, data = library_code(name)
    size = reply.limit
    return {
        "kind": "library_sent",
        **reply.address,
        "name": name,
        "version": version,
        "part": part,
        "parts": -(-len(data) // size),
        "buffer": batch.buffer(data[max(0, part) * size :][:size]),
    }


def _figure_sent(
    run_id: str,
    media: Media,
    step: int,
    batch: Batch,
    address: Address,
    *,
    limit: int,
    pixels: int = _SAVED_PIXELS,
    draws: bool = False,
) -> FigureSent:
    item = media.at(step)
    figure = cast("Figure", item.value)
    media_type: MediaType | Literal["application/json"] = "image/png"
    picture, factor = figure.picture, 1
    note = figure.note
    data, why = drawn_by_page(figure, limit) if draws else (b"", "")
    if data:
        picture, media_type, note = None, "application/json", ""
    elif note and why:
        note = f"it is not drawn by the page, since {why}; {note}"
    if not data and picture is not None:
        data, media_type, factor = shown_image(picture, pixels, limit)
    return {
        "kind": "figure_sent",
        **address,
        "run_id": run_id,
        "tag": clean_line(media.tag),
        "step": item.step,
        "library": figure.library,
        "note": clean_line(note),
        "media_type": media_type,
        "height": picture.height if picture is not None else 0,
        "width": picture.width if picture is not None else 0,
        "reduced": factor,
        "buffer": batch.buffer(data),
    }
