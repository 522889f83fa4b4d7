"""A saved picture as PDF: vector shapes and real text, in one page of the picture's size.

PDF 1.4 as in Adobe's PDF Reference, third edition. The two fonts are among those that every reader
has, so none is embedded; characters outside of Windows Latin 1 are shown as a question mark.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from nbviz.pictures.shapes import Box, Dots, Fill, Label, Photo, Stroke, light, text_width
from nbviz.text import clean_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nbviz.pictures.shapes import Picture, Shape

_ROUND = 0.5523  # of a radius: handles of the Bézier curve that is nearest to a quarter circle
_LIKE = str.maketrans({"→": ">", "−": "–", "∞": "inf", "≠": "!=", "≤": "<=", "≥": ">="})
_POINTS_A_PIXEL = 0.75  # CSS pixels are 1/96 inch, points 1/72


def picture_to_pdf(picture: Picture) -> bytes:
    """Write shapes as a PDF document of one page, in light colours."""
    width, height = picture.width * _POINTS_A_PIXEL, picture.height * _POINTS_A_PIXEL
    # PDF counts from the bottom; the picture from the top.
    parts = [f"{_POINTS_A_PIXEL} 0 0 -{_POINTS_A_PIXEL} 0 {_number(height)} cm 1 j"]
    parts += [_drawn(shape) for shape in picture.shapes]
    content = zlib.compress("\n".join(part for part in parts if part).encode("cp1252", "replace"))
    font = b"<</Type/Font/Subtype/Type1/BaseFont/%s/Encoding/WinAnsiEncoding>>"
    states = "".join(f"/O{p}<</ca {p / 100:g}/CA {p / 100:g}>>" for p in _opacities(picture))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {_number(width)} {_number(height)}]"
            f"/Contents 4 0 R/Resources<</Font<</F1 5 0 R/F2 6 0 R>>/ExtGState<<{states}>>>>>>"
        ).encode(),
        b"<</Length %d/Filter/FlateDecode>>\nstream\n%s\nendstream" % (len(content), content),
        font % b"Helvetica",
        font % b"Helvetica-Bold",
    ]
    return _document(objects)


def _document(objects: list[bytes]) -> bytes:
    """Number the objects and write the table of where each begins."""
    data = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    begins: list[int] = []
    for number, content in enumerate(objects, 1):
        begins.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % begin for begin in begins)
    size = len(objects) + 1
    return data + (
        b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
        + b"trailer\n<</Size %d/Root 1 0 R>>\n" % size
        + b"startxref\n%d\n%%%%EOF\n" % len(data)
    )


def _drawn(shape: Shape) -> str:
    match shape:
        case Box():
            paint = "B" if shape.outline else "f"
            edge = f"{_color(shape.outline, 'RG')} 1 w " if shape.outline else ""
            return f"{_color(shape.color, 'rg')} {edge}{_rectangle(shape)} {paint}"
        case Stroke():
            path = " ".join(_path(piece) for piece in shape.pieces)
            dashes = f"[{' '.join(map(_number, shape.pattern or ()))}] 0 d"
            look = f"{_color(shape.color, 'RG')} {_number(shape.width)} w {dashes}"
            return f"q {_opacity(shape.opacity)}{look} {path} S Q" if path else ""
        case Fill():
            path = " ".join(f"{_path(piece)} h" for piece in shape.pieces)
            look = f"{_opacity(shape.opacity)}{_color(shape.color, 'rg')}"
            return f"q {look} {path} f Q" if path else ""
        case Dots():
            look = f"{_color(shape.color, 'RG')} {_number(2 * shape.radius)} w 1 J"
            dots = [
                f"{_number(x)} {_number(y)} m {_number(x)} {_number(y)} l" for x, y in shape.centers
            ]
            return f"q {look} {' '.join(dots)} S Q" if dots else ""
        case Photo():
            return ""  # only a run's picture has one, and that is no PDF
        case Label():
            return _text(shape)


def _rectangle(box: Box) -> str:
    x, y, width, height = box.x, box.y, box.width, box.height
    r = min(box.radius, width / 2, height / 2)
    if r <= 0:
        return f"{_number(x)} {_number(y)} {_number(width)} {_number(height)} re"
    right, bottom, k = x + width, y + height, r * (1 - _ROUND)
    corners = (
        ((x + r, y), None),
        ((right - r, y), ((right - k, y), (right, y + k), (right, y + r))),
        ((right, bottom - r), ((right, bottom - k), (right - k, bottom), (right - r, bottom))),
        ((x + r, bottom), ((x + k, bottom), (x, bottom - k), (x, bottom - r))),
        ((x, y + r), ((x, y + k), (x + k, y), (x + r, y))),
    )
    parts: list[str] = []
    for (px, py), curve in corners:
        parts.append(f"{_number(px)} {_number(py)} {'l' if parts else 'm'}")
        if curve is not None:
            parts.append(" ".join(f"{_number(cx)} {_number(cy)}" for cx, cy in curve) + " c")
    return " ".join([*parts, "h"])


def _path(points: NDArray[np.float64]) -> str:
    pairs = [f"{_number(x)} {_number(y)}" for x, y in points.tolist()]
    return " ".join([f"{pairs[0]} m", *(f"{pair} l" for pair in pairs[1:])])


def _text(label: Label) -> str:
    """Write one line. Helvetica is about as wide as the picture's own measure says."""
    widths = [text_width(span.text, label.size, bold=span.bold) for span in label.spans]
    before = {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor]
    moved = before * sum(widths)
    if label.is_upward:
        place = f"0 -1 -1 0 {_number(label.x)} {_number(label.y + moved)}"
    else:
        place = f"1 0 0 -1 {_number(label.x - moved)} {_number(label.y)}"
    parts = [f"BT {place} Tm"]
    for span in label.spans:
        font = "F2" if span.bold else "F1"
        look = f"/{font} {_number(label.size)} Tf {_color(span.color, 'rg')}"
        parts.append(f"{look} ({_escaped(span.text)}) Tj")
    return " ".join([*parts, "ET"])


def _escaped(text: str) -> str:
    """Return text as a string of PDF, in which only brackets and backslashes act."""
    line = " ".join(clean_text(text).translate(_LIKE).split("\n"))
    shown = "".join(c if c.isprintable() else "?" for c in line)
    return shown.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _color(name: str, operator: str) -> str:
    channels = bytes.fromhex(light(name).removeprefix("#"))
    return " ".join(f"{channel / 255:.3g}" for channel in channels) + f" {operator}"


def _opacity(opacity: float) -> str:
    return "" if opacity == 1 else f"/O{round(opacity * 100)} gs "


def _opacities(picture: Picture) -> list[int]:
    shapes = [shape for shape in picture.shapes if isinstance(shape, Stroke | Fill)]
    return sorted({round(shape.opacity * 100) for shape in shapes})


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
