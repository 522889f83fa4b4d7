"""Pies and sunbursts as shapes of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.integrations.visdom.arrays import Column
from nbviz.pictures.shapes import Box, Fill, Label, fit_text, series_color
from nbviz.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbviz.pictures.shapes import Picture

_HOLE = 0.35  # of a ring, in the middle of a sunburst
_MOST_RINGS = 12
_CIRCLE = 2 * np.pi
_TEXT = 10.5


@dataclass(frozen=True, slots=True)
class Sector:
    """A part of a whole.

    Attributes:
        label: Its name.
        start: Where it begins, as a share of the circle.
        share: Of the whole.
        ring: 0 for the innermost.
        family: The number of its colour; -1 for the one whole that all are parts of.
    """

    label: str
    start: float
    share: float
    ring: int
    family: int


def sectors_of(trace: Mapping[str, Any]) -> list[Sector]:
    """Return the sectors of a pie, or of a sunburst as plotly lays it out."""
    labels = [str(one) for one in trace.get("labels") or ()]
    given = trace.get("values")
    amounts = None if given is None else np.nan_to_num(_numbers(given)).clip(0).tolist()
    if trace.get("type") == "sunburst":
        return _rings(labels, trace["parents"], amounts, trace.get("branchvalues") == "total")
    values: list[float] = amounts if amounts is not None else [1.0] * len(labels)
    total, at = sum(values) or 1.0, 0.0
    found: list[Sector] = []
    for place, value in enumerate(values):
        label = labels[place] if place < len(labels) else ""
        found.append(Sector(label, at, value / total, 0, place))
        at += value / total
    return found


def draw_shares(
    picture: Picture, trace: Mapping[str, Any], area: tuple[float, float, float, float]
) -> None:
    """Draw a pie or a sunburst, and the names of its colours beside it.

    Args:
        picture: Where to.
        trace: As plotly has it.
        area: x, y, width and height, in pixels.
    """
    x, y, width, height = area
    sectors = sectors_of(trace)
    radius = height / 2 - 4
    center = np.array([x + radius + 4, y + height / 2])
    is_pie = trace.get("type") != "sunburst"
    rings = max((one.ring for one in sectors), default=0) + 1
    split = min((one.ring for one in sectors if one.family >= 0), default=0)
    for one in sectors:
        angles = (one.start + np.linspace(0, one.share, 48) - 0.25) * _CIRCLE
        rim = np.column_stack([np.cos(angles), np.sin(angles)])
        inner, outer = (
            (one.ring + _HOLE) / (rings + _HOLE),
            (one.ring + 1 + _HOLE) / (rings + _HOLE),
        )
        outline = [rim, np.zeros((1, 2))] if is_pie else [outer * rim, inner * rim[::-1]]
        color = "border" if one.family < 0 else series_color(one.family)
        opacity = 1.0 if one.family < 0 else max(0.4, 1 - 0.25 * (one.ring - split))
        picture.add(Fill([center + radius * np.vstack(outline)], color, opacity))
    left = x + 2 * radius + 16
    for place, one in enumerate([one for one in sectors if one.ring == split]):
        top = y + 14 + 15 * place
        if one.label and top < y + height:
            text = fit_text(clean_line(one.label), _TEXT, x + width - left - 12)
            picture.add(Box(left, top - 8, 8, 8, series_color(one.family), 2))
            picture.add(Label(left + 12, top, text, "text", _TEXT))


def _rings(
    labels: Sequence[str], parents: Sequence[object], values: list[float] | None, is_total: bool
) -> list[Sector]:
    known = set(labels)
    children: dict[str, list[int]] = {}
    for place, parent in enumerate(parents):
        within = str(parent) if str(parent) in known and parent != labels[place] else ""
        children.setdefault(within, []).append(place)
    amounts: dict[int, float] = {}

    def amount(place: int, above: frozenset[int]) -> float:
        parts = [part for part in children.get(labels[place], ()) if part not in above]
        within = sum(amount(part, above | {place}) for part in parts)
        own = (0.0 if parts else 1.0) if values is None else values[place]
        amounts[place] = max(own, within) if is_total else own + within
        return amounts[place]

    first = children.get("", [])
    whole = sum(amount(place, frozenset({place})) for place in first) or 1.0
    split = 1 if len(first) == 1 else 0
    found: list[Sector] = []

    def lay(parts: Sequence[int], start: float, ring: int, family: int) -> None:
        ordered = sorted((one for one in parts if one in amounts), key=lambda one: -amounts[one])
        for number, place in enumerate(ordered if ring <= _MOST_RINGS else ()):
            of = number if ring == split else family
            share = amounts[place] / whole
            found.append(Sector(labels[place], start, share, ring, of))
            lay(children.get(labels[place], ()), start, ring + 1, of)
            start += share

    lay(first, 0.0, 0, -1)
    return found


def _numbers(values: Any) -> Any:
    return values.values if isinstance(values, Column) else np.asarray(values, float)
