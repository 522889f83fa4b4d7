"""LogDirectory: one run for all writers of a directory, of this process."""

from __future__ import annotations

import os
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from nbviz.recording.journal.source import Place
from nbviz.recording.run import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbviz.recording.media.store import MediaKind

_lock = threading.Lock()
_directories: weakref.WeakValueDictionary[Path, LogDirectory] = weakref.WeakValueDictionary()


class LogDirectory:
    """The run that the writers of one directory log to.

    Courses make a writer for each epoch, with the same directory: it is one run, which goes on.

    Args:
        path: The directory; None writes no files.

    Attributes:
        run: The run.
        counts: Of each tag how many values came without a step; the next one's.
    """

    def __init__(self, path: Path | None, name: str) -> None:
        self.run = Run(name, dir=path)
        self.counts: dict[str, int] = {}
        self.trials: list[Run] = []
        self._kinds: dict[str, MediaKind] = {}

    def count(self, tag: str) -> int:
        """Return the step of a value that comes without one: how many came before it."""
        step = self.counts.get(tag, 0)
        self.counts[tag] = step + 1
        return step

    def tag_of(self, tag: str, kind: MediaKind) -> str:
        """Return the tag under which something is kept: its own, unless that is of another kind.

        TensorBoard shows an embedding and an image of one name in different tabs; here a tag is of
        one kind, so what comes second is `tag/kind`.
        """
        while self._kinds.setdefault(tag, kind) != kind:
            tag = f"{tag}/{kind}"
        return tag

    def separate(
        self, main_tag: str, names: Mapping[str, object], *, nested: bool = False
    ) -> dict[str, str]:
        """Have each of several values of a tag written as TensorBoard compares them.

        It shows one tag of several runs in one chart, so each goes to a file of its own.

        Args:
            main_tag: The tag.
            names: Of the values.
            nested: Whether the files are in `main_tag/name`, as tensorboardX has them, and not in
                `main_tag_name`, as PyTorch has.

        Returns:
            The tag in the run by the value's name.
        """
        tags: dict[str, str] = {}
        for name in names:
            tag = tags[name] = f"{main_tag}/{name}"
            journal = self.run.journal
            if journal is not None and tag not in journal.places:
                folder = _below(tag) if nested else f"{main_tag.replace('/', '_')}_{name}"
                journal.places[tag] = Place(folder, main_tag)
        return tags


def directory_of(path: str | Path | None, *, anew: bool = False) -> LogDirectory:
    """Return what the writers of a directory share.

    Args:
        path: The directory; None for one that is nowhere.
        anew: Begin another run, though an earlier one of this directory is kept.
    """
    if path is None:
        return LogDirectory(None, "log")
    absolute = Path(path).absolute()
    with _lock:
        known = _directories.get(absolute)
        if known is None or anew:
            known = _directories[absolute] = LogDirectory(absolute, _name_of(absolute))
        return known


def _begin_anew() -> None:
    """After a fork, in the child: the runs are the parent's, and another thread had the lock."""
    global _directories, _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _directories = weakref.WeakValueDictionary()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def _below(tag: str) -> str:
    """Return a folder that is nowhere but below the directory."""
    return "/".join(part for part in tag.split("/") if part not in ("", ".", "..")) or "scalars"


def _name_of(path: Path) -> str:
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.name
