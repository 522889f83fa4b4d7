"""The newest items of tags that pages look at, sent whole beside their listing, unasked.

A page that asks for each picture costs the kernel several messages a picture, and sees it a way
there and back later. So a page says which tags its cards follow; the newest item of each is sent as
long as the page keeps up, and as often as its making stays cheap beside the training. What cannot
be sent so is listed only, and asked for.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbviz.errors import CommandError, NbvizError
from nbviz.panels.panel import View

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from nbviz.panels.batch import Batch
    from nbviz.recording.media.store import Media, MediaKind
    from nbviz.recording.recorded_run import RecordedRun

MOST_FOLLOWED = 64  # tags of one view
ITEM_BYTES = 400_000  # of one item; larger ones are reduced
LEAST_PAUSE = 0.08  # seconds between two items of a tag; an eye tells few more apart
SHARE = 0.07  # of one core's time, for making and sending them
COSTLY_SECONDS = 0.03  # what takes longer is asked for: it would hold up the curves in its frame
_LOOKING_SECONDS = 1.0  # after an item, in which the next is looked for as soon as it may be sent
_FRAME_SECONDS = 0.001  # that a frame costs beside its items
_SECONDS_A_BYTE = 1e-8

Followed = dict[str, int]
"""Tags, each with the pixels with which pages show the longest side of an image."""


@dataclass(slots=True)
class Following:
    """What pages were sent of the tags that they follow.

    Attributes:
        versions: Of each tag, that of the newest item that was sent, or that cannot be.
        sizes: Bytes that the newest item of each took.
        costly: Tags of which an item took too long.
        sent_at: When something was last sent; monotonic seconds, as below.
        rests_until: When the next may be.
        clock: Monotonic seconds.
        cpu_clock: Seconds for which this thread has been busy.
    """

    versions: dict[str, int] = field(default_factory=dict[str, int])
    sizes: dict[str, int] = field(default_factory=dict[str, int])
    costly: set[str] = field(default_factory=set[str])
    sent_at: float = -math.inf
    rests_until: float = -math.inf
    clock: Callable[[], float] = time.monotonic
    cpu_clock: Callable[[], float] = time.thread_time

    def add(
        self,
        run: RecordedRun,
        kinds: Collection[MediaKind],
        followed: Followed,
        batch: Batch,
        make: Callable[[Media, int, int, int], Any],
        *,
        upto: int,
        room: float,
    ) -> dict[str, Any]:
        """Return the newest item of each followed tag that pages do not have, by tag.

        Args:
            run: Whose items.
            kinds: Of which kinds.
            followed: What pages follow.
            batch: Takes the items' buffers, and notes when to look again.
            make: Adds the item of a tag at or before a step, for so many pixels, to the batch; of a
                course what came after a version, 0 where pages have nothing of it.
            upto: The version up to which items have been listed.
            room: Bytes that the items may take.
        """
        now = self.clock()
        due = self._due(run, kinds, followed, upto)
        made: dict[str, Any] = {}
        if due and now >= self.rests_until:
            cost = _FRAME_SECONDS
            for media in due:
                if self.sizes.get(media.tag, 0) > room:
                    continue  # until pages have painted what is on its way
                mark, before, started = batch.mark, batch.size, self.cpu_clock()
                item = self._made(media, followed[media.tag], make)
                spent, size = self.cpu_clock() - started, batch.size - before
                cost += spent + size * _SECONDS_A_BYTE
                if spent > COSTLY_SECONDS:
                    self.costly.add(media.tag)
                self.sizes[media.tag] = size
                if item is None or size > room:
                    batch.cut(mark)
                    continue
                self.versions[media.tag] = media[-1].version
                made[media.tag] = item
                room -= size
            self.rests_until = now + max(LEAST_PAUSE, cost / SHARE)
            self.sent_at = now if made else self.sent_at
        if due or now < self.sent_at + _LOOKING_SECONDS:
            rest = self.rests_until - now
            batch.look_again_in(rest if rest > 0 else LEAST_PAUSE / 2)
        return made

    def _due(
        self, run: RecordedRun, kinds: Collection[MediaKind], followed: Followed, upto: int
    ) -> list[Media]:
        """Return what has something new; those first that pages have waited for longest."""
        due: list[Media] = []
        for tag in followed:
            media = run.kept_media.get(tag)
            if media is None or media.kind not in kinds or tag in self.costly:
                continue
            if self.versions.get(tag, 0) < media[-1].version <= upto:
                due.append(media)
        return sorted(due, key=lambda media: self.versions.get(media.tag, 0))

    def _made(self, media: Media, pixels: int, make: Callable[[Media, int, int, int], Any]) -> Any:
        """Return a tag's newest item; None where it cannot be sent."""
        try:
            return make(media, media[-1].step, pixels, self.versions.get(media.tag, 0))
        except NbvizError:  # the page asks for it, and is told
            self.versions[media.tag] = media[-1].version
            return None


def checked_keys(keys: Sequence[str], names: Callable[[str], str]) -> View:
    """Return what one view follows; each key is the pixels, a space, and the tag.

    Args:
        keys: As the page sent them.
        names: Returns a tag as it was logged, from what pages call it.

    Raises:
        CommandError: There are too many keys, or one is no such text.
    """
    if len(keys) > MOST_FOLLOWED:
        raise CommandError(f"keys must be at most {MOST_FOLLOWED} tags, got {len(keys)}.")
    found: list[str] = []
    for key in keys:
        pixels, _, tag = key.partition(" ")
        if not (pixels.isascii() and pixels.isdecimal() and tag):
            raise CommandError(f"a key must be pixels, a space and a tag, got {key!r}.")
        found.append(f"{pixels} {names(tag)}")
    return View(tuple(found))


def joined(views: Sequence[View]) -> Followed:
    """Return what all views follow together."""
    followed: Followed = {}
    for view in views:
        for key in view.keys:
            pixels, _, tag = key.partition(" ")
            followed[tag] = max(followed.get(tag, 0), int(pixels))
    return followed
