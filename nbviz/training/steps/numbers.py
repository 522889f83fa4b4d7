"""What a step of the user's may return in place of a number: whatever holds exactly one."""

from __future__ import annotations

import contextlib
import numbers
from decimal import Decimal
from typing import Any, cast

import numpy as np
import torch

from nbviz.errors import repr_of, text_of


def read_number(value: object) -> torch.Tensor | float:
    """Return one number: a float, or a detached floating-point tensor without dimensions.

    Takes what `Run.log` takes: Python's and numpy's numbers, bools, `Decimal`, `Fraction`, arrays
    and tensors with one element. A tensor stays on its device, and nothing waits for it.

    Raises:
        ValueError: It is not one real number; the message goes on after "must be one number, ".
    """
    try:
        return _read(value)
    except ValueError:
        raise
    except Exception as error:  # noqa: BLE001  such as of a tensor's subclass
        raise ValueError(f"got {shown(value)}, and {text_of(error)}") from None


def whole_number(value: object) -> int | None:
    """Return Python's or numpy's whole number as an int; None of anything else, and of bools."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        return None
    try:
        return int(cast("Any", value))
    except Exception:  # noqa: BLE001  a subclass's own code
        return None


def _read(value: object) -> torch.Tensor | float:
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
        except Exception as error:  # noqa: BLE001  a number's own code
            raise ValueError(f"got {shown(plain)}, and {text_of(error)}") from None
    raise ValueError(f"got {shown(value)}")


def shown(value: object) -> str:
    """Return a value's type and the beginning of its repr, which may fail."""
    if isinstance(value, torch.Tensor):
        with contextlib.suppress(Exception):  # of a subclass, or of a nested tensor
            return f"a tensor of shape {tuple(value.shape)}"
    return f"{type(value).__name__} {repr_of(value)}"


def _read_tensor(value: torch.Tensor) -> torch.Tensor:
    if value.numel() != 1:
        raise ValueError(f"got a tensor of shape {tuple(value.shape)}")
    if value.is_complex():
        raise ValueError("got a complex tensor")
    number = value.detach()
    if number.ndim:
        number = number.reshape(())
    return number if number.is_floating_point() else number.float()
