"""Updates for pages, with the binary buffers that travel beside them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nbviz.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbviz import protocol


class Batch:
    """Updates and their buffers.

    Attributes:
        updates: In the order in which the page applies them.
        buffers: What the updates' `buffer` counts.
        size: Bytes of all buffers.
        dropped: Heatmaps and the like that were left for a later frame, because this one is full.
        again_in: Seconds after which there may be more, where that is known.
    """

    def __init__(self) -> None:
        self.updates: list[protocol.Update] = []
        self.buffers: list[bytes] = []
        self.size = 0
        self.dropped = 0
        self.again_in = math.inf

    def add(self, update: protocol.Update) -> None:
        """Add one update."""
        self.updates.append(update)

    def look_again_in(self, seconds: float) -> None:
        """Have the next frame made no later, if there is something for it."""
        self.again_in = min(self.again_in, seconds)

    @property
    def mark(self) -> tuple[int, int]:
        """Where it stands now, for `cut`."""
        return len(self.updates), len(self.buffers)

    def cut(self, mark: tuple[int, int]) -> None:
        """Take away what was added after a mark."""
        updates, buffers = mark
        self.size -= sum(map(len, self.buffers[buffers:]))
        del self.updates[updates:], self.buffers[buffers:]

    def buffer(self, data: NDArray[Any] | bytes) -> int:
        """Add a buffer, and return its number.

        An array is copied: the comm sends later, and must not see what the array becomes by then.
        """
        self.buffers.append(data if isinstance(data, bytes) else data.tobytes())
        self.size += len(self.buffers[-1])
        return len(self.buffers) - 1


class SavedBatch(Batch):
    """What a page without a kernel is given: updates, and answers to what it would ask.

    Args:
        replays: Whether the page has all steps, as far as there is room: panels then add what is
            logged by step until their limit, and not only some of it.

    Attributes:
        answers: Of any request; the panel that asks finds its own among them.
        thinned: What is left out, for the page to say: "samples 24 of 120 steps".
    """

    def __init__(self, *, replays: bool = False) -> None:
        super().__init__()
        self.answers: list[protocol.Update] = []
        self.thinned: list[str] = []
        self._replays = replays

    def room(self, usual: float, limit: float) -> float:
        """Return how many bytes a panel adds of what is logged by step.

        Args:
            usual: Bytes for a page of some steps.
            limit: The panel's.
        """
        return limit if self._replays else min(usual, limit)

    def chosen(self, steps: Sequence[int], usual: int) -> Sequence[int]:
        """Return of steps, the important ones first, those that are added if there is room."""
        return steps if self._replays else steps[:usual]

    def note_kept(self, what: str, kept: int, count: int) -> None:
        """Take note of how many steps of something were added, of how many that there are."""
        if kept < count:
            self.thinned.append(f"{what} {kept:,} of {counted(count, 'step')}")
