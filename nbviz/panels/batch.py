"""Updates for pages, with the binary buffers that travel beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz import protocol


class Batch:
    """Updates and their buffers.

    Attributes:
        updates: In the order in which the page applies them.
        buffers: What the updates' `buffer` counts.
        size: Bytes of all buffers.
        dropped: Heatmaps and the like that were left for a later frame, because this one is full.
    """

    def __init__(self) -> None:
        self.updates: list[protocol.Update] = []
        self.buffers: list[bytes] = []
        self.size = 0
        self.dropped = 0

    def add(self, update: protocol.Update) -> None:
        """Add one update."""
        self.updates.append(update)

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

    Attributes:
        answers: Of any request; the panel that asks finds its own among them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[protocol.Update] = []
