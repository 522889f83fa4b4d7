"""Objects that others own, which any thread adds and looks through."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


class Follower(Protocol):
    """What is told that something has changed."""

    def look_again(self) -> None:
        """Look what has changed, from any thread."""
        ...


class WeakRegistry(Generic[T]):
    """What was added and is still alive, in that order.

    Unlike `weakref.WeakSet` it can be looked through while another thread adds to it: that raises
    "Set changed size during iteration" there, even from `list(weak_set)`.
    """

    def __init__(self) -> None:
        self._references: dict[int, weakref.ref[T]] = {}

    def add(self, one: T) -> None:
        """Add an object, which is not kept alive."""
        key, references = id(one), self._references
        # Called before the memory, and with it the number, can be another object's.
        references[key] = weakref.ref(one, lambda _: references.pop(key, None))

    def __iter__(self) -> Iterator[T]:
        # `list` of a dict's values runs no Python, so that no other thread can come between.
        for reference in list(self._references.values()):
            one = reference()
            if one is not None:
                yield one
