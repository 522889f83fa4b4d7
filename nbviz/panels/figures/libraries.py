"""The code with which a page draws figures of Plotly and Altair itself: that of their packages.

So they are interactive at any step, of any version that is installed, without a widget of theirs:
their widgets hold a copy of this code each, five million characters in a message.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from nbviz.errors import MissingDependencyError
from nbviz.recording.vega.charts import vega_module

if TYPE_CHECKING:
    from nbviz.protocol.figures import Library
    from nbviz.recording.media.figures import Figure

# Plotly's file is a script, which leaves a global name that may be another version's.
_BEFORE = (
    'const had = Object.getOwnPropertyDescriptor(window, "Plotly");\n'
    "const module = {exports: {}};\n"
)
_AFTER = (
    '\nif (had) Object.defineProperty(window, "Plotly", had);\nelse delete window.Plotly;\n'
    "export default module.exports;\n"
)
_MAPS = ("geo", "map", "choropleth", "density")  # how traces begin that are drawn on maps
_VALUES = ("values", "datasets")  # parts of a chart that are data


class LibraryCode(NamedTuple):
    """A module of JavaScript.

    Attributes:
        version: Of what it is made from.
        data: Deflated UTF-8.
    """

    version: str
    data: bytes


def drawn_by_page(figure: Figure, limit: int) -> tuple[bytes, str]:
    """Return a figure's JSON, deflated, if a page can draw it itself; else nothing, and why.

    Args:
        figure: Any.
        limit: Bytes that may be sent.
    """
    if not figure.source or not _is_there(figure.library):
        return b"", ""
    source = figure.source.encode()
    try:
        described = json.loads(source)
        fetches = _plotly_fetches if figure.library == "plotly" else _vega_fetches
        if fetches(described):
            return b"", "it shows what lies on other hosts"
    except (ValueError, TypeError, AttributeError):  # of a file that was written otherwise
        return b"", ""
    data = zlib.compress(source, 1)
    return (data, "") if len(data) <= limit else (b"", "its data are too many to be sent")


@functools.lru_cache(maxsize=2)
def library_code(name: Library) -> LibraryCode:
    """Return the code of a library. Takes up to some seconds.

    Raises:
        MissingDependencyError: It is not installed.
        CommandError: vl-convert could not make it.
    """
    if not _is_there(name):
        raise MissingDependencyError("plotly" if name == "plotly" else "vl-convert-python")
    if name == "plotly":
        code = f"{_BEFORE}{_plotly_file().read_text(encoding='utf-8')}{_AFTER}".encode()
        version = importlib.metadata.version("plotly")
    else:
        code = vega_module()
        version = importlib.metadata.version("vl-convert-python")
    return LibraryCode(version, zlib.compress(code, 6))


def _is_there(library: str) -> bool:
    if library == "plotly":
        return _plotly_file().is_file()
    return library == "altair" and importlib.util.find_spec("vl_convert") is not None


def _plotly_file() -> Path:
    found = importlib.util.find_spec("plotly")
    origin = found.origin if found is not None else None
    return Path(origin or "").parent / "package_data" / "plotly.min.js"


def _plotly_fetches(figure: Any) -> bool:
    """Whether a page that draws it asks other hosts for something, such as tiles of a map."""
    for trace in figure.get("data", ()):
        kind = str(trace.get("type", ""))
        if kind.startswith(_MAPS) or kind.endswith(("geo", "map", "mapbox")):
            return True
        if not str(trace.get("source", "data:")).startswith("data:"):
            return True
    images = figure.get("layout", {}).get("images", ())
    return any(not str(one.get("source", "data:")).startswith("data:") for one in images)


def _vega_fetches(part: object) -> bool:
    """Whether a part of a chart names data or pictures that lie elsewhere."""
    if isinstance(part, dict):
        fields = cast("dict[str, object]", part)
        return any(
            (name == "url" and bool(value)) or (name not in _VALUES and _vega_fetches(value))
            for name, value in fields.items()
        )
    return isinstance(part, list) and any(map(_vega_fetches, cast("list[object]", part)))
