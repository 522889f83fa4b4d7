"""What a graph view shows: levels, each the inside of a box."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbviz.protocol.graph import GraphLevel


class Levels(Protocol):
    """A graph by its levels, as `nbviz.inspection.graph.Graph` has them."""

    def level(self, scope: str = "") -> GraphLevel:
        """Return the inside of a box, "" for the whole graph."""
        ...

    def levels(self) -> Iterator[GraphLevel]:
        """Yield every level, the whole graph first."""
        ...

    def to_dot(self) -> str:
        """Return the graph in Graphviz's language."""
        ...

    def to_dict(self) -> dict[str, object]:
        """Return the graph as JSON has it."""
        ...
