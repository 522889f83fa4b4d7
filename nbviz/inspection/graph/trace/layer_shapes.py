"""Shapes of the results of layers: products, convolutions, pooling, normalisation, attention.

Each rule returns `NotImplemented` where it is not sure, as in `shape_rules`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence


def empty(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """Return a tensor without data."""
    return torch.empty(shape, dtype=dtype, device="meta")


def like(x: torch.Tensor) -> torch.Tensor:
    """Return a tensor without data of the same shape, order in memory and dtype."""
    # `empty_like` is Python code on the meta device.
    return empty(tuple(x.shape), x.dtype) if x.is_contiguous() else torch.empty_like(x)


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
    return empty((x.shape[0], weight.shape[0], *sizes), x.dtype)


def _batch_norm(x: Any, weight: Any, *_args: Any) -> Any:
    if x.dim() < 2 or (weight is not None and weight.shape[0] != x.shape[1]):  # noqa: PLR2004
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
"""Operator names to the rules for their results; each takes the operator's arguments."""
