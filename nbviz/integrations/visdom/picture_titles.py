"""What stands around a plot in a picture of windows: its legend and the titles of its axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbviz.pictures.shapes import Box, Label, fit_text, text_width
from nbviz.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbviz.pictures.shapes import Picture

    Area = tuple[float, float, float, float]  # x, y, width, height

_TEXT, _ROW = 9.5, 14.0  # pixels
_SWATCH, _APART = 12.0, 10.0
_MOST_ROWS = 2
_WIDEST = 90.0  # pixels of one name


def draw_legend(picture: Picture, named: Sequence[tuple[str, str]], area: Area) -> Area:
    """Draw names with their colours above a plot; returns what is left for it.

    Args:
        picture: Where to.
        named: Names, each with a colour.
        area: x, y, width and height, in pixels.
    """
    x, y, width, height = area
    at, row, left = 0.0, 0, len(named)
    for name, color in named:
        shown = fit_text(clean_line(name), _TEXT, _WIDEST)
        needed = _SWATCH + text_width(shown, _TEXT)
        if at and at + needed > width:
            at, row = 0.0, row + 1
        if row == _MOST_ROWS:
            break
        top = y + row * _ROW
        picture.add(
            Box(x + at, top + 1, 8, 8, color, 2),
            Label(x + at + _SWATCH, top + 9, shown, "text-soft", _TEXT),
        )
        at += needed + _APART
        left -= 1
    if left:
        picture.add(
            Label(x + width, y + _MOST_ROWS * _ROW - 5, f"+{left}", "text-soft", _TEXT, "end")
        )
    used = (min(row, _MOST_ROWS - 1) + 1) * _ROW if named else 0.0
    return x, y + used, width, height - used


def draw_axis_titles(picture: Picture, layout: Mapping[str, Any], area: Area) -> Area:
    """Draw the titles of a plane's axes, the upright one above it; returns what is left for it."""
    x, y, width, height = area
    across, up = (_title(layout.get(axis)) for axis in ("xaxis", "yaxis"))
    if up:
        shown = fit_text(up, _TEXT, width)
        picture.add(Label(x, y + 9, shown, "text-soft", _TEXT))
        y, height = y + _ROW, height - _ROW
    if across:
        shown = fit_text(across, _TEXT, width)
        picture.add(Label(x + width - 4, y + height - 2, shown, "text-soft", _TEXT, "end"))
        height -= _ROW - 2
    return x, y, width, height


def _title(axis: Any) -> str:
    of: Mapping[str, Any] = axis or {}
    title: Any = of.get("title") or ""
    text: Any = title.get("text") or "" if hasattr(title, "get") else title
    return clean_line(str(text))
