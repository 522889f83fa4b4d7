"""A model's graph, level by level, and what the boxes in sight were measured to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np

from nbviz.errors import CommandError, NbvizError
from nbviz.inspection.graph.overlays.broken import broken_on
from nbviz.panels.panel import NO_ADDRESS, Extent, Panel, Reply, View
from nbviz.protocol import graph as messages
from nbviz.text import clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.panels.batch import Batch, SavedBatch
    from nbviz.panels.subject import Subject
    from nbviz.pictures.graph_levels import Levels

MAX_NODES = 1000  # measured for one view
OVERLAYS = cast("tuple[messages.OverlayName, ...]", get_args(messages.OverlayName))

Measured = dict[str, frozenset[str]]
"""The overlays that are looked at, and on which boxes."""


@dataclass(slots=True)
class GraphEntry:
    """What was sent with the graph, if it was, and which version of each overlay was sent."""

    watched: tuple[str, ...] | None = None  # as it was sent with the graph
    overlays: dict[str, int] = field(default_factory=dict[str, int])
    broken: object = None


class GraphPanel(Panel["Subject", GraphEntry, Measured]):
    """Modules and operations as boxes, tensors as edges."""

    name = "graph"
    assets = ("graph",)
    requests = (messages.SendGraph,)
    slow = frozenset({"set_wanted"})  # measures at once where no step is made

    def part(self, subject: Subject) -> Subject | None:
        """Return the subject if there is a graph."""
        return subject if subject.graph is not None else None

    def missing(self, subject: Subject) -> str:
        """Say what is missing."""
        return f"The run {subject.name!r} has no model to draw."

    def has_content(self, part: Subject) -> bool:
        """Whether there is a graph, even if it has to be traced first."""
        return part.graph is not None

    def entry(self) -> GraphEntry:
        """Return the entry of a page that knows of no graph."""
        return GraphEntry()

    def updates(
        self, part: Subject, entry: GraphEntry, batch: Batch, extent: Extent[GraphEntry, Measured]
    ) -> None:
        """Add that there is a graph, and the overlays that are looked at, where they changed.

        A page may be sent an overlay twice, so that a snapshot need not end where a frame begins.
        """
        _add_graph(part, entry, batch)
        _add_broken(part, entry, batch)
        overlays = part.run.overlays if part.run is not None else None
        if overlays is None:
            return
        for name in sorted(extent.wanted or ()):
            version, latest = overlays.version(name), overlays.latest(name)
            if latest is None or entry.overlays.get(name) == version:
                continue
            entry.overlays[name] = version
            values = np.fromiter(latest.values.values(), np.float64, len(latest.values))
            batch.add(
                {
                    "kind": "overlay_updated",
                    "run_id": part.run_id,
                    "overlay": latest.overlay,
                    "step": latest.step,
                    "nodes": list(latest.values),
                    "note": clean_text(latest.note),
                    "first": list(latest.first),
                    "buffer": batch.buffer(values),
                }
            )

    def view(self, part: Subject, keys: Sequence[str], known: int) -> View:
        """Return which overlay a view shows, and on which boxes; no keys are no overlay."""
        del known
        if part.run is None or part.run.overlays is None:
            raise CommandError(f"the run {part.name!r} has no model that could be measured.")
        if keys and keys[0] not in OVERLAYS:
            raise CommandError(
                f"there is no overlay {keys[0]!r}; there are: {', '.join(OVERLAYS)}."
            )
        if len(keys) > MAX_NODES + 1:
            raise CommandError(f"keys must be at most {MAX_NODES} boxes, got {len(keys) - 1}.")
        return View(tuple(keys))

    def join(self, views: Sequence[View], before: Measured | None) -> Measured | None:
        """Return the overlays that are looked at, each with its boxes."""
        del before
        joined: Measured = {}
        for view in views:
            if view.keys:
                overlay, *nodes = view.keys
                joined[overlay] = joined.get(overlay, frozenset()) | frozenset(nodes)
        return joined

    def wanted_changed(
        self, part: Subject, owner: str, before: Measured | None, now: Measured | None
    ) -> None:
        """Have the boxes measured; at once where no step is made."""
        if part.run is None or part.run.overlays is None:
            return
        old, new = before or {}, now or {}
        for overlay in old.keys() - new.keys():
            part.run.overlays.want(f"{owner} {overlay}", "", ())
        for overlay, nodes in new.items():
            if old.get(overlay) != nodes:
                part.run.overlays.want(f"{owner} {overlay}", overlay, nodes)

    def answer(
        self, part: Subject, request: messages.SendGraph, reply: Reply[messages.GraphSent]
    ) -> None:
        """Send levels of the graph, once it has been traced."""
        if part.graph is None:
            raise CommandError(self.missing(part))
        can_be_measured = part.run is not None and part.run.overlays is not None

        def answer(found: Levels | Exception) -> None:
            if isinstance(found, Exception):
                reply.fail(found)
                return
            try:
                levels = [found.level(scope) for scope in dict.fromkeys(request["scopes"])]
            except (NbvizError, KeyError) as error:
                reply.fail(error)
                return
            reply.send(
                {
                    "kind": "graph_sent",
                    **reply.address,
                    "run_id": part.run_id,
                    "levels": levels,
                    "overlays": list(OVERLAYS) if can_be_measured else [],
                }
            )

        part.graph.ask(answer)

    def saved(self, part: Subject, batch: SavedBatch, limit: float) -> bool:
        """Add every level of the graph, if it can be traced now."""
        del limit  # boxes that do not open would be worse than a large page
        found: list[Levels | Exception] = []
        if part.graph is not None:
            part.graph.ask(found.append)
        if not found or isinstance(found[0], Exception):
            return False
        batch.add({"kind": "graph_added", "run_id": part.run_id, "watched": []})
        batch.answers.append(
            {
                "kind": "graph_sent",
                **NO_ADDRESS,
                "run_id": part.run_id,
                "levels": list(found[0].levels()),
                "overlays": [],
            }
        )
        _add_broken(part, self.entry(), batch)
        return True


def _add_graph(part: Subject, entry: GraphEntry, batch: Batch) -> None:
    layers: Any = None if part.run is None else getattr(part.run.steering, "layers", None)
    watched = () if layers is None else layers.paths
    if part.graph is not None and entry.watched != watched:
        entry.watched = watched
        names = [clean_text(path) for path in watched]
        batch.add({"kind": "graph_added", "run_id": part.run_id, "watched": names})


def _add_broken(part: Subject, entry: GraphEntry, batch: Batch) -> None:
    """Add where the next step broke, once the graph is there, and that it is over later."""
    graph: Any = getattr(part.graph, "graph", None)
    found = None if part.run is None or graph is None else part.run.broken
    if found is not None and part.run is not None and part.run.meter.step >= found.step:
        found = None  # the step has been made
    if found is entry.broken:
        return
    entry.broken = found
    where = broken_on(graph, found) if found is not None and graph is not None else None
    text = "" if found is None else clean_text(str(found).partition(":")[0])
    batch.add(
        {
            "kind": "graph_broken",
            "run_id": part.run_id,
            "step": 0 if found is None else found.step,
            "boxes": [] if where is None else list(where.boxes),
            "is_backward": where is not None and where.is_backward,
            "text": text[:1].upper() + text[1:],
        }
    )
