"""CommonWriter: what the SummaryWriters of PyTorch and of tensorboardX have alike."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbviz.errors import LoggingError
from nbviz.integrations.in_cells import show_beside, show_graph
from nbviz.integrations.tensorboard.custom_scalars import layout_event, line_chart, margin_chart
from nbviz.integrations.tensorboard.graph_def import graph_event
from nbviz.integrations.tensorboard.media import MediaWriter
from nbviz.integrations.tensorboard.values import check_tag, whole
from nbviz.recording.event_files.messages import hparams_events
from nbviz.recording.run import Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch

    from nbviz.integrations.tensorboard.logs import LogDirectory


class CommonWriter(MediaWriter):
    """A writer of scalars and all else.

    Args:
        directory: What the writers of one directory share.
        log_dir: The directory as its user calls it.
        purge_step: What earlier files of the directory have of this step or later does not count.
        filename_suffix: Ends the file's name.
        show: Whether cells that log show a dashboard.
    """

    _nests = False  # whether the files of add_scalars are in main_tag/name

    def __init__(
        self,
        directory: LogDirectory,
        log_dir: str,
        *,
        purge_step: int | None,
        filename_suffix: str,
        show: bool,
    ) -> None:
        super().__init__(directory, log_dir, show=show)
        self.purge_step, self.filename_suffix = purge_step, filename_suffix
        if self.run.journal is not None:
            self.run.journal.suffix = filename_suffix
            self.run.journal.purged_from = purge_step
        self._tags_of: dict[str, dict[str, str]] = {}
        self._charts: dict[str, dict[str, bytes]] = {}

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: Mapping[str, Any],
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Add several numbers to one chart.

        Each is the series `main_tag/name`, and in the files of TensorBoard's a run of its own.

        Args:
            main_tag: The chart's name.
            tag_scalar_dict: Names to numbers.
            global_step: As for `add_scalar`.
            walltime: As for `add_scalar`.

        Raises:
            LoggingError: As for `add_scalar`, or there is no mapping.
        """
        check_tag(main_tag)
        try:
            given = dict(tag_scalar_dict.items())  # once: another process may hold them
        except (AttributeError, TypeError):
            kind = type(tag_scalar_dict).__name__
            raise LoggingError(
                f"add_scalars takes a mapping of names to numbers, got a {kind}; log one number "
                "with add_scalar."
            ) from None
        self._attend()
        step = self._step(main_tag, global_step)
        known = self._tags_of.setdefault(main_tag, {})
        new = {name: 0 for name in given if name not in known}
        if new:
            known.update(self._directory.separate(main_tag, new, nested=self._nests))
        values = {known[name]: value for name, value in given.items()}
        if walltime is None:
            self.run.log(values, step)
        else:
            self.run.record(values, step, walltime)
        if self._serves:
            self._serve()

    def add_graph(
        self,
        model: torch.nn.Module,
        input_to_model: Any = None,
        verbose: bool = False,
        use_strict_trace: bool = True,
    ) -> None:
        """Add a model's graph, and show it in the cell: boxes that open, with shapes and costs.

        Args:
            model: The model, in the mode in which it is to be shown.
            input_to_model: What its forward takes: a tensor, or a tuple of several.
            verbose: Whether to print the operations, too.
            use_strict_trace: Taken, and not needed: containers of any kind are traced.

        Raises:
            TraceError: The model cannot be run with these inputs.
        """
        from nbviz.inspection.graph.trace.trace import trace

        self._begin()  # the cell shows the graph, and a dashboard once there is something for it
        given: Any = () if input_to_model is None else input_to_model
        graph = trace(model, *(given if isinstance(given, tuple | list) else (given,)))
        if verbose:
            print(graph.to_dot())  # noqa: T201  asked for
        if self.run.journal is not None:
            self.run.journal.add_event(graph_event(time.time(), graph))
        if self._shows and self._is_in_notebook:
            show_graph(graph)

    def add_custom_scalars(self, layout: Mapping[str, Mapping[str, Sequence[Any]]]) -> None:
        """Say which scalars stand in which chart.

        Args:
            layout: Categories to charts by name: ["Multiline", [tags]] or ["Margin", [value, lower,
                upper]].

        Raises:
            LoggingError: It is of another form.
        """
        self._attend()
        for category, charts in layout.items():
            for title, (kind, tags) in charts.items():
                make = line_chart if kind.lower() == "multiline" else margin_chart
                self._charts.setdefault(category, {})[title] = make(title, tags)
        if self.run.journal is not None:
            self.run.journal.add_event(layout_event(time.time(), self._charts))

    def add_custom_scalars_multilinechart(
        self, tags: Sequence[str], category: str = "default", title: str = "untitled"
    ) -> None:
        """Say that some scalars stand in one chart; as `add_custom_scalars`."""
        self.add_custom_scalars({category: {title: ["Multiline", list(tags)]}})

    def add_custom_scalars_marginchart(
        self, tags: Sequence[str], category: str = "default", title: str = "untitled"
    ) -> None:
        """Say that three scalars are a value, its lower and its upper bound."""
        self.add_custom_scalars({category: {title: ["Margin", list(tags)]}})

    def _add_trial(
        self,
        hyperparameters: Mapping[str, Any],
        metrics: Mapping[str, Any],
        name: str | None,
        global_step: int | None,
    ) -> None:
        self._attend()
        name = name or str(time.time())
        folder = None if self.run.journal is None else Path(self.log_dir) / name
        one = Run(name, dir=folder, config=dict(hyperparameters))
        if one.journal is not None:
            known = one.hyperparameters.all
            for event in hparams_events(time.time(), known, list(metrics)):
                one.journal.add_event(event)
        step = 0 if global_step is None else whole(global_step)
        one.log(dict(metrics), step)
        one.finish()
        self._directory.trials.append(one)
        if self._shows and self._is_in_notebook:
            show_beside(self.run, one)
