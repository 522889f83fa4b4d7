"""`Canvas`: draws metrics of a `History`, live in a cell, and with matplotlib to files."""

from __future__ import annotations

import functools
import sys
import threading
from typing import TYPE_CHECKING, Any, Self, cast

from nbviz.errors import ConfigurationError
from nbviz.integrations.hiddenlayer import drawing
from nbviz.integrations.hiddenlayer.calls import Call, plotted, summary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from nbviz.integrations.hiddenlayer.history import History, Metric
    from nbviz.integrations.hiddenlayer.live import LiveCanvas

DEFAULT_THEME: dict[str, Any] = {
    "fig_width": 12,  # inches
    "hist_outline_color": [0, 0, 0.9],
    "hist_color": [0.5, 0, 0.9],
}
_HEAD = 0.1  # of the figure's height, for a summary


class Canvas:
    """Draws plots, images and histograms of a history's metrics.

    In a notebook they appear in one view in the cell, which is updated in place. Elsewhere nothing
    is shown, and `save` writes what was drawn last. Calls within `with canvas:` are drawn together;
    any other call is drawn by itself.

    A subclass may add methods whose names begin with `draw_`. They draw with matplotlib into
    `self.ax` (`self.gs` is its place in the grid, `self.figure` the figure). In a notebook that
    picture is redrawn at most four times a second and for a tenth of the time.

    Attributes:
        theme: `fig_width` in inches, and `hist_color` and `hist_outline_color` as red, green and
            blue between 0 and 1.
        ax: The matplotlib axes to draw into; None outside of `draw_` methods.
        gs: The place of `ax` in the figure's grid; None outside of `draw_` methods.
        drawing_calls: The calls that the next `render` draws.
    """

    def __init__(self) -> None:
        self.theme: dict[str, Any] = dict(DEFAULT_THEME)
        self.ax: Any = None
        self.gs: Any = None
        self.drawing_calls: list[Call] = []
        self._figure: tuple[Any, tuple[Call, ...]] = (None, ())  # of what was rendered last
        self._painted: Any = None
        self._is_batching = False
        self._drawing_thread: int | None = None
        self._drawing_lock = threading.RLock()
        self._live: LiveCanvas | None = None

    def __enter__(self) -> Self:
        self._is_batching = True
        self.drawing_calls = []
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_batching = False
        if error is None:
            self.render()
        self.drawing_calls = []

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        if not name.startswith("draw_"):
            return found
        # Within a drawing, methods of a subclass call those of its base.
        if object.__getattribute__(self, "_drawing_thread") == threading.get_ident():
            return found

        @functools.wraps(found)
        def add_call(*args: Any, **kwargs: Any) -> None:
            self.drawing_calls.append(Call(name, args, kwargs, _is_own(self, name)))
            if not self._is_batching:
                self.render()

        return add_call

    @property
    def figure(self) -> Any:
        """The matplotlib figure: the one being drawn, or all of what was rendered last."""
        if self._drawing_thread == threading.get_ident():
            return self._painted
        figure, calls = self._figure
        if figure is None:
            figure = self.paint(calls)
            self._figure = (figure, calls)
        return figure

    def render(self) -> None:
        """Show the calls made since the last time in the notebook's cell, if there is one."""
        calls, self.drawing_calls = tuple(self.drawing_calls), []
        self._figure = (None, calls)
        if not _is_notebook():
            return
        if self._live is None:
            from nbviz.integrations.hiddenlayer.live import LiveCanvas

            self._live = LiveCanvas(self)
        self._live.show(calls)

    def save(self, file_name: str | Path) -> None:
        """Draw what was rendered last with matplotlib, and write it to a file.

        Args:
            file_name: Where; its ending says the format, such as ".png", ".svg" or ".pdf".

        Raises:
            ConfigurationError: Nothing has been drawn yet.
            MissingDependencyError: matplotlib is not installed.
        """
        if not self._figure[1]:
            raise ConfigurationError(
                "this canvas has drawn nothing yet; call one of its draw_ methods before save."
            )
        self.figure.savefig(file_name)

    def paint(self, calls: Sequence[Call]) -> Any:
        """Return a matplotlib figure with these calls drawn in it, one below the other."""
        figure_module = drawing.matplotlib_module("figure")
        cells = [call for call in calls if call.method != "draw_summary"]
        heads = [call for call in calls if call.method == "draw_summary"]
        head = _HEAD * len(heads)
        width = self.theme["fig_width"]
        with self._drawing_lock:
            figure = figure_module.Figure(figsize=(width, width / 3 * (head + max(1, len(cells)))))
            self._painted, self._drawing_thread = figure, threading.get_ident()
            try:
                for call in heads:
                    getattr(self, call.method)(*call.args, **call.kwargs)
                grid = figure.add_gridspec(max(1, len(cells)), 1)
                for i, call in enumerate(cells):
                    self.gs = grid[i]
                    self.ax = figure.add_subplot(self.gs)
                    getattr(self, call.method)(*call.args, **call.kwargs)
                if cells:
                    figure.tight_layout(rect=(0, 0, 1, 1 - head))
            finally:
                self.ax = self.gs = self._painted = self._drawing_thread = None
        return figure

    # ------------------------------------------------------------ what can be drawn

    def draw_summary(self, history: History, title: str = "") -> None:
        """Write the newest step and the time since the first one above everything else."""
        self.figure.suptitle(summary(history, title))

    def draw_plot(
        self,
        metrics: Metric | Sequence[Metric],
        labels: Sequence[str] | None = None,
        ylabel: str = "",
        title: str = "",
    ) -> None:
        """Draw metrics as lines over their steps.

        Args:
            metrics: One or more of the metrics of one or more histories.
            labels: What to call each of them; their names if None.
            ylabel: What the values are.
            title: What stands above; their last values if "".
        """
        shown, names = plotted(metrics, labels)
        drawing.draw_plot(self.ax, shown, names, ylabel, title)

    def draw_image(self, metric: Metric, limit: int = 5) -> None:
        """Draw a metric's newest images side by side.

        Args:
            metric: Images of shape (height, width), (height, width, channels) or (channels, height,
                width), of any range.
            limit: How many.
        """
        drawing.draw_images(self.figure, self.gs, self.ax, metric, limit)

    def draw_hist(self, metric: Metric, title: str = "") -> None:
        """Draw histograms of a metric's arrays at its newest ten steps.

        Args:
            metric: Arrays of any shape, such as a layer's weights.
            title: What stands above; its name if "".
        """
        drawing.draw_histograms(self.ax, metric, title, self.theme)


def show_images(
    images: Sequence[Any], titles: Sequence[str] | None = None, cols: int = 5, **kwargs: Any
) -> Any:
    """Show images in rows.

    Args:
        images: Arrays of shape (height, width) or (height, width, channels), each stretched to the
            range 0 to 1; a list of arrays is shown as one image, side by side.
        titles: What stands above each.
        cols: How many there are in a row.
        **kwargs: Given to matplotlib's `imshow`.

    Returns:
        The matplotlib figure; None in a notebook, where it is displayed.

    Raises:
        ConfigurationError: `cols` is below 1.
        MissingDependencyError: matplotlib is not installed.
    """
    if cols < 1:
        raise ConfigurationError(f"cols must be at least 1, got {cols}.")
    figure = drawing.draw_grid(images, titles, cols, **kwargs)
    if not _is_notebook():
        return figure
    from nbviz.widgets.canvas_view import display_figure

    display_figure(figure)
    return None


def _is_own(canvas: Canvas, method: str) -> bool:
    own = vars(Canvas).get(method)
    return own is not None and getattr(type(canvas), method, None) is own


def _is_notebook() -> bool:
    """Whether this is a Jupyter kernel, found without importing anything of Jupyter's."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else cast("Any", ipython).get_ipython()
    return hasattr(shell, "kernel")
