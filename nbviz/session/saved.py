"""Pages without a kernel: what panels need there is collected, and written as one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbviz.errors import ConfigurationError
from nbviz.front_end import front_end
from nbviz.panels.batch import SavedBatch
from nbviz.pictures.graph_files import write_file
from nbviz.pictures.page import Recorded, page_html
from nbviz.pictures.saved_view import MOST_RUNS
from nbviz.pictures.svg import render_svg
from nbviz.session.run_state import RunStateEntry, add_head, add_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.panels.panel import Panel
    from nbviz.panels.subject import Subject

SAVED_BYTES = 16_000_000  # of one panel of one subject, about
MOST_BYTES = 100_000_000  # of one panel of all subjects


def record(panels: Sequence[Panel[Any, Any, Any]], subjects: Sequence[Subject]) -> Recorded:
    """Return what a page without a kernel needs to show subjects as they are now.

    Args:
        panels: Of those that have something to show, all that they need.
        subjects: What to show. All that was recorded of them is taken in first.
    """
    batch = SavedBatch()
    shown: set[str] = set()
    limit = min(SAVED_BYTES, MOST_BYTES / max(1, len(subjects)))
    for subject in subjects:
        if subject.run is not None:
            subject.run.read_points()
        subject.drain()
        entry = RunStateEntry()
        add_head(subject, entry, batch)
        for panel in panels:
            part = panel.part(subject)
            if len(subjects) < panel.least_runs:
                continue
            if part is not None and panel.has_content(part):
                panel.read(part)
                if panel.saved(part, batch, limit):
                    shown.add(panel.name)
        add_progress(subject, entry, batch, 0)
    kept = [panel for panel in panels if panel.name in shown]
    return Recorded(
        updates=batch.updates,
        buffers=batch.buffers,
        answers=batch.answers,
        panels=[panel.name for panel in kept],
        assets={name: front_end(name) for panel in kept for name in panel.assets},
    )


def saved_page(
    panels: Sequence[Panel[Any, Any, Any]],
    subjects: Sequence[Subject],
    title: str | None = None,
    *,
    picture: str | None = None,
    charts: Sequence[Sequence[str]] = (),
) -> str:
    """Return subjects as one HTML page: the live view's panels, filled once.

    Curves zoom, smooth and read out, and the graph expands. A series of more than 4,000 points is
    kept as 4,000 buckets with minimum, maximum and mean. Of a run that is over, the weights as they
    are now are kept too, and what is kept of them from earlier steps, up to 3 MB of pictures. What
    is logged by step is there at as many steps as 3 MB of each panel hold, at most 24 of a tag,
    spread over all of them: the slider goes over these.

    Args:
        panels: Those for which there is something to show are shown.
        subjects: What to show, finished or not.
        title: The page's heading; the subjects' names by default.
        picture: The SVG shown where the page's script does not run; the curves by default.
        charts: The patterns of tags that share a chart.

    Raises:
        ConfigurationError: There is no subject, or nbviz was installed without its front end.
    """
    if not subjects:
        raise ConfigurationError("there is no run to save; pass at least one.")
    recorded = record(panels, subjects)
    if picture is None:
        runs = [subject.run for subject in subjects if subject.run is not None]
        picture = render_svg(runs[:MOST_RUNS])
    heading = title or ", ".join(subject.name for subject in subjects)
    return page_html(recorded, heading, picture, front_end("page"), charts)


def save_html(
    path: Path | str,
    panels: Sequence[Panel[Any, Any, Any]],
    subjects: Sequence[Subject],
    title: str | None = None,
    *,
    picture: str | None = None,
    charts: Sequence[Sequence[str]] = (),
) -> Path:
    """Write subjects as one page that opens without a kernel and without a network.

    Args:
        path: The file to write; one that exists is replaced.
        panels: As for `saved_page`, as below.
        subjects: What to show.
        title: The page's heading.
        picture: What is shown without the page's script.
        charts: As for `saved_page`.

    Returns:
        The file's path.

    Raises:
        ConfigurationError: There is no subject, or the file cannot be written.
    """
    page = saved_page(panels, subjects, title, picture=picture, charts=charts)
    return write_file(Path(path), page.encode())
