"""The options of a call, checked, and what they say of axes and margins."""

from __future__ import annotations

import logging
import numbers
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.errors import LoggingError
from nbviz.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_log = logging.getLogger("nbviz.visdom")
_TEXTS = ("color", "colormap", "mode", "markersymbol")
_LISTS = ("columnnames", "rownames")
_RANGES = {  # lowest, highest, whether the lowest may be taken
    "markersize": (0.0, np.inf, False),
    "markerborderwidth": (0.0, np.inf, True),
    "jpgquality": (0.0, 100.0, False),
    "opacity": (0.0, 1.0, True),
    "fps": (0.0, np.inf, False),
}
_TICKS = ("type", "label", "tickmin", "tickmax", "tickvals", "ticklabels", "tickstep", "tick")
_MARGINS = {"l": "left", "r": "right", "t": "top", "b": "bottom"}


def read_options(opts: Mapping[str, Any] | None, **defaults: Any) -> dict[str, Any]:
    """Return a call's options, copied, with defaults for those that are not given.

    Raises:
        LoggingError: One of them cannot be taken.
    """
    options = {**defaults, **(opts or {})}
    title = options.get("title", "")
    if title is None:
        del options["title"]
    elif isinstance(title, numbers.Number):
        options["title"] = str(title)
    elif not isinstance(title, str):
        raise LoggingError(f"opts['title'] must be a text, got {title!r}.")
    for name in _TEXTS:
        if options.get(name) is not None and not isinstance(options[name], str):
            raise LoggingError(f"opts[{name!r}] must be a text, got {options[name]!r}.")
    for name in _LISTS:
        if isinstance(options.get(name), tuple | np.ndarray):
            options[name] = list(options[name])
        if options.get(name) is not None and not isinstance(options[name], list):
            raise LoggingError(f"opts[{name!r}] must be a list of names, got {options[name]!r}.")
    for name in _RANGES:
        _check_number(name, options.get(name))
    return options


def _check_number(name: str, value: Any) -> None:
    low, high, takes_low = _RANGES[name]
    if value is None or isinstance(value, np.ndarray | list):
        return
    is_number = isinstance(value, int | float | np.number)
    number = float(cast("float", value)) if is_number else np.nan
    if not (low < number <= high or (takes_low and number == low)):
        raise LoggingError(
            f"opts[{name!r}] must be a number {'from' if takes_low else 'above'} {low:g}"
            + (f" to {high:g}" if high < np.inf else "")
            + f", got {value!r}."
        )


def layout_of(options: Mapping[str, Any], *, is_space: bool = False) -> dict[str, Any]:
    """Return a plot's layout: title, legend, margins in pixels, axes."""
    defaults = (0, 60, 20, 0) if is_space else (60, 60, 60, 60)
    layout: dict[str, Any] = {
        "showlegend": options.get("showlegend", "legend" in options),
        "title": options.get("title"),
        "margin": {
            side: options.get(f"margin{name}", default)
            for (side, name), default in zip(_MARGINS.items(), defaults, strict=True)
        },
    }
    axes = {f"{axis}axis": _axis(axis, options) for axis in ("xyz" if is_space else "xy")}
    layout |= {"scene": axes} if is_space else axes
    if options.get("stacked"):
        layout["barmode"] = "stack"
    more: Any = options.get("layoutopts") or {}
    layout |= more.get("plotly", {})
    return without_none(layout)


def trace_options(options: Mapping[str, Any], name: str, place: int) -> dict[str, Any]:
    """Return what `traceopts` says of one trace, by its name or its place."""
    given: Any = options.get("traceopts") or {}
    of: Any = given.get("plotly", given)
    return dict(of.get(name) or of.get(place) or {})


def without_none(value: Any) -> Any:
    """Return a dict without what is None, at any depth, and without dicts that are None."""
    if not isinstance(value, dict):
        return value
    items = cast("dict[str, Any]", value).items()
    return {name: without_none(one) for name, one in items if one is not None}


def marker_colors(
    given: Any, points: int, labels: NDArray[np.int64], largest: int
) -> dict[int, list[str]]:
    """Return the colours of points by label: one for each point, or for each label.

    Args:
        given: Whole numbers from 0 to 255, of shape (n,) or (n, 3), a row a point or a label.
        points: How many there are.
        labels: Of each point.
        largest: The largest label.

    Raises:
        LoggingError: They are of another shape, or out of range.
    """
    colors = _bytes_of("markercolor", given)
    if len(colors) not in (points, largest):
        raise LoggingError(
            "opts['markercolor'] needs a row a point or a label, for "
            f"{counted(points, 'point')} or {counted(largest, 'label')}, got shape "
            f"{np.shape(given)}."
        )
    names = (
        [f"rgba(0, 0, 255, {value / 255:.3g})" for value in colors.tolist()]
        if colors.ndim == 1
        else [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in colors.tolist()]
    )
    found: dict[int, list[str]] = {}
    for point, label in enumerate(labels.tolist()):
        by_point = len(names) == points
        found.setdefault(label, []).append(names[point if by_point else label - 1])
    return found


def line_colors(given: Any, lines: int) -> list[str]:
    """Return the colour of each line.

    Raises:
        LoggingError: There is not one for each, or it is no colour.
    """
    colors = _bytes_of("linecolor", given)
    if colors.ndim != 2 or len(colors) != lines:  # noqa: PLR2004
        raise LoggingError(
            f"opts['linecolor'] needs red, green and blue a line, for {counted(lines, 'line')}, "
            f"got shape {np.shape(given)}."
        )
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in colors.tolist()]


def line_dashes(given: Any, lines: int) -> list[str]:
    """Return the dash of each line.

    Raises:
        LoggingError: There is not one for each.
    """
    dashes = [str(one) for one in np.ravel(given)]
    if len(dashes) != lines:
        raise LoggingError(
            f"opts['dash'] needs one a line, for {counted(lines, 'line')}, got {dashes}."
        )
    return dashes


def warn(text: str) -> None:
    """Say what a caller may want to know, and did not ask for."""
    _log.warning("%s", text)


def _axis(axis: str, options: Mapping[str, Any]) -> dict[str, Any] | None:
    of = {name: options.get(axis + name) for name in (*_TICKS, "tickfont")}
    if all(value is None for value in of.values()):
        return None
    ends = [of["tickmin"], of["tickmax"]]
    return {
        "type": of["type"],
        "title": of["label"],
        "range": None if None in ends else ends,
        "tickvals": of["tickvals"],
        "ticktext": of["ticklabels"],
        "dtick": of["tickstep"],
        "showticklabels": of["tick"],
        "tickfont": of["tickfont"],
    }


def _bytes_of(name: str, given: Any) -> NDArray[np.uint8]:
    values = np.asarray(given)
    is_whole = values.dtype.kind in "iufb" and bool((values == np.floor(values)).all())
    if values.ndim not in (1, 2) or (values.ndim == 2 and values.shape[1] != 3) or not is_whole:  # noqa: PLR2004
        raise LoggingError(
            f"opts[{name!r}] takes whole numbers of shape (n,) or (n, 3), got shape {values.shape} "
            f"of {values.dtype}."
        )
    if values.size and not (values.min() >= 0 and values.max() <= 255):  # noqa: PLR2004
        raise LoggingError(
            f"opts[{name!r}] takes numbers from 0 to 255, got {values.min()} to {values.max()}."
        )
    return values.astype(np.uint8)
