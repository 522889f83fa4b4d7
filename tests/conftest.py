"""Shared by every test. Its place makes `tests/` importable: `from kernel_specs import …`."""

from __future__ import annotations

import gc
import os
import signal

# Servers, browsers and kernels end with the tests, also where a time limit ends those.
signal.signal(signal.SIGTERM, signal.default_int_handler)
# A job that a shell starts in the background ignores interrupts, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
# A pool of compiling processes costs 25 s to start; the tests compile a few small models.
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")


def pytest_collection_finish() -> None:
    """Leave PyTorch's objects out of garbage collections: tests collect often, and they stay."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()  # else what is frozen is not freed at exit, which nanobind calls a leak
