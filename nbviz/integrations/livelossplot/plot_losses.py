"""PlotLosses: update and send, shown as live curves."""

from __future__ import annotations

import warnings
from glob import escape
from typing import TYPE_CHECKING, Any, Self

from nbviz.errors import ConfigurationError
from nbviz.integrations.in_cells import CellLog, in_notebook
from nbviz.integrations.livelossplot.history import MainLogger
from nbviz.integrations.livelossplot.outputs import (
    BaseOutput,
    ExtremaPrinter,
    MatplotlibPlot,
    output_of,
)
from nbviz.recording.run import Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_DEFAULT = ("MatplotlibPlot", "ExtremaPrinter")


class PlotLosses(CellLog):
    """Collects metrics, which the cell shows live from the first `update` on.

    Args:
        outputs: Where `send` sends to: names of livelossplot's, for which the live view stands, or
            objects with a method `send(logger)`.
        mode: "notebook" or "script"; found by itself if None.
        figsize: Taken, and not needed: the view fits the cell.
        dir: Where event files are written; None writes none.
        **kwargs: As for `MainLogger`: `groups`, `from_step`, `metric_to_name` …

    Attributes:
        logger: All that was logged.
        outputs: Where `send` sends to.
        run: The same as an `nbviz.Run`.

    Raises:
        ConfigurationError: There is no such output or mode.
    """

    def __init__(
        self,
        outputs: Sequence[Any] = _DEFAULT,
        mode: str | None = None,
        figsize: tuple[int, int] | None = None,
        *,
        dir: str | Path | None = None,  # noqa: A002
        **kwargs: Any,
    ) -> None:
        del figsize
        super().__init__(Run("losses", dir=dir))
        self.logger = MainLogger(**kwargs)
        if self.logger.groups:  # each is one chart
            patterns = [
                tuple(escape(f"{group}/{metric}") for metric in metrics)
                for group, metrics in self.logger.groups.items()
                if metrics
            ]
            self._view_options = {"charts": patterns}
        self.outputs: list[BaseOutput] = [output_of(one) for one in outputs]
        self._mode = mode or ("notebook" if in_notebook() else "script")
        for output in self.outputs:
            output.set_output_mode(self._mode)

    def update(self, logs: Mapping[str, float], current_step: int | None = None) -> None:
        """Add a value of each metric; also a point at which Pause and Stop act.

        Args:
            logs: Metrics to numbers.
            current_step: Their step; the next one if None.

        Raises:
            LoggingError: A value is no number; the others are kept.
        """
        if self._attention:
            self._attend()
        self.logger.update(logs, current_step)
        values = {self._tag(metric): value for metric, value in logs.items()}
        self.run.log(values, max(0, self.logger.current_step))

    def send(self) -> None:
        """Hand all that was logged to the outputs; the live view has it already."""
        for output in self.outputs:
            output.send(self.logger)

    def draw(self) -> None:
        """Do what `send` does, under its older name."""
        warnings.warn(
            "draw will be deprecated, please use send", PendingDeprecationWarning, stacklevel=2
        )
        self.send()

    def reset_outputs(self) -> Self:
        """Take all outputs away; returns itself."""
        self.outputs = []
        return self

    def to_matplotlib(self, **kwargs: Any) -> Self:
        """Add the output for which the live view stands; returns itself."""
        return self._add(MatplotlibPlot(**kwargs))

    def to_bokeh(self, **kwargs: Any) -> Self:
        """Add the output for which the live view stands; returns itself."""
        return self._add(MatplotlibPlot(**kwargs))

    def to_extrema_printer(self, **kwargs: Any) -> Self:
        """Add an output that prints lowest and highest values in a script; returns itself."""
        return self._add(ExtremaPrinter(**kwargs))

    def to_tensorboard(self, **kwargs: Any) -> Self:
        """Not served.

        Raises:
            ConfigurationError: Always; it says what to use.
        """
        raise ConfigurationError(
            f"PlotLosses(dir=…) writes event files for TensorBoard, got {kwargs!r} for an output."
        )

    def _add(self, output: BaseOutput) -> Self:
        output.set_output_mode(self._mode)
        self.outputs.append(output)
        return self

    def _tag(self, metric: str) -> str:
        """Return the run's tag of a metric, by which charts put metrics together."""
        for group, metrics in self.logger.groups.items():
            if metric in metrics and not self.logger.auto_generate_groups:
                return f"{group}/{metric}"
        base, of = self.logger.base_of(metric)
        return f"{base}/val" if of == "validation" else base
