"""A canvas in a notebook's cell: its calls as parts of one view, updated in place."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import threading
from typing import TYPE_CHECKING, Any

from nbviz.integrations.hiddenlayer.calls import plotted, summary
from nbviz.integrations.hiddenlayer.pictures import histogram_svg, images_svg
from nbviz.pictures.svg import in_both_schemes
from nbviz.recording.run import Run
from nbviz.widgets.canvas_view import CanvasView, Picture, Plot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbviz.integrations.hiddenlayer.calls import Call, Painter
    from nbviz.integrations.hiddenlayer.history import Metric

_PIXELS_AN_INCH = 72


class LiveCanvas:
    """Shows a canvas's calls; those of its own methods live, a subclass's as pictures."""

    def __init__(self, canvas: Painter) -> None:
        self._canvas = canvas  # one that is not assigned to a name is needed to the cell's end
        self._view = CanvasView(type(canvas).__name__, self._still)
        self._parts: dict[tuple[Any, ...], _Lines | Picture] = {}

    def show(self, calls: Sequence[Call]) -> None:
        """Show these calls in place of those before."""
        canvas = self._canvas
        heads: list[str] = []
        shown: dict[tuple[Any, ...], _Lines | Picture] = {}
        for call in calls:
            if call.is_own and call.method == "draw_summary":
                heads.append(summary(*call.args, **call.kwargs))
            elif call.is_own and call.method == "draw_plot":
                self._show_lines(shown, *call.args, **call.kwargs)
            else:
                key = (call.method, len(shown))
                found = self._parts.get(key)
                part = found if isinstance(found, Picture) else _picture(canvas, is_own=call.is_own)
                shown[key] = part
                _request(canvas, part, call)
        for key, part in self._parts.items():
            if key not in shown and isinstance(part, _Lines):
                part.plot.close()
        self._parts = shown
        parts = [part.plot if isinstance(part, _Lines) else part for part in shown.values()]
        self._view.show(" · ".join(heads).replace("\n\n", " · "), parts)

    def _still(self) -> tuple[bytes, str] | None:
        if importlib.util.find_spec("matplotlib") is None:
            return None
        with _without_warnings:
            figure = self._canvas.figure
        svg = _encoded(figure, _PIXELS_AN_INCH, "svg").decode()
        return _encoded(figure, _PIXELS_AN_INCH), in_both_schemes(svg)

    def _show_lines(
        self,
        shown: dict[tuple[Any, ...], Any],
        metrics: Any,
        labels: Any = None,
        ylabel: str = "",
        title: str = "",
    ) -> None:
        found, names = plotted(metrics, labels)
        whole = title or ylabel or ", ".join(dict.fromkeys(metric.name for metric in found))
        # A history that was loaded anew has another run.
        who = tuple((id(m.history.run), m.name, n) for m, n in zip(found, names, strict=True))
        key = (whole, who, len(shown))
        part = self._parts.get(key)
        shown[key] = lines = part if isinstance(part, _Lines) else _Lines(whole, names)
        lines.update(found)


def _picture(canvas: Painter, *, is_own: bool) -> Picture:
    width = round(canvas.theme["fig_width"] * _PIXELS_AN_INCH)
    return Picture("svg+xml" if is_own else "png", width)


def _request(canvas: Painter, part: Picture, call: Call) -> None:
    if not call.is_own:
        part.request(lambda: _painter(canvas, call))
        return
    encode = {"draw_image": images_svg, "draw_hist": histogram_svg}[call.method]
    theme = {"theme": canvas.theme} if call.method == "draw_hist" else {}
    part.request(lambda: lambda: encode(*call.args, **call.kwargs, **theme))


class _Lines:
    """One plot: a run for each of its lines, all under one tag, so that they share a chart."""

    def __init__(self, title: str, labels: list[str]) -> None:
        self._tag = title
        self._counts = [0] * len(labels)
        self._runs = [Run(label) for label in labels]
        self.plot = Plot(self._runs)

    def update(self, metrics: list[Metric]) -> None:
        """Take in what was logged since."""
        for i, (run, metric) in enumerate(zip(self._runs, metrics, strict=True)):
            points = metric.logged_since(self._counts[i])
            self._counts[i] += len(points)
            for step, value in points:
                run.record({self._tag: value}, step=step)
            epochs = metric.history.run.epochs
            for number in range(len(run.epochs), len(epochs)):
                run.mark_epoch(number + 1, epochs[number])
        self.plot.wake()


def _painter(canvas: Painter, call: Call) -> Callable[[], bytes]:
    """Draw a call of a subclass's method, and return what makes a PNG of it."""
    with _without_warnings:
        figure = canvas.paint([call])

    return lambda: _encoded(figure, 2 * _PIXELS_AN_INCH)


def _encoded(figure: Any, dpi: int, kind: str = "png") -> bytes:
    file = io.BytesIO()
    with _without_warnings:
        figure.savefig(file, format=kind, dpi=dpi)
    return file.getvalue()


class _WithoutWarnings(contextlib.AbstractContextManager[None]):
    """Keeps matplotlib from filling the cell with what it says of each of many drawings."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0  # threads: the view's and the cell's may draw at once
        self._level = logging.NOTSET

    def __enter__(self) -> None:
        logger = logging.getLogger("matplotlib")
        with self._lock:
            if self._inside == 0:
                self._level = logger.level
                logger.setLevel(logging.ERROR)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                logging.getLogger("matplotlib").setLevel(self._level)


_without_warnings = _WithoutWarnings()
