"""A graph as a file: SVG, PNG, PDF, Graphviz source, JSON, or a page that still opens its boxes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from nbviz.errors import ConfigurationError
from nbviz.pictures.graph_picture import graph_picture
from nbviz.pictures.pdf import picture_to_pdf
from nbviz.pictures.png import picture_to_png
from nbviz.pictures.svg import picture_to_svg

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.pictures.graph_levels import Levels
    from nbviz.pictures.shapes import Picture

FORMATS = ("svg", "png", "pdf", "dot", "html", "json")
PICTURE_FORMATS = ("svg", "png", "pdf")
_LARGEST_SIDE = 16_000  # pixels of a PNG


def save_graph(
    levels: Levels, path: Path | str, depth: int | None = None, *, page: Callable[[], str]
) -> Path:
    """Write a graph as a file whose kind is that of the path's extension.

    Args:
        levels: The graph.
        path: The file to write; one that exists is replaced.
        depth: How many levels of boxes are open in a picture; None for as many as are read at a
            glance.
        page: Makes the page that an .html file holds.

    Returns:
        The file's path.

    Raises:
        ConfigurationError: The extension is another, or the file cannot be written.
        MissingDependencyError: For PNG, Pillow is not installed.
    """
    file = Path(path)
    kind = file.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise ConfigurationError(
            f"a graph is saved as {known}; got {str(file)!r}. Choose one of these extensions."
        )
    data = page().encode() if kind == "html" else _encoded(levels, kind, depth)
    return write_file(file, data)


def _encoded(levels: Levels, kind: str, depth: int | None) -> bytes:
    if kind == "dot":
        return levels.to_dot().encode()
    if kind == "json":
        # Half of a surrogate pair becomes JSON's own escape, and so reads back as it was.
        text = json.dumps(levels.to_dict(), indent=1, ensure_ascii=False)
        return text.encode("utf-8", "backslashreplace")
    return encoded_picture(graph_picture(levels, depth), kind)


def encoded_picture(picture: Picture, kind: str) -> bytes:
    """Return a picture as the bytes of an SVG, PNG or PDF file."""
    if kind == "svg":
        return picture_to_svg(picture).encode()
    if kind == "pdf":
        return picture_to_pdf(picture)
    side = max(picture.width, picture.height)
    scale = max(1, min(2, int(_LARGEST_SIDE / side)))
    return picture_to_png(picture, scale)


def write_file(file: Path, data: bytes) -> Path:
    """Write a file.

    Raises:
        ConfigurationError: It cannot be written.
    """
    try:
        file.write_bytes(data)
    except OSError as error:
        raise ConfigurationError(
            f"cannot write {str(file)!r}: {error.strerror}. Choose another path."
        ) from error
    return file
