"""Which series the pages of a dashboard draw: the points of all others wait in the recording."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

UNKNOWN_SERIES = 100
"""Series that a page has not decided on are sent, so many of them: a kernel that is busy with a
cell hears no decision before its end, and its new tags are to be seen meanwhile."""


@dataclass(frozen=True, slots=True)
class Interest:
    """What all pages together look at, of one run."""

    series: frozenset[int] = frozenset()
    known: int = 0  # series up to here were decided on

    def __contains__(self, series: object) -> bool:
        if not isinstance(series, int):
            return False
        return series in self.series or 0 <= series - self.known < UNKNOWN_SERIES


class Interests:
    """Collects what each view of each page looks at.

    Told on the threads that handle requests, read on the one that sends: what is read is never
    changed, only replaced.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owners: dict[tuple[str, str], dict[int, Interest]] = {}
        self._together: dict[str, Interest] = {}

    def of(self, run_id: str) -> Interest:
        """What is looked at of a run."""
        return self._together.get(run_id, Interest())

    def want(
        self, client_id: str, view: int, run_id: str, series: Collection[int], known: int
    ) -> None:
        """Note which of the first `known` series one view of a page shows."""
        with self._lock:
            views = self._owners.setdefault((client_id, run_id), {})
            views[view] = Interest(frozenset(series), known)
            self._join(run_id)

    def forget(self, client_id: str) -> None:
        """Forget a page that is not there any more."""
        with self._lock:
            for owner in [one for one in self._owners if one[0] == client_id]:
                del self._owners[owner]
                self._join(owner[1])

    def _join(self, run_id: str) -> None:
        found = [
            interest
            for (_, run), views in self._owners.items()
            if run == run_id
            for interest in views.values()
        ]
        # Without anyone who decided it stays as it was: the next page is about to.
        if found:
            series = frozenset[int]().union(*(one.series for one in found))
            self._together[run_id] = Interest(series, min(one.known for one in found))
