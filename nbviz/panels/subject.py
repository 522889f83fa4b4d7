"""What a session shows: a run, a model's graph, or both."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbviz.pictures.graph_levels import Levels
    from nbviz.recording.recorded_run import RecordedRun
    from nbviz.recording.run import Run


class GraphSource(Protocol):
    """Where a model's graph comes from; it may have to be traced first."""

    def ask(self, answer: Callable[[Levels | Exception], None], /) -> None:
        """Call `answer` with the graph or with the error that prevents it, now or later."""
        ...


@dataclass(slots=True, eq=False)
class Subject:
    """One thing that a session shows. Each panel takes from it what it draws.

    Attributes:
        run_id: What pages call it. A graph without a run has an id of its own.
        name: What it is called.
        run: The run; None where there is only a graph.
        graph: The graph of the run's model, or the graph alone; None where there is none.
        is_earlier: The cell made it when it ran before, or before it was rewound: drawn grey, and
            let go when the cell runs again.
        is_kept: It was one, and a reader has kept it: one of those that are compared.
    """

    run_id: str
    name: str
    run: RecordedRun | None = None
    graph: GraphSource | None = None
    is_earlier: bool = False
    is_kept: bool = False

    @staticmethod
    def of_run(
        run: RecordedRun,
        graph: GraphSource | None = None,
        *,
        is_earlier: bool = False,
        is_kept: bool = False,
    ) -> Subject:
        """Return a run, perhaps with the graph of its model."""
        return Subject(run.run_id, run.name, run, graph, is_earlier, is_kept)

    def keep(self) -> None:
        """Make an earlier run one of those that are compared."""
        self.is_kept = self.is_kept or self.is_earlier
        self.is_earlier = False

    @staticmethod
    def of_graph(levels: Levels) -> Subject:
        """Return a graph without a run."""
        name = levels.level("")["title"]
        return Subject(uuid.uuid4().hex[:12], name, None, _KnownGraph(levels))

    @property
    def is_active(self) -> bool:
        """Whether something new may come at any time."""
        return self.run is not None and self.run.is_active

    def drain(self, *, wait: bool = True) -> None:
        """Take in what has been recorded; may wait for a file.

        Args:
            wait: Wait for what is on its way from a device, too; else that stays for later.
        """
        if self.run is not None and wait:
            self.run.drain()
        elif self.run is not None:
            self.run.drain_ready()


@dataclass(frozen=True, slots=True)
class _KnownGraph:
    levels: Levels

    def ask(self, answer: Callable[[Levels | Exception], None], /) -> None:
        answer(self.levels)


def left_for_the_next(run: Run, shown: Sequence[Subject]) -> list[Subject]:
    """Return what the view of a cell that runs again is to show beside its new run.

    That is the run that has just been ended, in grey until a reader keeps or dismisses it, and the
    earlier ones that a reader has kept. All others are let go.

    Args:
        run: What the cell made; it is steered no more.
        shown: What its view showed.
    """
    kept = [
        Subject.of_run(subject.run, is_kept=True)
        for subject in shown
        if subject.is_kept and subject.run is not None
    ]
    if not run.meter.started_at:
        return kept
    run.leave_trainer()
    return [*kept, Subject.of_run(run, is_earlier=True)]
