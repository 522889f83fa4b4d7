"""Which media a page can ask for, listed in increments."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from nbviz.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.panels.batch import Batch
    from nbviz.protocol.media import MediaKind, MediaTag
    from nbviz.recording.recorded_run import RecordedRun

T = TypeVar("T")

_STEP_BYTES = 8
_LEAST_STEPS = 2  # of each tag: the first and the newest


def add_media(
    run: RecordedRun, version: int, batch: Batch, limit: float, upto: int | None = None
) -> int:
    """Add which media came after a version, and return the version reached.

    Args:
        run: Whose media.
        version: As `MediaStore.version` counts; 0 for all.
        batch: Added to.
        limit: Bytes of steps, about; beyond it steps are left out evenly.
        upto: The last version to list; None for the newest.
    """
    found = run.media_since(version)
    if upto is not None:
        found = [one for one in found if one[2].version <= upto]
    if not found:
        return version
    steps: dict[str, list[int]] = {}
    kinds: dict[str, MediaKind] = {}
    for tag, kind, item in found:
        steps.setdefault(tag, []).append(item.step)
        kinds[tag] = kind
    most = max(_LEAST_STEPS, int(limit / _STEP_BYTES / len(steps)))
    listed = {tag: evenly(of, most) for tag, of in steps.items()}
    columns = np.array([step for of in listed.values() for step in of], np.float64)
    batch.add(
        {
            "kind": "media_added",
            "run_id": run.run_id,
            "media": [media_tag(run, tag, kinds[tag], len(of)) for tag, of in listed.items()],
            "overhead_share": run.overhead.share,
            "buffer": batch.buffer(columns),
        }
    )
    return found[-1][2].version


def media_tag(run: RecordedRun, tag: str, kind: MediaKind, count: int) -> MediaTag:
    """Return the listing of a tag of which `count` steps are listed."""
    left_out = run.kept_media.left_out(tag)
    return {
        "tag": clean_line(tag),
        "media_kind": kind,
        "count": count,
        "left_out_for_time": left_out.time,
        "left_out_for_memory": left_out.memory,
    }


def evenly(items: Sequence[T], most: int) -> list[T]:
    """Return at most `most` items, evenly chosen; the first and the last among them."""
    if len(items) <= most:
        return list(items)
    places = np.linspace(0, len(items) - 1, most).round().astype(int)
    return [items[place] for place in places]
