"""Nested states copied, into buffers that are used again; and made plain for a file.

A state is what `state_dict` methods give: dicts, lists and tuples of tensors, arrays, numbers and
strings. Its tensors belong to what is trained, so a state that is kept has to be a copy, and so has
one that is given back: an optimizer goes on with the very tensors that it is given.
"""

from __future__ import annotations

import copy
from collections import Counter, deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from nbviz.errors import CheckpointError, describe
from nbviz.training.devices.cuda_events import make_pinned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbviz.training.devices.side_copies import SideCopies

_SIMPLE = (bool, int, float, complex, str, bytes, torch.dtype, torch.device, torch.Size)
_TAG = "__nbviz__"  # the key that names what a plain dict stands for


class Copier:
    """Copies a state, tensors of a GPU to the host; what shares memory does so in the copy, too.

    Copies from a CUDA device go to pinned memory: what is computed after them does not change them,
    but they may not have arrived yet.

    Args:
        side: Copies tensors of CUDA devices to the host; None copies those of every device where
            they are.
    """

    def __init__(self, side: SideCopies | None = None) -> None:
        self._side = side
        # With the copied tensor: where one that nothing holds was, the next one may lie.
        self._made: dict[tuple[Any, ...], tuple[torch.Tensor, torch.Tensor]] = {}
        self._used: set[int] = set()

    def copy(self, tree: Any, kept: Any = None) -> Any:
        """Return a copy of a state.

        Args:
            tree: The state.
            kept: An earlier copy that is no longer needed: its tensors are written to where they
                are as large.

        Raises:
            CheckpointError: Something in it cannot be copied.
        """
        if isinstance(tree, torch.Tensor):
            return self._copy_tensor(tree, kept)
        if isinstance(tree, Mapping):
            pairs = cast("Mapping[Any, Any]", tree)
            old = cast("Mapping[Any, Any]", kept if isinstance(kept, Mapping) else {})
            copied = {key: self.copy(value, old.get(key)) for key, value in pairs.items()}
            return Counter(copied) if isinstance(tree, Counter) else copied
        if type(tree) in (list, tuple):
            items = cast("list[Any]", tree)
            known = cast("list[Any]", kept if isinstance(kept, list | tuple) else ())
            olds = [*known[: len(items)], *[None] * (len(items) - len(known))]
            made = [self.copy(item, before) for item, before in zip(items, olds, strict=True)]
            return made if isinstance(tree, list) else tuple(made)
        if tree is None or isinstance(tree, _SIMPLE):
            return cast("object", tree)
        try:
            return copy.deepcopy(cast("object", tree))
        except Exception as error:
            raise CheckpointError(
                f"a {type(cast('object', tree)).__name__} in the state cannot be copied "
                f"({describe(error)})."
            ) from error

    def _copy_tensor(self, tensor: torch.Tensor, kept: Any) -> torch.Tensor:
        tensor = tensor.detach()
        key: tuple[Any, ...] | None = None
        if tensor.layout is torch.strided and not tensor.is_meta and tensor.numel():
            key = (tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype, tensor.device)
            if key in self._made:
                return self._made[key][1]
        made = self._write_to(tensor, kept)
        if key is not None:
            self._made[key] = (tensor, made)
        return made

    def _write_to(self, tensor: torch.Tensor, kept: Any) -> torch.Tensor:
        side = None if tensor.device.type in ("cpu", "meta") else self._side
        is_reusable = (
            isinstance(kept, torch.Tensor)
            and type(tensor) is torch.Tensor
            and tensor.layout is kept.layout is torch.strided
            and kept.shape == tensor.shape
            and kept.dtype == tensor.dtype
            and kept.device == (tensor.device if side is None else torch.device("cpu"))
            and id(kept) not in self._used
        )
        if is_reusable:
            self._used.add(id(kept))
        if side is None:
            return kept.copy_(tensor) if is_reusable else tensor.clone()
        if tensor.device.type != "cuda" or tensor.layout is not torch.strided:
            return kept.copy_(tensor) if is_reusable else tensor.cpu()
        made = kept if is_reusable else make_pinned(tensor.shape, tensor.dtype)
        self._used.add(id(made))
        side.add(made, tensor)
        return made


def bytes_of(tree: Any) -> int:
    """Return the bytes of all tensors in a state, each counted once."""
    seen: dict[int, int] = {}
    for tensor in tensors_of(tree):
        if tensor.layout is torch.strided and not tensor.is_meta:
            seen[tensor.data_ptr()] = max(seen.get(tensor.data_ptr(), 0), tensor.nbytes)
    return sum(seen.values())


def tensors_of(tree: Any) -> Iterator[torch.Tensor]:
    """Return every tensor in a state."""
    if isinstance(tree, torch.Tensor):
        yield tree
    elif isinstance(tree, Mapping):
        for value in cast("Mapping[Any, Any]", tree).values():
            yield from tensors_of(value)
    elif isinstance(tree, list | tuple):
        for value in cast("list[Any]", tree):
            yield from tensors_of(value)


def named_tensors_of(tree: Any, path: str) -> Iterator[tuple[str, torch.Tensor]]:
    """Return every tensor in a state, each with how it is reached from `path`, such as "it[0]"."""
    if isinstance(tree, torch.Tensor):
        yield path, tree
    elif isinstance(tree, Mapping):
        for key, value in cast("Mapping[Any, Any]", tree).items():
            yield from named_tensors_of(value, f"{path}[{key!r}]")
    elif isinstance(tree, list | tuple):
        for place, value in enumerate(cast("list[Any]", tree)):
            yield from named_tensors_of(value, f"{path}[{place}]")


def to_plain(tree: Any, path: str = "state") -> Any:  # noqa: PLR0911  a case a kind
    """Return a state as what `torch.load(weights_only=True)` reads: it runs no code.

    Raises:
        CheckpointError: It holds something else; the message says where.
    """
    if tree is None or type(tree) in _SIMPLE or type(tree) in (torch.Tensor, torch.nn.Parameter):
        return cast("object", tree)
    if isinstance(tree, Counter):
        return {_TAG: "counter", "items": dict(cast("Counter[Any]", tree))}
    if isinstance(tree, Mapping):
        return {
            _plain_key(key, path): to_plain(value, f"{path}[{key!r}]")
            for key, value in cast("Mapping[Any, Any]", tree).items()
        }
    if isinstance(tree, list | tuple):
        items = cast("list[Any]", tree)
        made = [to_plain(item, f"{path}[{place}]") for place, item in enumerate(items)]
        return made if isinstance(tree, list) else tuple(made)
    if isinstance(tree, set | frozenset | deque):
        kind = "deque" if isinstance(tree, deque) else "set"
        return {_TAG: kind, "items": to_plain(list(cast("set[Any]", tree)), path)}
    if isinstance(tree, np.generic):
        return to_plain(tree.item(), path)
    if isinstance(tree, np.ndarray):
        return _plain_array(cast("Any", tree), path)
    for kind in (bool, int, float, str):  # of a class of its own, as an enum's
        if isinstance(tree, kind):
            return kind(tree)
    raise CheckpointError(
        f"{path} is a {type(cast('object', tree)).__name__}, which cannot be written to a file "
        "that runs no code when it is read. Let state_dict() give tensors, numbers, strings, lists "
        "and dicts."
    )


def from_plain(tree: Any) -> Any:
    """Return what `to_plain` was given."""
    if isinstance(tree, dict):
        pairs = cast("dict[Any, Any]", tree)
        kind = pairs.get(_TAG)
        if kind is None:
            return {key: from_plain(value) for key, value in pairs.items()}
        if kind == "array":
            data = pairs["bytes"].numpy().tobytes()
            return np.frombuffer(data, np.dtype(pairs["dtype"])).reshape(pairs["shape"]).copy()
        kinds: dict[Any, Any] = {"counter": Counter, "deque": deque, "set": set}
        return kinds[kind](from_plain(pairs["items"]))
    if type(tree) in (list, tuple):
        items = cast("list[Any]", tree)
        made = [from_plain(item) for item in items]
        return made if isinstance(tree, list) else tuple(made)
    return tree


def _plain_key(key: object, path: str) -> Any:
    if type(key) in (str, int, float, bool) or key is None:
        return key
    raise CheckpointError(
        f"{path} has a key of type {type(key).__name__}, which cannot be written to a file; let "
        "state_dict() give strings or numbers as keys."
    )


def _plain_array(array: np.ndarray[Any, Any], path: str) -> dict[str, Any]:
    if array.dtype.hasobject:
        raise CheckpointError(f"{path} is an array of objects, which cannot be written to a file.")
    data = (
        torch.frombuffer(bytearray(array.tobytes() or b""), dtype=torch.uint8)
        if array.size
        else torch.empty(0, dtype=torch.uint8)
    )
    return {_TAG: "array", "dtype": array.dtype.str, "shape": list(array.shape), "bytes": data}
