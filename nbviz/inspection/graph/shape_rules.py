"""Shapes of the results of frequent operations, computed faster than by PyTorch's own meta kernels.

PyTorch has Python code for these on the meta device that takes about a millisecond a call. A rule
returns `NotImplemented` whenever it is not sure, and the meta kernel then decides or complains.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

aten = torch.ops.aten

Rule = Callable[..., Any]


def _empty(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    return torch.empty(shape, dtype=dtype, device="meta")


def _like(x: torch.Tensor) -> torch.Tensor:
    # `empty_like` is Python code on the meta device.
    return _empty(tuple(x.shape), x.dtype) if x.is_contiguous() else torch.empty_like(x)


def _same(x: torch.Tensor, *_args: Any, **_kwargs: Any) -> Any:
    return _like(x) if x.is_floating_point() else NotImplemented


def _softmax(x: torch.Tensor, _dim: int, *others: Any, **kwargs: Any) -> Any:
    to_float = bool(others) and others[0] is True
    return NotImplemented if to_float or kwargs or not x.is_floating_point() else _like(x)


def _pointwise(x: Any, y: Any, *_args: Any, **_kwargs: Any) -> Any:
    if isinstance(y, torch.Tensor):
        if x.dtype != y.dtype or x.shape != y.shape or x.stride() != y.stride():
            return NotImplemented
    elif isinstance(y, complex) or not x.is_floating_point():
        return NotImplemented
    return _like(x)


def _addmm(bias: Any, a: Any, b: Any, **_kwargs: Any) -> Any:
    if bias.dim() != 1 or bias.shape[0] not in (1, b.shape[-1]) or bias.dtype != a.dtype:
        return NotImplemented
    return _mm(a, b)


def _mm(a: Any, b: Any) -> Any:
    if a.dim() != 2 or b.dim() != 2 or a.shape[1] != b.shape[0] or a.dtype != b.dtype:  # noqa: PLR2004
        return NotImplemented
    return _empty((a.shape[0], b.shape[1]), a.dtype)


def _bmm(a: Any, b: Any) -> Any:
    if a.dim() != 3 or b.dim() != 3 or a.dtype != b.dtype or a.shape[2] != b.shape[1]:  # noqa: PLR2004
        return NotImplemented
    if a.shape[0] != b.shape[0]:
        return NotImplemented
    return _empty((a.shape[0], a.shape[1], b.shape[2]), a.dtype)


def _convolution(  # noqa: PLR0917 - the operator's own arguments
    x: Any,
    weight: Any,
    _bias: Any,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    _output_padding: Sequence[int],
    groups: int,
) -> Any:
    spatial = len(stride)
    sure = (
        not transposed
        and x.dim() == weight.dim() == spatial + 2
        and x.dtype == weight.dtype
        and x.shape[1] == weight.shape[1] * groups
        and x.is_contiguous()
        and weight.is_contiguous()
    )
    if not sure:
        return NotImplemented
    sizes = [
        (x.shape[i + 2] + 2 * padding[i] - dilation[i] * (weight.shape[i + 2] - 1) - 1) // stride[i]
        + 1
        for i in range(spatial)
    ]
    if min(sizes) <= 0:
        return NotImplemented
    return _empty((x.shape[0], weight.shape[0], *sizes), x.dtype)


def _batch_norm(x: Any, weight: Any, *_args: Any) -> Any:
    if x.dim() < 2 or (weight is not None and weight.shape[0] != x.shape[1]):  # noqa: PLR2004
        return NotImplemented
    training = _args[3]
    size = x.shape[1] if training else 0
    statistics = torch.float32 if x.dtype in (torch.float16, torch.bfloat16) else x.dtype
    return (
        _like(x),
        _empty((size,), statistics),
        _empty((size,), statistics),
    )


def _layer_norm(x: Any, normalized: Sequence[int], weight: Any, bias: Any, _eps: float) -> Any:
    kept = x.dim() - len(normalized)
    sure = tuple(x.shape[kept:]) == tuple(normalized) and x.is_contiguous()
    for parameter in (weight, bias):
        sure = sure and (parameter is None or parameter.dtype == x.dtype)
    if not sure or x.dtype not in (torch.float32, torch.float64):
        return NotImplemented
    statistics = (*x.shape[:kept], *(1 for _ in normalized))
    return _like(x), _empty(statistics, x.dtype), _empty(statistics, x.dtype)


def _rules() -> dict[Any, Rule]:
    named: dict[str, Rule] = {
        **dict.fromkeys(
            ("gelu", "relu", "silu", "tanh", "sigmoid", "hardswish", "roll", "elu", "hardsigmoid"),
            _same,
        ),
        **dict.fromkeys(("_softmax", "_log_softmax", "_safe_softmax"), _softmax),
        "addmm": _addmm,
        "mm": _mm,
        "bmm": _bmm,
        "convolution": _convolution,
        "native_batch_norm": _batch_norm,
        "native_layer_norm": _layer_norm,
    }
    found = {
        getattr(getattr(aten, name), "default"): rule  # noqa: B009 - an overload, not an attribute
        for name, rule in named.items()
        if hasattr(aten, name)
    }
    for name in ("add", "sub", "mul", "div"):
        found[getattr(aten, name).Tensor] = _pointwise
        if hasattr(getattr(aten, name), "Scalar"):
            found[getattr(aten, name).Scalar] = _pointwise
    return found


RULES = _rules()
"""Operator overload to the rule for its result; each takes the overload's arguments."""


def attention(
    query: Any, key: Any, value: Any, *_args: Any, **_kwargs: Any
) -> tuple[torch.Tensor, int] | None:
    """Return the result and the FLOPs of `scaled_dot_product_attention`, None if not sure.

    Without a device there is no kernel for it, and PyTorch would run its two dozen parts.
    """
    same_dtype = query.dtype == key.dtype == value.dtype
    if not same_dtype or query.dim() < 3 or query.shape[:-2] != key.shape[:-2]:  # noqa: PLR2004
        return None
    if value.shape[:-1] != key.shape[:-1] or query.shape[-1] != key.shape[-1]:
        return None
    *batch, length, width = query.shape
    others, value_width = value.shape[-2:]
    flops = 2 * math.prod(batch) * length * others * (width + value_width)
    return _empty((*batch, length, value_width), query.dtype), flops
