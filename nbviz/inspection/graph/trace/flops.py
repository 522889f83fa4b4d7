"""Floating-point operations of single operators: PyTorch's formulas, and those it lacks."""

# pyright: reportPrivateUsage=false
# Tracing reaches into what PyTorch calls private; its versions from 2.6 on have all of it.

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable


@functools.cache
def formulas() -> dict[Any, Callable[..., Any]]:
    """Return PyTorch's counts of FLOPs by operator.

    Their module imports Triton, which costs half as much as all that a view imports beside it: only
    what is traced needs them.
    """
    from torch.utils.flop_counter import flop_registry

    return flop_registry


def flops_of(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> int | None:
    """Return the FLOPs of an operator's products; None if it may have some that are not known.

    Args:
        func: The operator's overload.
        args: What it was called with.
        kwargs: The same by name.
        result: What it returned.
    """
    packet = func._overloadpacket
    name = packet.__name__
    rule = _RULES.get(name) or _RULES.get(name.removesuffix("_"))
    try:
        if rule is not None:
            counted = rule(*args, result=result)
            if counted is not None:
                return 2 * counted
        count = formulas().get(packet)
        if count is not None:
            return _by_formula(count, args, kwargs, result)
    except Exception:  # noqa: BLE001  a formula that was written for other arguments
        return None
    is_product = name.startswith(_NOT_COUNTED) and name not in _NO_PRODUCTS
    return None if is_product or func.namespace not in _WITHOUT_PRODUCTS else 0


def _by_formula(count: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> int:
    """Call PyTorch's formula with the shapes that it takes."""
    formula = getattr(count, "__wrapped__", None)
    if formula is None or not isinstance(result, torch.Tensor):
        return int(count(*args, **kwargs, out_val=result))
    # The wrapper around a formula turns tensors into shapes wherever they are, which takes longer.
    shapes = [value.shape if isinstance(value, torch.Tensor) else value for value in args]
    return int(formula(*shapes, **kwargs, out_shape=result.shape))


_WITHOUT_PRODUCTS = ("aten", "prim", "prims", "profiler", "c10d", "_c10d_functional")
"""Namespaces whose operators are all known; what others do, quantised and custom ones, is not."""

_NOT_COUNTED = (
    *("linalg_", "_linalg_", "fft_", "_fft_", "cholesky", "triangular_solve", "lu_", "ormqr"),
    *("_native_multi_head_attention", "_transformer_encoder_layer", "mkldnn_linear", "_sparse"),
    *("_fft", "stft", "conv_tbc", "mkldnn_rnn", "_cudnn_rnn", "miopen_rnn", "_scaled_"),
    "_foreach_mm",
    *("_cslt_sparse_mm", "hspmm", "sspaddmm", "sparse_sampled", "_spsolve", "geqrf", "orgqr"),
    "matmul",
    *("linear", "fbgemm_linear_int8", "fbgemm_linear_fp16", "quantized_lstm", "quantized_gru"),
    *("quantized_rnn", "mkldnn_convolution", "miopen_", "cudnn_convolution_", "_conv_depthwise"),
    *("conv_depthwise", "slow_conv", "thnn_conv", "_nnpack_spatial", "_mps_conv", "_lstm_mps"),
    "_triton",
)
"""Beginnings of the names of operators that make products of which no rule here knows how many."""

_NO_PRODUCTS = frozenset({"_linalg_check_errors", "linalg_vector_norm", "linalg_cross"})


# ---------------------------------------------------------------- multiply-adds


def _mv(matrix: Any, _vector: Any, *_: Any, result: Any) -> int:
    del result
    return _stored(matrix)


def _addmv(_bias: Any, matrix: Any, _vector: Any, *_: Any, result: Any) -> int:
    del result
    return _stored(matrix)


def _dot(a: Any, _b: Any, *, result: Any) -> int:
    del result
    return a.numel()


def _addr(_bias: Any, a: Any, b: Any, *_: Any, result: Any) -> int:
    del result
    return a.numel() * b.numel()


def _bmm(a: Any, b: Any, *_: Any, result: Any) -> int | None:
    """Count a product of batches, of a sparse one by what it stores; PyTorch counts the others."""
    del result
    return a._nnz() * b.shape[-1] if _is_sparse(a) and not _is_sparse(b) else None


def _addbmm(_bias: Any, a: Any, b: Any, *_: Any, result: Any) -> int:
    del result
    return a.numel() * b.shape[-1]


def _mm(a: Any, b: Any, *_: Any, result: Any) -> int | None:
    """Count a product of matrices, of a sparse one by what it stores."""
    del result
    if _is_sparse(a) and _is_sparse(b):
        return None
    return _stored(b) * a.shape[-2] if _is_sparse(b) else _stored(a) * b.shape[-1]


def _addmm(_bias: Any, a: Any, b: Any, *_: Any, result: Any) -> int | None:
    return _mm(a, b, result=result)


def _grouped_mm(a: Any, b: Any, *_: Any, result: Any) -> int:
    """Count a product in groups: of rows (2, 3 axes), columns (3, 2), the inner axis (2, 2)."""
    del result
    batch = a.shape[0] if a.dim() == b.dim() == 3 else 1  # noqa: PLR2004
    return batch * a.shape[-2] * a.shape[-1] * b.shape[-1]


def _distances(a: Any, *_: Any, result: Any) -> int:
    return result.numel() * a.shape[-1]


def _trilinear(  # noqa: PLR0917 - the operator's own arguments
    a: Any,
    b: Any,
    c: Any,
    missing_a: Any,
    missing_b: Any,
    missing_c: Any,
    summed: Any,
    *_: Any,
    result: Any,
) -> int:
    """Count the product of the first two, and that of their sum with the third."""
    del result
    parts = [_spread(*one) for one in ((a, missing_a), (b, missing_b), (c, missing_c))]
    sizes = [max(several) for several in zip(*parts, strict=True)]
    first = math.prod(sizes)
    gone = math.prod(sizes[axis] for axis in summed if axis in missing_c)
    return first + first // gone


def _spread(tensor: Any, missing: Any) -> list[int]:
    shape = list(tensor.shape)
    for axis in sorted(missing):
        shape.insert(axis, 1)
    return shape


def _mkldnn_rnn(x: Any, from_input: Any, from_state: Any, *_: Any, result: Any) -> int:
    del result
    return math.prod(x.shape[:-1]) * (from_input.numel() + from_state.numel())


def _cudnn_rnn(x: Any, weights: Any, *_: Any, result: Any) -> int:
    del result
    matrices = [w.numel() for w in weights if w.dim() > 1]
    return math.prod(x.shape[:-1]) * sum(matrices)


def _linear(x: Any, *_: Any, result: Any) -> int:
    """Count a product with weights that may be packed in a form of their own."""
    return result.numel() * x.shape[-1]


def _sampled(_where: Any, a: Any, _b: Any, *_: Any, result: Any) -> int:
    return _stored(result) * a.shape[-1]


def _is_sparse(tensor: Any) -> bool:
    return tensor.layout is not torch.strided


def _stored(tensor: Any) -> int:
    """Return how many numbers a tensor stores: all, or those of a sparse one."""
    return tensor._nnz() if _is_sparse(tensor) else tensor.numel()


_RULES: dict[str, Callable[..., int | None]] = {
    "mv": _mv,
    "addmv": _addmv,
    "dot": _dot,
    "vdot": _dot,
    "addr": _addr,
    "addbmm": _addbmm,
    "baddbmm_": _addbmm,
    "bmm": _bmm,
    "mm": _mm,
    "_sparse_mm": _mm,
    "_sparse_addmm": _addmm,
    "addmm_": _addmm,
    "_addmm_activation": _addmm,
    "_int_mm": _mm,
    "_grouped_mm": _grouped_mm,
    "_scaled_grouped_mm": _grouped_mm,
    "_cdist_forward": _distances,
    "_euclidean_dist": _distances,
    "_pdist_forward": _distances,
    "linear": _linear,
    "_weight_int4pack_mm": _linear,
    "_weight_int4pack_mm_for_cpu": _linear,
    "_weight_int8pack_mm": _linear,
    "_dyn_quant_matmul_4bit": _linear,
    "_mixed_dtypes_linear": _linear,
    "sparse_sampled_addmm": _sampled,
    "_trilinear": _trilinear,
    "mkldnn_rnn_layer": _mkldnn_rnn,
    "_cudnn_rnn": _cudnn_rnn,
    "miopen_rnn": _cudnn_rnn,
    "linear_dynamic": _linear,
    "linear_relu_dynamic": _linear,
    "linear_dynamic_fp16": _linear,
}
"""Operator names to the multiply-adds of one call; each takes the operator's arguments."""
