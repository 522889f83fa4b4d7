"""Lightning's TensorBoardLogger: the logger's `experiment` is a SummaryWriter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbviz.integrations.lightning.library import rank_zero_experiment
from nbviz.integrations.lightning.logger import NbvizLogger
from nbviz.integrations.tensorboard.writer import SummaryWriter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbviz.integrations.foreign_loop import ForeignLoop


class TensorBoardLogger(NbvizLogger):
    """Records as `NbvizLogger` does, for code that calls `self.logger.experiment.add_image(…)`.

    Args:
        save_dir: Where event files are written, in `name/version_0` and so on.
        name: Of the experiment; None for no folder of its own.
        version: A number, or a text; the next free one if None.
        log_graph: Whether the model's graph is recorded and shown, if it has an
            `example_input_array`.
        default_hp_metric: Taken, and not needed.
        prefix: Stands before the names of metrics, with a "-".
        show: Whether the cell shows the run.
        **options: Of SummaryWriter; taken, and not needed.
    """

    def __init__(  # noqa: PLR0917  Lightning's order
        self,
        save_dir: str | Path = ".",
        name: str | None = "lightning_logs",
        version: int | str | None = None,
        log_graph: bool = False,
        default_hp_metric: bool = True,
        prefix: str = "",
        *,
        show: bool = True,
        **options: Any,
    ) -> None:
        del default_hp_metric, options
        super().__init__(save_dir, name or "", version, show=show, log_graph=log_graph)
        self._writer: SummaryWriter | None = None
        self._prefix = f"{prefix}-" if prefix else ""

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Record metrics at Lightning's step."""
        super().log_metrics({f"{self._prefix}{tag}": metrics[tag] for tag in metrics}, step)

    @property
    def loop(self) -> ForeignLoop:
        """What records, and carries out commands; made when it is first asked for."""
        if self._loop is not None:
            return super().loop
        # The writer's run is that of its folder: what both log stands in one.
        self._writer = SummaryWriter(self.log_dir, show=False)
        self._given = self._writer.run
        loop = super().loop
        loop.is_own = True
        return loop

    @property
    @rank_zero_experiment
    def experiment(self) -> SummaryWriter | None:
        """The writer."""
        self._experiment = self.loop.run
        return self._writer

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_writer": None}
