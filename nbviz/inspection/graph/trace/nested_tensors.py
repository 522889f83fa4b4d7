"""Tensors within the containers and objects that a model takes and returns."""

from __future__ import annotations

import copy
import operator
import types
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch.utils import _pytree as pytree

_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """What is shown of a tensor: its shape, and its dtype such as `float32`."""

    shape: tuple[int, ...]
    dtype: str


def describe(tensor: torch.Tensor) -> TensorInfo:
    """Return a tensor's shape and dtype; a ragged dimension has size -1."""
    if type(tensor) in _PLAIN_TYPES and not tensor.is_nested:
        return _info(tensor.shape, tensor.dtype)
    sizes = tuple(_size(tensor, dim) for dim in range(tensor.dim()))
    return _info(torch.Size(sizes), tensor.dtype)


def _size(tensor: torch.Tensor, dim: int) -> int:
    try:
        size = tensor.size(dim)
    except RuntimeError:  # so does a nested tensor say that a dimension is ragged
        return -1
    return size if type(size) is int else -1


_PLAIN_TYPES = frozenset({torch.Tensor, torch.nn.Parameter})


@lru_cache(maxsize=10_000)
def _info(shape: torch.Size, dtype: torch.dtype) -> TensorInfo:
    return TensorInfo(tuple(shape), str(dtype).removeprefix("torch."))


def tensors_in(value: Any) -> list[torch.Tensor]:
    """Return the tensors in a value, without their names; the quick way for arguments of calls."""
    if isinstance(value, torch.Tensor):
        return [value]
    found: list[torch.Tensor] = []
    _collect(value, found, {}, 0)
    return found


def _collect(value: Any, found: list[torch.Tensor], seen: dict[int, Any], depth: int) -> None:
    """Add the tensors in a value; each container that was seen is held, so that its id stays."""
    kind = cast("type[Any]", type(value))
    if kind in _HOLDS_NONE or depth > _DEEPEST:
        return
    if kind is list or kind is tuple:
        for item in cast("list[Any]", value):
            if isinstance(item, torch.Tensor):
                found.append(item)
            elif type(item) not in _HOLDS_NONE:
                _collect(item, found, seen, depth + 1)
    elif isinstance(value, torch.Tensor):
        found.append(value)
    elif id(value) not in seen:
        seen[id(value)] = value
        for part in _parts(value):
            _collect(part.item, found, seen, depth + 1)


_HOLDS_NONE = frozenset(
    {str, bytes, int, float, bool, complex, type(None), torch.dtype, torch.device, torch.Size}
    | {slice, range, type(...), np.ndarray, torch.layout, torch.memory_format, torch.Generator}
    | {types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, type}
    | {weakref.ref, partial}
)


def named_tensors(value: Any, name: str) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield `(name, tensor)` for each tensor in a value: `batch.image`, `boxes[0]`.

    What an object keeps in private attributes is named as if it had it itself: `data.x` for
    `data._store["x"]`.
    """
    return _named(value, name, ())


def _named(value: Any, name: str, around: tuple[int, ...]) -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        yield name, value
    elif len(around) < _DEEPEST and id(value) not in around:
        for part in _parts(value):
            written = part.written
            if written.startswith("._"):
                is_tensor = isinstance(part.item, torch.Tensor)
                written = f".{written.lstrip('._')}" if is_tensor else ""
            whole = f"{name}{written}" if name or written.startswith("[") else written[1:]
            yield from _named(part.item, whole, (*around, id(value)))


def with_tensors(value: Any, change: Callable[[torch.Tensor], Any]) -> Any:
    """Return the value with `change(tensor)` in place of each tensor, called once for each.

    What holds tensors is copied, and what containers hold beside them, so that a model that writes
    into its arguments leaves the originals as they are. Objects that hold none are not.
    """
    return _Copier(change).copy(value, ())


class _Copier:
    """Copies what holds tensors; what is there twice is so in the copy."""

    def __init__(self, change: Callable[[torch.Tensor], Any]) -> None:
        self._change = change
        self._made: dict[int, Any] = {}
        self._kept: list[Any] = []  # so that no two have the same id

    def copy(self, value: Any, around: tuple[int, ...]) -> Any:
        """Return the value's copy."""
        kind = cast("type[Any]", type(value))
        if kind in _HOLDS_NONE and kind is not np.ndarray:
            return value
        if id(value) in self._made:
            return self._made[id(value)]
        if len(around) >= _DEEPEST or not (kind in _PLAIN_CONTAINERS or _is_to_copy(value)):
            return value
        made = self._copied(value, kind, (*around, id(value)))
        self._made[id(value)] = made
        self._kept.append(value)
        return made

    def _copied(self, value: Any, kind: type[Any], around: tuple[int, ...]) -> Any:
        if isinstance(value, torch.Tensor):
            return self._change(value)
        if isinstance(value, np.ndarray):
            return cast("Any", value).copy()
        if isinstance(value, tuple | set | frozenset):
            held: list[Any] = list(cast("Any", value))
            items = [self.copy(item, around) for item in held]
            is_same = all(map(operator.is_, held, items))
            return cast("Any", value) if is_same else _filled(kind, items, cast("Any", value))
        if isinstance(value, types.MappingProxyType):
            return types.MappingProxyType(self.copy(dict(cast("Any", value)), around))
        node = _pytree_node(kind) if kind not in _PLAIN_CONTAINERS else None
        if node is None:
            return self._copy_with_contents(value, around)
        children, context = node.flatten_fn(value)
        return node.unflatten_fn([self.copy(child, around) for child in children], context)

    def _copy_with_contents(self, value: Any, around: tuple[int, ...]) -> Any:
        made = _shallow(value)
        self._made[id(value)] = made  # it may be held by what it holds
        # Written as the plain containers that they are: a class of the user's own may refuse items.
        if isinstance(value, list | deque):
            plain = list if isinstance(value, list) else deque
            for index, item in enumerate(cast("list[Any]", value)):
                plain.__setitem__(made, index, self.copy(item, around))
        elif isinstance(value, dict):
            for key, item in cast("dict[Any, Any]", value).items():
                dict.__setitem__(made, key, self.copy(item, around))
        if type(made) not in _PLAIN_CONTAINERS:  # what acts as one keeps its items in attributes
            self._copy_attributes(value, made, around)
        return made

    def _copy_attributes(self, value: Any, made: Any, around: tuple[int, ...]) -> None:
        for name, item in _attributes(value):
            copied: Any = self.copy(item, around)
            if isinstance(item, weakref.ref):  # such as a part's to the whole
                target: Any = self._made.get(id(cast("Any", item)()))
                copied = cast("Any", item) if target is None else weakref.ref(target)
            if copied is not item:
                object.__setattr__(made, name, copied)


def _filled(kind: type[Any], items: list[Any], like: Any) -> Any:
    """Return a tuple or set of a class, whatever its constructor takes, with other items."""
    plain: Any = next(one for one in (tuple, set, frozenset) if issubclass(kind, one))
    try:
        made = plain.__new__(kind, items)
    except TypeError:  # PyTorch's named results are made by their own class only
        return cast("Any", kind)(items)
    if plain is set:
        made.update(items)
    if hasattr(like, "__dict__"):
        made.__dict__.update(like.__dict__)
    return made


def _shallow(value: Any) -> Any:
    """Return a copy that shares what it holds, but not the attributes that hold it."""
    kind = cast("type[Any]", type(value))
    try:
        made: Any = copy.copy(value)
        shares = getattr(made, "__dict__", None)
        if made is not value and (not shares or shares is not value.__dict__):
            return made
    except Exception:  # noqa: BLE001, S110  whatever a class of the user's own raises
        pass
    plain: Any = next((one for one in (list, dict, deque) if issubclass(kind, one)), object)
    made = plain.__new__(kind)
    if plain in (list, deque):
        plain.extend(made, value)
    for name, item in _attributes(value):
        object.__setattr__(made, name, item)
    return made


_PLAIN_CONTAINERS = frozenset({list, dict, set, deque})


def _is_to_copy(value: Any) -> bool:
    """Whether a value that is no plain container holds tensors, or is an array or a tuple."""
    return isinstance(value, np.ndarray | tuple) or bool(tensors_in(value))


class _Part(NamedTuple):
    """What a container holds, and how one writes it: `.name` or `[0]`."""

    written: str
    item: Any


def _parts(value: Any) -> Iterator[_Part]:
    """Yield what a container or an object of the user's own holds."""
    if isinstance(value, Mapping):
        for key, item in cast("Mapping[Any, Any]", value).items():
            written = str(key)
            yield _Part(f".{written}" if written.isidentifier() else f"[{key!r}]", item)
    elif isinstance(value, list | tuple | set | frozenset | deque):
        names = getattr(cast("Any", value), "_fields", None)  # a named tuple's
        for index, item in enumerate(cast("list[Any]", value)):
            yield _Part(f".{names[index]}" if names else f"[{index}]", item)
    elif node := _pytree_node(cast("type[Any]", type(value))):
        for index, child in enumerate(node.flatten_fn(value)[0]):
            yield _Part(f"[{index}]", child)
    else:
        for name, item in _attributes(value):
            yield _Part(f".{name}", item)


def _pytree_node(kind: type[Any]) -> Any:
    """Return how a class was registered with PyTorch as a container, None if it was not."""
    # A private name: without it such objects are only read by their attributes.
    return getattr(pytree, "SUPPORTED_NODES", {}).get(kind)


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield an object's own attributes, private ones too; no property is computed."""
    kind = cast("type[Any]", type(value))
    if not _is_plain_class(kind):
        return
    for name in _slots(kind):
        try:
            yield name, object.__getattribute__(value, name)
        except AttributeError:  # not set
            continue
    try:
        held = object.__getattribute__(value, "__dict__")
    except Exception:  # noqa: BLE001  whatever an object of the user's own raises
        return
    if isinstance(held, dict):
        yield from list(cast("dict[str, Any]", held).items())


@lru_cache(maxsize=1000)
def _slots(kind: type[Any]) -> tuple[str, ...]:
    """Return the attributes that a class and its bases keep in slots, in their order."""
    found: dict[str, None] = {}
    for base in reversed(kind.__mro__):
        slots: Any = vars(base).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else tuple(slots):
            is_mangled = slot.startswith("__") and not slot.endswith("__")
            name = f"_{base.__name__.lstrip('_')}{slot}" if is_mangled else slot
            if isinstance(vars(base).get(name), types.MemberDescriptorType):
                found[name] = None
    return tuple(found)


@lru_cache(maxsize=1000)
def _is_plain_class(kind: type[Any]) -> bool:
    """Whether an object of a class is data of the user's own, and no module or type or library."""
    package = kind.__module__.partition(".")[0]
    if package == "torch":
        return kind.__module__.startswith(_DATA_OF_TORCH)
    return package not in ("builtins", "numpy") and not issubclass(kind, type | torch.nn.Module)


_DATA_OF_TORCH = ("torch.distributions.", "torch.nn.attention.", "torch.masked.")
