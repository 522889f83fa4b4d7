"""How often frames leave, so that making them stays cheap beside the training."""

from __future__ import annotations

MOST_FRAMES = 30.0  # a second, unless a number is asked for
FEWEST_FRAMES = 5.0  # that still look alive
SHARE = 0.005  # of one core's time, for making frames; sending them takes half as much again
MOST_SHARE = 0.05  # where even the fewest cost more: a run with a thousand tags
RAREST_FRAMES = 4.0  # a second, whatever they cost
_SMOOTHING = 8  # frames


class Pace:
    """The pause between two frames: as asked for, or as long as frames take many times over.

    Python makes frames with the same interpreter lock that a training of small steps holds all the
    time, and a page on the same machine paints them with the cores that it trains on.

    Args:
        frames_per_second: A fixed rate; None lets it follow what frames cost, between
            `FEWEST_FRAMES` and `MOST_FRAMES`; down to `RAREST_FRAMES` where those take more than
            `MOST_SHARE` of a core.
    """

    def __init__(self, frames_per_second: float | None) -> None:
        self.is_fixed = frames_per_second is not None
        self.most = MOST_FRAMES if frames_per_second is None else frames_per_second
        self.interval = 1.0 / self.most
        self._cost = 0.0

    def spent(self, seconds: float) -> None:
        """Say how much of the processor's time a frame took."""
        self._cost += (seconds - self._cost) / _SMOOTHING
        if not self.is_fixed:
            cheap = min(1 / FEWEST_FRAMES, max(1 / MOST_FRAMES, self._cost / SHARE))
            self.interval = max(cheap, min(1 / RAREST_FRAMES, self._cost / MOST_SHARE))
