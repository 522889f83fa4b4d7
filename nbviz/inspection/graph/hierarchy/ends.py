"""Inputs and outputs in large numbers, such as a cache, drawn as one: "cache: 64 tensors"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbviz.inspection.graph.hierarchy.boxes import Box
from nbviz.text import counted

if TYPE_CHECKING:
    from nbviz.inspection.graph.hierarchy.boxes import Kind

_FEW = 12
"""Tensors of one container that are drawn one by one; and containers within one that are."""

_PART = re.compile(r"\[[^\]]*\]|[^.\[]+")


@dataclass(slots=True)
class _Container:
    """What is found under one name: a tensor, or containers and tensors by their names in it."""

    name: str
    boxes: list[str] = field(default_factory=list[str])
    inside: dict[str, _Container] = field(default_factory=dict[str, "_Container"])


def fold_ends(boxes: dict[str, Box]) -> None:
    """Draw the inputs and outputs of the model by their containers, where they are many.

    A tuple, list or dict of over twelve tensors is one box, unless it holds a few containers of
    which some are: then these are, and the rest is drawn one by one.
    """
    whole = boxes[""]
    for kind in ("input", "output"):
        ends = [child for child in whole.children if boxes[child].kind == kind]
        if len(ends) > _FEW:
            root = _Container("")
            for end in ends:
                _put(root, end, boxes[end].label)
            for container in _many(root):
                _fold(container, kind, boxes)


def _put(root: _Container, end: str, label: str) -> None:
    container = root
    container.boxes.append(end)
    for part in _PART.finditer(label):
        name = label[: part.end()]
        container = container.inside.setdefault(name, _Container(name))
        container.boxes.append(end)


def _many(container: _Container) -> list[_Container]:
    """Return the containers that are to be one box each."""
    if len(container.boxes) <= _FEW:
        return []
    if not container.inside or len(container.inside) > _FEW:
        return [container]
    found = [many for one in container.inside.values() for many in _many(one)]
    rest = len(container.boxes) - sum(len(one.boxes) for one in found)
    return [container] if container.name and rest > _FEW else found


def _fold(container: _Container, kind: Kind, boxes: dict[str, Box]) -> None:
    whole, held = boxes[""], [boxes[one] for one in container.boxes]
    made = Box(
        box_id=f"{held[0].box_id}+{len(held)}",
        kind=kind,
        label=f"{container.name or kind}: {counted(len(held), 'tensor')}",
        type=kind,
        path="",
        parent="",
        outputs=held[0].outputs if len({box.outputs for box in held}) == 1 else (),
    )
    boxes[made.box_id] = made
    for box in held:
        box.shown_as = made.box_id
    place = whole.children.index(held[0].box_id)
    gone = {box.box_id for box in held}
    before = [child for child in whole.children[:place] if child not in gone]
    after = [child for child in whole.children[place:] if child not in gone]
    whole.children = [*before, made.box_id, *after]
