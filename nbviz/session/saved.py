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
REPLAY_BYTES = 32_000_000  # of a whole page that replays
LEAST_BYTES = 1_000_000
_SHARE_OF_BUFFERS = 0.7  # of a page: in it they are base64, and the rest is code and listings
_TRIES = 5


def record(
    panels: Sequence[Panel[Any, Any, Any]], subjects: Sequence[Subject], room: int | None = None
) -> Recorded:
    """Return what a page without a kernel needs to show subjects as they are now.

    Args:
        panels: Of those that have something to show, all that they need.
        subjects: What to show. All that was recorded of them is taken in first.
        room: Bytes for all steps of what is logged by step, as far as they fit; None for some steps
            of each.
    """
    batch = SavedBatch(replays=room is not None)
    shown: set[str] = set()
    for subject in subjects:
        if subject.run is not None:
            subject.run.read_points()
        subject.drain()
    found = [(subject, _with_content(panels, subject, len(subjects))) for subject in subjects]
    sharing = sum(panel.saves_steps for _, parts in found for panel, _ in parts)
    for subject, parts in found:
        entry = RunStateEntry()
        add_head(subject, entry, batch)
        for panel, part in parts:
            limit = _usual_limit(subjects)
            if room is not None and panel.saves_steps:
                # What those before have left is shared by those to come.
                limit = max(0, room - batch.size) / max(1, sharing)
                sharing -= 1
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
        thinned=batch.thinned,
    )


def _with_content(
    panels: Sequence[Panel[Any, Any, Any]], subject: Subject, count: int
) -> list[tuple[Panel[Any, Any, Any], Any]]:
    """Return the panels that show a subject, of so many, with the part that each shows."""
    parts = [(panel, panel.part(subject)) for panel in panels if count >= panel.least_runs]
    return [(panel, part) for panel, part in parts if part is not None and panel.has_content(part)]


def _usual_limit(subjects: Sequence[Subject]) -> float:
    return min(SAVED_BYTES, MOST_BYTES / max(1, len(subjects)))


def saved_page(
    panels: Sequence[Panel[Any, Any, Any]],
    subjects: Sequence[Subject],
    title: str | None = None,
    *,
    picture: str | None = None,
    charts: Sequence[Sequence[str]] = (),
    replay: bool = False,
    max_bytes: int = REPLAY_BYTES,
) -> str:
    """Return subjects as one HTML page: the live view's panels, filled once.

    Curves zoom, smooth and read out, and the graph expands. A series of more than 4,000 points is
    kept as 4,000 buckets with minimum, maximum and mean. Of a run that is over, the weights as they
    are now are kept too, and what is kept of them from earlier steps, up to 3 MB of pictures. What
    is logged by step is there at as many steps as 3 MB of each panel hold, at most 24 of a tag,
    spread over all of them: the slider goes over these. The page says what is left out.

    Args:
        panels: Those for which there is something to show are shown.
        subjects: What to show, finished or not.
        title: The page's heading; the subjects' names by default.
        picture: The SVG shown where the page's script does not run; the curves by default.
        charts: The patterns of tags that share a chart.
        replay: Whether what is logged by step is there at as many steps as `max_bytes` allow.
        max_bytes: The most that the file takes then.

    Raises:
        ConfigurationError: There is no subject, nbviz was installed without its front end, or
            `max_bytes` are too few.
    """
    if not subjects:
        raise ConfigurationError("there is no run to save; pass at least one.")
    if isinstance(max_bytes, bool) or not isinstance(max_bytes, int) or max_bytes < LEAST_BYTES:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(
            f"max_bytes must be a whole number of at least {LEAST_BYTES:,}, got {max_bytes!r}."
        )
    if picture is None:
        runs = [subject.run for subject in subjects if subject.run is not None]
        picture = render_svg(runs[:MOST_RUNS])
    heading = title or ", ".join(subject.name for subject in subjects)

    def page(room: int | None) -> str:
        recorded = record(panels, subjects, room)
        return page_html(recorded, heading, picture, front_end("page"), charts)

    if not replay:
        return page(None)
    room = int(max_bytes * _SHARE_OF_BUFFERS)
    made, size = "", 0
    for _ in range(_TRIES):
        made = page(room)
        size = len(made.encode())
        if size <= max_bytes:
            return made
        room = max(0, room - int((size - max_bytes) * 1.2))
    raise ConfigurationError(
        f"the page takes {size:,} bytes without any earlier step, and max_bytes is {max_bytes:,}. "
        "Give more, or save fewer runs."
    )


def save_html(
    path: Path | str,
    panels: Sequence[Panel[Any, Any, Any]],
    subjects: Sequence[Subject],
    title: str | None = None,
    *,
    picture: str | None = None,
    charts: Sequence[Sequence[str]] = (),
    replay: bool = False,
    max_bytes: int = REPLAY_BYTES,
) -> Path:
    """Write subjects as one page that opens without a kernel and without a network.

    Args:
        path: The file to write; one that exists is replaced.
        panels: As for `saved_page`, as below.
        subjects: What to show. The log of each run says how large the file is, with `replay`.
        title: The page's heading.
        picture: What is shown without the page's script.
        charts: As for `saved_page`.
        replay: As for `saved_page`.
        max_bytes: As for `saved_page`.

    Returns:
        The file's path.

    Raises:
        ConfigurationError: As for `saved_page`, or the file cannot be written.
    """
    page = saved_page(
        panels, subjects, title, picture=picture, charts=charts, replay=replay, max_bytes=max_bytes
    ).encode()
    written = write_file(Path(path), page)
    if replay:
        sizes = f"{len(page) / 1e6:.1f} MB of at most {max_bytes / 1e6:g} MB"
        text = f"saved as {written.name}: {sizes}"
        for run in [subject.run for subject in subjects if subject.run is not None]:
            run.note(text)
    return written
