"""Which items of media a page can ask for, listed in increments."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from nbviz.errors import CommandError
from nbviz.text import clean_line, shortened

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from nbviz.panels.batch import Batch
    from nbviz.protocol.core import ItemsAdded, ItemTag
    from nbviz.recording.media.store import Media, MediaKind, MediaStore
    from nbviz.recording.recorded_run import RecordedRun

T = TypeVar("T")

_STEP_BYTES = 8
_LEAST_NAME, _MOST_NAME = 4, 60  # characters
_NAMES_SHARE = 4
_LEAST_STEPS = 2  # of each tag: the first and the newest


def class_names(classes: Sequence[str], size: int, limit: float) -> list[str]:
    """Return the names of classes, cut so that they take a quarter of an answer at the most.

    Args:
        classes: The names that there are.
        size: How many classes there are.
        limit: Bytes of the answer.
    """
    most = max(_LEAST_NAME, min(_MOST_NAME, int(limit) // _NAMES_SHARE // size))
    return [shortened(clean_line(name), most) for name in classes]


def new_items(
    run: RecordedRun,
    kinds: Collection[MediaKind],
    version: int,
    batch: Batch,
    *,
    limit: float,
    upto: int | None = None,
) -> tuple[int, ItemsAdded | None]:
    """Return the version reached, and the listing of what came after a version, None if nothing.

    Args:
        run: Whose media.
        kinds: Of which kinds.
        version: As `MediaStore.version` counts; 0 for all.
        batch: Takes the listing's buffer.
        limit: Bytes of steps, about; beyond it steps are left out evenly.
        upto: The last version to list; None for the newest.
    """
    found = run.media_since(version)
    if upto is not None:
        found = [one for one in found if one[2].version <= upto]
    if not found:
        return version, None
    reached = found[-1][2].version
    steps: dict[str, list[int]] = {}
    kind_of: dict[str, MediaKind] = {}
    for tag, kind, item in found:
        if kind in kinds:
            steps.setdefault(tag, []).append(item.step)
            kind_of[tag] = kind
    if not steps:
        return reached, None
    most = max(_LEAST_STEPS, int(limit / _STEP_BYTES / len(steps)))
    listed = {tag: evenly(of, most) for tag, of in steps.items()}
    tags = [item_tag(run, tag, kind_of[tag], len(of)) for tag, of in listed.items()]
    return reached, items_added(run, tags, [step for of in listed.values() for step in of], batch)


def items_added(
    run: RecordedRun, tags: list[ItemTag], steps: Sequence[int], batch: Batch
) -> ItemsAdded:
    """Return a listing of tags; `steps` are those of each in turn."""
    return {
        "run_id": run.run_id,
        "items": tags,
        "overhead_share": run.overhead.share,
        "buffer": batch.buffer(np.array(steps, np.float64)),
    }


def item_tag(
    run: RecordedRun, tag: str, kind: MediaKind, count: int, store: MediaStore | None = None
) -> ItemTag:
    """Return the listing of a tag of which `count` steps are listed.

    Args:
        run: Whose it is.
        tag: Its name.
        kind: What it is.
        count: How many steps.
        store: What keeps it; the run's media if None.
    """
    left_out = (run.kept_media if store is None else store).left_out(tag)
    return {
        "tag": clean_line(tag),
        "item_kind": kind,
        "count": count,
        "left_out_for_time": left_out.time,
        "left_out_for_memory": left_out.memory,
    }


def find_media(run: RecordedRun, tag: str, kinds: Collection[str]) -> Media:
    """Return the media of a tag, which is given as the page knows it.

    Raises:
        CommandError: There is no such tag, or what it holds is of none of these kinds.
    """
    media: Mapping[str, Media] = run.kept_media
    known = tag if tag in media else next((one for one in media if clean_line(one) == tag), None)
    if known is None:
        raise CommandError(f"this run has no media {tag!r}.")
    found = media[known]
    if found.kind not in kinds:
        raise CommandError(f"{tag!r} holds {found.kind}, not {' or '.join(sorted(kinds))}.")
    return found


def evenly(items: Sequence[T], most: int) -> list[T]:
    """Return at most `most` items, evenly chosen; the first and the last among them."""
    if len(items) <= most:
        return list(items)
    places = np.linspace(0, len(items) - 1, most).round().astype(int)
    return [items[place] for place in places]
