"""Keeps a run that compiles a model from leaving PyTorch with a pointer to nothing.

PyTorch 2.9 to 2.11, where they are built for CUDA and find no GPU, replace the process's CUDA
device guard the first time that anything is traced with fake tensors, as `torch.compile` does. They
keep the new guard in a variable of the thread that traced, and do not put the old one back: once
that thread has ended, the next use, by any thread, ends the process (pytorch/pytorch#178950). A
run's thread does end. So the guard is replaced beforehand, by a thread that does not.
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import threading
from functools import cache

import torch


@cache
def keep_device_guard() -> None:
    """Let a thread that never ends own the stand-in for the CUDA device guard, if there is one."""
    # Private: PyTorch offers no other way to choose the thread. Without it there is nothing to do.
    replace = getattr(torch._C, "_ensureCUDADeviceGuardSet", None)  # noqa: SLF001
    if replace is None or torch.cuda.is_available():
        return
    done = threading.Event()

    def own() -> None:
        try:
            replace()
        finally:
            done.set()
        threading.Event().wait()

    threading.Thread(target=own, name="nbviz-device-guard", daemon=True).start()
    done.wait()
