"""Which media a page can ask for, told in increments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from nbviz.widgets.columns import wire_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbviz.recording.run import Run

T = TypeVar("T")

_STEP_BYTES = 8
_LEAST_STEPS = 2  # of each tag: the first and the newest


def new_media(
    run: Run, version: int, upto: int | None, limit: float
) -> tuple[int, dict[str, Any], NDArray[np.float64]] | None:
    """Return what came after a version, if anything: the version reached, an update, its buffer.

    Args:
        run: Whose media.
        version: As `MediaStore.version` counts; 0 for all.
        upto: The last version to tell of; None for the newest.
        limit: Bytes of steps, about; beyond it steps are left out evenly.
    """
    found = run.media_since(version)
    if upto is not None:
        found = [one for one in found if one[2].version <= upto]
    if not found:
        return None
    steps: dict[str, list[int]] = {}
    kinds: dict[str, str] = {}
    for tag, kind, item in found:
        steps.setdefault(tag, []).append(item.step)
        kinds[tag] = kind
    most = max(_LEAST_STEPS, int(limit / _STEP_BYTES / len(steps)))
    told = {tag: evenly(of, most) for tag, of in steps.items()}
    update = {
        "kind": "media_added",
        "run_id": run.run_id,
        "media": [
            {"tag": wire_text(tag), "media_kind": kinds[tag], "count": len(of)}
            for tag, of in told.items()
        ],
    }
    columns = np.array([step for of in told.values() for step in of], np.float64)
    return found[-1][2].version, update, columns


def evenly(items: Sequence[T], most: int) -> list[T]:
    """Return at most `most` items, evenly chosen; the first and the last among them."""
    if len(items) <= most:
        return list(items)
    places = np.linspace(0, len(items) - 1, most).round().astype(int)
    return [items[place] for place in places]
