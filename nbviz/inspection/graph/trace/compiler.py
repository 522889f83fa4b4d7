"""Keeps PyTorch's compiler, which takes seconds to import, out of passes without data.

Its shape functions in Python ask the compiler, when they are first called, for a version of
themselves that it does not compile. Nothing is compiled while it has not been imported, and so that
version is the function itself.
"""

# pyright: reportPrivateUsage=false
# Where a version of PyTorch has none of these names, its compiler is imported as it would be.

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from types import FunctionType
from typing import TYPE_CHECKING, Any

from nbviz.training.overlapping import Overlapping

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager

_COMPILER = "torch._dynamo"
_CACHED = "__dynamo_disable"
_ASKING = "_disable_dynamo.<locals>.inner"
_LIBRARIES = ("torch._refs", "torch._decomp", "torch._meta_registrations", "torch._prims")


def without_compiler() -> AbstractContextManager[None]:
    """Have shape functions run without importing the compiler, unless that has been done."""
    return nullcontext() if _COMPILER in sys.modules else _marking.needed()


@contextmanager
def _marked() -> Generator[None]:
    changed = [function for function in _functions() if not hasattr(function, _CACHED)]
    for function in changed:
        setattr(function, _CACHED, function)
    try:
        yield
    finally:  # a compiler that is imported later is asked again
        for function in changed:
            delattr(function, _CACHED)


_marking = Overlapping(_marked)


@lru_cache(maxsize=1)
def _functions() -> tuple[Any, ...]:
    """Return the functions that would ask the compiler."""
    waiting: list[Any] = []
    for name, module in list(sys.modules.items()):
        if name.startswith(_LIBRARIES):
            waiting.extend(vars(module).values())
    registered: dict[str, dict[Any, Any]] = getattr(
        sys.modules.get("torch._decomp"), "global_decomposition_table", {}
    )
    waiting.extend(function for table in registered.values() for function in table.values())
    seen: set[int] = set()
    found: list[Any] = []
    while waiting:
        function = waiting.pop()
        if not isinstance(function, FunctionType) or id(function) in seen:
            continue
        seen.add(id(function))
        held = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
        waiting += [*held, getattr(function, "__wrapped__", None)]
        if function.__code__.co_qualname == _ASKING:
            found += [one for one in held if isinstance(one, FunctionType)]
    return tuple({id(function): function for function in found}.values())


def _is_filled(cell: Any) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True
