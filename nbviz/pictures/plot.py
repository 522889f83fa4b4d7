"""One chart of a saved picture: axes, series and marks, as shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nbviz.pictures.legend import LEGEND_HEIGHT, TITLE_HEIGHT, draw_legend
from nbviz.pictures.number_text import format_ticks, nice_ticks
from nbviz.pictures.shapes import Dots, Fill, Label, Picture, Stroke, text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbviz.pictures.charts import Chart, Trace

_LEFT, _TOP, _BOTTOM = 46.0, 12.0, 20.0  # pixels around the plot for labels
_TICK_SIZE = 10.5
_DOTS_UP_TO = 60  # points; more of them would touch
_SPIKE_PIXELS = 6.0


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, drawn as a vertical line over the chart."""

    step: float
    text: str  # a short sign at its top, "" for none
    color: str


@dataclass(frozen=True, slots=True)
class _Axes:
    """Data to pixels."""

    x: float
    y: float
    width: float
    height: float
    first: float
    last: float
    low: float
    high: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def across(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.x + (steps - self.first) / (self.last - self.first) * self.width

    def up(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Infinite values come to lie on the edge."""
        share = np.clip((values - self.low) / (self.high - self.low), 0.0, 1.0)
        return self.y + (1.0 - share) * self.height


def draw_chart(
    picture: Picture,
    chart: Chart,
    corner: tuple[float, float],
    size: tuple[float, float],
    *,
    steps: tuple[float, float],
    marks: Sequence[Mark],
    rows: int,
    with_runs: bool,
) -> None:
    """Draw a chart.

    Args:
        picture: Where to.
        chart: What.
        corner: Its left and upper edge, in pixels.
        size: Its width and height, in pixels.
        steps: First and last step of the x axis, the same for all charts of a picture.
        marks: Events to mark, by step.
        rows: Rows kept free for the legend below the title.
        with_runs: Whether the legend names the runs.
    """
    x, y = corner
    width, height = size
    draw_legend(picture, chart, corner, width, rows=rows, with_runs=with_runs)
    top = y + TITLE_HEIGHT + rows * LEGEND_HEIGHT + _TOP
    first, last = steps if steps[1] > steps[0] else (steps[0] - 0.5, steps[0] + 0.5)
    low, high = _value_range(chart.traces)
    plot_height = y + height - top - _BOTTOM
    axes = _Axes(x + _LEFT, top, width - _LEFT, plot_height, first, last, low, high)
    _draw_value_axis(picture, axes)
    _draw_step_axis(picture, axes)
    _draw_marks(picture, axes, marks)
    for trace in chart.traces:
        _draw_trace(picture, axes, trace)


def _value_range(traces: Sequence[Trace]) -> tuple[float, float]:
    parts = [v[np.isfinite(v)] for t in traces for v in (t.low, t.high, t.mean)]
    values = np.concatenate(parts)
    if len(values) == 0:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        reach = abs(low) * 0.1 or 1.0
        return low - reach, high + reach
    margin = (high - low) * 0.04
    # A curve that never leaves the positive side should not float above a negative axis.
    return (0.0 if 0 <= low < margin * 2 else low - margin), high + margin


def _draw_value_axis(picture: Picture, axes: _Axes) -> None:
    ticks = nice_ticks(axes.low, axes.high, max(2, round(axes.height / 30)))
    heights = axes.up(np.array(ticks))
    for y, text in zip(heights.tolist(), format_ticks(ticks), strict=True):
        picture.add(
            Stroke([np.array([[axes.x, y], [axes.right, y]])], "grid"),
            Label(axes.x - 7, y + 3.5, text, "text-soft", _TICK_SIZE, "end"),
        )


def _draw_step_axis(picture: Picture, axes: _Axes) -> None:
    y = axes.bottom
    picture.add(
        Stroke([np.array([[axes.x, y], [axes.right, y]])], "border"),
        Label(axes.x - 7, y + 16, "step", "text-soft", _TICK_SIZE, "end"),
    )
    steps = nice_ticks(axes.first, axes.last, max(2, round(axes.width / 66)))
    ticks = [step for step in steps if step % 1 == 0]
    places = axes.across(np.array(ticks))
    for x, text in zip(places.tolist(), format_ticks(ticks), strict=True):
        picture.add(Stroke([np.array([[x, y], [x, y + 4]])], "border"))
        if x > axes.right - text_width(text, _TICK_SIZE) / 2:  # would reach out of the chart
            picture.add(Label(axes.right, y + 16, text, "text-soft", _TICK_SIZE, "end"))
        else:
            picture.add(Label(x, y + 16, text, "text-soft", _TICK_SIZE, "middle"))


def _draw_marks(picture: Picture, axes: _Axes, marks: Sequence[Mark]) -> None:
    places = axes.across(np.array([mark.step for mark in marks], np.float64))
    free_from = float("-inf")
    for x, mark in zip(places.tolist(), marks, strict=True):
        line = np.array([[x, axes.y - 2], [x, axes.bottom]])
        picture.add(Stroke([line], mark.color, dashed=True, opacity=0.7))
        if mark.text and x >= free_from:
            free_from = x + 9
            picture.add(Label(x, axes.y - 4, mark.text, mark.color, 9.5, "middle", bold=True))


def _draw_trace(picture: Picture, axes: _Axes, trace: Trace) -> None:
    across = axes.across(trace.steps)
    if trace.is_reduced:
        _draw_band(picture, axes, trace, across)
    pieces = _pieces(across, axes.up(trace.mean), ~np.isnan(trace.mean))
    picture.add(Stroke([p for p in pieces if len(p) > 1], trace.color, 1.6, dashed=trace.dashed))
    dots = [p for p in pieces if len(p) == 1 or len(trace.steps) <= _DOTS_UP_TO]
    if dots:
        picture.add(Dots(np.concatenate(dots), 2.2, trace.color))
    _draw_nonfinite(picture, axes, trace, across)


def _draw_band(picture: Picture, axes: _Axes, trace: Trace, across: NDArray[np.float64]) -> None:
    low, high = axes.up(trace.low), axes.up(trace.high)
    known = ~np.isnan(trace.low)
    edges = zip(_pieces(across, high, known), _pieces(across, low, known), strict=True)
    bands = [np.concatenate([upper, lower[::-1]]) for upper, lower in edges]
    picture.add(Fill(bands, trace.color, 0.2))
    # A single extreme is a sliver of the band: its spike gets a line of its own.
    heights = np.where(known, low - high, 0.0)
    padded = np.pad(heights, 4, mode="edge")
    around = np.median(np.lib.stride_tricks.sliding_window_view(padded, 9), axis=1)
    spikes = heights > np.maximum(_SPIKE_PIXELS, 3.0 * around)
    ends = np.stack([np.column_stack([across, low]), np.column_stack([across, high])], axis=1)
    picture.add(Stroke(list(ends[spikes]), trace.color, 0.8, opacity=0.45))


def _draw_nonfinite(
    picture: Picture, axes: _Axes, trace: Trace, across: NDArray[np.float64]
) -> None:
    """Mark NaN and −∞ at the lower edge, +∞ at the upper, once every few pixels."""
    for where, edge, tip in (
        ((trace.nan > 0) | np.isneginf(trace.low), axes.bottom - 0.5, -7.0),
        (np.isposinf(trace.high), axes.y + 0.5, 7.0),
    ):
        triangles: list[NDArray[np.float64]] = []
        free_from = float("-inf")
        for x in across[where].tolist():
            if x >= free_from:
                free_from = x + 6
                triangles.append(np.array([[x - 4, edge], [x + 4, edge], [x, edge + tip]]))
        picture.add(Fill(triangles, trace.color))


def _pieces(
    x: NDArray[np.float64], y: NDArray[np.float64], known: NDArray[np.bool_]
) -> list[NDArray[np.float64]]:
    """Cut a curve where values are unknown."""
    points = np.column_stack([x, y])
    ends = np.flatnonzero(np.diff(known.astype(np.int8), prepend=0, append=0))
    return [points[a:b] for a, b in zip(ends[::2].tolist(), ends[1::2].tolist(), strict=True)]
