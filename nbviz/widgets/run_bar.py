"""RunBar: one line about a run that another cell shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import traitlets

from nbviz.panels.subject import Subject
from nbviz.widgets.live_view import LiveView
from nbviz.widgets.output import WIDGET_VIEW, Output, Shown

if TYPE_CHECKING:
    from nbviz.recording.run import Run


class _BarOutput(Output):
    """One output, which becomes text when the run has ended."""

    def display(self, view: Shown) -> Any:
        import IPython.display

        display = cast("Any", IPython.display.display)
        return display(view.picture(), raw=True, display_id=True)

    def refresh(self) -> None:
        view = self._view()
        if view is not None and not any(subject.is_active for subject in view.subjects):
            super().refresh()


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
        self.add_subject(Subject.of_run(run))

    def picture(self) -> dict[str, Any]:
        """Return the line while the run is active, and text once it has ended."""
        progress = self._run.progress
        text = f"{self._run.name}: {progress.status} at step {progress.step:,}"
        if not self._run.is_active:
            return {"text/plain": text}
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {"text/plain": text, WIDGET_VIEW: view}

    def drawing(self) -> str:
        """Return no drawing: the line stands for nothing without its run."""
        return ""

    def _make_output(self) -> Output:
        return _BarOutput(self)
