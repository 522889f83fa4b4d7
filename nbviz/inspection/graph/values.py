"""Tensors wherever they hide in what a model takes and returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
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
    shape = tuple(size if type(size) is int else -1 for size in tensor.shape)
    return TensorInfo(shape, str(tensor.dtype).removeprefix("torch."))


def tensors_in(value: Any, depth: int = 0) -> Iterator[torch.Tensor]:
    """Yield the tensors in a value, without their names; the quick way for arguments of calls."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in cast("list[Any]", value):
            if isinstance(item, torch.Tensor):
                yield item
            elif depth < _DEEPEST:
                yield from tensors_in(item, depth + 1)
    elif isinstance(value, str | int | float | type(None)):
        return
    elif depth < _DEEPEST:
        for _, item in _parts(value):
            yield from tensors_in(item, depth + 1)


def named_tensors(value: Any, name: str, depth: int = 0) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield `(name, tensor)` for each tensor in a value: `batch.image`, `boxes[0]`."""
    if isinstance(value, torch.Tensor):
        yield name, value
    elif depth < _DEEPEST:
        for part, item in _parts(value):
            whole = f"{name}{part}" if name or part.startswith("[") else part.removeprefix(".")
            yield from named_tensors(item, whole, depth + 1)


def with_tensors(value: Any, change: Any) -> Any:
    """Return the value with `change(tensor)` in place of each tensor; containers are rebuilt.

    Objects that are no containers of Python's own are changed in a shallow copy.
    """
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, dict):
        known = cast("dict[Any, Any]", value)
        changed = {key: with_tensors(item, change) for key, item in known.items()}
        return changed if type(known) is dict else _copied(known, changed)
    if isinstance(value, tuple) and hasattr(cast("Any", value), "_fields"):
        return type(cast("Any", value))(
            *(with_tensors(item, change) for item in cast("Any", value))
        )
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(with_tensors(item, change) for item in value)
    if isinstance(value, torch.nn.utils.rnn.PackedSequence):
        return type(value)(*(with_tensors(item, change) for item in tuple(value)))
    parts = {part[1:]: item for part, item in _parts(value) if part.startswith(".")}
    if not any(True for item in parts.values() for _ in tensors_in(item)):
        return value
    import copy

    copied = copy.copy(value)
    for name, item in parts.items():
        object.__setattr__(copied, name, with_tensors(item, change))
    return copied


def _copied(mapping: Any, changed: dict[Any, Any]) -> Any:
    import copy

    copied = copy.copy(mapping)
    for key, item in changed.items():
        copied[key] = item
    return copied


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a container holds, each with how one writes it: `.name` or `[0]`."""
    if isinstance(value, Mapping):
        for key, item in cast("Mapping[Any, Any]", value).items():
            written = str(key)
            yield (f".{written}" if written.isidentifier() else f"[{key!r}]"), item
    elif isinstance(value, tuple) and hasattr(cast("Any", value), "_fields"):
        for field in cast("Any", value)._fields:
            yield f".{field}", getattr(cast("Any", value), field)
    elif isinstance(value, list | tuple | set | frozenset):
        for index, item in enumerate(cast("list[Any]", value)):
            yield f"[{index}]", item
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield f".{field.name}", getattr(value, field.name, None)
    elif _is_plain_object(value):
        for name, item in vars(value).items():
            if not name.startswith("_"):
                yield f".{name}", item


def _is_plain_object(value: Any) -> bool:
    return (
        hasattr(value, "__dict__")
        and not callable(value)
        and not isinstance(value, type | torch.nn.Module | torch.dtype | torch.device)
        and not type(value).__module__.startswith(("torch", "builtins", "numpy"))
    )
