"""`%nbviz --logdir runs`: a tree of event files, of any writer, as it grows."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from nbviz.errors import ConfigurationError
from nbviz.recording.journal.remote_files import RemoteFiles, is_remote
from nbviz.recording.journal.run_tree import RunTree
from nbviz.widgets.dashboard import Dashboard
from nbviz.widgets.log_options import read_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.recording.journal.opened import OpenedRun
    from nbviz.widgets.live_view import Arrangement


class LogView(Dashboard):
    """Shows the runs of directories, also those that begin later.

    Args:
        directories: What their runs' names begin with, which may be empty, and their paths.
        panels: As for `Dashboard`.
        arrangement: As for `Dashboard`.
        reload_seconds: How often new runs are looked for; those known are read on each second.

    Raises:
        ConfigurationError: A directory does not exist.
        MissingDependencyError: A path is of another file system, and fsspec is not installed.
    """

    def __init__(
        self,
        directories: Sequence[tuple[str, str]],
        *,
        panels: Sequence[str] | None = None,
        arrangement: Arrangement = "screen",
        reload_seconds: float = 5.0,
    ) -> None:
        self._closing = threading.Event()  # ipywidgets closes what could not be made
        sources = [_Source(name, path) for name, path in directories]
        runs = [run for source in sources for run in source.new_runs()]
        super().__init__(runs, panels=panels, arrangement=arrangement)
        self._follow = (sources, reload_seconds)
        self._begin_following()

    def _begin_following(self) -> None:
        following = (weakref.ref(self), *self._follow, self._closing)
        threading.Thread(target=_follow, args=following, name="nbviz-logdir", daemon=True).start()

    def open(self) -> None:
        """Open it to pages, again if it was closed."""
        if self._closing.is_set():
            self._closing = threading.Event()
            self._begin_following()
        super().open()

    def close(self) -> None:
        """Remove it from all pages, and look for no more runs."""
        self._closing.set()
        super().close()

    def _ipython_display_(self, **_: Any) -> None:
        # As a cell's last line the magic has shown it already.
        if not self.is_shown_here:
            self.show()


class _Source:
    """A directory whose runs are opened as they come; of another file system by copies."""

    def __init__(self, name: str, path: str) -> None:
        self._remote = RemoteFiles(path) if is_remote(path) else None
        root = self._remote.folder if self._remote else Path(path).expanduser()
        if self._remote is None and not root.exists():
            raise ConfigurationError(
                f"{str(root.absolute())!r} does not exist; give a directory of event files, such "
                "as %nbviz --logdir runs."
            )
        self._tree = RunTree(root, name=name or None, prefix=f"{name}/" if name else "")

    def new_runs(self) -> list[OpenedRun]:
        if self._remote is not None:
            self._remote.fetch()
        return self._tree.new_runs() if self._tree.root.exists() else []


def _follow(
    view: weakref.ref[LogView],
    sources: list[_Source],
    seconds: float,
    closing: threading.Event,
) -> None:
    pid = os.getpid()
    while not closing.wait(seconds):
        for source in sources:
            # A directory or a network that does not answer may do so the next time.
            with contextlib.suppress(OSError):
                runs = source.new_runs()
                shown = view()
                if shown is None or os.getpid() != pid:
                    return
                for run in runs:
                    shown.add(run)
                del shown
        if view() is None:
            return


def show_log_view(line: str) -> LogView:
    """Show what a line of `%nbviz` asks for in the running cell, and return the dashboard.

    Raises:
        ConfigurationError: The line cannot be understood, or a directory does not exist.
    """
    options = read_options(line)
    view = LogView(
        options.directories,
        panels=options.panels,
        arrangement=cast("Arrangement", options.arrangement),
        reload_seconds=options.reload_seconds,
    )
    notes: list[str] = []
    if options.unused:
        one = len(options.unused) == 1
        named = ", ".join(options.unused)
        notes.append(f"{named} {'is' if one else 'are'} not used: no server runs.")
    if not view.subjects:
        where = ", ".join(path for _, path in options.directories)
        notes.append(
            f"There are no event files or CSV logs in {where} yet; runs are shown as they begin."
        )
    for note in notes:
        print(note)  # noqa: T201  in the cell, above the view
    view.show()
    return view
