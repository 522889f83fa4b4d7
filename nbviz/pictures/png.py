"""A saved picture as PNG, for readers that show nothing else."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import ConfigurationError, MissingDependencyError
from nbviz.pictures.layout import make_picture
from nbviz.pictures.one_thread import on_one_thread
from nbviz.pictures.shapes import Box, Dots, Fill, Label, Photo, Picture, Shape, Stroke, light
from nbviz.text import clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbviz.recording.recorded_run import RecordedRun

_FINER = 2  # drawn so many times larger, then averaged: smooth edges
_FONTS = {
    False: (
        "LiberationSans-Regular.ttf",
        "Arial.ttf",
        "arial.ttf",
        "Helvetica.ttc",
        "DejaVuSans.ttf",
    ),
    True: (
        "LiberationSans-Bold.ttf",
        "Arial Bold.ttf",
        "arialbd.ttf",
        "Helvetica.ttc",
        "DejaVuSans-Bold.ttf",
    ),
}
# Pillow's own font, the last resort, draws an empty box for these.
_PLAIN = str.maketrans({"×": "x", "→": ">", "–": "-", "−": "-", "∞": "inf", "…": "..."})


def render_png(runs: Sequence[RecordedRun], width: int = 860, scale: int = 2) -> bytes:
    """Draw the curves of some runs as a PNG image, in light colours.

    Args:
        runs: What to show.
        width: In CSS pixels, at least 320.
        scale: Image pixels in a CSS pixel (1 to 4); 2 is sharp on most screens.

    Returns:
        The PNG file's bytes.

    Raises:
        ConfigurationError: The width or the scale is out of range.
        MissingDependencyError: Pillow, which comes with ipycanvas, is not installed.
    """
    if not 1 <= scale <= 4:  # noqa: PLR2004
        raise ConfigurationError(f"scale must be between 1 and 4, got {scale}.")
    return picture_to_png(make_picture(runs, width), scale)


def picture_to_png(picture: Picture, scale: int) -> bytes:
    """Paint shapes into a PNG image of `scale` pixels a CSS pixel."""
    return on_one_thread(lambda: _painted(picture, scale))


def _painted(picture: Picture, scale: int) -> bytes:
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise MissingDependencyError("Pillow", "all") from None
    size = (round(picture.width * scale), round(picture.height * scale))
    fine = scale * _FINER
    canvas = Image.new("RGB", (size[0] * _FINER, size[1] * _FINER), light("surface"))
    draw: Any = ImageDraw.Draw(canvas, "RGBA")  # blends, so that bands show through one another
    for shape in picture.shapes:
        if isinstance(shape, Photo):
            _paste(canvas, shape, fine)
        elif not isinstance(shape, Label):
            _paint(draw, shape, fine)
    image = canvas.reduce(_FINER)
    draw = ImageDraw.Draw(image)
    # Text is smooth by itself, and sharper where it is drawn at its own size.
    for shape in picture.shapes:
        if isinstance(shape, Label):
            _write(image, draw, shape, scale)
    file = io.BytesIO()
    image.quantize(256, dither=Image.Dither.NONE).save(file, "PNG")
    return file.getvalue()


def _paint(draw: Any, shape: Shape, scale: float) -> None:
    match shape:
        case Box():
            corners = [
                shape.x * scale,
                shape.y * scale,
                (shape.x + shape.width) * scale,
                (shape.y + shape.height) * scale,
            ]
            draw.rounded_rectangle(
                corners,
                shape.radius * scale,
                fill=light(shape.color),
                outline=light(shape.outline) if shape.outline else None,
                width=round(scale),
            )
        case Stroke():
            color = _mixed(shape.color, shape.opacity)
            for piece in shape.pieces:
                lines = _dashes(piece, *shape.pattern) if shape.pattern else [piece]
                for line in lines:
                    points = [tuple(p) for p in (line * scale).tolist()]
                    draw.line(points, fill=color, width=round(shape.width * scale), joint="curve")
        case Fill():
            for piece in shape.pieces:
                points = [tuple(p) for p in (piece * scale).tolist()]
                fill = (*_channels(light(shape.color)), round(255 * shape.opacity))
                draw.polygon(points, fill=fill)
        case Dots():
            for x, y in (shape.centers * scale).tolist():
                r = shape.radius * scale
                draw.ellipse([x - r, y - r, x + r, y + r], fill=light(shape.color))
        case Label() | Photo():
            raise AssertionError(shape)


def _paste(canvas: Any, photo: Photo, scale: float) -> None:
    from PIL import Image

    with Image.open(io.BytesIO(photo.png)) as image:
        size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
        drawn = image.convert("RGBA").resize(size, Image.Resampling.NEAREST)
    canvas.paste(drawn, (round(photo.x * scale), round(photo.y * scale)), drawn)


def _write(image: Any, draw: Any, label: Label, scale: int) -> None:
    parts: list[tuple[str, str, Any, float]] = []
    for span in label.spans:
        font, knows_signs = _font(label.size * scale, bold=span.bold)
        text = " ".join(clean_text(span.text).split("\n"))
        text = text if knows_signs else text.translate(_PLAIN)
        parts.append((text, light(span.color), font, font.getlength(text)))
    before = {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor]
    length = sum(width for *_, width in parts)
    if label.is_upward:
        _write_upward(image, label, scale, parts, length)
        return
    x = label.x * scale - before * length
    for text, color, font, width in parts:
        draw.text((x, label.y * scale), text, color, font, "ls")
        x += width


def _write_upward(
    image: Any,
    label: Label,
    scale: int,
    parts: Sequence[tuple[str, str, Any, float]],
    length: float,
) -> None:
    from PIL import Image, ImageDraw

    before = {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor]
    rise = round(1.1 * label.size * scale)
    fall = round(0.4 * label.size * scale)
    x = 0.0
    for text, color, font, width in parts:
        mask = Image.new("L", (round(length) + 2, rise + fall))
        ImageDraw.Draw(mask).text((x, rise), text, 255, font, "ls")
        turned = mask.transpose(Image.Transpose.ROTATE_90)
        top = round(label.y * scale + before * length) - turned.height
        image.paste(color, (round(label.x * scale) - rise, top), turned)
        x += width


@lru_cache(maxsize=32)
def _font(size: float, *, bold: bool) -> tuple[Any, bool]:
    """Return a font of the system, or Pillow's own, and whether it has signs such as ×."""
    from PIL import ImageFont

    for name in _FONTS[bold]:
        try:
            return ImageFont.truetype(name, size), True
        except OSError:
            continue
    return ImageFont.load_default(size), False


def _mixed(color: str, opacity: float) -> tuple[int, ...]:
    """Return a colour as it looks over the surface: blended lines would be darker at joints."""
    above, below = _channels(light(color)), _channels(light("surface"))
    return tuple(round(a * opacity + b * (1 - opacity)) for a, b in zip(above, below, strict=True))


def _channels(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color.removeprefix("#")))


def _dashes(line: NDArray[np.float64], on: float, off: float) -> list[NDArray[np.float64]]:
    """Cut a line into dashes of `on` pixels with gaps of `off` pixels."""
    lengths = np.hypot(*np.diff(line, axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(lengths)])
    dashes: list[NDArray[np.float64]] = []
    for start in np.arange(0.0, at[-1], on + off).tolist():
        stop = min(start + on, float(at[-1]))
        inside = at[(at > start) & (at < stop)]
        along = np.concatenate([[start], inside, [stop]])
        columns = [np.interp(along, at, line[:, axis]) for axis in (0, 1)]
        dashes.append(np.column_stack(columns))
    return dashes
