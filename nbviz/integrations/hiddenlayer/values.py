"""`to_data` and `write`: values as Python and numpy know them."""

from __future__ import annotations

import sys
from typing import Any, cast

import numpy as np

from nbviz.recording.capture.arrays import CapturedArray, copy_array
from nbviz.recording.capture.captured import CapturedScalar

_ITEMS_SHOWN = 10


def capture(value: Any) -> Any:
    """Return a value that later changes of the original do not reach, without waiting for a device.

    A number on a device is to be sealed, with the others of its step; what is still being copied is
    read by `resolve`.
    """
    torch: Any = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        tensor: Any = value
        if tensor.device.type == "cpu" or tensor.is_meta:
            return to_data(tensor)
        if tensor.dim() == 0 and not tensor.is_complex():
            return CapturedScalar(tensor)
        return copy_array(tensor)
    if isinstance(value, np.ndarray):
        return cast("Any", value.copy())
    if isinstance(value, np.generic):
        return cast("Any", value).item()
    return value


def resolve(value: Any) -> Any:
    """Return a captured value; waits for it if it is still on its way."""
    return value.read() if isinstance(value, CapturedScalar | CapturedArray) else value


def to_data(value: Any) -> Any:
    """Return tensors as numpy arrays, and tensors and arrays without axes as Python numbers."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        tensor: Any = value
        return tensor.item() if tensor.dim() == 0 else copy_array(tensor).read()
    array: Any = value
    is_number = isinstance(value, np.generic | np.ndarray) and array.ndim == 0
    return array.item() if is_number else array


def write(*args: Any) -> None:
    """Print values, tensors and arrays by their dtype, shape and range.

    `hl.write("x", torch.zeros(3))` prints `x  Tensor  float32 (3,)  min: 0.000  max: 0.000`.
    """
    line = ""
    for value in map(to_data, args):
        if isinstance(value, np.ndarray):
            array = cast("Any", value)
            extremes = f"  min: {array.min():.3f}  max: {array.max():.3f}" if array.size else ""
            line += "\t" if line else ""
            print(f"{line}Tensor  {array.dtype} {array.shape}{extremes}")  # noqa: T201  as hiddenlayer
            line = ""
        elif isinstance(value, list):
            items = cast("list[Any]", value)
            shown = items[:_ITEMS_SHOWN]
            line += "\t" if line else ""
            line += f"list    len: {len(items)}  {shown}"
        else:
            line += f" {value}" if line else str(value)
    if line:
        print(line)  # noqa: T201
