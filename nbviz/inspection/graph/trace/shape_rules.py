"""Shapes of the results of frequent operations, computed faster than by PyTorch's own meta kernels.

PyTorch has Python code for these on the meta device that takes about a millisecond a call. A rule
returns `NotImplemented` whenever it is not sure, and the meta kernel then decides or complains.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from nbviz.inspection.graph.trace.layer_shapes import LAYER_RULES, empty, like

aten = torch.ops.aten

Rule = Callable[..., Any]


def _same(x: torch.Tensor, *_args: Any, **_kwargs: Any) -> Any:
    return like(x) if x.is_floating_point() else NotImplemented


def _itself(x: torch.Tensor, *_args: Any, **_kwargs: Any) -> Any:
    return x if x.is_floating_point() else NotImplemented


def _clone(x: torch.Tensor, *, memory_format: torch.memory_format | None = None) -> Any:
    if memory_format is torch.contiguous_format or x.is_contiguous():
        return empty(tuple(x.shape), x.dtype)
    return NotImplemented


def _unsafe_view(x: torch.Tensor, shape: Sequence[int]) -> Any:
    known = math.prod(size for size in shape if size != -1)
    count = x.numel()
    if not x.is_contiguous() or not known:
        return NotImplemented
    sizes = tuple(count // known if size == -1 else size for size in shape)
    return empty(sizes, x.dtype) if math.prod(sizes) == count else NotImplemented


def _softmax(x: torch.Tensor, _dim: int, *others: Any, **kwargs: Any) -> Any:
    to_float = bool(others) and others[0] is True
    return NotImplemented if to_float or kwargs or not x.is_floating_point() else like(x)


def _pointwise(x: Any, y: Any, *_args: Any, **_kwargs: Any) -> Any:
    if not x.is_floating_point() or isinstance(y, complex):
        return NotImplemented
    if not isinstance(y, torch.Tensor):
        return like(x)
    if x.dtype != y.dtype:
        return NotImplemented
    if x.shape == y.shape and x.stride() == y.stride():
        return like(x)
    if not (x.is_contiguous() and y.is_contiguous()):
        return NotImplemented
    shape = _broadcast(tuple(x.shape), tuple(y.shape))
    return NotImplemented if shape is None else empty(shape, x.dtype)


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    if len(a) < len(b):
        a, b = b, a
    b = (1,) * (len(a) - len(b)) + b
    if any(m != n and 1 not in (m, n) for m, n in zip(a, b, strict=True)):
        return None
    return tuple(n if m == 1 else m for m, n in zip(a, b, strict=True))


def _cat(tensors: Sequence[torch.Tensor], dim: int = 0) -> Any:
    first = tensors[0]
    ndim = first.dim()
    if not ndim or not -ndim <= dim < ndim:
        return NotImplemented
    dim %= ndim
    shape = list(first.shape)
    shape[dim] = 0
    for tensor in tensors:
        sizes = list(tensor.shape)
        same = tensor.dtype == first.dtype and tensor.is_contiguous() and len(sizes) == ndim
        if not same or sizes[:dim] != shape[:dim] or sizes[dim + 1 :] != shape[dim + 1 :]:
            return NotImplemented
        shape[dim] += sizes[dim]
    return empty(tuple(shape), first.dtype)


def _mean(x: Any, dims: Sequence[int] | None, keeps: bool = False, **kwargs: Any) -> Any:
    ndim = x.dim()
    if kwargs or not dims or not x.is_floating_point() or not x.is_contiguous():
        return NotImplemented
    if not all(-ndim <= dim < ndim for dim in dims):
        return NotImplemented
    reduced = {dim % ndim for dim in dims}
    if len(reduced) != len(dims):
        return NotImplemented
    if keeps:
        return empty(tuple(1 if i in reduced else n for i, n in enumerate(x.shape)), x.dtype)
    return empty(tuple(n for i, n in enumerate(x.shape) if i not in reduced), x.dtype)


def _new_empty(shape: Sequence[int], **kwargs: Any) -> Any:
    if kwargs.keys() - {"dtype", "device", "pin_memory"} or kwargs.get("dtype") is None:
        return NotImplemented
    return empty(tuple(shape), kwargs["dtype"])


_POINTWISE = (
    *("relu", "leaky_relu", "gelu", "silu", "elu", "tanh", "sigmoid", "hardswish", "hardsigmoid"),
    *("softplus", "exp", "sqrt", "rsqrt", "neg", "abs", "clamp", "clamp_min", "roll"),
)
_IN_PLACE = (
    *("relu_", "leaky_relu_", "silu_", "elu_", "tanh_", "sigmoid_", "hardswish_", "hardsigmoid_"),
    "hardtanh_",
)


def _rules() -> dict[Any, Rule]:
    named: dict[str, Rule] = {
        **LAYER_RULES,
        **dict.fromkeys(_POINTWISE, _same),
        **dict.fromkeys(_IN_PLACE, _itself),
        **dict.fromkeys(("_softmax", "_log_softmax", "_safe_softmax"), _softmax),
        "clone": _clone,
        "_unsafe_view": _unsafe_view,
        "cat": _cat,
    }
    found = {
        getattr(getattr(aten, name), "default"): rule  # noqa: B009 - an overload, not an attribute
        for name, rule in named.items()
        if hasattr(aten, name)
    }
    found[aten.mean.dim] = _mean
    found[aten.empty.memory_format] = _new_empty
    for name in ("add", "sub", "mul", "div"):
        found[getattr(aten, name).Tensor] = _pointwise
        if hasattr(getattr(aten, name), "Scalar"):
            found[getattr(aten, name).Scalar] = _pointwise
    return found


RULES = _rules()
"""Operator overload to the rule for its result; each takes the overload's arguments."""
