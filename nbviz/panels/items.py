"""ItemsPanel: a panel of what is logged by tag and step and is no scalar.

What there is is listed as it comes; an item is sent when a page shows it. A page without a kernel
carries some of them, so that it can still be scrubbed.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from nbviz.errors import NbvizError
from nbviz.panels.batch import Batch
from nbviz.panels.following import ITEM_BYTES, Followed, Following, checked_keys, joined
from nbviz.panels.listing import find_media, item_tag, items_added, new_items
from nbviz.panels.panel import NO_ADDRESS, RunPanel
from nbviz.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from nbviz.panels.batch import SavedBatch
    from nbviz.panels.panel import Address, Extent, Reply, View
    from nbviz.protocol.core import ItemsAdded, ItemTag
    from nbviz.recording.media.store import Media, MediaKind
    from nbviz.recording.recorded_run import RecordedRun

_LISTED_SHARE = 0.25  # of a frame, for the steps of items
_SAVED_BYTES = 3_000_000  # of a run
_SAVED_ITEM_BYTES = 400_000
_MOST_SAVED_STEPS = 24

AnswerT = TypeVar("AnswerT")


@dataclass(slots=True)
class ItemsEntry:
    """Up to which version of the store was listed, and what was sent unasked."""

    version: int = 0
    following: Following = field(default_factory=Following)


class ItemsPanel(RunPanel[ItemsEntry, Followed], Generic[AnswerT]):
    """A panel whose request names a tag and a step.

    Attributes:
        kinds: The kinds of media that it shows.
        followed_kinds: Those of which the newest item is sent to pages that follow it.
        added: The kind of the update that lists them.
    """

    saves_steps = True
    kinds: ClassVar[Collection[MediaKind]]
    followed_kinds: ClassVar[Collection[MediaKind]] = ()
    added: ClassVar[str]

    @abstractmethod
    def item(  # noqa: PLR0917
        self, run_id: str, media: Media, step: int, batch: Batch, address: Address, limit: int
    ) -> AnswerT:
        """Return the item of a tag at or before a step; the first one if all are later.

        Args:
            run_id: The run's.
            media: The tag's items.
            step: Any.
            batch: Takes the answer's buffer.
            address: Whose request it answers.
            limit: Bytes that the answer may take.

        Raises:
            NbvizError: It cannot be sent.
        """

    def steps_of(self, answer: AnswerT) -> list[int]:
        """Return the steps that an answer holds."""
        fields: Any = answer
        return [fields["step"]]

    def saved_steps(self, media: Media) -> Sequence[int]:
        """Return the steps of a tag, those first that a page without a kernel carries first."""
        return spread(media.steps.tolist())

    def item_asked(
        self, run_id: str, media: Media, request: Any, batch: Batch, reply: Reply[Any]
    ) -> AnswerT:
        """Return the answer to a request, whose fields may say more than a tag and a step.

        Args:
            run_id: The run's.
            media: The tag's items.
            request: As `answer` was given it.
            batch: Takes the answer's buffer.
            reply: Where the answer will go: its address, and how long it may be.

        Raises:
            NbvizError: It cannot be sent.
        """
        return self.item(run_id, media, request["step"], batch, reply.address, reply.limit)

    def item_followed(
        self, run_id: str, media: Media, step: int, batch: Batch, *, pixels: int, since: int
    ) -> AnswerT:
        """Return the item of a tag at or before a step, for pages that follow the tag.

        Args:
            run_id: The run's.
            media: The tag's items.
            step: Any.
            batch: Takes the answer's buffer.
            pixels: The longest side of an image need not be much longer.
            since: The version up to which the pages were sent the tag; 0 for nothing of it.

        Raises:
            NbvizError: It cannot be sent.
        """
        del pixels, since
        return self.item(run_id, media, step, batch, NO_ADDRESS, ITEM_BYTES)

    def answer(self, part: RecordedRun, request: Any, reply: Reply[Any]) -> None:
        """Send the item of a tag at or before a step."""
        batch = Batch()
        media = find_media(part, request["tag"], self.kinds)
        reply.send(self.item_asked(part.run_id, media, request, batch, reply), batch)

    def has_content(self, part: RecordedRun) -> bool:
        """Whether something was logged and taken in."""
        media = part.kept_media
        return any(media.kind(tag) in self.kinds for tag in media)

    def entry(self) -> ItemsEntry:
        """Return the entry of a page that knows of no items."""
        return ItemsEntry()

    def updates(
        self,
        part: RecordedRun,
        entry: ItemsEntry,
        batch: Batch,
        extent: Extent[ItemsEntry, Followed],
    ) -> None:
        """Add which items came, with the newest of tags that pages follow."""
        end = None if extent.end is None else extent.end.version
        share = extent.limit * _LISTED_SHARE
        entry.version, listing = new_items(
            part, self.kinds, entry.version, batch, limit=share, upto=end
        )
        followed = {} if extent.full else extent.wanted or {}
        made = entry.following.add(
            part,
            self.followed_kinds,
            followed,
            batch,
            lambda media, step, pixels, since: self.item_followed(
                part.run_id, media, step, batch, pixels=pixels, since=since
            ),
            upto=entry.version,
            room=min(extent.room, extent.limit - batch.size),
        )
        if made:
            listing = listing or items_added(part, [], [], batch)
            _add_items(part, listing, made)
        if listing is not None:
            update: Any = {"kind": self.added, **listing}
            batch.add(update)

    def view(self, part: RecordedRun, keys: Sequence[str], known: int) -> View:
        """Return which tags a view follows."""
        if not self.followed_kinds:
            return super().view(part, keys, known)
        names = {clean_line(tag): tag for tag in part.kept_media}
        return checked_keys(keys, lambda tag: names.get(tag, tag))

    def join(self, views: Sequence[View], before: Followed | None) -> Followed:
        """Return which tags all pages follow."""
        del before
        return joined(views)

    def saved(self, part: RecordedRun, batch: SavedBatch, limit: float) -> bool:
        """Add the newest item of each tag, and as many earlier ones as there is room for."""
        part.drain_media()
        tags = [tag for tag in part.kept_media if part.kept_media.kind(tag) in self.kinds]
        left = batch.room(_SAVED_BYTES, limit)
        listed: list[ItemTag] = []
        steps: list[int] = []
        for number, tag in enumerate(tags):
            media = part.kept_media[tag]
            room = left / (len(tags) - number)
            kept: list[int] = []
            for step in batch.chosen(self.saved_steps(media), _MOST_SAVED_STEPS):
                own = Batch()
                try:
                    answer: Any = self.item(
                        part.run_id, media, step, own, NO_ADDRESS, _SAVED_ITEM_BYTES
                    )
                except NbvizError:  # such as an image of a type that a page cannot show
                    continue
                size = own.size + len(str(answer))
                # The newest of a tag may take what others leave.
                if size > (room if kept else left):
                    break
                if own.buffers:
                    answer["buffer"] = batch.buffer(own.buffers[0])
                batch.answers.append(answer)
                kept += self.steps_of(answer)
                room -= size
                left -= size
            if kept:
                kept = sorted(set(kept))
                batch.note_kept(tag, len(kept), len(media))
                listed.append(item_tag(part, tag, media.kind, len(kept)))
                steps += kept
        if listed:
            update: Any = {"kind": self.added, **items_added(part, listed, steps, batch)}
            batch.add(update)
        return bool(listed)


def _add_items(run: RecordedRun, listing: ItemsAdded, made: dict[str, Any]) -> None:
    """Put items, by tag, beside their listing; what was listed before comes without a step."""
    listed = {one["tag"]: one for one in listing["items"]}
    for tag, item in made.items():
        name, kind = clean_line(tag), run.kept_media.kind(tag)
        if name not in listed and kind is not None:
            listed[name] = item_tag(run, tag, kind, 0)
            listing["items"].append(listed[name])
        listed[name]["sent"] = item


def spread(steps: Sequence[int]) -> list[int]:
    """Return steps in an order of which each beginning is spread over all of them.

    The last is the first, the first the second; then what is in the middle of two neighbours.
    """
    if len(steps) < 3:  # noqa: PLR2004
        return list(reversed(steps))
    order = [len(steps) - 1, 0]
    gaps = [(0, len(steps) - 1)]
    while gaps:
        halves: list[tuple[int, int]] = []
        for low, high in gaps:
            middle = (low + high) // 2
            if middle in (low, high):
                continue
            order.append(middle)
            halves += [(low, middle), (middle, high)]
        gaps = halves
    return [steps[place] for place in order]
