"""What pages see of a model at work: its parameters as pictures, values for its graph's boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbviz.widgets.columns import picture_fields, wire_text

if TYPE_CHECKING:
    from nbviz.recording.run import Run
    from nbviz.widgets.cursor import Batch, RunCursor


def add_weights(run: Run, sent: RunCursor, batch: Batch, limit: float) -> int:
    """Add the layers that are looked at, where they changed.

    Returns:
        How many pictures were left for a later frame, because this one is full.
    """
    layers = tuple(run.weights.layers)
    if layers and layers != sent.layers:
        sent.layers = layers
        batch.add(
            {
                "kind": "layers_listed",
                "run_id": run.run_id,
                "layers": [{"name": name, "shape": list(shape)} for name, shape in layers],
            }
        )
    dropped = 0
    for name in sorted(run.weights.wanted):
        version = run.weights.version(name)
        image = run.weights.latest(name)
        if image is None or sent.weights.get(name) == version:
            continue
        if batch.size + image.cells.nbytes > limit and batch.updates:
            dropped += 1
            continue
        sent.weights[name] = version
        batch.add(
            {
                "kind": "weights_updated",
                "run_id": run.run_id,
                "name": name,
                "step": image.step,
                **picture_fields(image),
            },
            image.cells,
        )
    return dropped


def add_overlays(run: Run, sent: RunCursor, batch: Batch) -> None:
    """Add what the boxes of the graph in sight were measured to be, where that changed."""
    if run.overlays is None:
        return
    for name in sorted(run.overlays.wanted):
        version, latest = run.overlays.version(name), run.overlays.latest(name)
        if latest is None or sent.overlays.get(name) == version:
            continue
        sent.overlays[name] = version
        batch.add(
            {
                "kind": "overlay_updated",
                "run_id": run.run_id,
                "overlay": name,
                "step": latest.step,
                "nodes": list(latest.values),
                "note": wire_text(latest.note),
                "first": list(latest.first),
            },
            np.fromiter(latest.values.values(), np.float64, len(latest.values)),
        )
