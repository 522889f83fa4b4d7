"""One view in a cell that is made of plots and pictures, each updated in place."""

from __future__ import annotations

import base64
import io
import sys
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any, cast

import ipywidgets

from nbviz.pictures.saved_view import OUTPUT
from nbviz.pictures.svg import image_html
from nbviz.session.emitter import Emitter
from nbviz.widgets.cell_widget import close_whole, open_whole
from nbviz.widgets.cells import running_cell
from nbviz.widgets.clearing import stay_when_cleared
from nbviz.widgets.dashboard import Dashboard
from nbviz.widgets.output import WIDGET_VIEW
from nbviz.widgets.replaced import let_go_when_replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbviz.recording.recorded_run import RecordedRun

SHORTEST_SECONDS = 0.25  # between two drawings of one picture
SOON_SECONDS = 0.005  # until another look at what a thread works on now
COST_SHARE = 0.1  # of the time, for drawing one picture
_MOST_SVG = 1_000_000  # characters of a drawing; of a longer one the PNG is shown
_HIDING = (
    '<style>[data-nbviz-static="{0}"],' + OUTPUT + ':has([data-nbviz-static="{0}"])'
    "{{display:none!important}}</style>"
)


class Plot:
    """A chart of runs, which they feed by themselves."""

    def __init__(self, runs: Sequence[RecordedRun]) -> None:
        self.widget = Dashboard(*runs, panels=["curves"])

    def wake(self) -> None:
        """Send what is new soon."""
        self.widget.wake()

    def open(self) -> None:
        """Open it to pages, again if it was closed."""
        self.widget.open()

    def close(self) -> None:
        """Remove it from all pages."""
        self.widget.close()


class Picture:
    """A picture that replaces itself in place, at a bounded rate; the newest request wins.

    Args:
        format: "png" or "svg+xml".
        width: In CSS pixels, on a page that is wide enough.
    """

    def __init__(self, format: str, width: int) -> None:  # noqa: A002
        self.widget = ipywidgets.Image(
            format=format, layout=ipywidgets.Layout(width=f"{width}px", max_width="100%")
        )
        self.wake: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._working = threading.Lock()  # held by the one thread that draws or encodes
        self._wanted: Callable[[], Callable[[], bytes]] | None = None
        self._drawn: Callable[[], bytes] | None = None
        self._due = 0.0
        self._cost = 0.0
        self._is_hurried = False
        self._is_warm = False  # the first drawing loads matplotlib and its fonts

    def open(self) -> None:
        """Open it to pages, again if it was closed."""
        open_whole(self.widget)

    def close(self) -> None:
        """Remove it from all pages."""
        close_whole(self.widget)

    def request(self, draw: Callable[[], Callable[[], bytes]]) -> None:
        """Show something new.

        Args:
            draw: Draws; returns what encodes it. It is called here and now if the picture is due,
                otherwise when it is, by the view's thread, unless a newer request comes first.
        """
        self._is_hurried = False
        with self._lock:
            self._wanted = draw
        if time.monotonic() >= self._due:
            # Colab shows nothing that a thread sends.
            self._work(encodes="google.colab" in sys.modules)
        self.wake()

    def refresh(self) -> float | None:
        """Draw and encode what is due; return the seconds until more is, None if nothing is."""
        self._work(encodes=True)
        if self._wanted is None and self._drawn is None:
            return None
        return max(SOON_SECONDS, self._due - time.monotonic() if self._drawn is None else 0.0)

    def hurry(self) -> None:
        """Draw what was asked for last without waiting; no more comes soon."""
        self._is_hurried = True
        self._due = 0.0
        self.wake()

    def _work(self, *, encodes: bool) -> None:
        """Draw what is due, and encode it if asked; nothing while another thread does either.

        What that one began could be done after a newer one, and take its place. It looks for the
        newer one afterwards.
        """
        if not self._working.acquire(blocking=False):
            return
        try:
            if time.monotonic() >= self._due:
                self._draw()
            if encodes:
                self._encode()
        finally:
            self._working.release()

    def _draw(self) -> None:
        with self._lock:
            wanted, self._wanted = self._wanted, None
        if wanted is None:
            return
        started = time.monotonic()
        drawn = wanted()
        with self._lock:
            self._drawn = drawn
        self._cost = time.monotonic() - started
        self._pace(self._cost)

    def _encode(self) -> None:
        with self._lock:
            encode, self._drawn = self._drawn, None
        if encode is None:
            return
        started = time.monotonic()
        self.widget.value = encode()
        self._pace(self._cost + time.monotonic() - started)
        self._is_warm = True

    def _pace(self, cost: float) -> None:
        wait = cost / COST_SHARE if self._is_warm else 0.0
        due = time.monotonic() + max(SHORTEST_SECONDS, wait)
        # One that was being drawn when it was hurried must not put the last one off.
        self._due = 0.0 if self._is_hurried else due


class CanvasBox(ipywidgets.VBox):
    """What a canvas shows."""

    def shown_in_a_box(self) -> None:
        """Leave it to the canvas, which has one picture of all."""


class CanvasView:
    """Shows text, plots and pictures below one another in the running cell.

    A second output of the cell, which the view hides, is a picture for readers without a kernel; it
    is drawn when the cell has ended. Once no cell displays the view any more, it lets go of its
    widgets and its thread, until it is shown again.

    Args:
        name: What it is, for readers that show only text.
        still: Draws all of it as PNG and as SVG; None if that cannot be done here.
    """

    def __init__(self, name: str, still: Callable[[], tuple[bytes, str] | None]) -> None:
        self._name = name
        self._still = still
        self._view_id = uuid.uuid4().hex[:12]
        self._hiding = ipywidgets.HTML(_HIDING.format(self._view_id))
        self._head = ipywidgets.Label()
        self._notice = ipywidgets.Label()
        self._box = CanvasBox(layout=ipywidgets.Layout(width="100%"))
        self._parts: list[Plot | Picture] = []
        self._emitter = Emitter(self._tick, self._report)
        self._cell: object = None

    def open(self) -> None:
        """Be there for pages, again if it had let go."""
        if self._box.comm is None:
            self._cell = None  # whoever has closed it, no cell displays it
        elif not self._emitter.is_closed:
            return
        if self._emitter.is_closed:
            self._emitter = Emitter(self._tick, self._report)
        for part in self._parts:
            part.open()
        for widget in (self._hiding, self._head, self._notice, self._box):
            open_whole(widget)

    def replaced(self) -> None:
        """Let go: no cell displays it any more."""
        self._emitter.close()
        self._box.children = ()
        for part in self._parts:
            part.close()
        for widget in (self._box, self._notice, self._head, self._hiding):
            close_whole(widget)
        self._cell = None

    def show(self, head: str, parts: Sequence[Plot | Picture]) -> None:
        """Show these parts, and display the view if this cell does not show it yet."""
        self._parts = list(parts)
        self.open()
        if self._head.value != head:
            self._head.value = head
        for part in parts:
            if isinstance(part, Picture):
                part.wake = self._emitter.wake
        widgets = (self._hiding, *([self._head] if head else []), *(part.widget for part in parts))
        if self._notice.value:
            widgets = (*widgets, self._notice)
        if self._box.children != widgets:
            self._box.children = widgets
        cell = self._running_cell()
        if cell != self._cell:
            self._cell = cell
            self._display()
        self._emitter.wake()

    def _running_cell(self) -> object:
        # The shell's notion of the running cell is the main thread's.
        if threading.current_thread() is threading.main_thread():
            return running_cell()
        return threading.get_ident() if self._cell is None else self._cell

    def _display(self) -> None:
        import IPython.display

        let_go_when_replaced(self)
        display = cast("Any", IPython.display.display)
        view = {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}
        data = {"text/plain": self._name, WIDGET_VIEW: view}
        display(data, raw=True)
        shell: Any = cast("Any", IPython).get_ipython()
        if shell is None or threading.current_thread() is not threading.main_thread():
            return
        still = {"text/html": self._figure(""), "text/plain": ""}
        handle = display(still, raw=True, display_id=True)

        def put_back() -> None:
            display(data, raw=True)
            display(still, raw=True, display_id=handle.display_id)

        stay_when_cleared(self._box, put_back)

        def cell_ended(*_: object) -> None:
            shell.events.unregister("post_run_cell", cell_ended)
            for part in self._parts:
                if isinstance(part, Picture):
                    part.hurry()
            try:
                drawn = self._still()
            except Exception as error:  # noqa: BLE001  what cannot be drawn ends no cell
                self._report(error)
                return
            if drawn is not None:
                png, svg = drawn
                encoded = base64.b64encode(png).decode("ascii")
                is_short = len(svg) <= _MOST_SVG
                html = self._figure(
                    image_html(svg, self._name)
                    if is_short
                    else f'<img alt="{self._name}" src="data:image/png;base64,{encoded}">'
                )
                bundle = {"text/html": html, "image/png": encoded, "text/plain": self._name}
                handle.update(bundle, raw=True)

        shell.events.register("post_run_cell", cell_ended)

    def _figure(self, content: str) -> str:
        return f'<figure data-nbviz-static="{self._view_id}" style="margin:0">{content}</figure>'

    def _tick(self) -> float | None:
        waits = [part.refresh() for part in self._parts if isinstance(part, Picture)]
        return min((wait for wait in waits if wait is not None), default=None)

    def _report(self, error: Exception) -> None:
        """Say below the view that drawing failed; the training goes on."""
        text = f"A picture could not be drawn: {type(error).__name__}: {error}"
        if self._notice.value != text:
            self._notice.value = text
            if self._notice not in self._box.children:
                self._box.children = (*self._box.children, self._notice)


def display_figure(figure: Any) -> None:
    """Display a matplotlib figure as a picture in the running cell."""
    import IPython.display

    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=144)
    size = figure.get_size_inches() * 72
    image = IPython.display.Image(data=file.getvalue(), width=round(size[0]))
    cast("Any", IPython.display.display)(image)
