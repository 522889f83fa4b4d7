"""Calls that PyTorch lets pass for tensors without data, and refuses for those with data.

Its kernels look at dtypes and at indices, which a pass without data does not run. Where one might
refuse, the pass without data ends, and a real one decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from nbviz.inspection.graph.trace.nested_tensors import tensors_in

if TYPE_CHECKING:
    from collections.abc import Callable

    RealOf = Callable[[torch.Tensor], torch.Tensor | None]
    Doubt = Callable[[RealOf, tuple[Any, ...], dict[str, Any]], str]
    """Takes what returns the real tensor behind one without data, and the operator's arguments;
    returns what is not sure, "" for nothing."""

_SAME_DTYPE = (
    *("mm", "addmm", "bmm", "baddbmm", "addbmm", "mv", "addmv", "dot", "vdot", "addr"),
    *("native_layer_norm", "native_group_norm", "native_batch_norm"),
)
_FLOATING = (
    *("gelu", "silu", "silu_", "elu", "elu_", "leaky_relu", "leaky_relu_", "softplus", "mish"),
    *("hardswish", "hardswish_", "hardsigmoid", "hardtanh_", "log_sigmoid_forward"),
    *("native_dropout", "mse_loss"),
    *("avg_pool2d", "max_pool2d_with_indices", "_adaptive_avg_pool2d", "upsample_nearest2d"),
    *("upsample_bilinear2d", "upsample_bicubic2d", "upsample_linear1d", "upsample_trilinear3d"),
    *("max_pool3d_with_indices", "adaptive_max_pool2d", "adaptive_max_pool3d", "avg_pool3d"),
    *("fractional_max_pool2d", "fractional_max_pool3d", "_adaptive_avg_pool3d", "im2col", "col2im"),
    *("reflection_pad1d", "reflection_pad2d", "replication_pad1d", "replication_pad2d", "celu"),
    *("glu", "hardshrink", "softshrink", "threshold", "threshold_", "hardtanh", "relu6"),
    "tanhshrink",
    *("var", "var_mean", "std", "std_mean", "lerp", "huber_loss", "smooth_l1_loss", "multinomial"),
    *("histc", "bernoulli", "poisson"),
    *("rrelu_with_noise", "rrelu_with_noise_functional", "grid_sampler_2d", "grid_sampler_3d"),
)
_INTEGRAL = ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not")
_ORDERED = (
    *("relu", "relu_", "clamp", "clamp_min", "lt", "gt", "le", "ge", "maximum", "minimum"),
    *("median", "sort", "topk", "max", "min", "amax", "amin", "argmax", "argmin", "aminmax"),
    *("remainder", "atan2", "floor", "ceil", "erf", "bucketize", "searchsorted"),
)
_INDEXED = ("gather", "scatter", "scatter_", "scatter_add", "scatter_add_", "index_add")


def _same_dtype(_real_of: RealOf, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    dtypes = dict.fromkeys(tensor.dtype for tensor in tensors_in((args, kwargs)))
    return f"it is given {_named(*dtypes)}" if len(dtypes) > 1 or torch.bool in dtypes else ""


def _floating(_real_of: RealOf, args: tuple[Any, ...], _kwargs: dict[str, Any]) -> str:
    x = args[0]
    if not isinstance(x, torch.Tensor):
        return ""
    if not x.numel():
        return f"it is given a tensor of shape {tuple(x.shape)}"
    return "" if x.dtype.is_floating_point else f"it is given {_named(x.dtype)}"


def _convolution(real_of: RealOf, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    x, weight, *_ = args
    is_transposed = args[6]
    if is_transposed and x.shape[1] != weight.shape[0]:
        return f"it is given {x.shape[1]} channels, and weights for {weight.shape[0]}"
    return _same_dtype(real_of, args, kwargs) or ("" if x.numel() else "it is given nothing")


def _softmax(real_of: RealOf, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    x, dim = args[:2]
    count = max(1, x.dim())
    return _floating(real_of, args, kwargs) if -count <= dim < count else f"its dimension is {dim}"


def _integral(_real_of: RealOf, args: tuple[Any, ...], _kwargs: dict[str, Any]) -> str:
    found = [tensor.dtype for tensor in tensors_in(args) if tensor.is_floating_point()]
    return f"it is given {_named(found[0])}" if found else ""


def _ordered(_real_of: RealOf, args: tuple[Any, ...], _kwargs: dict[str, Any]) -> str:
    found = [tensor.dtype for tensor in tensors_in(args) if tensor.is_complex()]
    return f"it is given {_named(found[0])}" if found else ""


def _indexed(real_of: RealOf, args: tuple[Any, ...], _kwargs: dict[str, Any]) -> str:
    x, dim, index = args[:3]
    if index.dtype != torch.int64:
        return f"its index is {_named(index.dtype)}"
    return _out_of_range(real_of(index), x.shape[dim]) if x.dim() else ""


def _embedding(real_of: RealOf, args: tuple[Any, ...], _kwargs: dict[str, Any]) -> str:
    weight, index = args[:2]
    if weight.dim() != 2 or index.is_floating_point():  # noqa: PLR2004
        return f"its index is {_named(index.dtype)}"
    return _out_of_range(real_of(index), weight.shape[0])


def _index(real_of: RealOf, args: tuple[Any, ...], _kwargs: dict[str, Any]) -> str:
    x, indices = args[:2]
    for place, index in enumerate(indices):
        if index is None or index.dtype not in (torch.int64, torch.int32) or place >= x.dim():
            continue
        size = x.shape[place]
        if said := _out_of_range(real_of(index), size, least=-size):
            return said
    return ""


def _classes(real_of: RealOf, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Of a loss by classes: dtype and range of its target."""
    x, target = args[:2]
    if target.dtype not in (torch.int64, torch.uint8):
        return f"its target is {_named(target.dtype)}"
    ignored = kwargs.get("ignore_index", args[4] if len(args) > 4 else -100)  # noqa: PLR2004
    classes = x.shape[1 if x.dim() > 1 else 0]
    real = real_of(target)
    return _out_of_range(None if real is None else real[real != ignored], classes)


def _out_of_range(index: torch.Tensor | None, size: int, least: int = 0) -> str:
    if index is None or not index.numel():
        return ""
    low, high = int(index.min()), int(index.max())
    if low >= least and high < size:
        return ""
    return f"an index is {low if low < least else high:,}, of {size:,}"


def _named(*dtypes: torch.dtype) -> str:
    return " and ".join(str(dtype).removeprefix("torch.") for dtype in dtypes)


DOUBTS: dict[str, Doubt] = {
    **dict.fromkeys(_SAME_DTYPE, _same_dtype),
    **dict.fromkeys(_FLOATING, _floating),
    **dict.fromkeys(_INTEGRAL, _integral),
    **dict.fromkeys(_ORDERED, _ordered),
    **dict.fromkeys(_INDEXED, _indexed),
    "index_select": _indexed,
    **dict.fromkeys(("_softmax", "_log_softmax", "_safe_softmax"), _softmax),
    "convolution": _convolution,
    "embedding": _embedding,
    "_embedding_bag": _embedding,
    "_embedding_bag_forward_only": _embedding,
    "index": _index,
    "nll_loss_forward": _classes,
    "nll_loss2d_forward": _classes,
}
"""By the operator's name."""
