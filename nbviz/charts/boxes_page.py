"""Boxes of charts as one page that opens without a kernel and without a network."""

from __future__ import annotations

import base64
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

import ipywidgets

from nbviz.charts.chart import Chart
from nbviz.charts.drawn import DrawnChart
from nbviz.errors import ConfigurationError
from nbviz.front_end import front_end
from nbviz.pictures.graph_files import write_file
from nbviz.pictures.page import still_page
from nbviz.pictures.svg import xml_text
from nbviz.widgets.live_view import LiveView

if TYPE_CHECKING:
    from collections.abc import Callable

_STYLE = """\
.row, .column { display: flex; gap: 12px; align-items: flex-start; min-width: 0; }
.row { flex-flow: row wrap; }
.column { flex-direction: column; }
.row > * { flex: 1 1 300px; max-width: 100%; }
figure { margin: 0; }
[data-nbviz-chart] { width: 100%; max-width: 760px; min-width: 0; }
h2 { margin: 12px 0 4px; font-size: 14px; }"""
_IMAGES = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "gif": "gif"}
_DEEPEST = 50


@runtime_checkable
class _Drawn(Protocol):
    """A widget that is a picture where there is no kernel, as a drawing pad."""

    def drawing(self) -> str:
        """Return it as SVG."""
        ...

    def said(self) -> str:
        """Return it in words."""
        ...


def save_html(box: Any, path: str | Path, *, title: str = "") -> Path:
    """Write a chart, or a box of charts and other widgets, as one page.

        nbviz.save_html(ipywidgets.HBox([loss, accuracy]), "charts.html")

    Charts, dashboards and graphs are pictures in it, as they are now; of labels and controls the
    page has the text. Matrices, arrows and parallel coordinates still read out what is pointed at
    and mark what is selected; nothing else runs in it, and nothing is fetched.

    Args:
        box: A widget, as a cell would show it.
        path: The file to write, which ends with .html; one that exists is replaced.
        title: The page's heading.

    Returns:
        The file's path.

    Raises:
        ConfigurationError: There is nothing in it that a page can show, the path has another
            ending, or the file cannot be written.
    """
    file = Path(path)
    if file.suffix.lower() not in {".html", ".htm"}:
        raise ConfigurationError(f"the path of a page ends with .html; got {str(file)!r}.")
    if not isinstance(box, ipywidgets.Widget):
        raise ConfigurationError(
            f"save_html writes a widget, got {type(box).__name__}; give a chart, or a box such as "
            "ipywidgets.HBox([…])."
        )
    drawn: list[dict[str, Any]] = []
    content = _html_of(box, 0, drawn)
    if not content:
        raise ConfigurationError(
            f"there is nothing in the {type(box).__name__} that a page without a kernel can show; "
            "put a chart into it."
        )
    source = front_end("chart") if drawn else ""
    return write_file(file, still_page(content, title, _STYLE, drawn, source).encode())


def _html_of(widget: Any, depth: int, drawn: list[dict[str, Any]]) -> str:
    """Return a widget as HTML; what its page is to draw is added to `drawn`."""
    if depth > _DEEPEST:
        return ""
    if isinstance(widget, Chart):
        return _chart(widget, drawn)
    if isinstance(widget, LiveView):
        return _image(widget.drawing(), repr(widget))
    if isinstance(widget, _Drawn):
        return f"{_image(widget.drawing(), widget.said())}<p>{xml_text(widget.said())}</p>"
    if isinstance(widget, ipywidgets.Box | ipywidgets.Tab | ipywidgets.Accordion):
        return _box(widget, depth, drawn)
    return _photo(widget) if isinstance(widget, ipywidgets.Image) else _text(widget)


def _chart(chart: Chart, drawn: list[dict[str, Any]]) -> str:
    picture = _image(chart.drawing(), chart.said())
    if not isinstance(chart, DrawnChart):
        return picture
    drawn.append(chart.drawn)
    return f'<div data-nbviz-chart="{len(drawn) - 1}">{picture}</div>'


def _box(box: Any, depth: int, drawn: list[dict[str, Any]]) -> str:
    parts = [_html_of(child, depth + 1, drawn) for child in box.children]
    if isinstance(box, ipywidgets.Tab | ipywidgets.Accordion):
        get_title = cast("Callable[[int], Any]", cast("Any", box).get_title)
        names = [str(get_title(at) or "") for at in range(len(parts))]
        parts = [
            f"<h2>{xml_text(name)}</h2>{part}" if part and name else part
            for name, part in zip(names, parts, strict=True)
        ]
    shown = [part for part in parts if part]
    is_column = isinstance(box, ipywidgets.VBox | ipywidgets.Tab | ipywidgets.Accordion)
    kind = "column" if is_column else "row"
    return f'<div class="{kind}">{"".join(shown)}</div>' if shown else ""


def _photo(image: Any) -> str:
    kind = _IMAGES.get(str(image.format).lower())
    encoded = base64.b64encode(image.value).decode("ascii")
    return f'<img alt="" src="data:image/{kind};base64,{encoded}">' if kind else ""


def _image(svg: str, said: str) -> str:
    encoded = base64.b64encode(svg.encode()).decode("ascii")
    source = f"data:image/svg+xml;base64,{encoded}"
    return f'<figure><img alt="{xml_text(said)}" src="{source}"></figure>'


def _text(widget: Any) -> str:
    """Return what a label or a control says; of HTML its text, so that nothing of it is read."""
    value: Any = getattr(widget, "value", None)
    described = str(getattr(widget, "description", "") or "")
    if isinstance(widget, ipywidgets.Button) or value is None:
        return ""
    text = str(value)
    if isinstance(widget, ipywidgets.HTML):
        parser = _TextOnly()
        parser.feed(text)
        text = " ".join(" ".join(parser.parts).split())
    shown = f"{described} {text}".strip()
    return f"<p>{xml_text(shown)}</p>" if shown else ""


class _TextOnly(HTMLParser):
    """Keeps the text between tags."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._left_out = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        del attrs
        self._left_out += tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._left_out -= tag in {"script", "style"} and self._left_out > 0

    def handle_data(self, data: str) -> None:
        if not self._left_out:
            self.parts.append(data)
