"""A run as a page. What makes it stands above what records, and is asked for when it is needed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def save_page(run: Any, graph: Any, path: str | Path, **options: Any) -> Path:
    """Write a run, and perhaps its model's graph, as one page that opens without a kernel.

    Args:
        run: The run.
        graph: Where the graph comes from; None for none.
        path: The file.
        **options: As for `session.saved.save_html`.
    """
    saved: Any = import_module("nbviz.session.saved")
    panels: Any = import_module("nbviz.panels")
    subject: Any = import_module("nbviz.panels.subject")
    made: Path = saved.save_html(
        path, panels.PANELS, [subject.Subject.of_run(run, graph)], **options
    )
    return made
