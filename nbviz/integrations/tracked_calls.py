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
from typing import TYPE_CHECKING, Any

from nbviz.errors import LoggingError
from nbviz.integrations.refused import not_served
from nbviz.integrations.tracked_values import Loggable

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.integrations.experiment import Experiment
    from nbviz.recording.run import Run


class AlertLevel(StrEnum):
    """How urgent an alert is."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


_LEVELS = {"INFO": "info", "WARN": "warning", "ERROR": "error"}


def _alert(
    run: Experiment, title: str, text: str = "", level: str | None = None, **options: object
) -> None:
    del options
    said = f"{title}: {text}" if text else str(title)
    run.run.note(said, _LEVELS.get(str(level or "INFO").upper(), "warning"))  # pyright: ignore[reportArgumentType]


def _leave_out(name: str, run: Experiment, /, *given: Any, **options: Any) -> Any:
    """Say that a call does nothing here; returns what it was given, as `log_artifact` does."""
    del options
    run.refuse(not_served(name, ""))
    return given[0] if given and isinstance(given[0], Artifact) else None


def _save(run: Experiment, *files: Any, **options: Any) -> list[str]:
    """Nothing to do for a run, which is kept as it comes; files are not kept elsewhere."""
    if files or options:
        _leave_out("save", run)
    return []


def _log_artifact(run: Experiment, artifact: Any = None, *given: Any, **options: Any) -> Any:
    _leave_out("log_artifact", run, *given, **options)
    return artifact if isinstance(artifact, Artifact) else Artifact(str(artifact), "")


def _finish(run: Experiment, exit_code: int | None = None, **options: object) -> None:
    del options
    run.finish(exit_code)


def _display(run: Experiment, *size: object, **options: object) -> bool:
    del size, options
    run.attend()
    return run.shows_in_cells


def _name_of_project(run: Experiment) -> str:
    return run.project


def _no_address(run: Experiment) -> None:
    del run


def _write_log(level: str, run: Experiment, text: Any = "", /, *rest: Any, **options: Any) -> None:
    del rest, options
    run.run.note(str(text), level)  # pyright: ignore[reportArgumentType]


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
    "write_logs": partial(_write_log, "print"),
}
"""Calls of a run, by name; each takes the run first."""

_OF_MODULE = (
    *("alert", "join", "link_model", "log_artifact", "log_code", "log_model", "mark_preempting"),
    "save",
)


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


class _Unshown(Loggable):
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


def _say(level: str, string: Any = "", **options: Any) -> None:
    """Write a line of the newest run's log; where there is none, print it."""
    from nbviz.integrations.experiment import newest

    run = newest()
    if run is None:
        print(string)  # noqa: T201  as W&B does
    else:
        _write_log(level, run, string, **options)


def _new_id(length: int = 8) -> str:
    return uuid.uuid4().hex[:length]


def _of_newest(name: str, /, *given: Any, **options: Any) -> Any:
    from nbviz.integrations.experiment import experiment

    return OF_RUNS[name](experiment(), *given, **options)


OF_MODULE: dict[str, Any] = {
    **{name: partial(_of_newest, name) for name in _OF_MODULE},
    **{
        name: partial(_Unshown, name)
        for name in ("EvalTable", "Graph", "JoinedTable", "Molecule", "plot_table")
    },
    **dict.fromkeys(("Classes", "box3d", "require", "setup", "teardown"), _nothing),
    "AlertLevel": AlertLevel,
    "Artifact": Artifact,
    "Html": Html,
    "termerror": partial(_say, "error"),
    "termlog": partial(_say, "print"),
    "termwarn": partial(_say, "warning"),
    "util": SimpleNamespace(generate_id=_new_id),
}
"""Names of the module that code written `import nbviz as wandb` uses, beside those that it has."""
