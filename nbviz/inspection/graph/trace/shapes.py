"""A forward pass without data: every tensor becomes one on the meta device, with a shape only.

It costs no arithmetic, no device memory and no random numbers, and it cannot write into the model's
own tensors. PyTorch's FakeTensorMode does the same and more, and takes several times as long.
"""

# pyright: reportPrivateUsage=false
# Tracing reaches into what PyTorch calls private; its versions from 2.6 on have all of it.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch

from nbviz.inspection.graph.trace.doubts import DOUBTS
from nbviz.inspection.graph.trace.shape_rules import RULES, Rule

if TYPE_CHECKING:
    from nbviz.inspection.graph.trace.doubts import Doubt

_KEPT_REAL = {torch.ops.aten.lift_fresh.default}
_READS_A_NUMBER = {torch.ops.aten._local_scalar_dense.default}


class ShapesOnly:
    """Runs operators on meta tensors that stand in for the real ones.

    Tensors that share memory have stand-ins that share memory, so that writing through a view is
    seen in its base.
    """

    def __init__(self) -> None:
        self._standins: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._bases: dict[tuple[int, torch.dtype], torch.Tensor] = {}
        self._written: set[int] = set()
        self._indices: dict[int, torch.Tensor] = {}  # real ones, by the memory of their stand-ins

    def standin(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return the meta tensor that stands for `tensor`; itself if it is one."""
        if tensor.is_meta:
            return tensor
        known = self._standins.get(id(tensor))
        if known is not None:
            return known[1]
        made = self._make(tensor)
        self._standins[id(tensor)] = (tensor, made)
        if tensor.dtype in (torch.int64, torch.int32):
            self._indices[made.untyped_storage()._cdata] = tensor
        return made

    def _make(self, tensor: torch.Tensor) -> torch.Tensor:
        if tensor.layout is not torch.strided and not tensor.is_nested:
            raise RuntimeError("how much a sparse tensor stores is known of real values only")
        if tensor.layout is not torch.strided or tensor.is_quantized:
            return torch.empty_like(tensor, device="meta")
        storage = tensor.untyped_storage()
        key = (storage._cdata, tensor.dtype)
        base = self._bases.get(key)
        if base is None:
            size = storage.nbytes() // tensor.element_size()
            if size == tensor.numel() and tensor.is_contiguous():
                self._bases[key] = torch.empty(tensor.shape, dtype=tensor.dtype, device="meta")
                return self._bases[key]
            base = torch.empty(size, dtype=tensor.dtype, device="meta")
            self._bases[key] = base
        return torch.as_strided(base, tensor.shape, tensor.stride(), tensor.storage_offset())

    def run(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run one operator; reading a value that only a real pass would know raises."""
        kind = _KINDS.get(id(func)) or _kind_of(func)
        if kind.is_kept_real:
            return func(*args, **kwargs)
        if kind.reads_a_number and not args[0].is_meta and not self._is_written(args[0]):
            return func(*args, **kwargs)
        if kind.is_mutable:
            self._note_writes(args, kwargs)
        args = tuple(map(self._replaced, args))
        if kwargs:
            kwargs = {name: self._replaced(value) for name, value in kwargs.items()}
            if kwargs.get("device") is not None:
                kwargs["device"] = torch.device("meta")
            if kwargs.get("pin_memory"):
                kwargs["pin_memory"] = False
        if kind.doubt is not None and (said := kind.doubt(self._real_of, args, kwargs)):
            name = func._overloadpacket.__name__.strip("_")
            raise RuntimeError(f"whether {name} can be called is known of real values only: {said}")
        result = NotImplemented if kind.rule is None else kind.rule(*args, **kwargs)
        if result is not NotImplemented:
            return result
        if kind.makes_a_tensor and "device" not in kwargs:
            kwargs["device"] = torch.device("meta")
        return func(*args, **kwargs)

    def _replaced(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value if value.is_meta else self.standin(value)
        if isinstance(value, list | tuple):
            items = cast("list[Any]", value)
            if not items or type(items[0]) is int:
                return items
            return type(items)(map(self._replaced, items))
        return value

    def _real_of(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """Return the real indices behind those without data, or what these are a part of."""
        return self._indices.get(tensor.untyped_storage()._cdata)

    def _note_writes(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        for value in (*args, *kwargs.values()):
            if isinstance(value, torch.Tensor) and not value.is_meta:
                self._written.add(value.untyped_storage()._cdata)

    def _is_written(self, tensor: torch.Tensor) -> bool:
        return tensor.untyped_storage()._cdata in self._written


class _Kind(NamedTuple):
    """What is to be known of an operator before it is run."""

    operator: Any
    is_kept_real: bool
    reads_a_number: bool
    is_mutable: bool
    makes_a_tensor: bool  # torch.zeros and the like, on the default device if none is given
    rule: Rule | None
    doubt: Doubt | None


def _kind_of(func: Any) -> _Kind:
    names = [argument.name for argument in func._schema.arguments]
    takes_tensor = any("Tensor" in str(a.type) for a in func._schema.arguments)
    kind = _KINDS[id(func)] = _Kind(
        func,
        is_kept_real=func in _KEPT_REAL,
        reads_a_number=func in _READS_A_NUMBER,
        is_mutable=func._schema.is_mutable,
        makes_a_tensor="device" in names and not takes_tensor,
        rule=RULES.get(func),
        doubt=DOUBTS.get(func._overloadpacket.__name__),
    )
    return kind


_KINDS: dict[int, _Kind] = {}
# Their hashes are computed in Python; the operator is kept, so that its id stays its own.
