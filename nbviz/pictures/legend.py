"""The legend of one chart in a saved picture: each series' sample, name and last value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nbviz.pictures.number_text import format_value
from nbviz.pictures.shapes import Label, Picture, Span, Stroke, fit_text, text_width, wide_text

if TYPE_CHECKING:
    from nbviz.pictures.charts import Chart, Trace

TITLE_SIZE, TITLE_HEIGHT, LEGEND_HEIGHT = 12.5, 22.0, 17.0
_ENTRIES_SHOWN = 8
_SAMPLE, _BETWEEN = 20.0, 14.0  # pixels: a curve's sample with its gap, between two entries
_NAME_WIDTH = 150.0


@dataclass(frozen=True, slots=True)
class _Entry:
    """One series; `row` 0 is beside the chart's title."""

    trace: Trace
    name: str
    value: str
    warning: str
    width: float
    x: float = 0.0
    row: int = 0


def legend_rows(chart: Chart, width: float, *, with_runs: bool) -> int:
    """Return how many rows the legend needs below the title; 0 if it fits beside it."""
    return _place(_entries(chart, with_runs=with_runs), chart, width, below=False)[1]


def draw_legend(
    picture: Picture,
    chart: Chart,
    corner: tuple[float, float],
    width: float,
    *,
    rows: int,
    with_runs: bool,
) -> None:
    """Draw a chart's title, and its legend beside it or in `rows` rows below."""
    left, top = corner[0], corner[1] + 13
    entries, used_rows = _place(_entries(chart, with_runs=with_runs), chart, width, below=rows > 0)
    title = fit_text(chart.title, TITLE_SIZE, width * (0.6 if used_rows == 0 else 1), bold=True)
    picture.add(Label(left, top, title, size=TITLE_SIZE, bold=True))
    for entry in entries:
        x, y = left + entry.x, top + (2 + entry.row * LEGEND_HEIGHT if entry.row else 0)
        sample = np.array([[x, y - 3.5], [x + _SAMPLE - 6, y - 3.5]])
        picture.add(Stroke([sample], entry.trace.color, 2.0, dashed=entry.trace.dashed))
        name = f"{entry.name}  " if entry.name else ""
        more = (Span(entry.value, bold=True),)
        if entry.warning:
            more = (*more, Span(f"  {entry.warning}", "bad"))
        # From the sample on: in a wider font than was reckoned with, it still is beside it.
        picture.add(Label(x + _SAMPLE, y, name, "text-soft", 11, more=more))
    hidden = len(chart.traces) - _ENTRIES_SHOWN
    if hidden > 0:
        y = top + 2 + used_rows * LEGEND_HEIGHT
        picture.add(Label(left, y, f"and {hidden} more", "text-soft", 11))


def _entries(chart: Chart, *, with_runs: bool) -> list[_Entry]:
    entries: list[_Entry] = []
    alone = with_runs or len(chart.traces) == 1
    for trace in chart.traces[:_ENTRIES_SHOWN]:
        split = "" if trace.split == chart.title and alone else trace.split
        words = (trace.run.name if with_runs else "", split)
        name = fit_text(" ".join(word for word in words if word), 11, _NAME_WIDTH)
        value, nan = format_value(trace.last), int(trace.nan.sum())
        warning = f"{nan:,} NaN" if nan else ""
        width = _SAMPLE + wide_text(value, 11, bold=True)
        width += wide_text(f"{name}  ", 11) if name else 0
        width += wide_text(f"  {warning}", 11) if warning else 0
        entries.append(_Entry(trace, name, value, warning, width))
    return entries


def _place(
    entries: list[_Entry], chart: Chart, width: float, *, below: bool
) -> tuple[list[_Entry], int]:
    total = sum(entry.width for entry in entries) + _BETWEEN * (len(entries) - 1)
    title = text_width(chart.title, TITLE_SIZE, bold=True) + 18
    beside = not below and title + total <= width and len(chart.traces) <= _ENTRIES_SHOWN
    x, row = (width - total, 0) if beside else (0.0, 1)
    placed: list[_Entry] = []
    for entry in entries:
        if not beside and x > 0 and x + entry.width > width:
            x, row = 0.0, row + 1
        placed.append(
            _Entry(entry.trace, entry.name, entry.value, entry.warning, entry.width, x, row)
        )
        x += entry.width + _BETWEEN
    return placed, row + (len(chart.traces) > _ENTRIES_SHOWN)
