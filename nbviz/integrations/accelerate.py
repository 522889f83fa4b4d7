"""A tracker for Accelerate; importing this makes `Accelerator(log_with="nbviz")` known."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbviz.errors import NbvizError
from nbviz.integrations.in_cells import CellLog
from nbviz.integrations.peers import require
from nbviz.recording.current import run_around
from nbviz.recording.recorder import note_refusal
from nbviz.recording.run import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NbvizTracker"]

_tracking: Any = require("accelerate", "0.20", "accelerate.tracking")
_GeneralTracker: Any = _tracking.GeneralTracker


class NbvizTracker(_GeneralTracker):
    """Records what `accelerator.log` is given in a run, which the cell shows live.

    The first process records. In a loop of one process its `log` calls are points at which Pause,
    Step and Stop act; `tracker.run.steer(optimizer)` lets the learning rate be set, too.

    Args:
        run_name: What the run is called.
        logging_dir: Where event files are written, in a folder of the run's name; None writes none.
        run: The run to record in, in place of one of its own.
        show: Whether the cell shows a run of its own.

    Raises:
        MissingDependencyError: Accelerate is not installed.
    """

    name = "nbviz"
    requires_logging_directory = False
    main_process_only = True

    def __init__(
        self,
        run_name: str,
        logging_dir: str | Path | None = None,
        *,
        run: Run | None = None,
        show: bool = True,
    ) -> None:
        super().__init__()
        self.run_name = run_name
        around = run or run_around()
        self._is_own = not isinstance(around, Run)
        folder = None if logging_dir is None else Path(logging_dir) / run_name
        self.run = around if isinstance(around, Run) else Run(run_name, dir=folder)
        self._cells = CellLog(self.run, show=show and self._is_own)
        self._refused: set[str] = set()

    @property
    def tracker(self) -> Run:
        """The run."""
        return self.run

    def store_init_configuration(self, values: Mapping[str, Any]) -> None:
        """Add hyper-parameters to the run's config."""
        try:
            self.run.update_config(values)
        except NbvizError as error:
            self.run.note(f"hyper-parameters not recorded: {error}", "warning")

    def log(self, values: Mapping[str, Any], step: int | None = None, **kwargs: Any) -> None:
        """Record numbers, texts, and mappings of numbers.

        Args:
            values: Tag to value.
            step: The step; the next one if None.
            **kwargs: Taken, and not needed.

        Raises:
            RunStopped: The run was stopped from the dashboard.
        """
        del kwargs
        self._cells.attend()
        texts = {tag: value for tag, value in values.items() if isinstance(value, str)}
        numbers = {tag: value for tag, value in values.items() if tag not in texts}
        try:
            for tag, text in texts.items():
                self.run.log_text(tag, text, step)
            if _is_alone():
                self.run.log(numbers, step)
            else:  # the others would wait for this process for ever
                self.run.record(numbers, step)
        except NbvizError as error:
            note_refusal(self.run, error, self._refused)

    def log_images(self, values: Mapping[str, Any], step: int | None = None, **kwargs: Any) -> None:
        """Record images, as for `Run.log_images`.

        Args:
            values: Tag to images.
            step: The step; the newest if None.
            **kwargs: As for `Run.log_images`.
        """
        self._cells.attend()
        for tag, images in values.items():
            try:
                self.run.log_images(tag, list(images), step, **kwargs)
            except NbvizError as error:
                note_refusal(self.run, error, self._refused)

    def finish(self) -> None:
        """End the run."""
        if self._is_own:
            self.run.finish()
        if self.run.journal is not None:  # what came after a stop, too
            self.run.drain_media()
            self.run.journal.flush()


def _is_alone() -> bool:
    return require("accelerate", "0.20").PartialState().num_processes == 1


def _register() -> None:
    """Make `log_with="nbviz"` known; an older Accelerate is given the tracker itself."""
    register = getattr(_tracking, "register_tracker_class", None)
    if register is not None:
        with contextlib.suppress(ValueError):
            register(NbvizTracker)


_register()
