"""Writer: where a SummaryWriter logs to, in which cells that shows, and when it is over."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from typing import TYPE_CHECKING, Any, Self

from nbviz.integrations.in_cells import CellLog
from nbviz.integrations.tensorboard.values import check_tag, whole
from nbviz.recording.progress import Steps
from nbviz.recording.scalars.inbox import Inbox
from nbviz.recording.scalars.plain_calls import PlainCalls
from nbviz.training.commands import Control

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType

    from nbviz.integrations.tensorboard.logs import LogDirectory
    from nbviz.recording.media.store import MediaKind


_NO_CALLS = PlainCalls(Inbox(Steps()), Control(), 0)
"""In place of the run's, where each call has to look up: it knows no tag."""


class Writer(CellLog):
    """Logs to the run of a directory, and shows it in the cells that log.

    Args:
        directory: What the writers of one directory share.
        log_dir: The directory as its user calls it.
        show: Whether cells that log show a dashboard.

    Attributes:
        log_dir: The directory.
    """

    def __init__(self, directory: LogDirectory, log_dir: str, *, show: bool) -> None:
        super().__init__(directory.run, show=show)
        self.log_dir = log_dir
        self._directory = directory
        self._is_closed = False

    @property
    def file_writer(self) -> Self | None:
        """Itself until it is closed, as code asks that was written for torch's; None afterwards."""
        return None if self._is_closed else self

    def get_logdir(self) -> str:
        """Return the directory of the event files."""
        return self.log_dir

    def flush(self) -> None:
        """Have all that was added so far written."""
        if self.run.journal is not None:
            self.run.journal.flush()

    def close(self) -> None:
        """Have all that was added written; more can still be added."""
        self._leave(is_complete=True)
        self._is_closed = True
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if error is not None:
            self.run.finish(error)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.log_dir!r})"

    def _set_attention(self, *, is_needed: bool) -> None:
        super()._set_attention(is_needed=is_needed)
        # Not by the argument: another thread may have said something else since.
        looks_up = self._attention or self._serves
        self._calls = _NO_CALLS if looks_up else self.run.plain_calls

    def _begin(self) -> None:
        super()._begin()
        self._is_closed = False

    def _add_scalar(self, tag: str, value: Any, global_step: Any, walltime: float | None) -> None:
        """Record a number of any kind, and show the run in the cell that logs it."""
        if self._attention:
            self._attend_to(self._record_scalar, tag, value, global_step, walltime)
        else:
            self._record_scalar(tag, value, global_step, walltime)
        if self._serves:
            self._serve()

    def _record_scalar(
        self, tag: str, value: Any, global_step: Any, walltime: float | None
    ) -> None:
        check_tag(tag)
        step, wall_time = self._step(tag, global_step), self._wall_time(walltime)
        if wall_time is not None:
            self.run.record({tag: value}, step, wall_time)
        elif not self.run.plain_calls.put_one(tag, value, step):
            self.run.log({tag: value}, step)

    def _step(self, tag: str, global_step: Any) -> int:
        return self._directory.count(tag) if global_step is None else whole(global_step)

    def _wall_time(self, walltime: float | None) -> float | None:
        return walltime

    @contextlib.contextmanager
    def _media(
        self, kind: MediaKind, tag: str, global_step: Any, walltime: float | None
    ) -> Generator[tuple[str, int]]:
        """Yield the tag and the step at which something is logged."""
        check_tag(tag)
        self._attend()
        step = self._step(tag, global_step)
        with self.run.dated(self._wall_time(walltime)):
            yield self._directory.tag_of(tag, kind), step
        if self._serves:
            self._serve()


def default_directory(comment: str) -> str:
    """Return the directory that a writer uses which is told none."""
    now = time.strftime("%b%d_%H-%M-%S")
    return os.path.join("runs", f"{now}_{socket.gethostname()}{comment}")  # noqa: PTH118
