"""The first samples of a loader, without an iterator of it, which would use up random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from torch.utils.data import DataLoader, IterableDataset

from nbviz.errors import attribute_of

_COUNT = 2


def first_samples(loader: Any) -> Any:
    """Return a small batch, None if there is none to be had.

    A data set may draw random numbers for its samples; its own errors are raised.
    """
    if isinstance(loader, DataLoader):
        given = cast("Any", loader)
        dataset, collate = given.dataset, given.collate_fn
        if given.batch_size is None or isinstance(dataset, IterableDataset):
            return None
        indices = list(range(min(_COUNT, len(dataset))))
        # As DataLoader's own fetcher does.
        at_once = attribute_of(dataset, "__getitems__", None)
        return collate(at_once(indices) if at_once else [dataset[i] for i in indices])
    return cast("Any", loader)[0] if isinstance(loader, Sequence) and loader else None
