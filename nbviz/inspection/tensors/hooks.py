"""Hooks that stay with the module that they were given to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Hook:
    """A module's hook. A copy of the module, or one that is saved, has a hook that does nothing.

    Args:
        act: Called with the hook's arguments; nothing that it returns changes what the module does.
    """

    def __init__(self, act: Callable[..., None]) -> None:
        self._act = act

    def __call__(self, *args: Any) -> None:
        """Act."""
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
