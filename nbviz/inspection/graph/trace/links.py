"""Which forward operation a function of the backward pass belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_KEY = "nbviz.forward"


@dataclass(frozen=True, slots=True)
class ForwardLink:
    """The forward operation of a function of the backward pass.

    Attributes:
        node_id: Of the operation in the recorded graph.
        name: What the operation is called.
        source: Where it was called, `file.py:12`.
        scopes: `call_id` of the module calls in which it ran, the outermost first, without the
            model's own.
        types: The class names of these modules.
    """

    node_id: str
    name: str
    source: str
    scopes: tuple[str, ...]
    types: tuple[str, ...]


def link(function: Any, forward: ForwardLink) -> None:
    """Note on a function which operation it belongs to, for as long as the function lives.

    Functions between it and those that are noted already belong to the same operation.
    """
    waiting = [function]
    while waiting:
        found = waiting.pop()
        metadata = getattr(found, "metadata", None)
        # The adding up of a leaf's gradient belongs to the leaf, and not to its first use.
        if metadata is None or _KEY in metadata or hasattr(found, "variable"):
            continue
        metadata[_KEY] = forward
        waiting.extend(before for before, _ in found.next_functions if before is not None)


def mark_border(function: Any) -> None:
    """Note that a function, of which the model's input was made, belongs to no operation of it."""
    metadata = getattr(function, "metadata", None)
    if metadata is not None:
        metadata.setdefault(_KEY, None)


def link_of(function: Any) -> ForwardLink | None:
    """Return the operation that a function belongs to, None if no recording has seen it."""
    metadata = getattr(function, "metadata", None)
    found = metadata.get(_KEY) if metadata else None
    return found if isinstance(found, ForwardLink) else None
