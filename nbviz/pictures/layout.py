"""The whole saved picture: a header for each run, the charts in a grid, notes on what happened."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbviz.errors import ConfigurationError
from nbviz.pictures.charts import chart_titles, make_charts, split_tag
from nbviz.pictures.legend import LEGEND_HEIGHT, legend_rows
from nbviz.pictures.number_text import format_duration, format_step
from nbviz.pictures.plot import Mark, draw_chart
from nbviz.pictures.shapes import (
    Box,
    Label,
    Picture,
    Span,
    fit_text,
    series_color,
    text_width,
)
from nbviz.pictures.thumbnails import draw_thumbnails, images_of, weights_of
from nbviz.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.protocol.run import RunStatus
    from nbviz.recording.recorded_run import RecordedRun

PADDING, GAP = 18.0, 26.0
CHART_HEIGHT, TALL_CHART_HEIGHT = 206.0, 300.0
TWO_COLUMNS_FROM = 620  # pixels
CHARTS_SHOWN = 12
RUNS_SHOWN = 16
MARKS_SHOWN = 9
BUCKETS, FEWEST_BUCKETS = 600, 40
POINTS_PER_PICTURE = 1600  # of all series together: keeps the SVG below 60 kB
MARKED_EVENTS = ("command", "warning", "fault")

# How the line of a traceback begins that says what was raised; a message may go on below it.
_RAISED = re.compile(r"[\w.]*(Error|Exception|Stopped|Interrupt|Exit)\b")

_STATUS_COLORS = {
    "ready": "text-soft",
    "running": "accent",
    "paused": "warn",
    "stopping": "warn",
    "finished": "good",
    "stopped": "warn",
    "failed": "bad",
}


def make_picture(runs: Sequence[RecordedRun], width: int) -> Picture:
    """Lay out the picture of some runs.

    Args:
        runs: What to show. With several runs, colours stand for runs; with one, for train and
            validation.
        width: In pixels, at least 320. The height follows from what there is to show.

    Raises:
        ConfigurationError: The width is below 320.
    """
    if width < 320:  # noqa: PLR2004
        raise ConfigurationError(f"width must be at least 320 pixels, got {width}.")
    for run in runs:
        run.drain()
    runs = runs[:RUNS_SHOWN]
    picture = Picture(width)
    y = PADDING
    for index, run in enumerate(runs):
        y = _draw_header(picture, run, y, series_color(index) if len(runs) > 1 else "")
    titles = chart_titles(runs)
    y = _draw_charts(picture, runs, titles, y + 14) if titles else _draw_empty(picture, y)
    for run in runs:
        of = f" of {run.name}" if len(runs) > 1 else ""
        y = draw_thumbnails(picture, f"Weights{of}", weights_of(run), y, PADDING)
        y = draw_thumbnails(picture, f"Images{of}", images_of(run), y, PADDING)
    y = _draw_notes(picture, runs, max(0, len(titles) - CHARTS_SHOWN), y)
    picture.height = y + PADDING - 4
    outline = Box(0.5, 0.5, width - 1, picture.height - 1, "surface", 10, outline="border")
    picture.shapes.insert(0, outline)
    return picture


def status_of(run: RecordedRun) -> RunStatus:
    """Return a run's status; of one whose loop is over what comes next: this may be the end."""
    return run.ending or run.progress.status


def summary(run: RecordedRun) -> str:
    """Return a run's numbers in a line: 2,250 steps · 15 epochs · 31 s · 72.1 steps/s."""
    progress = run.progress
    parts = [f"{format_step(progress.step)} {'step' if progress.step == 1 else 'steps'}"]
    if progress.epoch:
        parts.append(f"{counted(progress.epoch, 'epoch')}")
    if progress.elapsed_seconds > 0:
        rate = progress.step / progress.elapsed_seconds
        parts.append(format_duration(progress.elapsed_seconds))
        parts.append(f"{rate:,.1f} steps/s" if rate < 100 else f"{rate:,.0f} steps/s")  # noqa: PLR2004
    return " · ".join(parts)


def remark(run: RecordedRun) -> str:
    """Return what a reader should know of a run's end: its failure, or that it was cut; or ""."""
    if run.ends_with_kernel and run.is_active and run.ending is None:
        step = format_step(run.progress.step)
        return f"Still running when this was saved: step {step}; the loop was cut."
    return failure(run)


def failure(run: RecordedRun) -> str:
    """Return what ended a failed run, "" for any other: of a traceback the line that names it."""
    if run.progress.status != "failed":
        return ""
    errors = [line.text for line in run.lines.since(0) if line.level == "error"]
    lines = (errors[-1] if errors else "").strip().splitlines()
    raised = [line for line in lines if _RAISED.match(line)]
    return (raised or lines or [""])[-1].strip()


def marked_events(runs: Sequence[RecordedRun]) -> list[tuple[RecordedRun, int, str, str]]:
    """Return run, step, kind and text of what a reader of the curves should know, by step.

    Events of one kind at one step are one: "paused, lr 0.1 → 0.01, resumed".
    """
    texts: dict[tuple[int, int, str], list[str]] = {}
    for index, run in enumerate(runs):
        for event in list(run.events):
            if event.event in MARKED_EVENTS:
                texts.setdefault((event.step, index, event.event), []).append(event.text)
    return [
        (runs[index], step, kind, ", ".join(parts))
        for (step, index, kind), parts in sorted(texts.items())
    ]


def _draw_header(picture: Picture, run: RecordedRun, y: float, swatch: str) -> float:
    """Draw name, status and numbers; return where the header ends."""
    x, baseline = PADDING, y + 13
    if swatch:
        picture.add(Box(x, y + 3, 11, 11, swatch, 3))
        x += 19
    status = status_of(run)
    color = _STATUS_COLORS[status]
    more = (Span(f" · {summary(run)}", "text-soft"),)
    used = text_width(f"{status} · {summary(run)}", 12)
    room = picture.width - PADDING - x
    beside = text_width(run.name[:16], 15, bold=True) + used + 24 <= room
    name = fit_text(run.name, 15, room - (used + 24 if beside else 0), bold=True)
    picture.add(Label(x, baseline + 1, name, size=15, bold=True))
    if beside:
        right = picture.width - PADDING
        picture.add(Label(right, baseline, status, color, 12, "end", bold=True, more=more))
    else:
        y += 20
        picture.add(Label(x, y + 13, status, color, 12, bold=True, more=more))
    said = remark(run)
    if said:
        y += 22
        room = picture.width - PADDING - x
        picture.add(Label(x, y + 13, fit_text(said, 12, room), "bad", 12))
    return y + 26


def _draw_empty(picture: Picture, y: float) -> float:
    text = "No scalars have been logged yet."
    picture.add(Label(picture.width / 2, y + 48, text, "text-soft", 12, "middle"))
    return y + 80


def _draw_charts(
    picture: Picture, runs: Sequence[RecordedRun], titles: list[str], y: float
) -> float:
    titles = titles[:CHARTS_SHOWN]
    columns = 2 if len(titles) > 1 and picture.width >= TWO_COLUMNS_FROM else 1
    width = (picture.width - 2 * PADDING - GAP * (columns - 1)) / columns
    charts = make_charts(runs, titles, _affordable_buckets(runs, titles, round(width)))
    base = TALL_CHART_HEIGHT if len(charts) == 1 else CHART_HEIGHT
    with_runs = len(runs) > 1
    steps = [float(s) for c in charts for t in c.traces for s in (t.steps[0], t.steps[-1])]
    extent = (min(steps, default=0.0), max(steps, default=1.0))
    marks = _marks(runs)
    for start in range(0, len(charts), columns):
        row = charts[start : start + columns]
        rows = max(legend_rows(chart, width, with_runs=with_runs) for chart in row)
        height = base + rows * LEGEND_HEIGHT
        for column, chart in enumerate(row):
            corner = (PADDING + column * (width + GAP), y)
            draw_chart(
                picture,
                chart,
                corner,
                (width, height),
                steps=extent,
                marks=marks,
                rows=rows,
                with_runs=with_runs,
            )
        y += height + 16
    return y - 8


def _affordable_buckets(runs: Sequence[RecordedRun], titles: Sequence[str], width: int) -> int:
    """Return how many buckets a long series may have; short ones leave theirs to the others."""
    tags = [(run, tag) for run in runs for tag in run.tags if split_tag(tag)[0] in titles]
    lengths = [len(run.series(tag)) for run, tag in tags]
    buckets = min(BUCKETS, width)
    while sum(min(length, buckets) for length in lengths) > POINTS_PER_PICTURE:
        if buckets <= FEWEST_BUCKETS:
            break
        buckets = buckets * 9 // 10
    return buckets


def _marks(runs: Sequence[RecordedRun]) -> list[Mark]:
    events = marked_events(runs)
    colors = {run.run_id: series_color(i) for i, run in enumerate(runs)}
    return [
        Mark(
            float(step),
            str(i + 1) if i < MARKS_SHOWN else "",
            "warn" if kind == "warning" else colors[run.run_id] if len(runs) > 1 else "text-soft",
        )
        for i, (run, step, kind, _) in enumerate(events)
    ]


def _draw_notes(
    picture: Picture, runs: Sequence[RecordedRun], hidden_charts: int, y: float
) -> float:
    """Say what the numbered marks are, and what the picture leaves out."""
    room = picture.width - 2 * PADDING
    events = marked_events(runs)
    for i, (run, step, kind, text) in enumerate(events[:MARKS_SHOWN]):
        where = f"step {format_step(step)}"
        note = f"{run.name}, {where}: {text}" if len(runs) > 1 else f"{where}: {text}"
        color = "warn" if kind == "warning" else "text-soft"
        picture.add(
            Label(PADDING + 4, y + 14, str(i + 1), color, 10, "middle", bold=True),
            Label(PADDING + 16, y + 14, fit_text(note, 11, room - 16), "text-soft", 11),
        )
        y += 17
    notes: list[str] = []
    if len(events) > MARKS_SHOWN:
        notes.append(f"{len(events) - MARKS_SHOWN:,} more events")
    if hidden_charts:
        notes.append(f"{hidden_charts:,} more charts")
    if notes:
        text = " and ".join(notes) + " are not in this picture."
        picture.add(Label(PADDING, y + 14, text, "text-soft", 11))
        y += 17
    return y + 8
