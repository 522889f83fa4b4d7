"""Windows as a picture, for readers without a kernel: small, in rows, what they hold in brief."""

from __future__ import annotations

import base64
import contextlib
import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.errors import MissingDependencyError, describe
from nbviz.integrations.visdom.arrays import Column, File
from nbviz.integrations.visdom.plot_pictures import draw_plot
from nbviz.pictures.png import picture_to_png
from nbviz.pictures.saved_view import figure_html
from nbviz.pictures.shapes import (
    Box,
    Dots,
    Label,
    Photo,
    Picture,
    Stroke,
    fit_text,
    series_color,
    wrapped_text,
)
from nbviz.pictures.svg import picture_to_svg
from nbviz.recording.media.png import decode_image, encode_png, reduced
from nbviz.text import clean_line, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbviz.integrations.visdom.desk import Key, Window

MOST_WINDOWS = 60
_WIDTH, _ACROSS, _GAP = 860.0, 3, 10.0  # pixels, windows in a row, pixels between them
_HEIGHT, _TITLE, _EDGE = 196.0, 24.0, 8.0
_TEXT, _LINE = 11.0, 15.0
_MOST_PIXELS = 240  # of the longer side of an image
_TALL = 1200  # pixels; a higher picture is written at its own size, not at twice that
_TAGS = re.compile(r"<(?:br|/p|/div|/li|/tr|/h\d)[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Room:
    """A rectangle of a picture, in pixels."""

    x: float
    y: float
    width: float
    height: float


def windows_bundle(windows: Mapping[Key, Window], view_id: str) -> dict[str, Any]:
    """Return windows in every form that notebook readers know, by MIME type.

    Args:
        windows: What to show.
        view_id: Ties the picture to the live view, which hides it while it is on the page.
    """
    picture = windows_picture(windows)
    said = _said(windows)
    bundle: dict[str, Any] = {
        "text/plain": said,
        "text/html": figure_html(picture_to_svg(picture), said, view_id),
    }
    with contextlib.suppress(MissingDependencyError):
        png = picture_to_png(picture, 1 if picture.height > _TALL else 2)
        bundle["image/png"] = base64.b64encode(png).decode("ascii")
    return bundle


def windows_picture(windows: Mapping[Key, Window]) -> Picture:
    """Return a picture of windows, at most `MOST_WINDOWS`, and how many more there are."""
    shown = list(windows.items())[:MOST_WINDOWS]
    width = (_WIDTH - (_ACROSS - 1) * _GAP) / _ACROSS
    rows = -(-len(shown) // _ACROSS)
    picture = Picture(_WIDTH, max(1, rows) * (_HEIGHT + _GAP))
    for place, ((_, name), window) in enumerate(shown):
        x = place % _ACROSS * (width + _GAP)
        y = place // _ACROSS * (_HEIGHT + _GAP)
        _draw(picture, window, name, Room(x, y, width, _HEIGHT))
    left = len(windows) - len(shown)
    if left > 0 or not shown:
        text = f"and {left:,} more windows" if left > 0 else "no windows"
        picture.height += _LINE
        picture.add(Label(0, picture.height - 4, text, "text-soft", _TEXT))
    return picture


def _draw(picture: Picture, window: Window, name: str, room: Room) -> None:
    data = window.data
    picture.add(Box(room.x, room.y, room.width, room.height, "surface", 7, outline="border"))
    title = _title(data) or ("" if name.startswith("window_") else name)
    shown = fit_text(clean_line(title), _TEXT + 1, room.width - 2 * _EDGE, bold=True)
    picture.add(Label(room.x + _EDGE, room.y + 17, shown, "text", _TEXT + 1, bold=True))
    inner = Room(
        room.x + _EDGE,
        room.y + _TITLE,
        room.width - 2 * _EDGE,
        room.height - _TITLE - _EDGE,
    )
    try:
        _draw_content(picture, data, inner)
    except Exception as error:  # noqa: BLE001  the other windows are drawn all the same
        _write(picture, f"could not be drawn: {describe(error)}", inner)


def _draw_content(picture: Picture, data: Mapping[str, Any], inner: Room) -> None:
    content = data["content"]
    match data["type"]:
        case "plot":
            if not draw_plot(picture, content, (inner.x, inner.y, inner.width, inner.height)):
                _write(picture, _kinds(content), inner)
        case "image":
            _draw_image(picture, content, inner)
        case "image_history":
            _draw_image(picture, content[-1], inner)
        case "embeddings":
            _draw_embeddings(picture, content, inner)
        case "network":
            _draw_network(picture, content, inner)
        case _:
            _write(picture, _as_text(data), inner)


def _title(data: Mapping[str, Any]) -> str:
    content = data["content"]
    layout: Any = content.get("layout", {}) if data["type"] == "plot" else {}
    title = data.get("title") or layout.get("title") or ""
    return str(title.get("text", "") if isinstance(title, dict) else title)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _kinds(content: Mapping[str, Any]) -> str:
    return ", ".join(dict.fromkeys(str(trace.get("type")) for trace in content["data"]))


def _as_text(data: Mapping[str, Any]) -> str:
    content, kind = data["content"], data["type"]
    if kind == "text":
        return html.unescape(_TAG.sub("", _TAGS.sub("\n", str(content))))
    if kind == "properties":
        return "\n".join(f"{one.get('name', '')}: {one.get('value', '')}" for one in content)
    return {"svg": "picture", "audio": "sound"}.get(kind, str(kind))


def _write(picture: Picture, text: str, room: Room) -> None:
    lines = [one for line in text.splitlines() for one in wrapped_text(line, _TEXT, room.width)]
    for number, line in enumerate(lines[: int(room.height // _LINE)]):
        y = room.y + 12 + number * _LINE
        picture.add(Label(room.x, y, clean_line(line), "text", _TEXT))


def _draw_image(picture: Picture, content: Mapping[str, Any], room: Room) -> None:
    source = content.get("src")
    if not isinstance(source, File):
        _write(picture, "image", room)
        return
    try:
        pixels = decode_image(source.blob.data())
    except (OSError, MissingDependencyError) as error:
        _write(picture, f"image: {error}", room)
        return
    factor = -(-max(pixels.shape[:2]) // _MOST_PIXELS)
    small = reduced(pixels, factor) if factor > 1 else pixels
    scale = min(room.width / small.shape[1], room.height / small.shape[0])
    width, height = small.shape[1] * scale, small.shape[0] * scale
    x, y = room.x + (room.width - width) / 2, room.y + (room.height - height) / 2
    picture.add(Photo(x, y, width, height, encode_png(small)))


def _draw_embeddings(picture: Picture, content: Mapping[str, Any], room: Room) -> None:
    points: list[dict[str, Any]] = content.get("data", [])
    by_group: dict[int, list[Any]] = {}
    for point in points:
        at: Any = point["position"]
        by_group.setdefault(int(point["group"]), []).append(
            at.values if isinstance(at, Column) else at
        )
    for group, positions in by_group.items():
        picture.add(Dots(_placed(np.array(positions), room), 1.8, series_color(group)))


def _draw_network(picture: Picture, content: Mapping[str, Any], room: Room) -> None:
    nodes = cast("list[dict[str, Any]]", content["nodes"])
    angles = np.linspace(0, 2 * np.pi, max(1, len(nodes)), endpoint=False)
    spots = _placed(np.column_stack([np.cos(angles), np.sin(angles)]) * 0.72, room)
    ends = [[edge["source"], edge["target"]] for edge in content["edges"]]
    picture.add(Stroke([spots[pair] for pair in ends], "border-strong", 1.2))
    for number, node in enumerate(nodes):
        color = series_color(int(node.get("club", 0)))
        picture.add(Dots(spots[number : number + 1], 5, color))
        x, y = spots[number].tolist()
        picture.add(Label(x, y - 8, clean_line(str(node["label"])), "text", 10, "middle"))


def _placed(points: Any, room: Room) -> Any:
    """Return points within ±1 as pixels of a room."""
    across = room.x + (points[:, 0] + 1) / 2 * room.width
    return np.column_stack([across, room.y + (1 - points[:, 1]) / 2 * room.height])


def _said(windows: Mapping[Key, Window]) -> str:
    names = [clean_line(_title(window.data) or name) for (_, name), window in windows.items()]
    listed = ", ".join(names[:MOST_WINDOWS]) + (", …" if len(names) > MOST_WINDOWS else "")
    return f"{counted(len(names), 'window')}: {listed}" if names else "no windows"
