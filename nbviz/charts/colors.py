"""What `color=` means: one colour, one for each thing drawn, or numbers or classes of the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import ImageColor

from nbviz.charts.inputs import (
    check_count,
    listed,
    number_listed,
    short_name,
    words_or_numbers,
)
from nbviz.errors import ConfigurationError
from nbviz.pictures.number_text import format_value
from nbviz.pictures.shapes import SERIES_COLORS, fixed, series_color
from nbviz.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RAMP = ((0x4B, 0x3B, 0xA8), (0x2F, 0x6F, 0xDE), (0x1F, 0x94, 0x70), (0xD6, 0xB4, 0x44))
_STEPS = 24  # colours of a ramp
_MOST_COLORED = 20_000_000  # rows
_MOST_CLASSES = 20  # whose numbers are read as classes


@dataclass(frozen=True, slots=True, eq=False)
class RowColors:
    """A colour for each input row.

    Attributes:
        colors: The names of colours that there are, as of `nbviz.pictures.shapes`.
        of_row: Which one each row has; int64.
        names: What each colour stands for; "" where it needs no words.
    """

    colors: tuple[str, ...]
    of_row: NDArray[np.int64]
    names: tuple[str, ...]


def part_colors(chart: str, color: object, count: int, what: str) -> tuple[str, ...]:
    """Return the name of a colour for each part.

    Args:
        chart: For errors.
        color: None for the house's own, one CSS colour, or one for each part.
        count: How many parts there are.
        what: What they are, in plural.

    Raises:
        ConfigurationError: It is no colour, or there are not as many as parts.
    """
    if color is None:
        return tuple(series_color(at) for at in range(count))
    if isinstance(color, str):
        return (one_color(chart, color),) * count
    given = listed(color, count)
    if given is None:
        raise ConfigurationError(
            f'{chart} needs color= as a CSS colour such as "tomato" or "#2f6fde", or as a list '
            f"of them, got {type(color).__name__}."
        )
    if len(given) != count:
        raise ConfigurationError(
            f"{chart} draws {count:,} {what}, but color= has {number_listed(given, color, count)} "
            "colours; give as many."
        )
    return tuple(one_color(chart, one) for one in given)


def row_colors(chart: str, color: object, rows: int, *, parts: int = 0) -> RowColors:
    """Return a colour for each row.

    Args:
        chart: For errors.
        color: None or one CSS colour for all rows; a list of colours, numbers or classes for each.
        rows: How many rows there are.
        parts: Which of the house's colours is the first.

    Raises:
        ConfigurationError: It is none of that, or not as many as rows.
    """
    everywhere = np.zeros(rows, np.int64)
    if color is None:
        return RowColors((series_color(parts),), everywhere, ("",))
    if isinstance(color, str):
        return RowColors((one_color(chart, color),), everywhere, ("",))
    check_count(chart, rows, _MOST_COLORED, "values of color=")
    column = words_or_numbers(chart, color, "color=", rows, "one colour, or a value for each row")
    known = column.words and _colors_of(column.words)
    if known:
        used = tuple(dict.fromkeys(known))
        of_word = np.array([used.index(one) for one in known])
        places = of_word[np.nan_to_num(column.values).astype(np.int64)]
        return RowColors(used, places, ("",) * len(used))
    if column.words:
        return _by_class(column.values, column.words)
    values = column.values
    kinds = np.unique(values[~np.isnan(values)])
    is_whole = bool((kinds == np.floor(kinds)).all()) and bool(np.isfinite(kinds).all())
    if 0 < len(kinds) <= _MOST_CLASSES and is_whole and _has_whole_numbers(color):
        words = tuple(f"{value:g}" for value in kinds.tolist())
        places = np.searchsorted(kinds, np.nan_to_num(values, nan=kinds[0])).astype(np.float64)
        return _by_class(np.where(np.isnan(values), np.nan, places), words)
    return _by_value(values)


def one_color(chart: str, color: object) -> str:
    """Return the name of one CSS colour, as of `nbviz.pictures.shapes`.

    Raises:
        ConfigurationError: It is none.
    """
    found = _parsed(color)
    if found is None:
        raise ConfigurationError(
            f"{chart} does not know the colour {short_name(color)!r}; write a CSS colour such as "
            '"tomato", "#2f6fde" or "rgb(47, 111, 222)".'
        )
    return found


def _parsed(color: object) -> str | None:
    if not isinstance(color, str):
        return None
    try:
        red, green, blue = ImageColor.getrgb(color.strip())[:3]
    except ValueError:
        return None
    return fixed(f"#{red:02x}{green:02x}{blue:02x}")


def _colors_of(words: tuple[str, ...]) -> tuple[str, ...]:
    found = [_parsed(word) for word in words]
    return tuple(one for one in found if one is not None) if None not in found else ()


def _has_whole_numbers(color: Any) -> bool:
    kind = str(getattr(color, "dtype", ""))
    if kind:
        return "int" in kind or "bool" in kind
    return all(isinstance(one, int) or one is None for one in color)


def _by_class(places: NDArray[np.float64], words: tuple[str, ...]) -> RowColors:
    is_known = ~np.isnan(places)
    colors = [series_color(at) for at in range(min(len(words), SERIES_COLORS))]
    names = list(words[: len(colors)])
    of_row = np.where(is_known, places, 0).astype(np.int64)
    if len(words) > SERIES_COLORS:  # a ninth would have the colour of the first
        names[-1] = counted(len(words) - SERIES_COLORS + 1, "other")
        of_row = np.minimum(of_row, SERIES_COLORS - 1)
    if not is_known.all():
        of_row = np.where(is_known, of_row, len(colors))
        colors.append("border-strong")
        names.append("missing")
    return RowColors(tuple(colors), of_row, tuple(names))


def _by_value(values: NDArray[np.float64]) -> RowColors:
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    half = high * 0.5 - low * 0.5
    share = (values * 0.5 - low * 0.5) / half if half > 0 else np.zeros(len(values))
    steps = np.nan_to_num(np.clip(share, 0, 1)) * (_STEPS - 1)
    colors = [ramp_color(at / (_STEPS - 1)) for at in range(_STEPS)]
    names = [""] * _STEPS
    names[0], names[-1] = format_value(low), format_value(high)
    of_row = steps.round().astype(np.int64)
    if len(finite) < len(values):
        is_known = np.isfinite(values)
        of_row = np.where(is_known, of_row, _STEPS)
        colors.append("border-strong")
        names.append("not finite")
    return RowColors(tuple(colors), of_row, tuple(names))


def ramp_color(share: float) -> str:
    """Return the name of the colour of a share from 0 to 1 of the values."""
    at = share * (len(_RAMP) - 1)
    first = min(int(at), len(_RAMP) - 2)
    mixed = [
        round(a + (b - a) * (at - first))
        for a, b in zip(_RAMP[first], _RAMP[first + 1], strict=True)
    ]
    return fixed("#" + bytes(mixed).hex())
