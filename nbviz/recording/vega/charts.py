"""Charts of Altair: drawn by a process of their own, which is there as long as this one."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import threading
from typing import Any

from nbviz.errors import CommandError
from nbviz.recording.vega import process


def vega_png(source: str, scale: float) -> bytes:
    """Return a PNG file of a chart.

    Args:
        source: The chart as JSON of Vega-Lite.
        scale: Pixels for one of the chart's.

    Raises:
        CommandError: It cannot be drawn.
    """
    return _drawing(os.getpid()).ask({"chart": json.loads(source), "scale": scale})


@functools.lru_cache(maxsize=1)
def vega_module() -> bytes:
    """Return a JavaScript module, in UTF-8, whose default export is `vegaEmbed`. Takes seconds.

    Raises:
        CommandError: vl-convert could not make it.
    """
    process = _VegaProcess()
    try:
        return process.ask(None)
    finally:
        process.close()


@functools.lru_cache(maxsize=1)
def _drawing(pid: int) -> _VegaProcess:
    """Return what draws charts; after a fork the child's is another one."""
    del pid
    return _VegaProcess()


class _VegaProcess:
    """Answers one request after another; begun with the first, and again where it has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: Any) -> bytes:
        """Return what `process.made` returns.

        Raises:
            CommandError: It raised, or the process ended.
        """
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process = _begin()
            writer, reader = self._process.stdin, self._process.stdout
            assert writer is not None
            assert reader is not None
            try:
                writer.write(json.dumps(request).encode() + b"\n")
                writer.flush()
                said = json.loads(reader.readline())
            except (OSError, ValueError) as error:
                raise CommandError("vl-convert's process ended; log the chart again.") from error
            if said["error"]:
                raise CommandError(said["error"])
            return reader.read(said["size"])

    def close(self) -> None:
        """End the process."""
        with self._lock:
            if self._process is not None:
                self._process.communicate()


def _begin() -> subprocess.Popen[bytes]:
    """Start the process, which ends when its input does: at the latest with this one."""
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", str(process.__file__)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # Ctrl+C in a terminal, and a kernel's interrupt, are for this process alone.
        start_new_session=True,
    )
