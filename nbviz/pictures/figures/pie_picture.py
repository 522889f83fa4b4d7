"""The slices of a pie as shapes, with names and shares beside them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nbviz.pictures.shapes import Fill, Label, Picture, Stroke, fit_text

if TYPE_CHECKING:
    from nbviz.pictures.figures.layers import Wedges

_TEXT_SIZE = 11.0
_LEAST_NAMED = 0.02  # of the whole; the names of thinner slices would lie on each other
_ARC = math.radians(3)


def draw_wedges(picture: Picture, pie: Wedges, top: float, bottom: float) -> None:
    """Draw a pie in the middle of a picture between two heights, in pixels from the top."""
    total = float(pie.sizes.sum())
    center = np.array([picture.width / 2, (top + bottom) / 2])
    if total <= 0:
        picture.add(Label(center[0], center[1], "nothing to draw", "text-soft", 12, "middle"))
        return
    radius = (bottom - top) / 2 - 30
    ends = np.cumsum(pie.sizes) / total * math.tau
    start = 0.0
    for end, color, name in zip(ends.tolist(), pie.colors, pie.names, strict=True):
        if end <= start:
            continue
        steps = max(2, math.ceil((end - start) / _ARC))
        angles = start + (end - start) * np.arange(steps, dtype=np.float64) / (steps - 1)
        # From the top on, clockwise.
        arc = center + radius * np.column_stack([np.sin(angles), -np.cos(angles)])
        outline = arc if end - start >= math.tau - 1e-9 else np.vstack([center, arc])
        picture.add(Fill([outline], color))
        picture.add(Stroke([np.vstack([outline, outline[:1]])], "surface", 1.5))
        share = (end - start) / math.tau
        if share >= _LEAST_NAMED:
            middle = (start + end) / 2
            x, y = center + (radius + 12) * np.array([math.sin(middle), -math.cos(middle)])
            anchor = "start" if x > center[0] + 4 else "end" if x < center[0] - 4 else "middle"
            room = picture.width - x - 8 if anchor == "start" else x - 8
            text = fit_text(f"{name}  {share:.0%}".strip(), _TEXT_SIZE, max(30.0, room))
            picture.add(Label(float(x), float(y) + 4, text, "text", _TEXT_SIZE, anchor))
        start = end
