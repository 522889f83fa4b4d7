"""The run table: a row for each run, with what it was made with and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbviz.panels.panel import Extent, Reply, RunPanel
from nbviz.panels.runs.values import values_of
from nbviz.panels.wire import json_value
from nbviz.protocol import runs as messages
from nbviz.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbviz import protocol
    from nbviz.panels.batch import Batch, SavedBatch
    from nbviz.recording.event_files.hparams import Parameter
    from nbviz.recording.recorded_run import RecordedRun

MOST_NAME = 200  # characters


@dataclass(slots=True)
class RunsEntry:
    """What was sent of a run: which hyper-parameters, tags and values."""

    described: object = None
    origin: object = None
    tags: tuple[str, ...] = ()
    version: int = -1


class RunsPanel(RunPanel[RunsEntry, None]):
    """Runs as the rows of a table."""

    name = "runs"
    assets = ("runs", "lines")
    requests = (messages.RenameRun,)
    least_runs = 2

    def has_content(self, part: RecordedRun) -> bool:
        """Always: each run has a name and a state."""
        del part
        return True

    def entry(self) -> RunsEntry:
        """Return the entry of a page that knows nothing of a run."""
        return RunsEntry()

    def read(self, part: RecordedRun) -> bool:
        """Look at the points that are new; of hundreds of runs that takes several calls."""
        values = values_of(part)
        values.look()
        return not values.is_whole

    def updates(
        self,
        part: RecordedRun,
        entry: RunsEntry,
        batch: Batch,
        extent: Extent[RunsEntry, None],
    ) -> None:
        """Add hyper-parameters and values that have changed."""
        del extent  # all is small, and sent whole
        described, origin = part.hyperparameters.all, part.origin
        if entry.described is not described or entry.origin is not origin:
            entry.described, entry.origin = described, origin
            batch.add(
                {
                    "kind": "run_described",
                    "run_id": part.run_id,
                    "known": _sendable(part.hyperparameters.known),
                    "config": _sendable(part.hyperparameters.config),
                    "origin": "" if origin is None else clean_line(str(origin)),
                }
            )
        values = values_of(part)
        values.find_tags()
        if values.version == entry.version or not values.tags:
            return
        entry.version = values.version
        tags = values.tags
        batch.add(
            {
                "kind": "values_read",
                "run_id": part.run_id,
                "tags": None if tags == entry.tags else list(map(clean_line, tags)),
                "buffer": batch.buffer(values.columns()),
            }
        )
        entry.tags = tags

    def answer(
        self,
        part: RecordedRun,
        request: messages.RenameRun,
        reply: Reply[protocol.core.CommandDone],
    ) -> None:
        """Rename a run."""
        part.rename(clean_line(request["name"])[:MOST_NAME])
        reply.send({"kind": "command_done", **reply.address})

    def saved(self, part: RecordedRun, batch: SavedBatch, limit: float) -> bool:
        """Add what is known now."""
        values_of(part).look_at_all()
        self.updates(part, self.entry(), batch, Extent(limit=limit, full=True))
        return True


def _sendable(parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
    return {clean_line(name): json_value(value) for name, value in parameters.items()}
