"""What pages look at: the one place that knows it, for every panel, page and view."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.panels.panel import Panel, View
    from nbviz.panels.subject import Subject

_Of = tuple[str, str]  # run id and panel
_Owner = tuple[str, int]  # page and view


class Wanted:
    """Collects what each view of each page looks at, and has it made.

    Changed on the threads that handle requests, read on those that collect: what is read is never
    changed, only replaced.

    Args:
        panels: What a panel's views look at together is its own `join`.
    """

    def __init__(self, panels: Sequence[Panel[Any, Any, Any]]) -> None:
        self._owner = uuid.uuid4().hex[:12]  # a run may be shown by several sessions
        self._panels = {panel.name: panel for panel in panels}
        self._lock = threading.Lock()
        self._views: dict[_Of, dict[_Owner, tuple[int, View]]] = {}
        self._joined: dict[_Of, Any] = {}
        # One a panel: what one of them has made may take long.
        self._applying = {panel.name: threading.Lock() for panel in panels}
        self._applied: dict[_Of, Any] = {}

    def of(self, run_id: str, panel: str) -> Any:
        """Return what all pages together look at of a run; None while no page has said."""
        return self._joined.get((run_id, panel))

    def want(
        self, run_id: str, panel: str, page: str, view: int, looked_at: View, *, number: int = 0
    ) -> None:
        """Note what one view of a page looks at, in place of what it looked at before.

        Args:
            run_id: Of which run.
            panel: In which panel.
            page: The page.
            view: The view's number in it.
            looked_at: What it looks at.
            number: Rises with the page's requests: one that lay behind a cell, and was passed by a
                later one, changes nothing.
        """
        of, owner = (run_id, panel), (page, view)
        with self._lock:
            views = self._views.setdefault(of, {})
            if owner in views and number < views[owner][0]:
                return
            views[owner] = number, looked_at
            self._join(of)

    def forget(self, page: str) -> list[tuple[str, str]]:
        """Forget a page that is not there any more; return the runs' ids and panels it concerns."""
        changed: list[_Of] = []
        with self._lock:
            for of, views in self._views.items():
                owners = [owner for owner in views if owner[0] == page]
                for owner in owners:
                    del views[owner]
                if owners:
                    changed.append(of)
                    self._join(of)
        return changed

    def apply(self, subject: Subject, panel_name: str) -> None:
        """Have made what is looked at now, if that changed; may wait for a device."""
        panel, of = self._panels[panel_name], (subject.run_id, panel_name)
        part = panel.part(subject)
        if part is None:
            return
        with self._applying[panel_name]:
            before, now = self._applied.get(of), self._joined.get(of)
            if now != before:
                self._applied[of] = now
                panel.wanted_changed(part, self._owner, before, now)

    def _join(self, of: _Of) -> None:
        views = tuple(view for _, view in self._views[of].values())
        self._joined[of] = self._panels[of[1]].join(views, self._joined.get(of))
