"""What distinguishes one module from others of its type, in a few words: "3×3, stride 2"."""

# pyright: reportPrivateUsage=false
# Tracing reaches into what PyTorch calls private; its versions from 2.6 on have all of it.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from torch import nn

from nbviz.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 36


def detail_of(module: nn.Module) -> str:
    """Return a module's settings as a reader would say them, "" if there is nothing to say."""
    for kinds, say in _SAID:
        if isinstance(module, kinds):
            return say(module)
    if any(child is not None for child in module._modules.values()) or not _is_library(module):
        return ""
    said = " ".join(module.extra_repr().split())
    return cut_middle(said, _LONGEST)


def cut_middle(text: str, longest: int) -> str:
    """Return text of at most so many characters; of a longer one the beginning and the end."""
    if len(text) <= longest:
        return text
    end = (longest - 1) // 2
    return f"{text[: longest - 1 - end]}…{text[len(text) - end :]}"


def _is_library(module: nn.Module) -> bool:
    return type(module).__module__.startswith(("torch.nn", "torchvision"))


def _convolution(module: Any) -> str:
    parts = [f"{module.in_channels}→{module.out_channels}", _size(module.kernel_size)]
    if set(module.stride) != {1}:
        parts.append(f"stride {_size(module.stride, collapse=True)}")
    if set(module.dilation) != {1}:
        parts.append(f"dilation {_size(module.dilation, collapse=True)}")
    if module.groups != 1:
        depthwise = module.groups == module.in_channels
        parts.append("depthwise" if depthwise else f"{module.groups} groups")
    return ", ".join(parts)


def _pooling(module: Any) -> str:
    said = _size(module.kernel_size)
    if module.stride in (None, module.kernel_size):
        return said
    return f"{said}, stride {_size(module.stride, collapse=True)}"


def _recurrent(module: Any) -> str:
    parts = [f"{module.input_size}→{module.hidden_size}"]
    if module.num_layers > 1:
        parts.append(counted(module.num_layers, "layer"))
    if module.bidirectional:
        parts.append("both ways")
    return ", ".join(parts)


def _size(value: Any, *, collapse: bool = False) -> str:
    """Return `3×3` for (3, 3); just `2` for (2, 2) if equal sizes collapse."""
    several = isinstance(value, list | tuple)
    values: list[Any] = list(cast("Any", value)) if several else [value]
    if collapse and len(set(values)) == 1:
        return str(values[0])
    return "×".join(map(str, values))


def _nothing(_module: Any) -> str:
    return ""


_SAYING_NOTHING = (
    *(nn.Flatten, nn.ReLU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.ELU),
    *(nn.Hardswish, nn.Hardsigmoid),
)

_SAID: list[tuple[Any, Callable[[Any], str]]] = [
    (nn.modules.conv._ConvNd, _convolution),  # pyright: ignore[reportPrivateUsage]
    (nn.Linear, lambda m: f"{m.in_features}→{m.out_features}"),
    (nn.Bilinear, lambda m: f"{m.in1_features}, {m.in2_features}→{m.out_features}"),
    ((nn.Embedding, nn.EmbeddingBag), lambda m: f"{m.num_embeddings:,} × {m.embedding_dim}"),
    (nn.LayerNorm, lambda m: "×".join(map(str, m.normalized_shape))),
    (nn.GroupNorm, lambda m: counted(m.num_groups, "group")),
    (nn.modules.batchnorm._NormBase, lambda m: str(m.num_features)),  # pyright: ignore[reportPrivateUsage]
    (nn.modules.dropout._DropoutNd, lambda m: f"p = {m.p:g}"),  # pyright: ignore[reportPrivateUsage]
    (
        (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
        _pooling,
    ),
    (
        (
            nn.AdaptiveAvgPool1d,
            nn.AdaptiveAvgPool2d,
            nn.AdaptiveAvgPool3d,
            nn.AdaptiveMaxPool1d,
            nn.AdaptiveMaxPool2d,
            nn.AdaptiveMaxPool3d,
        ),
        lambda m: f"to {_size(m.output_size)}",
    ),
    (nn.MultiheadAttention, lambda m: f"{m.embed_dim}, {counted(m.num_heads, 'head')}"),
    (nn.RNNBase, _recurrent),
    (nn.RNNCellBase, lambda m: f"{m.input_size}→{m.hidden_size}"),
    (nn.Softmax, lambda m: f"dim {m.dim}"),
    (nn.LeakyReLU, lambda m: f"slope {m.negative_slope:g}"),
    (nn.Upsample, lambda m: f"× {m.scale_factor:g}" if m.scale_factor else ""),
    (_SAYING_NOTHING, _nothing),
]

_SYMBOLS = {
    **dict.fromkeys(("add", "add_", "__add__", "__radd__", "__iadd__"), "+"),
    **dict.fromkeys(("sub", "sub_", "__sub__", "__rsub__", "__isub__", "rsub"), "−"),
    **dict.fromkeys(("mul", "mul_", "__mul__", "__rmul__", "__imul__", "multiply"), "×"),
    **dict.fromkeys(("div", "div_", "__truediv__", "__rtruediv__", "__itruediv__"), "÷"),
    **dict.fromkeys(("__matmul__", "__rmatmul__"), "@"),
    "__getitem__": "[ ]",
    "__setitem__": "[ ] =",
    "__pow__": "pow",
    "__neg__": "neg",
    "__eq__": "=",
    "__ne__": "≠",
    "__lt__": "<",
    "__gt__": ">",
    "__le__": "≤",
    "__ge__": "≥",
    "__and__": "and",
    "__or__": "or",
    "__invert__": "not",
    "__bool__": "bool",
    "__array__": "numpy",
}


def label_of(operation: str) -> str:
    """Return an operation's name as its author wrote it: `+` for `__add__`."""
    return _SYMBOLS.get(operation) or operation.strip("_") or operation
