"""Images and histograms as SVG, in colours for light and dark pages."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np

from nbviz.errors import MissingDependencyError
from nbviz.integrations.hiddenlayer.drawing import histograms, normalized
from nbviz.integrations.hiddenlayer.history import format_step
from nbviz.pictures.number_text import format_ticks, nice_ticks

if TYPE_CHECKING:
    from nbviz.integrations.hiddenlayer.history import Metric

_WIDTH = 864  # CSS pixels
_TEXT = "#7a7a7a"  # legible on white and on black
_FONT = f'font-family="system-ui, sans-serif" font-size="12" fill="{_TEXT}"'
_MOST_PIXELS = 512  # of an image's side that are sent
_TICKS = 5


def images_svg(metric: Metric, limit: int = 5) -> bytes:
    """Return a metric's newest images side by side, each below its step."""
    newest = metric.newest(limit)
    width = _WIDTH / max(1, limit)
    size = width - 12
    parts: list[str] = []
    tallest = 20.0
    for i, (step, image) in enumerate(newest):
        values = normalized(image)
        height = min(1.5 * size, size * values.shape[0] / max(1, values.shape[1]))
        tallest = max(tallest, height)
        x = i * width + 6
        parts.append(
            f'<text x="{x + size / 2:.1f}" y="14" text-anchor="middle">'
            f"{escape(format_step(step))}</text>"
            f'<image x="{x:.1f}" y="22" width="{size:.1f}" height="{height:.1f}" '
            f'style="image-rendering:pixelated" href="data:image/png;base64,{_png(values)}"/>'
        )
    return _svg(tallest + 30, "".join(parts))


def histogram_svg(metric: Metric, title: str = "", *, theme: dict[str, Any]) -> bytes:
    """Return the histograms of a metric's newest arrays, the newest in front."""
    steps, counts, edges = histograms(metric)
    left, right, top, apart, tall = 34, 68, 84, 18, 60
    wide = _WIDTH - left - right
    bottom = top + apart * max(0, len(steps) - 1)
    most = max(1, int(counts.max(initial=0)))
    xs = left + (np.arange(len(edges) - 1) + 0.5) / (len(edges) - 1) * wide
    fill, line = _color(theme["hist_color"]), _color(theme["hist_outline_color"])
    heading = f'<text x="{left + wide / 2}" y="14" text-anchor="middle" font-weight="600">'
    parts = [f"{heading}{escape(title or metric.name)}</text>"]
    for i, (step, row) in enumerate(zip(steps, counts, strict=True)):
        base = top + i * apart
        points = " ".join(
            f"{x:.1f},{base - tall * count / most:.1f}" for x, count in zip(xs, row, strict=True)
        )
        opacity = 0.15 + 0.55 * (i + 1) / len(steps)
        parts.append(
            f'<polygon points="{left},{base} {points} {left + wide},{base}" fill="{fill}" '
            f'fill-opacity="{opacity:.2f}" stroke="{line}" stroke-opacity="{opacity + 0.25:.2f}"/>'
            f'<text x="{left + wide + 8}" y="{base + 4}">{escape(step)}</text>'
        )
    ticks = nice_ticks(float(edges[0]), float(edges[-1]), _TICKS)
    for value, label in zip(ticks, format_ticks(ticks), strict=True):
        x = left + (value - edges[0]) / (edges[-1] - edges[0]) * wide
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 5}" stroke="{_TEXT}"/>'
            f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>'
        )
    return _svg(bottom + 26, "".join(parts))


def _svg(height: float, content: str) -> bytes:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height:.0f}" '
        f'viewBox="0 0 {_WIDTH} {height:.0f}"><g {_FONT}>{content}</g></svg>'
    ).encode()


def _png(values: Any) -> str:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependencyError("Pillow", "all") from error
    image = Image.fromarray((values * 255).round().astype(np.uint8))
    image.thumbnail((_MOST_PIXELS, _MOST_PIXELS))
    file = io.BytesIO()
    image.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")


def _color(channels: Any) -> str:
    red, green, blue = (round(255 * float(channel)) for channel in channels)
    return f"rgb({red},{green},{blue})"
