"""Calls of W&B's that send something away: here they end no training, and say what to use instead.

Files, code and models stay where they are; an alert and a line for the terminal go into the run's
log.
"""

from __future__ import annotations

import io
import uuid
from enum import StrEnum
from functools import partial
from html.parser import HTMLParser
from pathlib import Path, PurePath
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

from nbviz.errors import LoggingError
from nbviz.integrations.refused import not_served
from nbviz.integrations.tracked_values import Loggable

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.protocol.log import LineLevel
    from nbviz.recording.run import Run


class Tracked(Protocol):
    """The run of `init` that calls are of."""

    run: Run
    project: str

    @property
    def shows_in_cells(self) -> bool:
        """Whether cells that log show it."""
        ...

    def attend(self) -> None:
        """Show it in the running cell, if it does not yet."""
        ...

    def refuse(self, error: Exception) -> None:
        """Say in the run's log what was not done."""
        ...

    def finish(self, exit_code: int | None = None) -> None:
        """End it."""
        ...


class AlertLevel(StrEnum):
    """How urgent an alert is."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


_LEVELS: dict[str, LineLevel] = {"INFO": "info", "WARN": "warning", "ERROR": "error"}


def _alert(
    run: Tracked, title: str, text: str = "", level: str | None = None, **options: object
) -> None:
    del options
    said = f"{title}: {text}" if text else str(title)
    run.run.note(said, _LEVELS.get(str(level or "INFO").upper(), "warning"))


def _leave_out(name: str, run: Tracked, /, *given: Any, **options: Any) -> Any:
    """Say that a call does nothing here; returns what it was given, as `log_artifact` does."""
    del options
    run.refuse(not_served(name, ""))
    return given[0] if given and isinstance(given[0], Artifact) else None


def _save(run: Tracked, *files: Any, **options: Any) -> list[str]:
    """Nothing to do for a run, which is kept as it comes; files are not kept elsewhere."""
    if files or options:
        _leave_out("save", run)
    return []


def _log_artifact(run: Tracked, artifact: Any = None, *given: Any, **options: Any) -> Any:
    _leave_out("log_artifact", run, *given, **options)
    return artifact if isinstance(artifact, Artifact) else Artifact(str(artifact), "")


def _finish(run: Tracked, exit_code: int | None = None, **options: object) -> None:
    del options
    run.finish(exit_code)


def _display(run: Tracked, *size: object, **options: object) -> bool:
    del size, options
    run.attend()
    return run.shows_in_cells


def _name_of_project(run: Tracked) -> str:
    return run.project


def _no_address(run: Tracked) -> None:
    del run


def _write_logs(run: Tracked, text: Any = "", *rest: Any, **options: Any) -> None:
    del rest, options
    run.run.note(str(text), "print")


OF_RUNS: dict[str, Callable[..., Any]] = {
    **{
        name: partial(_leave_out, name)
        for name in ("link_artifact", "link_model", "log_code", "log_model", "mark_preempting")
    },
    "alert": _alert,
    "display": _display,
    "finish_artifact": _log_artifact,
    "get_project_url": _no_address,
    "get_url": _no_address,
    "join": _finish,
    "log_artifact": _log_artifact,
    "project_name": _name_of_project,
    "save": _save,
    "upsert_artifact": _log_artifact,
    "write_logs": _write_logs,
}
"""Calls of a run, by name; each takes the run first."""


class Artifact:
    """Takes what W&B's is given, and keeps none of it.

    Args:
        name: What it is called.
        type: Such as "model".
        description: What is said of it.
        metadata: More of it.
        **options: Taken, and not needed.
    """

    def __init__(
        self,
        name: str,
        type: str,  # noqa: A002
        description: str | None = None,
        metadata: dict[str, Any] | None = None,
        **options: object,
    ) -> None:
        del options
        self.name, self.type = name, type
        self.description, self.metadata = description, dict(metadata or {})
        self.aliases: list[str] = []
        self.version = "v0"

    def add(self, *given: Any, **options: Any) -> None:
        """Do nothing; `log_artifact` says so."""

    add_file = add_dir = add_reference = remove = finalize = save = delete = link = add

    def new_file(self, *given: Any, mode: str = "w", **options: Any) -> io.IOBase:
        """Return a file that is not kept."""
        del given, options
        return io.BytesIO() if "b" in mode else io.StringIO()

    def wait(self, timeout: float | None = None) -> Artifact:
        """Return itself: nothing is sent."""
        del timeout
        return self

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"{name!r} of an Artifact of W&B is not served; keep files where you want them."
        )


class Unshown(Loggable):
    """A value of a kind that is not shown, which logging it says."""

    def __init__(self, name: str, /, *given: Any, **options: Any) -> None:
        del given, options
        self._name = name

    def log_to(self, run: Run, tag: str, step: int | None) -> None:
        """Record nothing.

        Raises:
            LoggingError: Always.
        """
        del run, step
        raise LoggingError(f"{tag!r}: {not_served(self._name, '')}")


class Html(Loggable):
    """A page among the values of a log call: its text is shown. Nothing of it runs.

    Args:
        data: HTML, the path of a file ending in ".html", or an open file.
        inject: Taken, and not needed.
        data_is_not_path: Whether a text that ends in ".html" is no path.

    Raises:
        LoggingError: The file cannot be read.
    """

    def __init__(self, data: Any, inject: bool = True, data_is_not_path: bool = False) -> None:
        del inject
        is_path = isinstance(data, PurePath) or (
            isinstance(data, str) and data.endswith(".html") and not data_is_not_path
        )
        try:
            page: Any = Path(data).read_text("utf-8") if is_path else data
        except OSError as error:
            raise LoggingError(f"Html cannot read the file {str(data)!r}: {error}.") from error
        self.html = str(page.read()) if hasattr(page, "read") else str(page)

    def log_to(self, run: Run, tag: str, step: int | None) -> None:
        """Record its text."""
        reader = _Text()
        reader.feed(self.html)
        reader.close()
        run.log_text(tag, reader.text, step)


class _Text(HTMLParser):
    """Reads the text of a page, without scripts and styles, as lines."""

    _BREAKS = frozenset(("br", "div", "h1", "h2", "h3", "h4", "li", "p", "pre", "table", "tr"))

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._hidden = 0

    @property
    def text(self) -> str:
        """What was read."""
        lines = (" ".join(line.split()) for line in "".join(self._parts).splitlines())
        return "\n\n".join(line for line in lines if line)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a line begins, and what is no text."""
        del attrs
        self._hidden += tag in ("script", "style")
        self._parts.append("\n" if tag in self._BREAKS else " " if tag in ("td", "th") else "")

    def handle_endtag(self, tag: str) -> None:
        """Note where it ends."""
        self._hidden = max(0, self._hidden - (tag in ("script", "style")))
        self._parts.append("\n" if tag in self._BREAKS else "")

    def handle_data(self, data: str) -> None:
        """Take in text."""
        if not self._hidden:
            self._parts.append(data)


def _nothing(*given: Any, **options: Any) -> None:
    del given, options


def _new_id(length: int = 8) -> str:
    return uuid.uuid4().hex[:length]


VALUES: dict[str, Any] = {
    **{
        name: partial(Unshown, name)
        for name in ("EvalTable", "Graph", "JoinedTable", "Molecule", "plot_table")
    },
    **dict.fromkeys(("Classes", "box3d", "require", "setup", "teardown"), _nothing),
    "AlertLevel": AlertLevel,
    "Artifact": Artifact,
    "Html": Html,
    "util": SimpleNamespace(generate_id=_new_id),
}
"""What is under names of the module, where no run is needed for it."""

LINES: dict[str, LineLevel] = {"termerror": "error", "termlog": "print", "termwarn": "warning"}
"""Calls that write a line, with its level in the run's log."""
