"""Lays vectors out by t-SNE or UMAP, in a process of its own: `python layout_process.py FOLDER`.

So training goes on beside it, and it can be ended at any time. FOLDER holds `vectors.npy`,
`options.json` and perhaps `start.npy`; it gets `positions.npy`, again and again as they become
better. Each line of the output is JSON: how far the work is, and whether there are new positions.

It imports nothing of nbviz, which would bring torch.
"""

# ruff: noqa: T201
from __future__ import annotations

import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

_ITERATIONS = 750
_EARLY_ITERATIONS = 250
_EVERY = 25  # iterations between two looks
_PROGRESS = re.compile(r"(\d+)/(\d+)")


class Report:
    """Tells the process that waits how far the work is.

    Args:
        folder: Where positions go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def say(self, share: float, text: str, positions: Any = None) -> None:
        """Say how far it is; `positions` are those reached."""
        if positions is not None:
            beside = self._folder / "part.npy"
            np.save(beside, np.asarray(positions, np.float32))
            beside.replace(self._folder / "positions.npy")
        line = {"share": share, "text": text, "has_positions": positions is not None}
        print(json.dumps(line), flush=True)


def tsne(vectors: Any, dims: int, start: Any, report: Report) -> Any:
    """Return t-SNE's positions."""
    from openTSNE import TSNE  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

    done = 0

    def look(_iteration: int, _error: float, positions: Any) -> None:
        nonlocal done
        done += _EVERY
        share = min(0.99, done / (_ITERATIONS + _EARLY_ITERATIONS))
        report.say(share, f"{done:,} of {_ITERATIONS + _EARLY_ITERATIONS:,} iterations", positions)

    report.say(0, "looking for neighbours")
    make: Any = TSNE
    made = make(
        n_components=dims,
        perplexity=min(30.0, max(1.0, (len(vectors) - 1) / 3)),
        early_exaggeration_iter=_EARLY_ITERATIONS,
        n_iter=_ITERATIONS,
        initialization="pca" if start is None else start,
        # The interpolation that large sets need is there in 1 and 2 dimensions only.
        negative_gradient_method="auto" if dims < 3 else "bh",  # noqa: PLR2004
        callbacks=look,
        callbacks_every_iters=_EVERY,
        n_jobs=1,
        random_state=0,
    )
    return made.fit(vectors)


def umap(vectors: Any, dims: int, start: Any, report: Report) -> Any:
    """Return UMAP's positions."""
    report.say(0, "preparing UMAP")
    from umap import UMAP  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

    class Lines(io.TextIOBase):
        """Reads how far it is from the bar that UMAP writes."""

        def write(self, text: str) -> int:
            found = _PROGRESS.findall(text)
            if found:
                done, of = map(int, found[-1])
                report.say(min(0.99, done / max(1, of)), f"{done:,} of {of:,} epochs")
            return len(text)

    made: Any = UMAP(
        n_components=dims,
        n_neighbors=min(15, len(vectors) - 1),
        init="spectral" if start is None else start,
        random_state=0,
        n_jobs=1,
        verbose=True,
        tqdm_kwds={"file": Lines(), "bar_format": "{n_fmt}/{total_fmt}", "mininterval": 0.2},
    )
    report.say(0, "looking for neighbours")
    shown, sys.stdout = sys.stdout, io.StringIO()  # it prints what it does
    try:
        return _quietly(made, vectors, shown, report)
    finally:
        sys.stdout = shown


def _quietly(made: Any, vectors: Any, shown: Any, report: Report) -> Any:
    say = report.say

    def aloud(share: float, text: str, positions: Any = None) -> None:
        silent, sys.stdout = sys.stdout, shown
        try:
            say(share, text, positions)
        finally:
            sys.stdout = silent

    report.say = aloud
    return made.fit_transform(vectors)


def main(folder: Path) -> None:
    """Lay out what a folder holds."""
    if hasattr(os, "nice"):
        os.nice(10)
    options = json.loads((folder / "options.json").read_text())
    vectors = np.load(folder / "vectors.npy")
    start = np.load(folder / "start.npy") if (folder / "start.npy").exists() else None
    report = Report(folder)
    method = {"tsne": tsne, "umap": umap}[options["method"]]
    report.say(1, "done", method(vectors, options["dims"], start, report))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
