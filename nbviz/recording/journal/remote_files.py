"""Event files of another file system, such as a bucket, as local ones that grow with them."""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from nbviz.errors import ConfigurationError, MissingDependencyError
from nbviz.recording.journal.run_files import PATTERN

_PART = 1 << 24  # bytes fetched at once


def is_remote(path: str) -> bool:
    """Whether a path names a file system, as `s3://bucket/runs` does."""
    return "://" in path


class RemoteFiles:
    """Copies the event files below a path, as far as they have been written.

    Args:
        path: Such as `s3://bucket/runs` or `gs://bucket/runs`; whatever fsspec knows.

    Attributes:
        folder: Where the copies are, in the same folders; it goes with the object.

    Raises:
        MissingDependencyError: fsspec is not installed.
        ConfigurationError: fsspec does not know the path's file system.
    """

    def __init__(self, path: str) -> None:
        try:
            fsspec: Any = importlib.import_module("fsspec.core")
        except ImportError:
            raise MissingDependencyError("fsspec") from None
        try:
            self._files, root = fsspec.url_to_fs(path)
        except (ImportError, ValueError) as error:  # a package of its own; an unknown protocol
            raise ConfigurationError(f"{path!r} cannot be opened: {error}") from None
        self._root = PurePosixPath(root)
        self._directory = tempfile.TemporaryDirectory(prefix="nbviz-")
        self.folder = Path(self._directory.name) / (self._root.name or "runs")

    def fetch(self) -> None:
        """Fetch what has been written since the last time.

        Raises:
            OSError: The file system does not answer, or refuses.
        """
        self._files.invalidate_cache()
        found: dict[str, Any] = self._files.find(str(self._root), detail=True)
        for name, about in sorted(found.items()):
            path = PurePosixPath(name)
            if path.match(PATTERN):
                inside = path.relative_to(self._root) if path != self._root else path.name
                self._copy(name, self.folder / inside, int(about.get("size") or 0))

    def _copy(self, name: str, to: Path, size: int) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        with to.open("ab") as file:
            while (known := file.tell()) < size:
                part: bytes = self._files.cat_file(name, start=known, end=min(size, known + _PART))
                if not part:
                    return
                file.write(part)
