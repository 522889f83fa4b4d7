"""Dashboard: runs, shown in the cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from nbviz.errors import ConfigurationError
from nbviz.panels import PANELS
from nbviz.panels.runs.table import table_of, table_to_csv, table_to_pandas
from nbviz.trainer import Trainer
from nbviz.widgets.active import active_in
from nbviz.widgets.cells import notebook
from nbviz.widgets.compared import subjects_of
from nbviz.widgets.live_view import LiveView

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from nbviz.recording.recorded_run import RecordedRun
    from nbviz.widgets.compared import Comparable
    from nbviz.widgets.live_view import Arrangement, Charts


class Dashboard(LiveView):
    """Shows one run or compares several, live, in a notebook cell.

    `clear_output` in the cell that shows it clears what else the cell has shown: the view stays,
    and so does a box of ipywidgets that holds it, such as `HBox([sliders, dashboard])`. There it
    fills what the others leave; set `dashboard.layout.width` for another width.

    Args:
        *runs: What to show: runs, trainers, opened runs, other dashboards, directories of event
            files, or lists of them. A directory stands for all runs in it and in the folders below.
            More can be added later with `add`.
        panels: Which panels, in order: some of "toolbar", "curves", "runs", "weights", "media",
            "histograms", "predictions", "confusion", "roc", "tables", "text", "audio", "figures",
            "projector", "mesh", "graph", "log" and "system". By default all, each from when it has
            something to show.
        arrangement: "screen" fits one screen: toolbar, curves, and all else in tabs beside them or,
            in a narrow cell, below them. "stack" has the panels below each other, at full width.
            "compact" is toolbar and one chart.
        charts: Which tags share a chart, by patterns as `fnmatch` reads them: one, or several, for
            each chart, such as [("loss/*",), ("per_class/*", "acc")]. These charts come first; a
            tag is drawn in the first one that has it. All other tags share charts by their names.
        transport: "push" sends each update by itself. "pull" sends only when the page asks, for
            front ends that do not show what a background thread sends. "auto" pulls in Colab.
        frames_per_second: The most updates sent in a second (1 to 60). Scalars that are logged more
            often travel together; none is left out. By default 8 to 30, as many as cost no more
            than about 1 % of one core's time; down to 4 where 8 would cost over 5 %.

    Raises:
        ConfigurationError: A panel, arrangement or transport of that name does not exist, the rate
            is out of range, `charts` are no patterns, or what was given holds no run.
    """

    def __init__(
        self,
        *runs: Comparable | Iterable[Comparable],
        panels: Sequence[str] | None = None,
        arrangement: Arrangement = "screen",
        charts: Charts = (),
        transport: Literal["auto", "push", "pull"] = "auto",
        frames_per_second: float | None = None,
    ) -> None:
        self._notebook = notebook()
        super().__init__(
            panels=panels,
            arrangement=arrangement,
            charts=charts,
            transport=transport,
            frames_per_second=frames_per_second,
        )
        for run in runs:
            self.add(run)

    @property
    def runs(self) -> tuple[RecordedRun, ...]:
        """The runs that are shown, but for one that the cell made before and that was not kept."""
        return tuple(
            subject.run
            for subject in self.subjects
            if subject.run is not None and not subject.is_earlier
        )

    def add(self, run: Comparable | Iterable[Comparable]) -> None:
        """Show one more run, or several; those that are shown already are not shown twice.

        Args:
            run: As for the dashboard itself.

        Raises:
            ConfigurationError: It holds no run.
        """
        for subject in subjects_of(run):
            if all(subject.run_id != other.run_id for other in self.subjects):
                self.add_subject(subject)

    def table(self) -> list[dict[str, Any]]:
        """Return a row for each run: its name, state, step, duration, hyper-parameters and values.

        Of each tag there are the newest value, and the lowest and the highest with their steps.
        """
        return table_of(self.runs)

    def to_pandas(self) -> Any:
        """Return the table as a `pandas.DataFrame`, a row for each run.

        Raises:
            MissingDependencyError: pandas is not installed.
        """
        return table_to_pandas(self.runs)

    def to_csv(self, path: str | Path) -> None:
        """Write the table as CSV, a row for each run."""
        table_to_csv(self.runs, path)

    def save_html(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        replay: bool = False,
        max_bytes: int = 32_000_000,
    ) -> Path:
        """Write the runs as one page that opens without a kernel and without a network.

        The page is as interactive as the live view: curves zoom, and the graph expands. Its slider
        goes over what was logged by step, at most 24 steps of a tag in 3 MB of each panel.

        Args:
            path: The file; one that exists is replaced.
            title: The page's heading.
            replay: Whether the slider goes over the whole run: of all that was logged by step, as
                many steps are kept as `max_bytes` allow. The page and the log say what was left
                out, and how large the file is.
            max_bytes: The most that the file takes with `replay`.

        Returns:
            The file's path.

        Raises:
            ConfigurationError: The file cannot be written, or `max_bytes` are too few.
        """
        from nbviz.session.saved import save_html

        return save_html(
            path,
            PANELS,
            self.subjects,
            title,
            charts=self.charts,
            replay=replay,
            max_bytes=max_bytes,
        )

    def picture(self) -> dict[str, Any]:
        """Return what is saved beside the live view, for readers without a kernel, by MIME type."""
        from nbviz.pictures.saved_view import mime_bundle

        return mime_bundle(self.runs, self.view_id)

    def first_picture(self) -> dict[str, Any]:
        """Return the same without a PNG, which takes long, if another picture follows."""
        from nbviz.pictures.saved_view import mime_bundle

        is_active = any(subject.is_active for subject in self.subjects)
        return mime_bundle(self.runs, self.view_id, with_png=not is_active)

    def drawing(self) -> str:
        """Return the same as SVG, for pages that hold the widget and no picture beside it."""
        from nbviz.pictures.saved_view import MOST_RUNS, render_svg

        return render_svg(self.runs[:MOST_RUNS])

    def _training_here(self) -> Sequence[RecordedRun]:
        return [one.run for one in active_in(self._notebook)]

    def _show_run(self, run: RecordedRun) -> None:
        for one in active_in(self._notebook):
            if one.run is run:  # a trainer has a graph, too
                self.add(one if isinstance(one, Trainer) else run)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(repr(run.name) for run in self.runs)})"


def compare(*runs: Comparable | Iterable[Comparable], **options: Any) -> Dashboard:
    """Show runs beside each other, with a table of what they were made with and came to.

    Args:
        *runs: Runs, trainers, opened runs, dashboards, directories or event files, or lists of
            them. A directory stands for all runs in it and in the folders below.
        **options: As for `Dashboard`.

    Returns:
        The dashboard. `to_pandas` and `table` of it give its table.

    Raises:
        ConfigurationError: There is no run, or something given is none.
    """
    shown = Dashboard(*runs, **options)
    if not shown.subjects:
        raise ConfigurationError("compare needs at least one run; got none.")
    return shown
