"""How far the pages of a session have been sent the runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nbviz.session.run_state import RunStateEntry


@dataclass(slots=True)
class RunCursor:
    """How much of one subject a page, or all pages, have been sent.

    Attributes:
        state: What belongs to no panel.
        panels: An entry for each panel, by its name.
        settled_at: The subject's read after which there was nothing to send.
    """

    state: RunStateEntry = field(default_factory=RunStateEntry)
    panels: dict[str, Any] = field(default_factory=dict[str, Any])
    settled_at: int = -1


@dataclass(slots=True)
class Cursor:
    """How much has been sent.

    Attributes:
        runs: By the id of the run.
        generation: Of the runs that it belongs to; see `RecordedRun`.
        unseen: What was said of runs that train without a view.
    """

    runs: dict[str, RunCursor] = field(default_factory=dict[str, RunCursor])
    generation: int = 0
    unseen: object = ()
