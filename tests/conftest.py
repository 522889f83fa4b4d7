"""Shared by every test. Its place makes `tests/` importable: `from kernel_specs import …`."""
