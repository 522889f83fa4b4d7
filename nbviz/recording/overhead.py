"""What nbviz may take of a run's time: above it media and watches are sampled less often."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from nbviz.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_SHARE = 0.01
PATIENCE_SECONDS = 30.0
"""However much the rest costs, one sample in this time is taken."""

_MOST_SAVED = 0.1  # seconds that may be spent at once after a while without any
_MEDIA_SHARE = 0.5  # of the share: what logged media may take whatever the rest costs
_MOST_SAVED_FOR_MEDIA = 0.03  # seconds


class OverheadBudget:
    """An account of nbviz's seconds, on the training thread and in its own threads.

    It fills with `share` seconds a second, up to a tenth of one. Scalars and the journal draw
    from it as they need; images, histograms and watches wait while it is overdrawn. Half of it is
    set aside for media that were logged: they come before what a watch samples.

    Args:
        share: Of the time, above 0, at most 1 (which leaves nothing out).
        now: Seconds that only rise.

    Raises:
        ConfigurationError: The share is out of range.
    """

    def __init__(
        self, share: float = DEFAULT_SHARE, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.set_share(share)
        self._now = now
        self._saved = _MOST_SAVED
        self._saved_for_media = _MOST_SAVED_FOR_MEDIA
        self._at = now()
        self._lock = threading.Lock()

    def set_share(self, share: float) -> None:
        """Change the share.

        Raises:
            ConfigurationError: It is out of range.
        """
        is_number = isinstance(share, int | float) and not isinstance(share, bool)  # pyright: ignore[reportUnnecessaryIsInstance]
        if not is_number or not 0 < share <= 1:
            raise ConfigurationError(
                f"overhead_budget must be above 0 and at most 1, got {share!r}; "
                "0.01 is one per cent of the time."
            )
        self.share = float(share)

    def spend(self, seconds: float) -> None:
        """Draw seconds, also beyond what is there."""
        with self._lock:
            self._fill()
            self._saved -= seconds

    def spend_on_media(self, seconds: float) -> None:
        """Draw from what is set aside for media, beside `spend`, which counts them, too."""
        with self._lock:
            self._fill()
            self._saved_for_media -= seconds

    def allows_media(self, last: float = float("inf")) -> bool:
        """Whether something that was logged may be made now; `last` as for `allows`."""
        return self.allows(last) or self._saved_for_media > 0

    def allows(self, last: float = float("inf")) -> bool:
        """Whether something that can be left out may be done now.

        Args:
            last: When such a thing was done last, by the same clock: after `PATIENCE_SECONDS` it is
                done whatever the rest costs.
        """
        if self.share >= 1:
            return True
        with self._lock:
            self._fill()
            return self._saved > 0 or self._at - last >= PATIENCE_SECONDS

    def renew_lock(self) -> None:
        """After a fork, in the child: a thread that is not here may have held it."""
        self._lock = threading.Lock()

    def _fill(self) -> None:
        now = self._now()
        earned = (now - self._at) * self.share
        self._saved = min(_MOST_SAVED, self._saved + earned)
        for_media = self._saved_for_media + earned * _MEDIA_SHARE
        self._saved_for_media = min(_MOST_SAVED_FOR_MEDIA, for_media)
        self._at = now
