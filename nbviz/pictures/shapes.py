"""A picture as a list of shapes, so that SVG and PNG are drawn from one layout."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Anchor = Literal["start", "middle", "end"]

LIGHT = {
    "surface": "#ffffff",
    "sunken": "#f4f5f7",
    "border": "#e0e3e8",
    "border-strong": "#c4c9d1",
    "text": "#1f2430",
    "text-soft": "#5b6372",
    "grid": "#e9ecf1",
    "accent": "#2f6fde",
    "good": "#1f8a5b",
    "warn": "#b4690e",
    "bad": "#c9372c",
    "series-1": "#2f6fde",
    "series-2": "#e0702b",
    "series-3": "#1f9470",
    "series-4": "#b0479f",
    "series-5": "#7a62d9",
    "series-6": "#a07c12",
    "series-7": "#1b8fb3",
    "series-8": "#c9405f",
}
"""The colours of `js/src/ui/tokens.css`, by the names they have there."""

DARK = {
    "surface": "#16181d",
    "sunken": "#21242b",
    "border": "#353a44",
    "border-strong": "#4b5260",
    "text": "#e7e9ee",
    "text-soft": "#a3abba",
    "grid": "#2a2e36",
    "accent": "#6b9dff",
    "good": "#4fc38d",
    "warn": "#e5a03c",
    "bad": "#ff7b70",
    "series-1": "#6b9dff",
    "series-2": "#ff9d5c",
    "series-3": "#4fc9a1",
    "series-4": "#dd7fce",
    "series-5": "#a995ff",
    "series-6": "#d6b444",
    "series-7": "#55c4e6",
    "series-8": "#ff7f9c",
}

SERIES_COLORS = 8


@lru_cache(maxsize=256)
def light(color: str) -> str:
    """Return a colour by its name in `LIGHT`, or one that `mixed` or `fixed` has made."""
    return _color(color, LIGHT)


@lru_cache(maxsize=256)
def dark(color: str) -> str:
    """Return the same colour for a dark page."""
    return _color(color, DARK)


def mixed(color: str, percent: int, other: str) -> str:
    """Return the name of `percent` of one colour and the rest of another, as CSS mixes them."""
    return f"{color}_{percent}_{other}"


def fixed(color: str) -> str:
    """Return the name of a colour `#rrggbb` that is the same on every page."""
    return f"fixed-{color.removeprefix('#')}"


def _color(name: str, palette: dict[str, str]) -> str:
    kind, _, rest = name.partition("_")
    if not rest:
        own = name.removeprefix("fixed-")
        return palette[name] if own == name else f"#{own}"
    percent, _, other = rest.partition("_")
    share = int(percent) / 100
    pairs = zip(*(bytes.fromhex(_color(c, palette)[1:]) for c in (kind, other)), strict=True)
    return "#" + bytes(round(a * share + b * (1 - share)) for a, b in pairs).hex()


def series_color(index: int) -> str:
    """Return the name of the colour of the `index`-th (from 0) run or split."""
    return f"series-{index % SERIES_COLORS + 1}"


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle, in pixels."""

    x: float
    y: float
    width: float
    height: float
    color: str
    radius: float = 0.0
    outline: str = ""


@dataclass(frozen=True, slots=True)
class Stroke:
    """Lines through points, in pixels; each piece is one line of shape (points, 2)."""

    pieces: list[NDArray[np.float64]]
    color: str
    width: float = 1.0
    dashed: bool = False
    opacity: float = 1.0
    dotted: bool = False

    @property
    def pattern(self) -> tuple[float, float] | None:
        """How many pixels are drawn and how many are left out in turn; None for a whole line."""
        if self.dotted:
            return (1.6, 3.4)
        return (4.0, 3.0) if self.dashed else None


@dataclass(frozen=True, slots=True)
class Fill:
    """Filled polygons, in pixels; each piece is one outline of shape (points, 2)."""

    pieces: list[NDArray[np.float64]]
    color: str
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Dots:
    """Discs of one radius, in pixels; centers has shape (dots, 2)."""

    centers: NDArray[np.float64]
    radius: float
    color: str


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a line of text, in its own colour and weight."""

    text: str
    color: str = "text"
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """One line of text whose baseline starts, is centred or ends at (x, y).

    Attributes:
        is_upward: It is read upwards, its letters to the left of x.
    """

    x: float
    y: float
    text: str
    color: str = "text"
    size: float = 11.0
    anchor: Anchor = "start"
    bold: bool = False
    more: tuple[Span, ...] = ()  # what follows on the same line, wherever the reader's font ends
    is_upward: bool = False

    @property
    def spans(self) -> tuple[Span, ...]:
        """The whole line in its parts."""
        return (Span(self.text, self.color, self.bold), *self.more)


@dataclass(frozen=True, slots=True)
class Photo:
    """A PNG file in a rectangle, in pixels; its own pixels stay sharp squares."""

    x: float
    y: float
    width: float
    height: float
    png: bytes


Shape = Box | Stroke | Fill | Dots | Label | Photo


@dataclass(slots=True)
class Picture:
    """Shapes from back to front, on a surface of `width` × `height` pixels."""

    width: float
    height: float = 0.0
    shapes: list[Shape] = field(default_factory=list[Shape])

    def add(self, *shapes: Shape) -> None:
        """Draw on top of what is there."""
        self.shapes.extend(shapes)


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return about how wide `text` is in a system's sans-serif font, in pixels.

    Which font the reader has is not known, so the estimate leans to the wide side.
    """
    total = sum(_advance(character) for character in text)
    return total * size * (1.09 if bold else 1.03)


def wide_text(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text is, in pixels, in the widest font that a reader is likely to have."""
    return _WIDEST * text_width(text, size, bold=bold)


_WIDEST = 1.15  # DejaVu Sans, as compared with Arial


def fit_text(text: str, size: float, width: float, *, bold: bool = False) -> str:
    """Return `text`, its end replaced by … where it is wider than `width` pixels."""
    if text_width(text, size, bold=bold) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = text_width(text[:middle] + "…", size, bold=bold) <= width
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low].rstrip() + "…"


def wrapped_text(text: str, size: float, width: float) -> list[str]:
    """Return `text` in lines of at most `width` pixels, broken between words."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(fit_text(word, size, width))
    return lines


# Advance widths of Arial, which most sans-serif fonts come near to.
_ADVANCES = {
    character: width
    for width, characters in {
        0.23: "'ijl|",
        0.28: " !,./:;I[\\]ft·",
        0.34: '()-`r{}"',
        0.5: "*^Jcksvxyz",
        0.56: "#$0123456789?L_abdeghnopqu–",
        0.6: "+<=>~FTZ×−",
        0.67: "&ABEKPSVXY",
        0.75: "CDHNRUw∞",
        0.81: "GOQMm",
        0.95: "%W@",
        1.0: "→…—",
    }.items()
    for character in characters
}


def _advance(character: str) -> float:
    wide = character >= "\u1100"  # where the scripts with square letters begin
    return _ADVANCES.get(character, 1.0 if wide else 0.62)
