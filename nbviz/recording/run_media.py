"""The media of a run, its watches, and the budget of time that they keep to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbviz.errors import ConfigurationError
from nbviz.recording.media.inbox import MediaInbox, Waiting
from nbviz.recording.media.store import MediaStore
from nbviz.recording.overhead import OverheadBudget

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.recording.media.store import MediaItem, MediaKind
    from nbviz.recording.watching.watch import Watch

LEAST_MEDIA_BUDGET = 1_000_000


class RunMedia:
    """The part of a run's record that holds media.

    Args:
        media_budget: Bytes that they may take.
        warn: Told in a sentence what could not be recorded.

    Attributes:
        overhead: What nbviz may take of the time.
        watches: Those that are active; see `Run.watch`.
        is_driven: Whether an engine says when a step has ended.
    """

    def __init__(self, media_budget: int, warn: Callable[[str], None]) -> None:
        if media_budget < LEAST_MEDIA_BUDGET:
            raise ConfigurationError(
                f"media_budget must be at least {LEAST_MEDIA_BUDGET:,} bytes, got {media_budget:,}."
            )
        self.overhead = OverheadBudget()
        self.watches: list[Watch] = []
        self.is_driven = False
        self._media = MediaStore(media_budget)
        self._media_inbox = MediaInbox(self._media, warn, self.overhead)

    def drain_media(self, *, wait: bool = True) -> None:
        """Take in the images, histograms, tensors and texts logged so far.

        Args:
            wait: Wait for what is still on its way from a device; else that stays for later.
        """
        self._media_inbox.drain(wait=wait)

    def sample_watches(self, step: int) -> None:
        """Let the watches take what is due between two steps of an engine."""
        for watch in tuple(self.watches):
            watch.step_ended(step)

    def put_media(self, item: Waiting) -> None:
        """Have something made by nbviz's own thread."""
        self._media_inbox.put(item)
        self.wake_if_quiet()

    def take_media(
        self, tag: str, kind: MediaKind, step: int, wall_time: float, value: Any
    ) -> None:
        """Take in an item that has been made; `wall_time` is in Unix seconds, as below."""
        self._media.add(tag, kind, step, wall_time, value)

    def media_since(self, version: int) -> list[tuple[str, MediaKind, MediaItem]]:
        """Return the media that were taken in after a version, as far as they are kept."""
        return self._media.since(version)

    @property
    def kept_media(self) -> MediaStore:
        """The media taken in so far, without waiting for those still to be made."""
        return self._media

    def end_watches(self) -> None:
        """Take all hooks off."""
        for watch in tuple(self.watches):
            watch.stop()

    def wake_if_quiet(self) -> None:
        """Tell the collector that something comes."""
        raise NotImplementedError

    def _renew_media_locks(self) -> None:
        self._media.renew_lock()
        self._media_inbox.renew_locks()
        self.overhead.renew_lock()
