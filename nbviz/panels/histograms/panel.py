"""Histograms: listed as they come; a page is sent those of all steps, then what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from nbviz.panels.following import ITEM_BYTES
from nbviz.panels.items import ItemsPanel
from nbviz.panels.listing import evenly
from nbviz.panels.panel import NO_ADDRESS
from nbviz.panels.wire import finite
from nbviz.protocol import histograms as messages
from nbviz.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbviz.inspection.tensors.histograms import Histogram
    from nbviz.panels.batch import Batch
    from nbviz.panels.panel import Address, Reply
    from nbviz.protocol.histograms import HistogramInfo, HistogramsSent
    from nbviz.recording.media.store import Media, MediaItem

MOST_HISTOGRAMS = 100


class HistogramsPanel(ItemsPanel["HistogramsSent"]):
    """Histograms, as ridges, heat or bands over the steps."""

    name = "histograms"
    assets = ("histograms", "items", "heatmap", "timeline")
    requests = (messages.SendHistograms,)
    kinds = frozenset({"histogram"})
    followed_kinds = kinds
    added = "histograms_added"

    def item(  # noqa: PLR0917
        self, run_id: str, media: Media, step: int, batch: Batch, address: Address, limit: int
    ) -> HistogramsSent:
        """Return the histograms of a tag up to a step."""
        return histograms_sent(run_id, media, step, batch, address, limit=limit)

    def item_asked(
        self,
        run_id: str,
        media: Media,
        request: messages.SendHistograms,
        batch: Batch,
        reply: Reply[HistogramsSent],
    ) -> HistogramsSent:
        """Return the histograms of a tag after a step and up to another."""
        return histograms_sent(
            run_id,
            media,
            request["step"],
            batch,
            reply.address,
            after=request["after"],
            limit=reply.limit,
        )

    def item_followed(
        self, run_id: str, media: Media, step: int, batch: Batch, *, pixels: int, since: int
    ) -> HistogramsSent:
        """Return the histograms of a tag that pages which follow it were not sent yet.

        Of one of which they were sent nothing it is the newest: each page asks for the others.
        """
        del pixels
        old = [one.step for one in media if one.version <= since] if since else media.steps[:-1]
        after = int(old[-1]) if len(old) else -1
        return histograms_sent(
            run_id, media, step, batch, NO_ADDRESS, after=after, limit=ITEM_BYTES
        )

    def saved_steps(self, media: Media) -> Sequence[int]:
        """Return the steps to be saved: the newest brings those before it."""
        return super().saved_steps(media)[:1]

    def steps_of(self, answer: HistogramsSent) -> list[int]:
        """Return the steps that an answer holds."""
        return [one["step"] for one in answer["histograms"]]


def histograms_sent(
    run_id: str,
    media: Media,
    step: int,
    batch: Batch,
    address: Address,
    *,
    after: int = -1,
    limit: int = 400_000,
) -> HistogramsSent:
    """Return a tag's histograms, the newest at or before a step and others before it.

    Args:
        run_id: The run's.
        media: The tag's items.
        step: The first item stands in where all are later.
        batch: Takes the buffer.
        address: Whose request it answers.
        after: Histograms up to this step are left out.
        limit: Bytes; where there are more, some are left out evenly.
    """
    item = media.at(step)
    infos, columns = _histograms([o for o in media if after < o.step < item.step], item, limit)
    return {
        "kind": "histograms_sent",
        **address,
        "run_id": run_id,
        "tag": clean_line(media.tag),
        "step": item.step,
        "after": after,
        "histograms": infos,
        "buffer": batch.buffer(columns),
    }


def _histograms(
    before: list[MediaItem], newest: MediaItem, limit: int
) -> tuple[list[HistogramInfo], NDArray[np.float64]]:
    values: list[MediaItem] = [*before, newest]
    largest = max(cast("Histogram", one.value).nbytes for one in values)
    chosen = evenly(values, max(1, min(MOST_HISTOGRAMS, limit // largest)))
    if chosen[-1] is not newest:
        chosen = [newest]
    blocks: list[NDArray[np.float64]] = []
    infos: list[HistogramInfo] = []
    for one in chosen:
        histogram = cast("Histogram", one.value)
        blocks += [histogram.counts, histogram.edges]
        infos.append(_info(one.step, histogram))
    return infos, np.concatenate(blocks).astype(np.float64)


def _info(step: int, histogram: Histogram) -> HistogramInfo:
    count = histogram.count
    mean = histogram.sum / count if count else None
    variance = histogram.sum_squares / count - mean**2 if mean is not None else None
    return {
        "step": step,
        "bins": len(histogram.counts),
        "count": int(count),
        "sampled": histogram.sampled,
        "nonfinite": int(histogram.nan + histogram.inf),
        "minimum": finite(histogram.minimum),
        "maximum": finite(histogram.maximum),
        "mean": finite(mean),
        "std": finite(max(0.0, variance) ** 0.5) if variance is not None else None,
    }
