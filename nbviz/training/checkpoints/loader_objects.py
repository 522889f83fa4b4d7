"""The objects that a loader is made of: they may draw random numbers, or count."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import torch

from nbviz.errors import attribute_of, has_attribute

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_DEEP = 8  # objects inside each other
MOST_LISTED = 32
"""Objects of a list that are looked at: more are data."""

_MOST = 200


def objects_of(loader: Any) -> list[tuple[str, object]]:
    """Return a loader, its samplers, its data set and what these keep, each by where it is kept."""
    batches = attribute_of(loader, "batch_sampler", None)
    roots = [
        ("loader", loader),
        ("sampler", attribute_of(loader, "sampler", None)),
        ("batch_sampler", batches),
        ("batch_sampler.sampler", attribute_of(batches, "sampler", None)),
        ("collate_fn", attribute_of(loader, "collate_fn", None)),
    ]
    found: dict[int, tuple[str, object]] = {}
    for place, one in roots:
        if one is not None and id(one) not in found:
            found[id(one)] = place, one
    for place, one in _within("dataset", attribute_of(loader, "dataset", None), _MOST_DEEP):
        if len(found) >= _MOST:
            break
        found.setdefault(id(one), (place, one))
    return list(found.values())


def _within(place: str, value: Any, depth: int) -> Iterator[tuple[str, object]]:
    if type(value) in (list, tuple):
        items = cast("list[Any]", value)
        if len(items) <= MOST_LISTED:
            for number, one in enumerate(items):
                yield from _within(f"{place}.{number}", one, depth)
        return
    if not is_object(value) or depth == 0:
        return
    yield place, value
    kept = cast("dict[str, Any]", attribute_of(value, "__dict__", {}))
    for name, one in tuple(kept.items()):
        yield from _within(f"{place}.{name}", one, depth - 1)


def is_object(value: object) -> bool:
    """Whether it may keep generators or counts: no class, module or tensor."""
    if isinstance(value, type | ModuleType | torch.Tensor | torch.nn.Module):
        return False
    return inspect.isfunction(value) or has_attribute(value, "__dict__")
