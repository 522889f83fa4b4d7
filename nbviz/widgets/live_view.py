"""What all of nbviz's live widgets are: a view, a comm, a session, a picture for other readers."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NoReturn, cast

import traitlets

from nbviz.errors import ConfigurationError
from nbviz.front_end import front_end, widget_module, widget_source
from nbviz.panels import PANELS
from nbviz.session.session import Session
from nbviz.widgets.cell_widget import CellWidget
from nbviz.widgets.cells import is_unattended, place_name
from nbviz.widgets.comms import hears_pages_now, waits_for_cells
from nbviz.widgets.output import Output

if TYPE_CHECKING:
    from nbviz.panels.subject import Subject
    from nbviz.recording.recorded_run import RecordedRun
    from nbviz.session.transport import Transport

Charts = Sequence["str | Sequence[str]"]
"""Which tags share a chart: a pattern, or several, for each chart."""

FIRST_DRAWN = ("lines", "curves")
"""The assets that draw the first that is seen of a run."""
NAMES = tuple(panel.name for panel in PANELS)
Arrangement = Literal["screen", "stack", "compact", "bar"]
ARRANGEMENTS: tuple[Arrangement, ...] = ("screen", "stack", "compact")

_FLEX = "1 1 auto"  # in an HBox of ipywidgets a view fills what is left; several share it


class LiveView(CellWidget):
    """Shows subjects in the cell, live.

    Args:
        panels: As for `Dashboard`.
        arrangement: As for `Dashboard`.
        charts: As for `Dashboard`.
        transport: As for `Dashboard`.
        frames_per_second: As for `Dashboard`.
    """

    _esm = widget_module("widget")
    _source = traitlets.Unicode(widget_source("widget")).tag(sync=True)
    _pid = 0  # until it is made: ipywidgets closes what could not be
    _panels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _arrangement = traitlets.Unicode("stack").tag(sync=True)
    _is_chosen = traitlets.Bool(default_value=False).tag(sync=True)
    _pulls = traitlets.Bool(default_value=False).tag(sync=True)
    _view_id = traitlets.Unicode().tag(sync=True)
    _charts = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    _kept_as = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        *,
        panels: Sequence[str] | None = None,
        arrangement: Arrangement = "stack",
        charts: Charts = (),
        transport: Literal["auto", "push", "pull"] = "auto",
        frames_per_second: float | None = None,
    ) -> None:
        shown = tuple(NAMES if panels is None else panels)
        unknown = [name for name in shown if name not in NAMES]
        if unknown:
            raise ConfigurationError(f"panels may be {', '.join(NAMES)}; got {unknown[0]!r}.")
        if arrangement not in (*ARRANGEMENTS, "bar"):
            raise ConfigurationError(
                f"arrangement must be one of {', '.join(ARRANGEMENTS)}; got {arrangement!r}."
            )
        if transport not in ("auto", "push", "pull"):
            raise ConfigurationError(
                f'transport must be "auto", "push" or "pull", got {transport!r}.'
            )
        if frames_per_second is not None and not 1 <= frames_per_second <= 60:  # noqa: PLR2004
            raise ConfigurationError(
                f"frames_per_second must be between 1 and 60, got {frames_per_second}."
            )
        patterns = _patterns_of(charts)
        pulls = transport == "pull" or (transport == "auto" and "google.colab" in sys.modules)
        self._pid = os.getpid()
        self._frames_per_second = frames_per_second
        self._begin_session(pulls=pulls)
        view_id = uuid.uuid4().hex[:12]
        chosen = panels is not None
        super().__init__(
            layout={"flex": _FLEX},
            _panels=list(shown),
            _arrangement=arrangement,
            _charts=patterns,
            _is_chosen=chosen,
            _pulls=pulls,
            _view_id=view_id,
        )
        own: Any = self
        own.layout.observe(_keep_given_width, "width")
        self.on_msg(self._on_message)

    def _begin_session(self, *, pulls: bool) -> None:
        self._output = self._make_output()
        self._session = Session(
            PANELS,
            self._send_message,
            asset=front_end,
            frames_per_second=self._frames_per_second,
            pulls=pulls,
            ticked=self._output.refresh,
            training=self._training_here,
            show=self._show_run,
            is_unheard=self._is_unheard,
        )

    # ------------------------------------------------------------ public

    @property
    def view_id(self) -> str:
        """Ties the live view to the picture saved beside it."""
        return self._view_id

    @property
    def transport(self) -> Transport:
        """The kernel's end of the comm."""
        return self._session.transport

    @property
    def charts(self) -> list[list[str]]:
        """The patterns of tags that share a chart, a list for each chart."""
        return [list(one) for one in self._charts]

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """What is shown."""
        return self._session.subjects

    def add_subject(self, subject: Subject) -> None:
        """Show one more subject."""
        self._session.add(subject)
        if not self._kept_as:
            self._kept_as = place_name(subject.name)

    def show(self) -> None:
        """Show it here, where a cell's last line would."""
        self.open()
        self._offer()
        self._output.show()

    def shown_in_a_box(self) -> None:
        """Be told that the running cell has displayed a box that holds it."""
        self._offer()
        self._output.show(in_a_box=True)

    def _offer(self) -> None:
        """Send pages what draws the first that is seen, before they ask."""
        if not self.transport.pulls and hears_pages_now():
            self._session.offer(FIRST_DRAWN if "curves" in self._panels else ())

    def prepare(self) -> None:
        """Send pages what draws a first point, before there is any."""
        self._session.bring(FIRST_DRAWN)

    def send_first(self) -> None:
        """Send pages that have it what was logged, so that they draw it at once."""
        self._session.send_first()

    @property
    def is_shown_elsewhere(self) -> bool:
        """Whether another cell than the running one shows it."""
        return self._output.is_shown_elsewhere()

    @property
    def is_shown_here(self) -> bool:
        """Whether the running cell has shown it."""
        return self._output.is_shown_here()

    def wake(self) -> None:
        """Send what is new soon."""
        self._session.wake()

    def serve_from_cell(self) -> None:
        """Send what is new, from the running cell's own thread; see `Session.serve_from_cell`."""
        if self.transport.pulls and self._output.is_shown:
            self._session.serve_from_cell()

    def leave_picture(self) -> None:
        """Bring the pictures saved beside it up to date, from the running cell."""
        self._output.refresh_from_cell()

    def open(self) -> None:
        """Open it to pages, again if it was closed."""
        if self._session.is_closed:
            subjects = self.subjects
            self._begin_session(pulls=self._pulls)
            for subject in subjects:
                self._session.add(subject)
        super().open()

    def close(self) -> None:
        """Remove it from all pages; the runs go on. It opens when it is shown again."""
        if os.getpid() != self._pid:
            return  # a forked DataLoader worker must not close its parent's widget
        self._session.close()
        self._output.close()
        super().close()

    def __copy__(self) -> NoReturn:
        self.__reduce__()

    def __deepcopy__(self, memo: dict[int, Any]) -> NoReturn:
        self.__reduce__()

    def __reduce__(self) -> NoReturn:
        names = ", ".join(repr(subject.name) for subject in self.subjects) or "nothing"
        raise ConfigurationError(
            f"the {type(self).__name__} of {names} cannot be copied or pickled, because it is "
            "bound to the pages that show it. Save what it shows with .save_html(path) or "
            ".save(path), or make another one where you need it."
        )

    def picture(self) -> dict[str, Any]:
        """Return what is saved beside the live view, for readers without a kernel, by MIME type."""
        raise NotImplementedError

    def first_picture(self) -> dict[str, Any]:
        """Return the same where it is displayed with the view, which waits for it."""
        return self.picture()

    def drawing(self) -> str:
        """Return the same as SVG, for pages that hold the widget and no picture beside it."""
        raise NotImplementedError

    def _training_here(self) -> Sequence[RecordedRun]:
        """Return the runs that train in this notebook, if this view can show them."""
        return ()

    def _show_run(self, run: RecordedRun) -> None:
        """Show one of these runs, too."""

    def _is_unheard(self) -> bool:
        """Whether a page may wait for the running cell's end to be heard."""
        is_open = self._output.is_shown and not self.transport.pulls
        return is_open and waits_for_cells() and not is_unattended()

    def _make_output(self) -> Output:
        return Output(self)

    def _ipython_display_(self, **_: Any) -> None:
        self.show()

    def _get_embed_state(self, drop_defaults: bool = False) -> Any:
        """Return what ipywidgets' `embed_minimal_html` writes, which holds no cell's outputs.

        The page draws it in the view's place until a kernel has answered. Without the override the
        view would be empty there.
        """
        state: Any = super()._get_embed_state(drop_defaults=drop_defaults)
        state["state"]["_drawing"] = self.drawing()
        return state

    # ------------------------------------------------------------ messages

    def _on_message(self, _: object, content: object, buffers: object) -> None:
        del buffers
        # A forked worker answers no page; a thread that it does not have may hold the locks.
        if os.getpid() == self._pid:
            self._session.handle(content)

    def _send_message(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        # A forked worker that has printed could write to its parent's comms.
        if os.getpid() == self._pid and self.comm is not None:
            self.send(content, buffers)


def _keep_given_width(change: Any) -> None:
    """Have a view in a box as wide as the user says, and no wider."""
    if change.new is not None and change.owner.flex == _FLEX:
        change.owner.flex = None


def _patterns_of(charts: Charts) -> list[list[str]]:
    """Return the patterns of each chart.

    Raises:
        ConfigurationError: It is no list of patterns or of lists of them, or a chart has none.
    """
    is_list = isinstance(charts, Sequence) and not isinstance(charts, str)  # pyright: ignore[reportUnnecessaryIsInstance]
    given = cast("list[Any]", list(charts) if is_list else [charts])
    found: list[list[str]] = []
    for one in given:
        several: Any = [one] if isinstance(one, str) and is_list else one
        is_several = isinstance(several, list | tuple)
        patterns = list(cast("Sequence[Any]", several)) if is_several else []
        if not patterns or not all(isinstance(each, str) and each for each in patterns):
            raise ConfigurationError(
                "charts must be a list with a pattern of tags, or several, for each chart, such as "
                f'[("loss/*",), ("per_class/*", "acc")]; got {one!r}.'
            )
        found.append(patterns)
    return found
