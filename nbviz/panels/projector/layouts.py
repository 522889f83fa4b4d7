"""Layouts by t-SNE and UMAP: started on request, worked out by a process, kept until replaced."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nbviz.errors import CommandError, MissingDependencyError
from nbviz.panels.projector import layout_process
from nbviz.recording.embeddings.projection import procrustes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nbviz.protocol.projector import LayoutMethod, LayoutState

NEEDED: dict[str, tuple[str, str, str]] = {
    "tsne": ("openTSNE", "openTSNE", "tsne"),
    "umap": ("umap", "umap-learn", "umap"),
}
"""By method: the module, its package, and the extra that installs it."""

LEAST_POINTS = 5
MOST_AT_ONCE = 1
"""Layouts that are worked out at a time, each on a core of its own."""

_SPREAD = 1e-4  # of a t-SNE's start, as openTSNE asks for
_LAST_LINES = 400  # characters of what a process says when it fails


class Key(NamedTuple):
    """What a layout is of."""

    tag: str
    step: int
    method: LayoutMethod
    dims: int


@dataclass(slots=True)
class Layout:
    """One layout.

    Attributes:
        state: Where it is.
        share: Of the work, 0 to 1.
        text: What is being done, or what went wrong.
        revision: Rises when positions come.
        positions: float32, one row for each point; NaN for those without a place. None before the
            first come.
        version: When it changed last, as `Layouts.version` counts.
    """

    state: LayoutState = "running"
    share: float = 0.0
    text: str = ""
    revision: int = 0
    positions: NDArray[np.float32] | None = field(default=None, repr=False)
    version: int = 0


class Layouts:
    """The layouts of one run.

    Args:
        notify: Called when one has changed, on the thread that waits for its process.
    """

    def __init__(self, notify: Callable[[], None]) -> None:
        self.version = 0
        self._notify = notify
        self._lock = threading.Lock()
        self._by_key: dict[Key, Layout] = {}
        self._processes: dict[Key, subprocess.Popen[str]] = {}

    def since(self, version: int) -> list[tuple[Key, Layout]]:
        """Return those that changed after a version."""
        with self._lock:
            return [(key, one) for key, one in self._by_key.items() if one.version > version]

    def positions(self, key: Key) -> NDArray[np.float32]:
        """Return a layout's positions.

        Raises:
            CommandError: There are none yet.
        """
        layout = self._by_key.get(key)
        if layout is None or layout.positions is None:
            raise CommandError(
                f"there is no layout of {key.tag!r} at step {key.step:,} by {key.method} yet; "
                "start it first."
            )
        return layout.positions

    def done(self, tag: str, step: int) -> list[tuple[Key, NDArray[np.float32]]]:
        """Return the layouts of an embedding that have positions."""
        with self._lock:
            return [
                (key, one.positions)
                for key, one in self._by_key.items()
                if key.tag == tag and key.step == step and one.positions is not None
            ]

    def start(self, key: Key, vectors: NDArray[np.float32]) -> None:
        """Begin a layout; one that goes on stays.

        Raises:
            CommandError: There are too few points, or another one is being worked out.
            MissingDependencyError: What works it out is not installed.
        """
        module, package, extra = NEEDED[key.method]
        if importlib.util.find_spec(module) is None:
            raise MissingDependencyError(package, extra)
        finite = np.all(np.isfinite(vectors), axis=1)
        if int(finite.sum()) < LEAST_POINTS:
            raise CommandError(
                f"{key.method} needs at least {LEAST_POINTS} points, got {int(finite.sum())}."
            )
        with self._lock:
            if key in self._processes:
                return
            if len(self._processes) >= MOST_AT_ONCE:
                busy = next(iter(self._processes))
                raise CommandError(
                    f"{busy.method} of {busy.tag!r} at step {busy.step:,} is being worked out; "
                    "cancel it, or wait for it."
                )
            start = self._start_of(key, finite)
            folder = tempfile.TemporaryDirectory(prefix="nbviz-layout-")
            process = _begin(key, vectors[finite], start, Path(folder.name))
            self._processes[key] = process
            layout = self._by_key.setdefault(key, Layout())
            self._change(layout, state="running", share=0.0, text="starting")
        thread = threading.Thread(
            target=self._follow,
            args=(key, layout, process, folder, finite),
            name="nbviz-layout",
            daemon=True,
        )
        thread.start()
        self._notify()

    def cancel(self, key: Key) -> None:
        """End the work on a layout, if there is any; what it has reached stays."""
        with self._lock:
            process = self._processes.get(key)
            if process is None:
                return
            self._change(self._by_key[key], state="cancelled", text="cancelled")
            process.kill()

    def close(self) -> None:
        """End all work, as when the run is gone."""
        for process in list(self._processes.values()):
            process.kill()

    def _follow(
        self,
        key: Key,
        layout: Layout,
        process: subprocess.Popen[str],
        folder: tempfile.TemporaryDirectory[str],
        finite: NDArray[np.bool_],
    ) -> None:
        reference = self._reference(key, len(finite))
        said: list[str] = []
        with folder, process:
            assert process.stdout is not None
            for line in process.stdout:
                try:
                    news: dict[str, Any] = json.loads(line)
                    share, text = float(news["share"]), str(news["text"])
                    has_positions = bool(news["has_positions"])
                except (ValueError, KeyError, TypeError):
                    said.append(line)  # a warning, or an error
                    continue
                positions = None
                if has_positions:
                    found = np.load(Path(folder.name) / "positions.npy")
                    positions = _turned(found, finite, reference)
                with self._lock:
                    if layout.state == "running":
                        self._change(layout, share=share, text=text, positions=positions)
                self._notify()
            code = process.wait()
            with self._lock:
                self._processes.pop(key, None)
                if layout.state == "running" and code == 0 and layout.positions is not None:
                    self._change(layout, state="done", share=1.0, text="")
                elif layout.state == "running":
                    last = "".join(said)[-_LAST_LINES:].strip()
                    text = last.splitlines()[-1] if last else f"its process ended with {code}"
                    self._change(layout, state="failed", text=text)
        self._notify()

    def _change(self, layout: Layout, **values: Any) -> None:
        positions = values.pop("positions", None)
        if positions is not None:
            layout.positions = positions
            layout.revision += 1
        for name, value in values.items():
            setattr(layout, name, value)
        self.version += 1
        layout.version = self.version

    def _reference(self, key: Key, points: int) -> NDArray[np.float32] | None:
        """Return the positions of another step, to which new ones are turned."""
        with self._lock:
            found = [
                one.positions
                for other, one in self._by_key.items()
                if other._replace(step=key.step) == key
                and other.step != key.step
                and one.positions is not None
                and len(one.positions) == points
            ]
        return found[0] if found else None

    def _start_of(self, key: Key, finite: NDArray[np.bool_]) -> NDArray[np.float32] | None:
        """Return where to begin: another step's layout, so that points stay near their place."""
        found = [
            one.positions
            for other, one in self._by_key.items()
            if other._replace(step=key.step) == key
            and one.positions is not None
            and len(one.positions) == len(finite)
            and bool(np.isfinite(one.positions[finite]).all())
        ]
        if not found:
            return None
        start = found[-1][finite].astype(np.float32)
        return (
            start / max(1e-12, float(start[:, 0].std())) * _SPREAD
            if key.method == "tsne"
            else start
        )


def _begin(
    key: Key, vectors: NDArray[np.float32], start: NDArray[np.float32] | None, folder: Path
) -> subprocess.Popen[str]:
    np.save(folder / "vectors.npy", vectors)
    if start is not None:
        np.save(folder / "start.npy", start)
    (folder / "options.json").write_text(json.dumps({"method": key.method, "dims": key.dims}))
    one_core = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", str(layout_process.__file__), str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        cwd=folder,
        env={**os.environ, **one_core, "NUMBA_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"},
    )


def _turned(
    found: NDArray[np.float32], finite: NDArray[np.bool_], reference: NDArray[np.float32] | None
) -> NDArray[np.float32]:
    positions = np.full((len(finite), found.shape[1]), np.nan, np.float32)
    positions[finite] = found
    if reference is not None:
        both = finite & np.isfinite(reference[:, 0])
        if both.any():
            positions[finite] = found @ procrustes(positions[both], reference[both])
    return positions
