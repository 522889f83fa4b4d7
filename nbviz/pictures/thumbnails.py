"""The newest weights and images of a run, small, for its saved picture."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from nbviz.errors import NbvizError
from nbviz.pictures.number_text import format_step
from nbviz.pictures.shapes import Label, Photo, Picture, fit_text, text_width
from nbviz.recording.media.png import encode_png
from nbviz.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbviz.inspection.tensors.heatmaps import Heatmap
    from nbviz.recording.media.store import Image
    from nbviz.recording.recorded_run import RecordedRun

MOST_OF_A_KIND = 6
MOST_PIXELS = 96  # of the longer side of what is drawn: keeps the picture's text small
_HEIGHT, _MOST_WIDTH = 76.0, 190.0  # CSS pixels
_TITLE, _NAME, _GAP = 20.0, 18.0, 14.0
_NOT_A_NUMBER = (0xE8, 0xC5, 0x47)
# As js/src/charts/heatmap/colormaps.ts has them on a light page: negative, zero, positive.
_ENDS = ((0x1F, 0x4F, 0xB4), (0xFF, 0xFF, 0xFF), (0xB3, 0x26, 0x1E))


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture of a tensor or an image.

    Attributes:
        name: What it is of.
        step: The completed steps when it was taken.
        pixels: uint8, height × width × 3 or 4.
    """

    name: str
    step: int
    pixels: NDArray[np.uint8]


def weights_of(run: RecordedRun) -> list[Thumbnail]:
    """Return the first matrices of a run's model: as they are now, or, while it trains, as seen."""
    store = run.weights
    names = [name for name, shape in store.layers if len(shape) > 1][:MOST_OF_A_KIND]
    if not names:
        return []
    owner = f"picture-{uuid.uuid4().hex}"
    if run.is_active:  # its own thread changes them: what was made for pages
        found = [store.latest(name) for name in names]
    else:
        store.want(owner, names)
        try:
            store.capture(run.progress.step, names)
            found = [store.latest(name) for name in names]
        finally:
            store.want(owner, ())
    return [Thumbnail(one.name, one.step, _coloured(one)) for one in found if one is not None]


def images_of(run: RecordedRun) -> list[Thumbnail]:
    """Return the newest image of each of a run's first tags that have some."""
    run.drain_media()
    thumbnails: list[Thumbnail] = []
    for tag, media in run.kept_media.items():
        if media.kind != "image" or len(media) == 0:
            continue
        item = media[len(media) - 1]
        try:
            pixels = cast("Image", item.value).pixels
        except (NbvizError, ValueError):  # a form that only a browser reads
            continue
        thumbnails.append(Thumbnail(tag, item.step, _rgb(_reduced(pixels))))
        if len(thumbnails) == MOST_OF_A_KIND:
            break
    return thumbnails


def draw_thumbnails(
    picture: Picture, title: str, thumbnails: Sequence[Thumbnail], y: float, padding: float
) -> float:
    """Draw rows of thumbnails below a title; return where they end."""
    if not thumbnails:
        return y
    y += 12
    picture.add(Label(padding, y + 13, title, size=12.5, bold=True))
    y += _TITLE
    x = padding
    for one in thumbnails:
        height, width = one.pixels.shape[:2]
        drawn = min(_MOST_WIDTH, _HEIGHT * width / height)
        room = max(drawn, _HEIGHT)
        if x > padding and x + room > picture.width - padding:
            x, y = padding, y + _HEIGHT + _NAME + _GAP
        tall = drawn * height / width
        picture.add(Photo(x, y + _HEIGHT - tall, drawn, tall, encode_png(one.pixels)))
        name = clean_line(one.name)
        label = f"{name} · {format_step(one.step)}"
        if text_width(label, 10.5) > room:
            label = fit_text(name, 10.5, room)
        picture.add(Label(x, y + _HEIGHT + 13, label, "text-soft", 10.5))
        x += room + _GAP
    return y + _HEIGHT + _NAME


def _coloured(heatmap: Heatmap) -> NDArray[np.uint8]:
    cells = _reduced(heatmap.cells).astype(np.float64)
    is_number = cells > -(1 << 15)
    largest = max(1.0, float(np.abs(cells[is_number]).max(initial=0.0)))
    share = np.clip(cells / largest, -1.0, 1.0)
    negative, zero, positive = (np.array(end, np.float64) for end in _ENDS)
    towards = np.where(share[..., None] < 0, negative, positive)
    pixels = zero + (towards - zero) * np.abs(share)[..., None]
    pixels[~is_number] = _NOT_A_NUMBER
    return pixels.round().astype(np.uint8)


def _reduced(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Leave out rows and columns until the longer side has `MOST_PIXELS` at the most."""
    step = max(1, math.ceil(max(array.shape[:2]) / MOST_PIXELS))
    return array[::step, ::step]


def _rgb(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    array = np.asarray(pixels, np.uint8)
    channels = array.shape[2]
    if channels in (1, 2):  # grey, with alpha or without
        array = np.concatenate([np.repeat(array[..., :1], 3, axis=2), array[..., 1:]], axis=2)
    return np.ascontiguousarray(array)
