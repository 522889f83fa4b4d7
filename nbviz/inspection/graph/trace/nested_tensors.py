"""Tensors within the containers and objects that a model takes and returns."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Any, cast

import torch

_DEEPEST = 6


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


def tensors_in(value: Any, depth: int = 0) -> list[torch.Tensor]:
    """Return the tensors in a value, without their names; the quick way for arguments of calls."""
    found: list[torch.Tensor] = []
    _collect(value, found, depth)
    return found


def _collect(value: Any, found: list[torch.Tensor], depth: int) -> None:
    if isinstance(value, torch.Tensor):
        found.append(value)
    elif type(value) in _HOLDS_NONE:
        return
    elif isinstance(value, list | tuple):
        for item in cast("list[Any]", value):
            if isinstance(item, torch.Tensor):
                found.append(item)
            elif type(item) not in _HOLDS_NONE and depth < _DEEPEST:
                _collect(item, found, depth + 1)
    elif depth < _DEEPEST:
        for _, item in _parts(value):
            _collect(item, found, depth + 1)


_HOLDS_NONE = frozenset(
    {str, int, float, bool, complex, type(None), torch.dtype, torch.device, torch.Size, slice}
)


def named_tensors(value: Any, name: str, depth: int = 0) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield `(name, tensor)` for each tensor in a value: `batch.image`, `boxes[0]`."""
    if isinstance(value, torch.Tensor):
        yield name, value
    elif depth < _DEEPEST:
        for part, item in _parts(value):
            whole = f"{name}{part}" if name or part.startswith("[") else part.removeprefix(".")
            yield from named_tensors(item, whole, depth + 1)


def with_tensors(value: Any, change: Callable[[torch.Tensor], Any]) -> Any:
    """Return the value with `change(tensor)` in place of each tensor; containers are rebuilt.

    Objects that are no containers of Python's own are changed in a shallow copy.
    """
    if isinstance(value, torch.Tensor):
        return change(value)
    if not tensors_in(value):
        return value
    if isinstance(value, tuple):
        items = [with_tensors(item, change) for item in cast("tuple[Any, ...]", value)]
        kind = cast("Any", type(cast("Any", value)))
        return kind(*items) if hasattr(kind, "_fields") else kind(items)
    if isinstance(value, list | set | frozenset):
        several = cast("list[Any]", value)
        return type(several)(with_tensors(item, change) for item in several)
    copied = copy.copy(value)
    if isinstance(value, Mapping):
        for key, item in cast("Mapping[Any, Any]", value).items():
            copied[key] = with_tensors(item, change)
        return copied
    for part, item in _parts(value):
        object.__setattr__(copied, part.removeprefix("."), with_tensors(item, change))
    return copied


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a container holds, each with how one writes it: `.name` or `[0]`."""
    if isinstance(value, Mapping):
        for key, item in cast("Mapping[Any, Any]", value).items():
            written = str(key)
            yield (f".{written}" if written.isidentifier() else f"[{key!r}]"), item
    elif isinstance(value, list | tuple | set | frozenset):
        names = getattr(cast("Any", value), "_fields", None)  # a named tuple's
        for index, item in enumerate(cast("list[Any]", value)):
            yield (f".{names[index]}" if names else f"[{index}]"), item
    else:
        for name in _attributes(value):
            yield f".{name}", getattr(value, name, None)


def _attributes(value: Any) -> list[str]:
    """Return the names under which an object of the user's own may hold tensors."""
    if is_dataclass(value) and not isinstance(value, type):
        return [field.name for field in fields(value)]
    if not _is_plain_object(value):
        return []
    return [name for name in vars(value) if not name.startswith("_")]


def _is_plain_object(value: Any) -> bool:
    return (
        hasattr(value, "__dict__")
        and not callable(value)
        and not isinstance(value, type | torch.nn.Module | torch.dtype | torch.device)
        and not type(value).__module__.startswith(("torch", "builtins", "numpy"))
    )
