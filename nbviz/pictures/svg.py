"""A saved picture as SVG: no script, no fetched font, light or dark as the reader's system is."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np

from nbviz.pictures.layout import make_picture
from nbviz.pictures.shapes import (
    Box,
    Dots,
    Fill,
    Label,
    Photo,
    Picture,
    Shape,
    Span,
    Stroke,
    dark,
    light,
)
from nbviz.text import clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbviz.recording.recorded_run import RecordedRun

_FONT = "'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif"  # of about one width


def render_svg(runs: Sequence[RecordedRun], width: int = 860) -> str:
    """Draw the curves of some runs as an SVG document.

    Series longer than the picture is wide are drawn as a band from minimum to maximum and a curve
    at the mean, so that every extreme stays visible.

    Args:
        runs: What to show.
        width: In pixels, at least 320. The height follows from the number of charts.

    Returns:
        The document as text, at most about 60 kB however long the runs are.

    Raises:
        ConfigurationError: The width is below 320.
    """
    return picture_to_svg(make_picture(runs, width))


def picture_to_svg(picture: Picture) -> str:
    """Write shapes as SVG. All text is escaped."""
    used = {shape.color for shape in picture.shapes if not isinstance(shape, Photo)} | {
        shape.outline for shape in picture.shapes if isinstance(shape, Box) and shape.outline
    }
    # Attributes hold the light colours, for readers that know no style sheets.
    night = "".join(
        f".f-{name}{{fill:{dark(name)}}}.s-{name}{{stroke:{dark(name)}}}" for name in sorted(used)
    )
    size = f"{picture.width:g} {picture.height:g}"
    width, height = size.split()
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {size}" font-family="{_FONT}" stroke-linejoin="round">'
    )
    style = (
        "<style>text{font-variant-numeric:tabular-nums}"
        f"@media (prefers-color-scheme:dark){{{night}}}</style>"
    )
    elements = (_element(shape) for shape in picture.shapes)
    return "\n".join([start, style, *(text for text in elements if text), "</svg>"])


_TURNED = (
    "<style>@media (prefers-color-scheme:dark){"
    "svg&gt;g{filter:invert(.93) hue-rotate(180deg)}"
    "svg&gt;g image{filter:invert(1) hue-rotate(180deg)}}</style>"
)


def in_both_schemes(svg: str) -> str:
    """Return a drawing on white, of matplotlib's or Graphviz's, that is dark on a dark page.

    Its colours are turned around, hues and images stay. Readers without style sheets see it as it
    was.
    """
    start = svg.find(">", svg.find("<svg")) + 1
    return f"{svg[:start]}{_TURNED}{svg[start:]}" if start and "<svg" in svg else svg


def image_html(svg: str, said: str) -> str:
    """Return an SVG as an image in HTML, which also a notebook that is not trusted shows.

    Args:
        svg: The picture.
        said: The same in words.
    """
    picture = base64.b64encode(svg.encode()).decode("ascii")
    return (
        f'<img src="data:image/svg+xml;base64,{picture}" alt="{xml_text(said)}" '
        'style="max-width:100%">'
    )


def _element(shape: Shape) -> str:
    match shape:
        case Box():
            edge = f"s-{shape.outline}" if shape.outline else ""
            outline = f' stroke="{light(shape.outline)}"' if shape.outline else ""
            radius = f' rx="{shape.radius:g}"' if shape.radius else ""
            return (
                f'<rect x="{shape.x:.5g}" y="{shape.y:.5g}" width="{shape.width:.5g}" '
                f'height="{shape.height:.5g}"{radius} class="f-{shape.color} {edge}" '
                f'fill="{light(shape.color)}"{outline}/>'
            )
        case Stroke():
            path = "".join(_path(piece) for piece in shape.pieces)
            drawn = shape.pattern
            dashes = f' stroke-dasharray="{drawn[0]:g} {drawn[1]:g}"' if drawn else ""
            return path and (
                f'<path fill="none"{_stroke(shape.color)} stroke-width="{shape.width:g}"{dashes}'
                f'{_opacity(shape.opacity)} d="{path}"/>'
            )
        case Fill():
            path = "".join(_path(piece) + "z" for piece in shape.pieces)
            return path and f'<path{_fill(shape.color)}{_opacity(shape.opacity)} d="{path}"/>'
        case Dots():
            # A line of no length with round ends is a dot, and takes a third of a circle's text.
            path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in shape.centers.tolist())
            return (
                f'<path{_stroke(shape.color)} stroke-width="{2 * shape.radius:g}" '
                f'stroke-linecap="round" d="{path}"/>'
            )
        case Photo():
            data = base64.b64encode(shape.png).decode("ascii")
            return (
                f'<image x="{shape.x:.5g}" y="{shape.y:.5g}" width="{shape.width:.5g}" '
                f'height="{shape.height:.5g}" style="image-rendering:pixelated" '
                f'href="data:image/png;base64,{data}"/>'
            )
        case Label():
            anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
            if shape.is_upward:
                anchor += f' transform="rotate(-90 {shape.x:.1f} {shape.y:.1f})"'
            more = "".join(
                f"<tspan{_weight(span)}{_fill(span.color)}>{xml_text(span.text)}</tspan>"
                for span in shape.more
            )
            return (
                f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size:g}" '
                f'xml:space="preserve"{anchor}{_weight(shape.spans[0])}{_fill(shape.color)}>'
                f"{xml_text(shape.text)}{more}</text>"
            )


def xml_text(text: str) -> str:
    """Return text as XML or HTML shows it letter by letter."""
    return escape(clean_text(text), {'"': "&quot;", "'": "&#39;"})


def _weight(span: Span) -> str:
    return f' font-weight="{600 if span.bold else 400}"'


def _fill(color: str) -> str:
    return f' class="f-{color}" fill="{light(color)}"'


def _stroke(color: str) -> str:
    return f' class="s-{color}" stroke="{light(color)}"'


def _opacity(opacity: float) -> str:
    return "" if opacity == 1 else f' opacity="{opacity:g}"'


def _path(points: NDArray[np.float64]) -> str:
    """Return a line as relative moves in tenths of a pixel, which is half as long as absolute."""
    tenths = np.rint(points * 10).astype(np.int64)
    first_x, first_y = tenths[0].tolist()
    moves = np.diff(tenths, axis=0).tolist()
    steps = "".join(f"l{_tenth(dx)}{_joined(dy)}" for dx, dy in moves if dx or dy)
    return f"M{_tenth(first_x)} {_tenth(first_y)}{steps}"


def _tenth(value: int) -> str:
    whole, rest = divmod(abs(value), 10)
    digits = (f"{whole or ''}.{rest}" if rest else str(whole)) if value else "0"
    return f"-{digits}" if value < 0 else digits


def _joined(value: int) -> str:
    return _tenth(value) if value < 0 else f" {_tenth(value)}"
