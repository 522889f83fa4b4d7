"""Hooks that stay with the module that they were given to."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

_thread = threading.local()


@contextmanager
def hooks_run(within: Callable[[], AbstractContextManager[Any]] | None) -> Generator[None]:
    """Set how nbviz's own hooks run on this thread while a pass is looked at.

    Args:
        within: Returns what a hook runs within; None for hooks that do nothing, as in a pass that
            is not the user's.
    """
    before = getattr(_thread, "within", ())
    _thread.within = (*before, within)
    try:
        yield
    finally:
        _thread.within = before


def is_looked_at() -> bool:
    """Whether the pass that runs on this thread is nbviz's own, as in a trace."""
    contexts = getattr(_thread, "within", ())
    return bool(contexts) and contexts[-1] is None


class Hook:
    """A module's hook. A copy of the module, or one that is saved, has a hook that does nothing.

    Args:
        act: Called with the hook's arguments; nothing that it returns changes what the module does.
    """

    def __init__(self, act: Callable[..., None]) -> None:
        self._act = act

    def __call__(self, *args: Any) -> None:
        """Act, and leave no trace of it in a graph."""
        contexts: tuple[Callable[[], AbstractContextManager[Any]] | None, ...]
        contexts = getattr(_thread, "within", ())
        if not contexts:
            self._act(*args)
        elif contexts[-1] is not None:
            with contexts[-1]():
                self._act(*args)

    @property
    def __name__(self) -> str:
        """None: `torch.jit.script` asks for it first, and what is here is its error message."""
        raise AttributeError(
            "torch.jit.script cannot script a module that a hook of nbviz is on. Script it before "
            "it is given to a trainer or watched; or after its first step, or unwatched."
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> Callable[..., None]:
        """Return a hook without effect."""
        return _nothing

    def __reduce__(self) -> tuple[Callable[[], Callable[..., None]], tuple[()]]:
        """Leave a hook without effect in the file."""
        return _hook_of_a_copy, ()


def _nothing(*_: Any) -> None:
    """Stand in for the hook in a copy of the module."""


def _hook_of_a_copy() -> Callable[..., None]:
    return _nothing
