"""How far the pages of a dashboard have been told, and what they are told next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(slots=True)
class RunCursor:
    """How much of one run a page, or all pages, have been sent."""

    points: list[int] = field(default_factory=list[int])
    restarts: dict[int, int] = field(default_factory=dict[int, int])  # of series, if any
    late: set[int] = field(default_factory=set[int])  # series whose points were held back
    events: int = 0
    lines: int = 0
    epochs: int = 0
    progress: object = None
    progress_at: float = float("-inf")
    settings: object = None
    layers: object = None
    info: object = None
    has_graph: bool = False
    weights: dict[str, int] = field(default_factory=dict[str, int])
    overlays: dict[str, int] = field(default_factory=dict[str, int])
    media: int = 0


@dataclass(slots=True)
class Cursor:
    """How much has been sent, run by run."""

    runs: dict[str, RunCursor] = field(default_factory=dict[str, RunCursor])


class Batch:
    """Updates and their buffers."""

    def __init__(self) -> None:
        self.updates: list[Any] = []
        self.buffers: list[bytes] = []
        self.size = 0

    def add(self, update: dict[str, Any], buffer: NDArray[Any] | None = None) -> None:
        """Add one update; `buffer` travels beside it."""
        if buffer is not None:
            update["buffer"] = len(self.buffers)
            # A copy: the comm sends later, and must not see what the array becomes by then.
            self.buffers.append(buffer.tobytes())
            self.size += buffer.nbytes
        self.updates.append(update)
