"""The exceptions that nbviz raises.

NbvizError
├── ConfigurationError (ValueError)    an argument that cannot work
├── LoggingError (ValueError)          a tag, step or value that cannot be recorded
│   └── ReadOnlyError (AttributeError) a run that was read from files
├── CommandError (ValueError)          a command that cannot be applied
├── RunActiveError (RuntimeError)      the call needs a run that has ended
├── RunInactiveError (RuntimeError)    the call needs a run that is active
├── TrainingError (RuntimeError)       training failed; the cause is chained
├── CheckpointError (RuntimeError)     a state that cannot be kept, read or restored
│   └── NotPutBackError                a run that could not be set to where it was
├── TraceError (RuntimeError)          a model that cannot be traced
├── DatasetError (RuntimeError)        data that are not there and cannot be fetched
└── MissingDependencyError (ImportError)

StopTraining (Exception)               raised by a callback to end the run
RunStopped (BaseException)             leaves a loop whose run was stopped
"""

from __future__ import annotations

import contextlib
import importlib
import threading
from typing import Any

_NONE = object()
_SHOWN = 60  # characters of a value in a message


def describe(error: BaseException) -> str:
    """Return an error's type and message in one line; its own `__str__` may fail."""
    return f"{type(error).__name__}: {text_of(error)}"


def text_of(value: object) -> str:
    """Return `str(value)`, or a sentence in its place where that fails: the code is not ours."""
    try:
        return str.__str__(str(value))  # no subclass, with methods of its own
    except BaseException as error:
        is_interrupt = isinstance(error, KeyboardInterrupt)
        if is_interrupt and threading.current_thread() is threading.main_thread():
            raise  # the kernel's, in the middle of it
        return f"(its text cannot be shown: its __str__ raised {type(error).__name__})"


def repr_of(value: object) -> str:
    """Return the beginning of `repr(value)`, which may fail, for a message."""
    try:
        text = str.__str__(repr(value))
    except Exception:  # noqa: BLE001  a user's broken repr must not hide our message
        text = "that cannot be shown"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def attribute_of(thing: object, name: str, default: Any = None) -> Any:
    """Return an object's attribute; the default if it has none, or if its own code fails.

    A property may read a file that is not there, and a `__getattr__` may raise a KeyError.
    """
    try:
        return getattr(thing, name, default)
    except Exception:  # noqa: BLE001  whatever a user's code raises
        return default


def has_attribute(thing: object, name: str) -> bool:
    """Return whether an object has an attribute, as `attribute_of` reads it."""
    return attribute_of(thing, name, _NONE) is not _NONE


def add_note(error: BaseException, note: str) -> None:
    """Add a note to an error, if its class lets us: it is raised whatever becomes of the note."""
    with contextlib.suppress(Exception):
        error.add_note(note)


class NbvizError(Exception):
    """Base of every error that nbviz raises."""


class ConfigurationError(NbvizError, ValueError):
    """An argument has a value that cannot work."""


class LoggingError(NbvizError, ValueError):
    """A tag, a step or a value cannot be recorded."""


class ReadOnlyError(LoggingError, AttributeError):
    """A run that was read from files cannot be logged to; `hasattr` says so, too."""


class CommandError(NbvizError, ValueError):
    """A command, or one of its arguments, cannot be applied."""


class RunActiveError(NbvizError, RuntimeError):
    """The call needs the run to have ended, and it is still active."""


class RunInactiveError(NbvizError, RuntimeError):
    """The call needs an active run, and there is none."""


class TrainingError(NbvizError, RuntimeError):
    """Training ended with an error, which is chained as the cause."""


class CheckpointError(NbvizError, RuntimeError):
    """A run's state cannot be kept, written, read, or restored here."""


class NotPutBackError(CheckpointError):
    """A run could not be set to where it was; the message says where it is."""


class TraceError(NbvizError, RuntimeError):
    """A model cannot be traced with the inputs given.

    Attributes:
        graph: What the model did before its error, the boxes in which it failed marked; None if it
            was not called. `nbviz.graph(error.graph)` shows it.
        summary: The same as a table; None unless `nbviz.summary` raised the error.
    """

    graph: Any = None
    summary: Any = None


class DatasetError(NbvizError, RuntimeError):
    """A data set is not where it should be, and cannot be downloaded."""


class MissingDependencyError(NbvizError, ImportError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str = "") -> None:
        what = f'"nbviz[{extra}]"' if extra else package
        super().__init__(
            f"This needs the package {package}. Install it with: pip install {what}", name=package
        )


def optional_module(package: str, extra: str = "") -> Any:
    """Import a package of the same name that need not be installed.

    Raises:
        MissingDependencyError: It is not installed; the message has the command, with the extra of
            nbviz that it belongs to.
    """
    try:
        return importlib.import_module(package)
    except ImportError:
        raise MissingDependencyError(package, extra) from None


class StopTraining(Exception):  # noqa: N818  it is no error
    """Raise it in a callback, or in `training_step`, to end the run there; its text is logged."""


class RunStopped(BaseException):
    """Leaves the user's loop after its run was stopped from the dashboard.

    It is no `Exception`, so that a loop's own `except Exception` does not swallow it.
    """

    def _render_traceback_(self) -> list[str]:
        """Tell IPython to show one line in place of a traceback."""
        return [str(self) or "The run was stopped."]
