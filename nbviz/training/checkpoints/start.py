"""The state of before the first step, to which a run can be set back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.errors import NbvizError, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.training.checkpoints.parts import Checkpoint


class StartState:
    """Keeps it, once, if it is not too large.

    Attributes:
        checkpoint: The state, None if it was not kept.
        refused: Why not.
    """

    def __init__(self) -> None:
        self.checkpoint: Checkpoint | None = None
        self.refused = "no run has begun"
        self._is_settled = False

    def keep(
        self, size: Callable[[], int], capture: Callable[[], Checkpoint], most_bytes: int
    ) -> None:
        """Keep the state as it is now, unless that was done or refused before.

        Args:
            size: Returns its bytes.
            capture: Returns a copy.
            most_bytes: What it may take.
        """
        if self._is_settled:
            return
        self._is_settled = True
        try:
            needed = size()
            if needed <= most_bytes:
                self.checkpoint = capture()
                return
            self.refused = (
                f"it takes {needed / 1e6:,.1f} MB, and reset_memory is {most_bytes / 1e6:,.1f} MB"
            )
        except NbvizError as error:
            self.refused = text_of(error).rstrip(".")

    def forget(self, reason: str) -> None:
        """Let go of the state, which nothing goes back to any more."""
        self.checkpoint, self.refused, self._is_settled = None, reason, True
