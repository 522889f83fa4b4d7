"""Dashboard: runs, shown in the cell."""

from __future__ import annotations

import os
import sys
import time
import uuid
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import anywidget
import traitlets

from nbviz.errors import ConfigurationError
from nbviz.front_end import widget_module
from nbviz.widgets.emitter import Emitter
from nbviz.widgets.feed import Feed
from nbviz.widgets.output import Output
from nbviz.widgets.requests import RequestHandler
from nbviz.widgets.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbviz.protocol.graph import GraphLevel
    from nbviz.recording.run import Run

PANELS = ("toolbar", "curves", "weights", "media", "graph", "log")
QUIET_SECONDS = 0.5  # between looks at an active run that no page watches


class Dashboard(anywidget.AnyWidget):
    """Shows one run or compares several, live, in a notebook cell.

    Args:
        *runs: What to show. More can be added later with `add`.
        panels: Which panels, from top to bottom: some of "toolbar", "curves", "weights", "media",
            "graph" and "log". By default all, each from when it has something to show.
        transport: "push" sends each update by itself. "pull" sends only when the page asks, for
            front ends that do not show what a background thread sends. "auto" pulls in Colab.
        frames_per_second: The most updates sent in a second (1 to 60). Scalars that are logged more
            often travel together; none is left out. By default 8 to 30, as many as cost no more
            than about 1 % of one core's time; down to 4 where 8 would cost over 5 %.

    Raises:
        ConfigurationError: A panel or transport of that name does not exist, or the rate is out of
            range.
    """

    _esm = widget_module("widget")
    _pid = 0  # until it is made: ipywidgets closes what could not be
    _panels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _is_chosen = traitlets.Bool(default_value=False).tag(sync=True)
    _pulls = traitlets.Bool(default_value=False).tag(sync=True)
    _view_id = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        *runs: Run,
        panels: Sequence[str] | None = None,
        transport: Literal["auto", "push", "pull"] = "auto",
        frames_per_second: float | None = None,
    ) -> None:
        shown = tuple(PANELS if panels is None else panels)
        unknown = [name for name in shown if name not in PANELS]
        if unknown:
            raise ConfigurationError(f"panels may be {', '.join(PANELS)}; got {unknown[0]!r}.")
        if transport not in ("auto", "push", "pull"):
            raise ConfigurationError(
                f'transport must be "auto", "push" or "pull", got {transport!r}.'
            )
        if frames_per_second is not None and not 1 <= frames_per_second <= 60:  # noqa: PLR2004
            raise ConfigurationError(
                f"frames_per_second must be between 1 and 60, got {frames_per_second}."
            )
        pulls = transport == "pull" or (transport == "auto" and "google.colab" in sys.modules)
        self._pid = os.getpid()
        self._feed = Feed(())
        self._transport = Transport(
            self._feed,
            self._send_message,
            frames_per_second=frames_per_second,
            pulls=pulls,
            gone=self._forget_page,
        )
        self._emitter = Emitter(self._tick, self._report)
        self._requests = RequestHandler(self)
        self._output = Output(self)
        self._listening: list[Callable[[], None]] = []
        self._drawing_error: str | None = None
        view_id = uuid.uuid4().hex[:12]
        chosen = panels is not None
        super().__init__(_panels=list(shown), _is_chosen=chosen, _pulls=pulls, _view_id=view_id)
        self._let_subshells_answer()
        self.on_msg(self._on_message)
        for run in runs:
            self.add(run)

    # ------------------------------------------------------------ public

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs that are shown."""
        return tuple(self._feed.runs)

    @property
    def view_id(self) -> str:
        """Ties the live view to the picture saved beside it."""
        return self._view_id

    def add(self, run: Run) -> None:
        """Show one more run."""
        if run in self._feed.runs:
            return
        self._feed.runs.append(run)
        wake = _weak_wake(self._emitter)
        self._listening.append(run.listen(wake))
        self._emitter.wake()

    def save_html(self, path: str | Path, *, title: str | None = None) -> Path:
        """Write the runs as one page that opens without a kernel and without a network.

        The page is as interactive as the live view: curves zoom, and the graph expands.
        """
        from nbviz.pictures.saved_view import save_html

        names = ", ".join(run.name for run in self.runs)
        return save_html(Path(path), self.runs, graphs=self.graph_levels(), title=title or names)

    def close(self) -> None:
        """Remove the dashboard from all pages; the runs go on."""
        if os.getpid() != self._pid:
            return  # a forked DataLoader worker must not close its parent's widget
        for stop_listening in self._listening:
            stop_listening()
        self._listening.clear()
        for client_id in self._transport.clients:
            self._forget_page(client_id)
        self._emitter.close()
        self._output.close()
        super().close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(repr(run.name) for run in self.runs)})"

    def _ipython_display_(self, **_: Any) -> None:
        self._output.show()

    # ------------------------------------------------------------ for LiveTrainer

    def command(self, run: Run, name: str, arguments: dict[str, Any]) -> None:
        """Carry out a control command that a page sent."""
        getattr(run.steering or run.control, name)(**arguments)

    def graph_level(self, run: Run, scopes: Sequence[str], answer: Callable[[Any], None]) -> None:
        """Call `answer` with levels of the model's graph, or with an exception."""
        del scopes
        answer(ConfigurationError(f"The run {run.name!r} has no model to draw."))

    def graph_levels(self) -> dict[str, list[GraphLevel]]:
        """Return every level of the graphs that have been drawn, by run."""
        return {}

    def picture(self) -> dict[str, Any]:
        """Return what is saved beside the live view, for readers without a kernel, by MIME type."""
        from nbviz.pictures.saved_view import mime_bundle

        return mime_bundle(self.runs, self.view_id)

    # ------------------------------------------------------------ messages

    @property
    def transport(self) -> Transport:
        """The kernel's end of the comm."""
        return self._transport

    @property
    def feed(self) -> Feed:
        """What pages need of the runs."""
        return self._feed

    def wake(self) -> None:
        """Send what is new soon."""
        self._emitter.wake()

    def _on_message(self, _: object, content: object, buffers: object) -> None:
        del buffers
        self._requests.handle(content)
        self._emitter.wake()

    def _send_message(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        # A forked worker that has printed could write to its parent's comms.
        if os.getpid() == self._pid and self.comm is not None:
            self.send(content, buffers)

    def _forget_page(self, client_id: str) -> None:
        self._feed.interests.forget(client_id)
        for run in self.runs:
            run.weights.forget(client_id)
            if run.overlays is not None:
                run.overlays.forget(client_id)

    def _tick(self) -> float | None:
        began, sequence = time.thread_time(), self._transport.sequence
        self._requests.send_media()
        wait = self._transport.tick()
        cost = time.thread_time() - began
        if self._transport.sequence != sequence:
            self._transport.pace.spent(cost)
        for run in self.runs:
            if run.is_active:
                run.meter.draw(cost / len(self.runs))
        self._output.refresh()
        if wait is None and self._feed.is_active:
            return QUIET_SECONDS
        return wait

    def _report(self, error: Exception) -> None:
        """Say once that drawing failed; the run goes on."""
        text = f"nbviz could not send an update: {type(error).__name__}: {error}"
        if text != self._drawing_error:
            self._drawing_error = text
            for run in self.runs:
                run.note(text, level="warning")

    def _let_subshells_answer(self) -> None:
        """Let clicks be handled while a cell is busy on ipykernel 7.4.

        7.4.0 remembers from which subshell a comm last sent and routes replies there: a widget
        made in a cell is bound to the main shell, so that a click waits for the running cell
        (ipython/ipykernel#1565). Without the override clicks would only be late.
        """

        def subshell_of_the_request(_data: object, default: object) -> object:
            return default

        if hasattr(self.comm, "_reply_subshell_for"):
            setattr(self.comm, "_reply_subshell_for", subshell_of_the_request)  # noqa: B010


def _weak_wake(emitter: Emitter) -> Callable[[], None]:
    """A run outlives its dashboards: it must not keep them alive."""
    reference = weakref.ref(emitter)

    def wake() -> None:
        target = reference()
        if target is not None:
            target.wake()

    return wake
