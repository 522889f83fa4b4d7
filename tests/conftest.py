"""Shared by every test. Its place makes `tests/` importable: `from kernel_specs import …`."""

from __future__ import annotations

import signal

# Servers, browsers and kernels end with the tests, also where a time limit ends those.
signal.signal(signal.SIGTERM, signal.default_int_handler)
