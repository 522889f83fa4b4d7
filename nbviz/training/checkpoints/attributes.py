"""What objects keep on themselves beside a `state_dict`, where training changes it."""

from __future__ import annotations

import collections
import contextlib
import inspect
from operator import is_
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from nbviz.errors import attribute_of
from nbviz.training.random_numbers.generators import (
    is_generator,
    is_same,
    read_generator,
    write_generator,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Owners = Callable[[], Iterable[tuple[str, object]]]

MOST_BYTES = 1_000_000
"""A larger tensor or array is no count and no mean: it is left out."""

MOST_ITEMS = 100_000
"""A longer list is data."""

_NUMBERS = frozenset({bool, int, float, complex, str, type(None)})
_LISTS = frozenset({list, tuple, set, collections.deque})
_OF_MODULES = frozenset(vars(torch.nn.Module()))
_OF_TORCH = ("_DataLoader", "_IterableDataset", "_torchdynamo")
_MISSING = object()


class Attributes:
    """The counts, running means and generators that objects keep, as far as training changes them.

    Numbers, texts, small tensors and arrays, and generators of random numbers. Those that stay as
    they were at first are no part of the state: they may be settings. Lists and other containers
    are none either, since they may be what a user collects; of a sampler they are, since they say
    what it draws next.

    Args:
        owners: Returns the objects, each by a name of its own.
        has_lists: Tells by an object's name whether its lists and dicts of numbers and texts are
            part of the state.

    Attributes:
        is_optional: A state may have none of it: files of earlier versions do not.
    """

    is_optional = True

    def __init__(self, owners: Owners, has_lists: Callable[[str], bool] = lambda _: False) -> None:
        self._owners = owners
        self._has_lists = has_lists
        self._plain: dict[str, Any] = {}  # copies of lists, which states share until one changes
        self._changing: set[str] = set()  # and generators: no two are made the same
        self._first = {key: _copied(value) for key, value in self._found()}

    def begin_like(self, other: Attributes) -> None:
        """Take for what the objects were at first what those were of which they are copies."""
        self._first, self._changing = dict(other._first), set(other._changing)

    def state_dict(self) -> dict[str, Any]:
        """Return what has changed, by the names of objects and attributes."""
        now = dict(self._found())
        self._changing |= {
            key
            for key, value in now.items()
            if key not in self._changing and not is_same(value, self._first.get(key, _MISSING))
        }
        self._changing |= self._first.keys() - now.keys()
        return {key: _copied(now[key]) for key in self._changing if key in now}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set what has changed to that; what had not changed then to what it was at first."""
        self.state_dict()
        self._changing |= state.keys()
        owners = dict(self._owners())
        for key in self._changing:
            place, _, name = key.rpartition(".")
            owner = owners.get(place)
            value = state.get(key, self._first.get(key, _MISSING))
            if owner is not None:
                _write(owner, name, value)

    def _found(self) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for place, owner in self._owners():
            for name, value in attributes_of(owner):
                key = f"{place}.{name}"
                if not is_generator(value):
                    if is_kept(value):
                        yield key, value
                    elif self._has_lists(place) and self._keep_list(key, value):
                        yield key, self._plain[key]
                elif id(value) not in seen:
                    seen.add(id(value))
                    self._changing.add(key)
                    yield key, read_generator(value)

    def _keep_list(self, key: str, value: Any) -> bool:
        """Keep a copy of a list, unless it is none, or holds what the newest copy does."""
        kind = cast("type[Any]", type(value))
        if kind is not dict and kind not in _LISTS:
            return False
        if _holds_the_same(self._plain.get(key), value):
            return True
        if _is_list(value):
            self._plain[key] = (dict if kind is dict else list)(value)
            return True
        return False


def attributes_of(owner: object) -> list[tuple[str, Any]]:
    """Return what an object keeps on itself; of a function what it keeps of where it was made."""
    if inspect.isfunction(owner):
        found: list[tuple[str, Any]] = []
        for name, cell in zip(owner.__code__.co_freevars, owner.__closure__ or (), strict=False):
            with contextlib.suppress(ValueError):  # not set yet
                found.append((name, cell.cell_contents))
        return found
    pairs = cast("dict[str, Any]", attribute_of(owner, "__dict__", {})).items()
    known = _OF_MODULES if isinstance(owner, torch.nn.Module) else ()
    return [
        (name, value)
        for name, value in tuple(pairs)
        if name not in known and not name.startswith(_OF_TORCH)
    ]


def is_kept(value: object) -> bool:
    """Whether an attribute of this kind is part of a state, if it changes."""
    if type(value) in _NUMBERS or is_generator(value):
        return True
    if type(value) is torch.Tensor:
        is_plain = value.layout is torch.strided and not value.is_meta
        return is_plain and value.grad_fn is None and value.nbytes <= MOST_BYTES
    if type(value) is np.ndarray:
        array = cast("np.ndarray[Any, Any]", value)
        return not array.dtype.hasobject and array.nbytes <= MOST_BYTES
    return False


def _is_list(value: object) -> bool:
    if type(value) is dict:
        items = cast("dict[object, object]", value)
        if len(items) > MOST_ITEMS:
            return False
        return set(map(type, items)) | set(map(type, items.values())) <= _NUMBERS
    if type(value) not in _LISTS:
        return False
    held = cast("list[object]", value)
    return len(held) <= MOST_ITEMS and set(map(type, held)) <= _NUMBERS


def _holds_the_same(plain: Any, value: Any) -> bool:
    """Whether a list or dict holds the very objects of its plain copy: compared in C."""
    is_dict = type(value) is dict
    if plain is None or (type(plain) is dict) != is_dict or len(plain) != len(value):
        return False
    return all(map(is_, plain, value)) and (
        not is_dict or all(map(is_, plain.values(), cast("Any", value).values()))
    )


def _copied(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    return cast("Any", value).copy() if isinstance(value, np.ndarray) else value


def _write(owner: Any, name: str, value: Any) -> None:
    cell: Any = None
    if inspect.isfunction(owner):
        cells = zip(owner.__code__.co_freevars, owner.__closure__ or (), strict=True)
        cell = dict(cells).get(name)
    now = _now(owner, name, cell)
    if is_generator(now):
        if value is not _MISSING:
            write_generator(now, value)
    elif _fits(now, value):
        with torch.no_grad():
            now[...] = value  # whatever else holds it goes on doing so
    elif type(value) in (list, dict):
        _write_list(owner, name, now, value)
    elif now is not _MISSING and not (is_kept(now) or (value is _MISSING and _is_list(now))):
        return  # something of another kind has taken its place
    elif cell is not None and value is not _MISSING:
        cell.cell_contents = _copied(value)
    elif value is not _MISSING and not inspect.isfunction(owner):
        object.__setattr__(owner, name, _copied(value))
    elif now is not _MISSING and cell is None:
        with contextlib.suppress(AttributeError):
            delattr(owner, name)


def _write_list(owner: Any, name: str, now: Any, value: Any) -> None:
    """Set a list to what it was; one that is as it was is left alone: it may be being read."""
    kind = cast("type[Any]", type(now))
    if now is _MISSING:
        object.__setattr__(owner, name, value.copy())
    elif not _is_list(now) or (kind is dict) != (type(value) is dict):
        return  # something of another kind has taken its place
    elif (now if kind is dict else list(now)) == value:
        return
    elif kind is tuple:
        object.__setattr__(owner, name, tuple(value))
    else:
        now.clear()
        (now.update if kind in (dict, set) else now.extend)(value)


def _now(owner: object, name: str, cell: Any) -> Any:
    if cell is not None:
        return getattr(cell, "cell_contents", _MISSING)
    return attribute_of(owner, "__dict__", {}).get(name, _MISSING)


def _fits(now: Any, value: Any) -> bool:
    if isinstance(now, torch.Tensor) and isinstance(value, torch.Tensor):
        return (now.shape, now.dtype) == (value.shape, value.dtype)
    if isinstance(now, np.ndarray) and isinstance(value, np.ndarray):
        old, new = cast("Any", now), cast("Any", value)
        return (old.shape, old.dtype) == (new.shape, new.dtype) and old.flags.writeable
    return False
