"""Runs beside each other: whatever holds runs becomes the subjects of one dashboard."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, cast

from nbviz.errors import ConfigurationError
from nbviz.panels.subject import Subject
from nbviz.recording.journal.open_runs import open_runs
from nbviz.recording.recorded_run import RecordedRun
from nbviz.trainer import Trainer
from nbviz.widgets.live_view import LiveView

if TYPE_CHECKING:
    from collections.abc import Iterator

Comparable = RecordedRun | Trainer | LiveView | str | PathLike[str]
"""What can be shown beside others: a run, a trainer, a dashboard, a directory of event files."""


def subjects_of(given: Comparable | Iterable[Comparable]) -> Iterator[Subject]:
    """Yield what is to be shown of something that holds runs.

    Raises:
        ConfigurationError: It holds none.
    """
    if isinstance(given, RecordedRun):
        yield Subject.of_run(given)
    elif isinstance(given, Trainer):
        yield Subject.of_run(given.run, given.graph)
    elif isinstance(given, LiveView):
        yield from (subject for subject in given.subjects if not subject.is_earlier)
    elif isinstance(given, str | PathLike):
        for run in open_runs(Path(given)):
            yield Subject.of_run(run)
    elif (run := _run_of(given)) is not None:
        yield Subject.of_run(run)
    elif isinstance(given, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        for one in given:
            yield from subjects_of(one)
    else:
        raise ConfigurationError(
            "runs, trainers, dashboards and directories of event files can be shown; got "
            f"{type(cast('object', given)).__name__}."
        )


def _run_of(given: object) -> RecordedRun | None:
    """Return the run of what has one, such as a loop of `nbviz.active()`."""
    run = getattr(given, "run", None)
    return run if isinstance(run, RecordedRun) else None
