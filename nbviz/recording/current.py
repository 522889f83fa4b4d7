"""The run that `nbviz.log` writes to."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any, Protocol

from nbviz.errors import LoggingError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from contextvars import Context


class Loggable(Protocol):
    """What `nbviz.log` can write to: a run."""

    def log(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Record scalars."""
        ...


_current: ContextVar[Loggable | None] = ContextVar("nbviz_run", default=None)
_fallback: list[Loggable] = []


@contextlib.contextmanager
def as_current(run: Loggable) -> Generator[None]:
    """Make `run` the one that `nbviz.log` writes to, in this context.

    Threads that the context starts do not inherit it; they use the run made current last.
    """
    token = _current.set(run)
    _fallback.append(run)
    try:
        yield
    finally:
        _current.reset(token)
        _fallback.remove(run)


def run_around() -> Loggable | None:
    """Return the run whose block, or `%%live` cell, the present code is in; None outside."""
    return _current.get()


def context_without_run() -> Context:
    """Return a copy of this context for a thread that outlives the current run.

    A copy of the context as it is would keep the run alive, and with it a trainer and its model.
    """
    context = copy_context()
    context.run(_current.set, None)
    return context


def current_run() -> Loggable:
    """Return the run that `nbviz.log` writes to.

    Raises:
        LoggingError: There is none.
    """
    run = _current.get() or (_fallback[-1] if _fallback else None)
    if run is None:
        raise LoggingError(
            "nbviz.log was called outside a run. Put %%live at the top of the cell, or make a run: "
            'run = nbviz.Run("my loop"), then run.log(…).'
        )
    return run


def log(values: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
    """Record scalars in the current run: that of the `%%live` cell, of `with run:` or of `init`.

    Args:
        values: Tag to number, or to a tensor with one element; nested mappings become tags joined
            by slashes. In a run of `init` also images, tables and the like.
        step: The completed step (0 or more); counts up by itself if None.
        commit: In a run of `init`: whether the step is over, so that the next call is of the next.

    Raises:
        LoggingError: There is no current run, a tag, value or step cannot be recorded, or `commit`
            is given in a run that counts calls.
        RunStopped: The run was stopped from the dashboard.
    """
    run = current_run()
    if commit is None:
        run.log(values, step)
        return
    commits = getattr(run, "log_committed", None)
    if commits is None:
        raise LoggingError(
            f"commit={commit!r} is for runs of nbviz.init(…); give this run's values a step=…."
        )
    commits(values, step, commit)
