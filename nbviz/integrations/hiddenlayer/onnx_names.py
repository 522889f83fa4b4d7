"""What ONNX calls the operations that PyTorch code calls."""

from __future__ import annotations

import re

_SAME = (  # ONNX's name is PyTorch's in capitals: leaky_relu is LeakyRelu
    *("relu", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "sigmoid", "tanh"),
    *("hardsigmoid", "softplus", "softsign", "softmax", "log_softmax", "add", "sub", "mul", "div"),
    *("pow", "sqrt", "exp", "log", "abs", "neg", "sin", "cos", "erf", "floor", "ceil", "round"),
    *("where", "pad", "flatten", "reshape", "squeeze", "unsqueeze", "expand", "identity", "einsum"),
    *("split", "dropout", "reciprocal", "sign", "tile", "topk", "equal", "greater", "less", "not"),
)
_OTHER = {
    "Add": ("iadd", "radd"),
    "ArgMax": ("argmax",),
    "ArgMin": ("argmin",),
    "Attention": ("scaled_dot_product_attention", "multi_head_attention_forward"),
    "AveragePool": ("avg_pool1d", "avg_pool2d", "avg_pool3d"),
    "BatchNormalization": ("batch_norm",),
    "Cast": ("to", "float", "half", "bfloat16", "double", "long", "int", "bool", "type"),
    "Clip": ("clamp", "clip", "hardtanh", "relu6", "clamp_min", "clamp_max"),
    "Concat": ("cat", "concat", "concatenate", "stack", "hstack", "vstack"),
    "Conv": ("conv1d", "conv2d", "conv3d"),
    "ConvTranspose": ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    "CumSum": ("cumsum",),
    "Div": ("truediv", "itruediv", "rtruediv", "true_divide", "divide"),
    "Dropout": ("dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_dropout"),
    "Expand": ("expand_as", "broadcast_to"),
    "GRU": ("gru", "gru_cell"),
    "Gather": ("embedding", "index_select"),
    "GatherElements": ("gather",),
    "Gemm": ("linear", "addmm"),
    "GroupNormalization": ("group_norm",),
    "HardSwish": ("hardswish",),
    "InstanceNormalization": ("instance_norm",),
    "LRN": ("local_response_norm",),
    "LSTM": ("lstm", "lstm_cell"),
    "LayerNormalization": ("layer_norm",),
    "MatMul": ("matmul", "mm", "bmm", "rmatmul", "mv"),
    "MaxPool": (
        *("max_pool1d", "max_pool2d", "max_pool3d"),
        *("max_pool1d_with_indices", "max_pool2d_with_indices", "max_pool3d_with_indices"),
    ),
    "Mul": ("imul", "rmul", "multiply"),
    "OneHot": ("one_hot",),
    "Pow": ("rpow", "square"),
    "PRelu": ("prelu",),
    "RNN": ("rnn_tanh", "rnn_relu", "rnn_tanh_cell", "rnn_relu_cell"),
    "ReduceL2": ("norm", "vector_norm"),
    "ReduceMax": ("max", "amax"),
    "ReduceMean": ("mean",),
    "ReduceMin": ("min", "amin"),
    "ReduceProd": ("prod",),
    "ReduceSum": ("sum",),
    "RMSNormalization": ("rms_norm",),
    "Reshape": ("view", "view_as", "reshape_as", "unflatten"),
    "Resize": ("interpolate", "upsample"),
    "ScatterElements": ("scatter",),
    "Slice": ("getitem", "narrow", "select"),
    "SpaceToDepth": ("pixel_unshuffle",),
    "DepthToSpace": ("pixel_shuffle",),
    "Split": ("chunk", "unbind", "tensor_split"),
    "Sub": ("isub", "rsub", "subtract"),
    "Tile": ("repeat",),
    "TopK": ("topk",),
    "Transpose": ("permute", "t", "swapaxes", "movedim", "transpose"),
}
_NAMES = {name: "".join(part.capitalize() for part in name.split("_")) for name in _SAME} | {
    name: op for op, names in _OTHER.items() for name in names
}
_GLOBAL = {"avg": ("GlobalAveragePool", "AveragePool"), "max": ("GlobalMaxPool", "MaxPool")}
_ADAPTIVE = re.compile(r"adaptive_(avg|max)_pool(\d)d")


def onnx_name(function: str, output_shape: tuple[int, ...]) -> str:
    """Return ONNX's name of a PyTorch function; in capitals its own where ONNX has none.

    Args:
        function: Its name, such as `relu`, `relu_` or `__add__`.
        output_shape: The shape that it returned.
    """
    plain = re.sub(r"\W", "", function).strip("_")
    adaptive = _ADAPTIVE.match(plain)
    if adaptive:
        whole, windowed = _GLOBAL[adaptive[1]]
        return whole if set(output_shape[-int(adaptive[2]) :]) == {1} else windowed
    if plain in _NAMES:
        return _NAMES[plain]
    return "".join(part[:1].upper() + part[1:] for part in plain.split("_")) or "Operation"
