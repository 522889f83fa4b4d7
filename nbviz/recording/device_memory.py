"""How much memory a run's device has, and how much is in use."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any


def read_memory(device: str) -> tuple[int | None, int | None]:
    """Return bytes in use and bytes in all: of a CUDA device, else of this process and machine.

    Unknown numbers are None. Does not wait for the device.
    """
    torch: Any = sys.modules.get("torch")
    if device.startswith("cuda") and torch is not None:
        return torch.cuda.memory_reserved(device), _cuda_total(device)
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE"), _machine_total()
    except (OSError, ValueError, IndexError, AttributeError):
        return None, None


@cache
def _cuda_total(device: str) -> int:
    torch: Any = sys.modules["torch"]
    return int(torch.cuda.get_device_properties(device).total_memory)


@cache
def _machine_total() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
