"""What an update does to a window: adds to it, replaces or removes a part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import LoggingError
from nbviz.integrations.visdom.arrays import Column, Grid, copied

if TYPE_CHECKING:
    from collections.abc import Mapping

_TAKES_UPDATES = ("text", "image_history", "embeddings", "plot")
_UPDATED_TRACES = ("scatter", "scattergl", "scatter3d", "custom", "heatmap")
_AXES = ("x", "y", "z")


def refusal(data: Mapping[str, Any]) -> str:
    """Return why a window takes no updates, "" if it does."""
    kind = data["type"]
    if kind not in _TAKES_UPDATES:
        return f"its {kind} is replaced whole, by a call without update="
    traces: list[dict[str, Any]] = data["content"]["data"] if kind == "plot" else []
    found = traces[0].get("type", "scatter") if traces else "scatter"
    if found not in _UPDATED_TRACES:
        return f"a plot of type {found!r} is replaced whole, by a call without update="
    return ""


def updated(data: Mapping[str, Any], message: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a window becomes.

    Args:
        data: What it is; left as it is.
        message: The update.

    Raises:
        LoggingError: What is to be added does not fit.
    """
    window = copied(dict(data))
    window["version"] = window.get("version", 1) + 1
    new: Any = message.get("data")
    kind = window["type"]
    if kind == "text" and new:
        window["content"] += "<br>" + new[0]["content"]
    elif kind == "image_history" and new:
        if new[0]["type"] == "image_history":
            window["content"].append(new[0]["content"])
            window["selected"] = len(window["content"]) - 1
    elif kind == "embeddings" and new:
        _update_embeddings(window["content"], new)
    if kind != "plot" or new is None:
        _take_options(window, message)
        return window
    _take_options(window, message)
    _update_plot(window["content"]["data"], new, message)
    return window


def _take_options(window: dict[str, Any], message: Mapping[str, Any]) -> None:
    options: Mapping[str, Any] = message.get("opts") or {}
    content = window["content"]
    if window["type"] == "plot":
        layout: Mapping[str, Any] = message.get("layout") or {}
        for name, value in layout.items():
            if value is not None:
                content["layout"][name] = value
        for trace, name in zip(content["data"], options.get("legend") or (), strict=False):
            trace["name"] = name
    kept = {name: value for name, value in options.items() if value is not None}
    window |= {name: value for name, value in kept.items() if name not in ("content", "type", "id")}


def _update_embeddings(content: dict[str, Any], new: Mapping[str, Any]) -> None:
    if new["update_type"] == "EntitySelected":
        content["selected"] = new["selected"]
    else:
        content |= {"selected": None, "data": new["points"], "has_previous": True}


def _update_plot(
    traces: list[dict[str, Any]], new: list[dict[str, Any]], message: Mapping[str, Any]
) -> None:
    name = message.get("name")
    named = [trace for trace in traces if name is None or trace.get("name") == name]
    if message.get("delete"):
        traces[:] = [trace for trace in traces if not any(trace is one for one in named)]
        return
    is_heatmap = bool(new) and new[0].get("type") == "heatmap"
    if is_heatmap and named:
        _update_heatmap(named[0], new[0], str(message.get("updateDir")))
        return
    if not named or is_heatmap:
        traces += [{**trace, "name": name or trace.get("name")} for trace in new]
        return
    for trace, more in zip(named, new, strict=False):
        if any(axis in more and _is_missing(more[axis]) for axis in ("x", "y")):
            continue  # masked
        _update_trace(trace, more, appends=bool(message.get("append")))
    traces += new[len(named) :]


def _is_missing(values: Any) -> bool:
    return isinstance(values, Column) and values.is_missing


def _update_trace(trace: dict[str, Any], more: dict[str, Any], *, appends: bool) -> None:
    for axis in _AXES:
        if axis in more:
            trace[axis] = _joined(trace.get(axis), more[axis]) if appends else more[axis]
    if "text" in more:
        trace["text"] = _joined(trace.get("text"), more["text"]) if appends else more["text"]
    if not appends and "line" in more:
        trace["line"] = {**trace.get("line", {}), **more["line"]}
    color = more.get("marker", {}).get("color")
    if color is not None:
        marker = trace.setdefault("marker", {})
        before = marker.get("color")
        marker["color"] = _joined(before, color) if appends and before is not None else color


def _joined(before: Any, more: Any) -> Any:
    if before is None:
        return more
    if isinstance(before, Column) and isinstance(more, Column):
        return before.extended(more)
    if isinstance(before, list) and isinstance(more, list):
        return [*before, *more]  # pyright: ignore[reportUnknownVariableType]
    return more  # names after numbers, or the other way round


def _update_heatmap(plot: dict[str, Any], new: dict[str, Any], direction: str) -> None:
    kept = {name: value for name, value in new.items() if value is not None}
    if direction not in _SIDES:
        plot |= kept
        for axis in ("x", "y"):
            if axis not in kept:
                plot.pop(axis, None)
        return
    along, is_first = _SIDES[direction]
    names = ("y", "x")[along]
    before, more = plot["z"].values, kept["z"].values
    if before.shape[1 - along] != more.shape[1 - along]:
        raise LoggingError(
            f"update={direction!r} needs {before.shape[1 - along]:,} "
            f"{('columns', 'rows')[along]}, as the heatmap has; got {more.shape[1 - along]:,}."
        )
    known, added = plot.get(names), kept.get(names)
    what = ("rownames", "columnnames")[along]
    if (known is None) != (added is None):
        raise LoggingError(
            f"the heatmap has {'no' if known is None else ''} opts[{what!r}]".replace("  ", " ")
            + f", and this update has {'some' if known is None else 'none'}: give both or neither."
        )
    if known is not None and set(known) & set(added or ()):
        raise LoggingError(f"opts[{what!r}] has names that the heatmap has already: {added}.")
    parts = (more, before) if is_first else (before, more)
    kept |= {"z": Grid(np.concatenate(parts, axis=along))}
    plot |= {name: value for name, value in kept.items() if name not in ("x", "y")}
    if known is not None:
        plot[names] = [*added, *known] if is_first else [*known, *added]  # pyright: ignore[reportOptionalIterable]


_SIDES = {
    "appendRow": (0, False),
    "prependRow": (0, True),
    "appendColumn": (1, False),
    "prependColumn": (1, True),
}
