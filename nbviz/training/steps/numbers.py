"""What a step of the user's may return in place of a number: whatever holds exactly one."""

from __future__ import annotations

import numbers
from decimal import Decimal
from typing import Any, cast

import numpy as np
import torch

_SHOWN = 60  # characters of a value in a message


def read_number(value: object) -> torch.Tensor | float:
    """Return one number: a float, or a detached floating-point tensor without dimensions.

    Takes what `Run.log` takes: Python's and numpy's numbers, bools, `Decimal`, `Fraction`, arrays
    and tensors with one element. A tensor stays on its device, and nothing waits for it.

    Raises:
        ValueError: It is not one real number; the message goes on after "must be one number, ".
    """
    if isinstance(value, torch.Tensor):
        return _read_tensor(value)
    if isinstance(value, np.ndarray):
        array: Any = cast("Any", value)
        if array.size != 1 or array.dtype.kind not in "biuf":
            raise ValueError(f"got a numpy array of shape {array.shape} and dtype {array.dtype}")
        return float(array.reshape(()))
    if isinstance(value, numbers.Real | Decimal | np.bool_):
        plain = cast("Any", value)
        try:
            return float(plain)
        except (OverflowError, ValueError, TypeError) as error:
            raise ValueError(f"got {shown(plain)}, and {error}") from None
    raise ValueError(f"got {shown(value)}")


def shown(value: object) -> str:
    """Return a value's type and the beginning of its repr, which may fail."""
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  a user's broken repr must not hide our message
        text = "that cannot be shown"
    return f"{type(value).__name__} {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}"


def _read_tensor(value: torch.Tensor) -> torch.Tensor:
    if value.numel() != 1:
        raise ValueError(f"got a tensor of shape {tuple(value.shape)}")
    if value.is_complex():
        raise ValueError("got a complex tensor")
    number = value.detach()
    if number.ndim:
        number = number.reshape(())
    return number if number.is_floating_point() else number.float()
