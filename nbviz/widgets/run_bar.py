"""RunBar: one line about a run that another cell shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import traitlets

from nbviz.panels.subject import Subject
from nbviz.recording.progress import ENDED
from nbviz.widgets.live_view import LiveView
from nbviz.widgets.output import WIDGET_VIEW, Output, Shown
from nbviz.widgets.replaced import let_go_when_replaced

if TYPE_CHECKING:
    from nbviz.recording.run import Run


class _BarOutput(Output):
    """One output, which becomes text when the run has ended."""

    def display(self, view: Shown, *, in_a_box: bool) -> Any:
        del in_a_box  # it is displayed by itself
        import IPython.display

        display = cast("Any", IPython.display.display)
        if isinstance(view, RunBar):
            let_go_when_replaced(view)
        return display(view.picture(), raw=True, display_id=True)

    def refresh(self) -> None:
        view = self._view()
        if isinstance(view, RunBar) and view.is_over:
            super().refresh()

    def refresh_if_over(self) -> None:
        view = self._view()
        if isinstance(view, RunBar) and view.is_over:
            self.refresh_from_cell()


class RunBar(LiveView):
    """State, progress and Pause of a run in one line, with a button that leads to its view.

    Args:
        run: The run.
        leads_to: The `view_id` of the view.
    """

    _leads_to = traitlets.Unicode().tag(sync=True)

    def __init__(self, run: Run, leads_to: str) -> None:
        super().__init__(panels=("toolbar",), arrangement="bar")
        self._leads_to = leads_to
        self._run = run
        self._end = ""
        self.add_subject(Subject.of_run(run))

    @property
    def is_over(self) -> bool:
        """Whether the run has ended; one that was started a moment ago has not begun yet."""
        return self._run.progress.status in ENDED and not self._run.control.is_active

    def picture(self) -> dict[str, Any]:
        """Return the line until the run has ended, and then text, which stays if it goes on."""
        progress = self._run.progress
        text = f"{self._run.name}: {progress.status} at step {progress.step:,}"
        if self.is_over:
            self._end = self._end or text
        if self._end:
            return {"text/plain": self._end}
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {"text/plain": text, WIDGET_VIEW: view}

    def drawing(self) -> str:
        """Return no drawing: the line stands for nothing without its run."""
        return ""

    def _make_output(self) -> Output:
        return _BarOutput(self)
