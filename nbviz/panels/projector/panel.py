"""The panel `projector`: clouds of points by step, with labels, images, neighbours, selections."""

from __future__ import annotations

import base64
import binascii
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.errors import CommandError
from nbviz.panels.batch import Batch
from nbviz.panels.items import ItemsEntry, ItemsPanel
from nbviz.panels.listing import find_media, item_tag, items_added
from nbviz.panels.panel import NO_ADDRESS
from nbviz.panels.projector.answers import Shown
from nbviz.panels.projector.layouts import Key, Layouts
from nbviz.protocol import projector as messages
from nbviz.text import clean_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.panels.batch import SavedBatch
    from nbviz.panels.following import Followed
    from nbviz.panels.panel import Address, Extent, Reply
    from nbviz.protocol.core import ItemTag
    from nbviz.recording.embeddings.embedding import Embedding
    from nbviz.recording.media.store import Media
    from nbviz.recording.recorded_run import RecordedRun

SAVED_POINTS = 5000
"""Of one embedding in a page without a kernel."""

_SAVED_BYTES = 3_000_000
_MOST_SAVED_STEPS = 12
_IMAGE_SHARE = 3  # of a saved page's bytes, images may take this part
_WHOLE = 1 << 30  # bytes, where an answer is to hold everything
_DIMS = (2, 3)


@dataclass(slots=True)
class ProjectorEntry(ItemsEntry):
    """Up to which versions embeddings and layouts were listed."""

    layouts: int = 0


class ProjectorPanel(ItemsPanel[messages.EmbeddingSent]):
    """Embeddings."""

    name = "projector"
    assets = ("projector", "timeline")
    requests = (
        messages.SendEmbedding,
        messages.SendPositions,
        messages.SendColumn,
        messages.SendThumbnails,
        messages.SendNeighbours,
        messages.StartLayout,
        messages.CancelLayout,
        messages.SelectPoints,
    )
    slow = frozenset(
        {
            *("send_embedding", "send_positions", "send_column", "send_thumbnails"),
            *("send_neighbours", "start_layout"),
        }
    )
    kinds = frozenset({"embedding"})
    added = "embeddings_added"

    def __init__(self) -> None:
        self._layouts: weakref.WeakKeyDictionary[RecordedRun, Layouts] = weakref.WeakKeyDictionary()

    def layouts(self, run: RecordedRun) -> Layouts:
        """Return the layouts of a run; made at the first use."""
        known = self._layouts.get(run)
        if known is None:
            reference = weakref.ref(run)

            def notify() -> None:
                alive = reference()
                if alive is not None:
                    alive.notify()

            known = self._layouts[run] = Layouts(notify)
            weakref.finalize(run, known.close)
        return known

    def entry(self) -> ProjectorEntry:
        """Return the entry of a page that knows of nothing."""
        return ProjectorEntry()

    def updates(
        self,
        part: RecordedRun,
        entry: ItemsEntry,
        batch: Batch,
        extent: Extent[ItemsEntry, Followed],
    ) -> None:
        """Add which embeddings came, and where layouts are."""
        super().updates(part, entry, batch, extent)
        assert isinstance(entry, ProjectorEntry)
        layouts = self._layouts.get(part)
        if layouts is None:
            return
        upto = layouts.version
        for key, layout in layouts.since(entry.layouts):
            update: Any = {
                "kind": "layout_changed",
                "run_id": part.run_id,
                **_fields(key),
                "state": layout.state,
                "share": layout.share,
                "revision": layout.revision,
                "text": clean_line(layout.text),
            }
            batch.add(update)
        entry.layouts = upto

    def item(  # noqa: PLR0917
        self, run_id: str, media: Media, step: int, batch: Batch, address: Address, limit: int
    ) -> messages.EmbeddingSent:
        """Return what is known of the embedding at or before a step."""
        del limit
        return _shown(run_id, media, step).overview(batch, address)

    def answer(self, part: RecordedRun, request: Any, reply: Reply[Any]) -> None:
        """Answer what a page asks of an embedding."""
        kind: str = request["kind"]
        media = find_media(part, request["tag"], self.kinds)
        if kind == "select_points":
            _select(part, media, request["selected"])
            reply.send({"kind": "command_done", **reply.address})
            return
        shown = _shown(part.run_id, media, request["step"])
        batch = Batch()
        address, limit = reply.address, reply.limit
        answer: Any
        if kind == "send_embedding":
            answer = shown.overview(batch, address)
        elif kind == "send_positions":
            key = _key(media, request)
            places = self._places(part, key, request["method"], shown.embedding)
            answer = shown.positions(
                places, request["method"], request["start"], batch, address, limit
            )
        elif kind == "send_column":
            answer = shown.column(request["column"], request["start"], batch, address, limit)
        elif kind == "send_thumbnails":
            answer = shown.thumbnails(request["points"], batch, address, limit)
        elif kind == "send_neighbours":
            answer = shown.neighbours(
                request["point"], request["count"], request["metric"], address
            )
        else:
            layouts, key = self.layouts(part), _key(media, request)
            if kind == "start_layout":
                layouts.start(key, shown.embedding.vectors)
            else:
                layouts.cancel(key)
            answer = {"kind": "command_done", **address}
        reply.send(answer, batch)

    def saved(self, part: RecordedRun, batch: SavedBatch, limit: float) -> bool:
        """Add a sample of the points of each tag, at as many steps as there is room for."""
        part.drain_media()
        tags = [tag for tag in part.kept_media if part.kept_media.kind(tag) in self.kinds]
        listed: list[ItemTag] = []
        all_steps: list[int] = []
        for tag in tags:
            room = batch.room(_SAVED_BYTES, limit) / len(tags)
            steps = self._save_tag(part, part.kept_media[tag], batch, room)
            batch.note_kept(tag, len(steps), len(part.kept_media[tag]))
            listed.append(item_tag(part, tag, "embedding", len(steps)))
            all_steps += steps
        if listed:
            update: Any = {"kind": self.added, **items_added(part, listed, all_steps, batch)}
            batch.add(update)
        return bool(listed)

    def _save_tag(
        self, run: RecordedRun, media: Media, batch: SavedBatch, room: float
    ) -> list[int]:
        kept: list[int] = []
        contents: set[str] = set()
        for step in batch.chosen(self.saved_steps(media), _MOST_SAVED_STEPS):
            item = media.at(step)
            embedding = cast("Embedding", item.value)
            chosen = _sample(embedding.points)
            shown = Shown(run.run_id, media.tag, item.step, embedding, chosen)
            own = Batch()
            overview = shown.overview(own, NO_ADDRESS)
            answers: list[Any] = [overview]
            places = [("pca", embedding.projection.positions(dims)) for dims in _DIMS]
            places += [
                (key.method, found) for key, found in self.layouts(run).done(media.tag, step)
            ]
            answers += [
                shown.positions(found, method, 0, own, NO_ADDRESS, _WHOLE)
                for method, found in places
            ]
            for number, column in enumerate(overview["columns"]):
                if column["content"] not in contents:
                    contents.add(column["content"])
                    answers.append(shown.column(number, 0, own, NO_ADDRESS, _WHOLE))
            if overview["images"] not in contents and embedding.images is not None:
                contents.add(overview["images"])
                most = int(room / _IMAGE_SHARE)
                points = range(shown.points)
                answers.append(shown.thumbnails(points, own, NO_ADDRESS, most))
            if kept and own.size > room:
                break
            room -= own.size
            kept.append(item.step)
            for answer in answers:
                answer["buffer"] = batch.buffer(own.buffers[int(answer["buffer"])])
                batch.answers.append(answer)
        return sorted(kept)

    def _places(
        self, run: RecordedRun, key: Key, method: messages.Method, embedding: Embedding
    ) -> NDArray[np.float32]:
        if method == "pca":
            return embedding.projection.positions(key.dims)
        return self.layouts(run).positions(key)


def _shown(run_id: str, media: Media, step: int) -> Shown:
    item = media.at(step)
    if media.kind != "embedding":
        raise CommandError(f"{media.tag!r} has {media.kind}s, and no embedding.")
    return Shown(run_id, media.tag, item.step, cast("Embedding", item.value))


def _key(media: Media, request: Any) -> Key:
    if request["dims"] not in _DIMS:
        raise CommandError(f"dims must be 2 or 3, got {request['dims']}.")
    return Key(media.tag, media.at(request["step"]).step, request["method"], request["dims"])


def _fields(key: Key) -> Any:
    return {**key._asdict(), "tag": clean_line(key.tag)}


def _select(run: RecordedRun, media: Media, selected: str) -> None:
    try:
        bits = np.frombuffer(base64.b64decode(selected, validate=True), np.uint8)
    except (binascii.Error, ValueError) as error:
        raise CommandError(f"selected must be base64: {error}.") from error
    chosen: NDArray[np.int64] = np.flatnonzero(np.unpackbits(bits, bitorder="little"))
    points = max(cast("Embedding", item.value).points for item in media)
    if len(chosen) and chosen[-1] >= points:
        raise CommandError(f"there is no point {int(chosen[-1]):,}; the last is {points - 1:,}.")
    run.selections[media.tag] = chosen


def _sample(points: int) -> NDArray[np.int64] | None:
    """Return the points that stand for all of them; None where all are few enough."""
    if points <= SAVED_POINTS:
        return None
    chosen = np.random.default_rng(0).choice(points, SAVED_POINTS, replace=False)
    return np.sort(chosen).astype(np.int64)
