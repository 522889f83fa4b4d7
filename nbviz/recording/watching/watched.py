"""What a watch needs of the run that it samples for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbviz.protocol.log import LineLevel
    from nbviz.recording.media.inbox import Waiting
    from nbviz.recording.media.shading import Colormap, Normalize
    from nbviz.recording.media.store import MediaKind
    from nbviz.recording.overhead import OverheadBudget
    from nbviz.recording.progress import ProgressMeter


class WatchedRun(Protocol):
    """A run with watches.

    Attributes:
        watches: Those that are active.
        is_driven: Whether an engine says when a step has ended.
        meter: Counts what a sample costs.
        overhead: Asked whether there is room for one.
    """

    watches: list[Any]
    is_driven: bool
    meter: ProgressMeter
    overhead: OverheadBudget

    def newest_step(self) -> int:
        """Return the newest step that is known, without waiting for a device."""
        ...

    def note(self, text: str, level: LineLevel = "info") -> None:
        """Add a line to the run's log."""
        ...

    def put_media(self, item: Waiting) -> None:
        """Have something made by nbviz's own thread."""
        ...

    def take_media(
        self, tag: str, kind: MediaKind, step: int, wall_time: float, value: Any
    ) -> None:
        """Take in an item that has been made; `wall_time` is in Unix seconds."""
        ...

    def take_points(self, points: Mapping[str, float], step: int, wall_time: float) -> None:
        """Take in a point for each tag."""
        ...

    def log_images(
        self,
        tag: str,
        images: object,
        step: int | None = None,
        *,
        normalize: Normalize = False,
        colormap: Colormap = None,
    ) -> None:
        """Record several images as one grid."""
        ...

    def log_tensor(self, tag: str, values: object, step: int | None = None) -> None:
        """Record an array as it is."""
        ...
