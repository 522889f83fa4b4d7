"""A model's parameters as heatmaps, of those that pages look at."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from nbviz.errors import CommandError
from nbviz.panels.batch import Batch
from nbviz.panels.items import spread
from nbviz.panels.listing import evenly, item_tag, items_added
from nbviz.panels.panel import NO_ADDRESS, Extent, RunPanel, View
from nbviz.panels.wire import heatmap_fields
from nbviz.protocol import weights as messages
from nbviz.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from nbviz.inspection.tensors.heatmaps import Heatmap
    from nbviz.panels.batch import SavedBatch
    from nbviz.panels.panel import Address, Reply
    from nbviz.protocol.core import ItemTag
    from nbviz.protocol.weights import WeightsSent
    from nbviz.recording.recorded_run import RecordedRun
    from nbviz.recording.weights_store import State

MAX_LAYERS = 64  # looked at by one view
_SAVED_CELLS = 256 * 256  # at most, of one parameter
_SAVED_BYTES = 3_000_000  # of all parameters of a run
_MOST_SAVED_STEPS = 24  # of a parameter
_LISTED_SHARE = 0.1  # of a frame, for the steps of heatmaps
_STEP_BYTES = 8


@dataclass(slots=True)
class WeightsEntry:
    """Which layers and earlier steps were listed, and which version of each heatmap was sent."""

    layers: object = None
    heatmaps: dict[str, int] = field(default_factory=dict[str, int])
    kept: dict[str, int] = field(default_factory=dict[str, int])
    states: dict[str, frozenset[int]] = field(default_factory=dict[str, "frozenset[int]"])


class WeightsPanel(RunPanel[WeightsEntry, "frozenset[str]"]):
    """Heatmaps of parameters."""

    name = "weights"
    saves_steps = True
    assets = ("weights", "heatmap", "timeline")
    requests = (messages.SendWeights,)

    def has_content(self, part: RecordedRun) -> bool:
        """Whether there are parameters."""
        return bool(part.weights.layers)

    def entry(self) -> WeightsEntry:
        """Return the entry of a page without heatmaps."""
        return WeightsEntry()

    def read(self, part: RecordedRun) -> bool:
        """Take the heatmaps that pages wait for while the run's own thread makes no steps."""
        part.capture_idle_weights()
        return False

    def updates(
        self,
        part: RecordedRun,
        entry: WeightsEntry,
        batch: Batch,
        extent: Extent[WeightsEntry, frozenset[str]],
    ) -> None:
        """Add the parameters' names, and the heatmaps that are looked at, where they changed.

        A page may be sent a heatmap twice, so that a snapshot need not end where a frame begins.
        """
        layers = tuple(part.weights.layers)
        if layers and layers != entry.layers:
            entry.layers = layers
            _add_layers(part, layers, batch)
        _add_kept(part, entry, batch, extent)
        _add_states(part, entry, batch, extent)
        for name in sorted(extent.wanted or ()):
            version = part.weights.version(name)
            heatmap = part.weights.latest(name)
            if heatmap is None or entry.heatmaps.get(name) == version:
                continue
            if batch.size + heatmap.cells.nbytes > extent.limit and batch.updates:
                batch.dropped += 1
                continue
            entry.heatmaps[name] = version
            _add_heatmap(part, name, heatmap, batch)

    def view(self, part: RecordedRun, keys: Sequence[str], known: int) -> View:
        """Return which parameters a view shows; those that do not exist have no heatmap."""
        del known
        if len(keys) > MAX_LAYERS:
            raise CommandError(f"keys must be at most {MAX_LAYERS} layers, got {len(keys)}.")
        names = {clean_line(name): name for name, _ in part.weights.layers}
        return View(tuple(names.get(key, key) for key in keys))

    def join(self, views: Sequence[View], before: frozenset[str] | None) -> frozenset[str] | None:
        """Return the names of the parameters that are looked at."""
        del before
        return frozenset(key for view in views for key in view.keys)

    def wanted_changed(
        self,
        part: RecordedRun,
        owner: str,
        before: frozenset[str] | None,
        now: frozenset[str] | None,
    ) -> None:
        """Have heatmaps made of what is looked at."""
        del before
        part.weights.want(owner, now or ())

    def answer(
        self, part: RecordedRun, request: messages.SendWeights, reply: Reply[WeightsSent]
    ) -> None:
        """Send a parameter's heatmap at or before a step, made of a state where that is nearer."""
        kept, name = part.weights.kept, request["name"]
        names = (*(name for name, _ in part.weights.layers), *kept)
        found = next((known for known in names if clean_line(known) == name), name)
        made = cast("Heatmap", kept[found].at(request["step"]).value) if found in kept else None
        heatmap = _of_states(part, found, request["step"], made)
        if heatmap is None:
            raise CommandError(f"no heatmap of {name!r} is kept of an earlier step.")
        batch = Batch()
        reply.send(_weights_sent(part, found, heatmap, batch, reply.address), batch)

    def saved(self, part: RecordedRun, batch: SavedBatch, limit: float) -> bool:
        """Add heatmaps of the first parameters, as they are now if the run is over.

        While it is active its thread changes them: then those that were made for pages. Of earlier
        steps those are added that are kept, or can be made of states that are, as far as there is
        room.
        """
        weights = part.weights
        owner = f"page-{uuid.uuid4().hex}"
        names = self._captured(part) if part.is_active else _affordable(part, limit)
        weights.want(owner, names)
        try:
            if not part.is_active:
                weights.capture(part.progress.step, names)
            shown = {name: weights.latest(name) for name in sorted(self._captured(part))}
        finally:
            weights.want(owner, ())
        # A name without a heatmap would be listed for nothing.
        _add_layers(part, [layer for layer in weights.layers if layer[0] in shown], batch)
        left = batch.room(_SAVED_BYTES, limit)
        for name, heatmap in shown.items():
            if heatmap is not None:
                _add_heatmap(part, name, heatmap, batch)
                left -= heatmap.nbytes
        with weights.states() as states:
            _save_earlier(part, list(shown), states, batch, left)
        return bool(shown)

    @staticmethod
    def _captured(run: RecordedRun) -> list[str]:
        return [name for name, _ in run.weights.layers if run.weights.latest(name) is not None]


def _affordable(run: RecordedRun, limit: float) -> list[str]:
    """Return the names of the first parameters whose heatmaps a page can carry."""
    names: list[str] = []
    size = 0
    for name, shape in run.weights.layers:
        size += 2 * min(math.prod(shape), _SAVED_CELLS)
        if size > min(limit, _SAVED_BYTES):
            break
        names.append(name)
    return names


def _add_kept(
    run: RecordedRun,
    entry: WeightsEntry,
    batch: Batch,
    extent: Extent[WeightsEntry, frozenset[str]],
) -> None:
    """List the steps of which heatmaps are kept, of what is looked at, and move the entry."""
    wanted = extent.wanted or frozenset()
    listed: dict[str, list[int]] = {}
    since = min((entry.kept.get(name, 0) for name in wanted), default=0)
    for name, _, item in run.weights.kept.since(since) if wanted else ():
        end = math.inf if extent.end is None else extent.end.kept.get(name, 0)
        if name in wanted and entry.kept.get(name, 0) < item.version <= end:
            entry.kept[name] = item.version
            listed.setdefault(name, []).append(item.step)
    if not listed:
        return
    room = extent.limit * _LISTED_SHARE / _STEP_BYTES / len(listed)
    _list_steps(
        run,
        {name: evenly(of, int(max(2, min(room, len(of))))) for name, of in listed.items()},
        batch,
    )


def _add_states(
    run: RecordedRun,
    entry: WeightsEntry,
    batch: Batch,
    extent: Extent[WeightsEntry, frozenset[str]],
) -> None:
    """List the steps of states that heatmaps can be made of, of what is looked at."""
    steps = frozenset(run.weights.state_steps()) if extent.wanted else frozenset[int]()
    listed: dict[str, list[int]] = {}
    for name in sorted(extent.wanted or ()):
        known = entry.states.get(name, frozenset[int]())
        if new := steps - known:
            entry.states[name] = known | new
            kept = run.weights.kept.get(name, ())  # which the page has been told
            listed[name] = sorted(new.difference(item.step for item in kept))
    listed = {name: of for name, of in listed.items() if of}
    if listed:
        _list_steps(run, listed, batch)


def _list_steps(run: RecordedRun, listed: Mapping[str, Sequence[int]], batch: Batch) -> None:
    kept = run.weights.kept
    tags = [item_tag(run, name, "tensor", len(of), kept) for name, of in listed.items()]
    every = [step for of in listed.values() for step in of]
    batch.add({"kind": "weights_kept", **items_added(run, tags, every, batch)})


def _of_states(run: RecordedRun, name: str, step: int, made: Heatmap | None) -> Heatmap | None:
    """Return a heatmap of the newest state at or before a step, unless one is made that is newer.

    As of those that are kept it is the first where all are later.
    """
    from nbviz.inspection.tensors.heatmaps import reduce_weights

    if made is not None and made.step == step:
        return made
    with run.weights.states() as states:
        tensors = {of: every[name] for of, every in states if name in every}
        steps = tensors.keys() | (set[int]() if made is None else {made.step})
        before = [of for of in steps if of <= step]
        chosen = max(before) if before else min(steps, default=None)
        if chosen is None or (made is not None and chosen == made.step):
            return made
        return reduce_weights(name, tensors[chosen], chosen)


def _save_earlier(
    run: RecordedRun,
    names: Sequence[str],
    states: Sequence[State],
    batch: SavedBatch,
    left: float,
) -> None:
    """Add heatmaps of earlier steps, spread over all of them, and list their steps."""
    from nbviz.inspection.tensors.heatmaps import reduce_weights

    listed: list[ItemTag] = []
    steps: list[int] = []
    for number, name in enumerate(names):
        made = {item.step: cast("Heatmap", item.value) for item in run.weights.kept.get(name, ())}
        raw = {step: tensors[name] for step, tensors in states if name in tensors}
        known = raw.keys() | made.keys()
        if not known:
            continue
        room = left / (len(names) - number)
        kept: list[int] = []
        for step in batch.chosen(spread(sorted(known)), _MOST_SAVED_STEPS):
            heatmap = made.get(step) or reduce_weights(name, raw[step], step)
            if heatmap.nbytes > room:
                break
            batch.answers.append(_weights_sent(run, name, heatmap, batch, NO_ADDRESS))
            kept.append(step)
            room -= heatmap.nbytes
            left -= heatmap.nbytes
        batch.note_kept(name, len(kept), len(known))
        if kept:
            listed.append(item_tag(run, name, "tensor", len(kept), run.weights.kept))
            steps += sorted(kept)
    if listed:
        batch.add({"kind": "weights_kept", **items_added(run, listed, steps, batch)})


def _weights_sent(
    run: RecordedRun, name: str, heatmap: Heatmap, batch: Batch, address: Address
) -> WeightsSent:
    return {
        "kind": "weights_sent",
        **address,
        "run_id": run.run_id,
        "name": clean_line(name),
        "step": heatmap.step,
        **heatmap_fields(heatmap),
        "buffer": batch.buffer(heatmap.cells),
    }


def _add_layers(
    run: RecordedRun, layers: Collection[tuple[str, tuple[int, ...]]], batch: Batch
) -> None:
    if layers:
        batch.add(
            {
                "kind": "layers_listed",
                "run_id": run.run_id,
                "layers": [
                    {"name": clean_line(name), "shape": list(shape)} for name, shape in layers
                ],
            }
        )


def _add_heatmap(run: RecordedRun, name: str, heatmap: Heatmap, batch: Batch) -> None:
    batch.add(
        {
            "kind": "weights_updated",
            "run_id": run.run_id,
            "name": clean_line(name),
            "step": heatmap.step,
            **heatmap_fields(heatmap),
            "buffer": batch.buffer(heatmap.cells),
        }
    )
