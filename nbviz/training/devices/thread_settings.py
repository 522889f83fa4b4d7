"""Torch's settings that each thread has for itself, carried from a cell into a run's thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import torch
import torch.overrides
from torch.overrides import TorchFunctionMode

_AUTOCAST = ("cpu", "cuda", "mps", "xpu")
# Modes that stay: the default device, which is carried by itself, and what traces a model.
_LEFT = ("torch.utils._device", "nbviz.")


@dataclass(frozen=True, slots=True)
class ThreadSettings:
    """The default device, modes, autocast, and the present CUDA device of one thread.

    Whether gradients are recorded is not carried: in a run they always are.

    Attributes:
        device: What `torch.set_default_device` was given; None if nothing.
        autocast: By kind of device, where it is enabled: the type that is computed in.
        cuda_device: The present CUDA device; None before CUDA is used.
        modes: What sees the calls of torch's functions (`TorchFunctionMode`), the outermost first.
    """

    device: torch.device | None
    autocast: dict[str, torch.dtype]
    cuda_device: int | None
    modes: tuple[TorchFunctionMode, ...] = ()

    @classmethod
    def of_this_thread(cls) -> Self:
        """Return those of the present thread."""
        device = default_device()
        autocast: dict[str, torch.dtype] = {}
        for kind in _AUTOCAST:
            try:
                if torch.is_autocast_enabled(kind):
                    autocast[kind] = torch.get_autocast_dtype(kind)
            except RuntimeError:  # a kind that this build of torch does not have
                continue
        is_used = torch.cuda.is_available() and torch.cuda.is_initialized()
        return cls(
            # Setting the CPU would slow each factory function a little, for nothing.
            None if device.type == "cpu" else device,
            autocast,
            torch.cuda.current_device() if is_used else None,
            _modes(),
        )

    def apply(self) -> None:
        """Set them on the present thread, until it ends."""
        if self.device is not None:
            torch.set_default_device(self.device)
        for kind, dtype in self.autocast.items():
            torch.set_autocast_enabled(kind, True)
            torch.set_autocast_dtype(kind, dtype)
        if self.cuda_device is not None:
            torch.cuda.set_device(self.cuda_device)
        for mode in self.modes:
            # Not what a class of its own does on entering, which was done where it was entered.
            TorchFunctionMode.__enter__(mode)


def default_device() -> torch.device:
    """Return the device of factory functions, whether one was set, set to None, or never."""
    try:
        return torch.get_default_device()
    except AttributeError:  # earlier versions of torch, after `set_default_device(None)`
        return torch.device("cpu")


def _modes() -> tuple[TorchFunctionMode, ...]:
    # Private: torch has no public way to ask.
    stack: Any = getattr(torch.overrides, "_get_current_function_mode_stack", tuple)
    return tuple(m for m in stack() if not type(m).__module__.startswith(_LEFT))
