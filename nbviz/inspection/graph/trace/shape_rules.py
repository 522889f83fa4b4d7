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


def empty(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """Return a tensor without data."""
    return torch.empty(shape, dtype=dtype, device="meta")


def like(x: torch.Tensor) -> torch.Tensor:
    """Return a tensor without data of the same shape, order in memory and dtype."""
    # `empty_like` is Python code on the meta device.
    return empty(tuple(x.shape), x.dtype) if x.is_contiguous() else torch.empty_like(x)


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


def _addmm(bias: Any, a: Any, b: Any, **_kwargs: Any) -> Any:
    if bias.dim() != 1 or bias.shape[0] not in (1, b.shape[-1]) or bias.dtype != a.dtype:
        return NotImplemented
    return _mm(a, b)


def _mm(a: Any, b: Any) -> Any:
    if a.dim() != 2 or b.dim() != 2 or a.shape[1] != b.shape[0] or a.dtype != b.dtype:  # noqa: PLR2004
        return NotImplemented
    return empty((a.shape[0], b.shape[1]), a.dtype)


def _bmm(a: Any, b: Any) -> Any:
    if a.dim() != 3 or b.dim() != 3 or a.dtype != b.dtype or a.shape[2] != b.shape[1]:  # noqa: PLR2004
        return NotImplemented
    if a.shape[0] != b.shape[0]:
        return NotImplemented
    return empty((a.shape[0], a.shape[1], b.shape[2]), a.dtype)


def _convolution(  # noqa: PLR0917 - the operator's own arguments
    x: Any,
    weight: Any,
    bias: Any,
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
        and (bias is None or tuple(bias.shape) == (weight.shape[0],))
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
    return empty((x.shape[0], weight.shape[0], *sizes), x.dtype)


def _batch_norm(x: Any, weight: Any, *_args: Any) -> Any:
    sizes = {tuple(one.shape) for one in (weight, *_args[:3]) if one is not None}
    if x.dim() < 2 or sizes - {(x.shape[1],)}:  # noqa: PLR2004
        return NotImplemented
    training = _args[3]
    size = x.shape[1] if training else 0
    statistics = torch.float32 if x.dtype in (torch.float16, torch.bfloat16) else x.dtype
    return (
        like(x),
        empty((size,), statistics),
        empty((size,), statistics),
    )


def _layer_norm(x: Any, normalized: Sequence[int], weight: Any, bias: Any, _eps: float) -> Any:
    kept = x.dim() - len(normalized)
    sure = kept >= 0 and tuple(x.shape[kept:]) == tuple(normalized)
    for parameter in (weight, bias):
        sure = sure and (parameter is None or parameter.dtype == x.dtype)
    if not sure or x.dtype not in (torch.float32, torch.float64):
        return NotImplemented
    statistics = (*x.shape[:kept], *(1 for _ in normalized))
    # Their kernels make the input contiguous first, so that the result always is.
    result = empty(tuple(x.shape), x.dtype)
    return result, empty(statistics, x.dtype), empty(statistics, x.dtype)


def _max_pool(  # noqa: PLR0917 - the operator's own arguments
    x: Any,
    kernel: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    ceil: bool = False,
) -> Any:
    sizes = _pooled(x, kernel, stride, padding, dilation, ceil)
    return NotImplemented if sizes is None else (empty(sizes, x.dtype), empty(sizes, torch.int64))


def _avg_pool(
    x: Any,
    kernel: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    ceil: bool = False,
    *_others: Any,
) -> Any:
    sizes = _pooled(x, kernel, stride, padding, (1,), ceil)
    return NotImplemented if sizes is None else empty(sizes, x.dtype)


def _pooled(  # noqa: PLR0917 - the operators' own arguments
    x: Any,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    ceil: bool,
) -> tuple[int, ...] | None:
    if ceil or x.dim() != 4 or not x.is_floating_point() or not x.is_contiguous():  # noqa: PLR2004
        return None
    sizes: list[int] = []
    for i in range(2):
        window, pad, spread = _nth(kernel, i), _nth(padding, i), _nth(dilation, i)
        step = _nth(stride, i) if stride else window
        if not (0 <= 2 * pad <= window and step > 0 and spread > 0):
            return None
        sizes.append((x.shape[i + 2] + 2 * pad - spread * (window - 1) - 1) // step + 1)
    if min(sizes) <= 0 or 0 in x.shape:
        return None
    return (x.shape[0], x.shape[1], *sizes)


def _nth(sizes: Sequence[int], i: int) -> int:
    return sizes[i] if len(sizes) > 1 else sizes[0]


def _adaptive_pool(x: Any, size: Sequence[int]) -> Any:
    sure = x.dim() == 4 and len(size) == 2 and x.is_floating_point()  # noqa: PLR2004
    if not sure or not x.is_contiguous() or 0 in x.shape:
        return NotImplemented
    return empty((x.shape[0], x.shape[1], *size), x.dtype)


def _embedding(weight: Any, indices: Any, *_others: Any) -> Any:
    if weight.dim() != 2 or indices.dtype not in (torch.int64, torch.int32):  # noqa: PLR2004
        return NotImplemented
    return empty((*indices.shape, weight.shape[1]), weight.dtype)


def attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    _dropout_p: float = 0.0,
    is_causal: bool = False,
    **_kwargs: Any,
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
    if attn_mask is not None:
        scores, mask = (*batch, length, others), tuple(attn_mask.shape)
        is_sure = attn_mask.dtype in (torch.bool, query.dtype) and not is_causal
        if not is_sure or _broadcast(scores, mask) != scores:
            return None
    flops = 2 * math.prod(batch) * length * others * (width + value_width)
    return empty((*batch, length, value_width), query.dtype), flops


LAYER_RULES = {
    "addmm": _addmm,
    "mm": _mm,
    "bmm": _bmm,
    "convolution": _convolution,
    "max_pool2d_with_indices": _max_pool,
    "avg_pool2d": _avg_pool,
    "_adaptive_avg_pool2d": _adaptive_pool,
    "native_batch_norm": _batch_norm,
    "native_layer_norm": _layer_norm,
    "embedding": _embedding,
}

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
