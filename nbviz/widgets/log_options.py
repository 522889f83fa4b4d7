"""The options of `%nbviz`: its own, and those of `%tensorboard`, which it accepts."""

from __future__ import annotations

import difflib
import shlex
from dataclasses import dataclass, field

from nbviz.errors import ConfigurationError

_USAGE = "%nbviz --logdir runs"
_OWN = ("logdir", "logdir_spec", "panels", "arrangement", "reload_interval")
# Of TensorBoard's server, its pages and its way to read files.
_UNUSED = (
    *("host", "port", "path_prefix", "window_title", "max_reload_threads", "reload_task"),
    *("samples_per_plugin", "reload_multifile", "reload_multifile_inactive_secs"),
    *("purge_orphaned_data", "load_fast", "grpc_data_provider", "grpc_creds_type"),
    *("extra_data_server_flags", "generic_data", "db", "db_import", "inspect", "tag"),
    *("event_file", "debugger_port", "debugger_data_server_grpc_port", "max_step_jump"),
    *("detect_file_replacement", "master_tpu_unsecure_channel", "version_tb", "verbosity"),
    *("whatif-use-unsafe-custom-prediction", "whatif-data-dir"),
)
_FLAGS = ("bind_all", "inspect", "version_tb")
_SHORT = {"l": "logdir", "p": "panels"}


@dataclass(slots=True)
class LogOptions:
    """What a line of `%nbviz` asks for.

    Attributes:
        directories: Names, which may be empty, and paths.
        panels: As for `Dashboard`.
        arrangement: As for `Dashboard`.
        reload_seconds: How often new runs are looked for.
        unused: Options that only TensorBoard's server has a use for.
    """

    directories: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    panels: list[str] | None = None
    arrangement: str = "screen"
    reload_seconds: float = 5.0
    unused: list[str] = field(default_factory=list[str])


def read_options(line: str) -> LogOptions:
    """Read the line after `%nbviz`.

    Raises:
        ConfigurationError: An option is unknown or lacks its value, or there is no directory.
    """
    options = LogOptions()
    words = shlex.split(line)
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            options.directories.append(("", word))
            continue
        name, has_value, value = word.lstrip("-").partition("=")
        name = _SHORT.get(name, name)
        if name not in (*_OWN, *_UNUSED, *_FLAGS):
            raise ConfigurationError(_unknown(word.partition("=")[0], name))
        if not has_value and name not in _FLAGS:
            if not words or words[0].startswith("--"):
                raise ConfigurationError(f"%nbviz: --{name} needs a value, such as in {_USAGE}.")
            value = words.pop(0)
        _take(options, name, value)
    if not options.directories:
        raise ConfigurationError(f"%nbviz needs a directory of event files, such as {_USAGE}.")
    return options


def _take(options: LogOptions, name: str, value: str) -> None:
    if name == "logdir":
        options.directories.append(("", value))
    elif name == "logdir_spec":
        for part in value.split(","):
            label, colon, path = part.partition(":")
            options.directories.append((label, path) if colon else ("", label))
    elif name == "panels":
        options.panels = value.split(",")
    elif name == "arrangement":
        options.arrangement = value
    elif name == "reload_interval":
        try:
            seconds = float(value)
        except ValueError:
            seconds = float("nan")
        if not seconds >= 0:
            raise ConfigurationError(
                f"%nbviz: --reload_interval must be seconds, at least 0; got {value!r}."
            )
        options.reload_seconds = max(1.0, seconds)
    else:
        options.unused.append(f"--{name}")


def _unknown(given: str, name: str) -> str:
    near = difflib.get_close_matches(name, (*_OWN, *_UNUSED, *_FLAGS), n=1)
    if near:
        return f"%nbviz has no option {given}; did you mean --{near[0]}?"
    return f"%nbviz has no option {given}; it has {', '.join(f'--{one}' for one in _OWN)}."
