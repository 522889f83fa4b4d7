"""How much memory a run's device has, and how much is in use; and whether that was too little."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    import torch

_SAID = ("out of memory", "can't allocate memory")  # by a GPU's driver, and by PyTorch on the CPU


def read_memory(device: str) -> tuple[int | None, int | None]:
    """Return bytes in use and bytes in all: of a CUDA device, else of this process and machine.

    Unknown numbers are None. Does not wait for the device.
    """
    if device.startswith("cuda") and "torch" in sys.modules:
        return cuda_reserved(device), cuda_total(device)
    try:
        return process_bytes(), machine_total()
    except (OSError, psutil.Error):
        return None, None


def process_bytes() -> int:
    """Return the bytes of memory that this process has."""
    return psutil.Process().memory_info().rss


@cache
def machine_total() -> int:
    """Return the bytes of memory that the machine has."""
    return psutil.virtual_memory().total


def cuda_reserved(device: torch.device | str | int) -> int:
    """Return the bytes that PyTorch has taken of a device, for all of this process."""
    torch: Any = sys.modules["torch"]
    return torch.cuda.memory_reserved(device)


@cache
def cuda_total(device: torch.device | str | int) -> int:
    """Return the bytes that a device has."""
    torch: Any = sys.modules["torch"]
    return int(torch.cuda.get_device_properties(device).total_memory)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, or what it came from, says that there is no memory left."""
    torch: Any = sys.modules.get("torch")
    if isinstance(error, MemoryError) or (
        torch is not None and isinstance(error, torch.OutOfMemoryError)
    ):
        return True
    if isinstance(error, RuntimeError) and any(text in str(error) for text in _SAID):
        return True
    return error.__cause__ is not None and is_out_of_memory(error.__cause__)
