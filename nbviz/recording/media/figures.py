"""Figures of plotting libraries: drawn, or written down, when they are logged.

A figure of matplotlib is drawn at the call, on the caller's thread, since it may be changed or
closed after it. Of Plotly's and Altair's the description is taken at the call; what draws it works
on a thread of its own, and where it is not installed the description is kept.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import io
import os
import sys
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, cast

from nbviz.errors import LoggingError, text_of
from nbviz.recording.media.pil import check_size
from nbviz.recording.media.png import image_size
from nbviz.recording.media.store import Image
from nbviz.recording.vega.charts import vega_png

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LEAST_DPI = 144
"""Dots per inch of a drawn figure: sharp on a screen with two pixels for one, and enlarged."""

_MOST_SOURCE = 20_000_000  # characters of a description
_SCALE = 2  # pixels for one of a figure whose size is in pixels
_PATIENCE_SECONDS = 60.0  # with what draws a figure; one waits for those before it
_MOST_SIZE = 1 << 15  # pixels of a side; Agg draws no larger ones


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A figure as it was when it was logged.

    Attributes:
        picture: As it was drawn; None where that is not possible here.
        library: "matplotlib", "plotly", "altair" or "bqplot".
        source: The figure of Plotly or Altair as JSON, for `plotly.io.from_json` or
            `altair.Chart.from_json`; empty for others.
        note: Why there is no picture, and what to install for one; empty where there is one.
    """

    picture: Image | None
    library: str
    source: str = field(default="", repr=False)
    note: str = ""

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return (self.picture.nbytes if self.picture else 0) + len(self.source)

    def _repr_png_(self) -> bytes | None:
        return self.picture.data if self.picture else None


class FigureInput:
    """A figure of a plotting library, drawn or written down.

    Args:
        tag: For errors.
        figure: Of matplotlib, or one of its axes, or `matplotlib.pyplot` for its current one; of
            Plotly, Altair or bqplot.
        close: Close a figure of matplotlib in pyplot once it is drawn.

    Raises:
        LoggingError: It is none of these, or it cannot be drawn.
    """

    def __init__(self, tag: str, figure: object, *, close: bool) -> None:
        self._drawn: Future[bytes] | None = None
        self._deadline = time.monotonic() + _PATIENCE_SECONDS
        self._picture: Image | None = None
        self._source = self._note = self._left_out = ""
        self._library = _library_of(figure)
        if self._library == "matplotlib":
            self._picture = _picture(tag, _draw(tag, _of_matplotlib(tag, figure), close=close))
        elif self._library == "plotly":
            self._source = _described(tag, figure)
            self._draw_later("kaleido", "kaleido", _draw_plotly)
        elif self._library == "altair":
            self._source = _described(tag, figure)
            self._draw_later("vl_convert", "vl-convert-python", _draw_vega)
        elif self._library == "bqplot":
            self._draw_marks(tag, figure)
        else:
            raise LoggingError(
                f"{tag!r} needs a figure of matplotlib, Plotly, Altair or bqplot, got "
                f"{type(figure).__name__}; log pixels with log_image."
            )

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return (self._picture.nbytes if self._picture else 0) + len(self._source)

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for what draws it."""
        return self._drawn is None or self._drawn.done() or time.monotonic() > self._deadline

    @property
    def said(self) -> str:
        """Why it has no picture, or what that has not, as the end of a sentence."""
        return f"is kept without a picture: {self._note}" if self._note else self._left_out

    def make(self) -> Figure:
        """Return the figure."""
        if self._drawn is not None:
            try:
                left = max(0.0, self._deadline - time.monotonic())
                self._picture = _picture("", self._drawn.result(left))
            except TimeoutError:
                self._note = f"{self._library} did not draw it within {_PATIENCE_SECONDS:g} s"
            except Exception as error:  # noqa: BLE001  another library's, which may need a browser
                self._note = f"{self._library} could not draw it: {_first_line(error)}"
        return Figure(self._picture, self._library, self._source, self._note)

    def _draw_marks(self, tag: str, figure: Any) -> None:
        if not hasattr(figure, "marks"):
            raise LoggingError(
                f"{tag!r} got {type(figure).__name__}, which is a part of a figure; log the whole "
                "one."
            )
        if importlib.util.find_spec("matplotlib") is None:
            self._note = "to see the next ones here, pip install matplotlib"
            return
        from nbviz.recording.media.bqplot_figures import drawn_by_matplotlib

        try:
            drawn, left_out = drawn_by_matplotlib(figure)
            self._picture = _picture(tag, _draw(tag, drawn, close=False))
        except Exception as error:  # noqa: BLE001  bqplot takes data that matplotlib does not
            self._note = f"matplotlib could not draw it: {_first_line(error)}"
            return
        if left_out:
            self._left_out = f"is drawn without its {', '.join(sorted(set(left_out)))}"

    def _draw_later(self, module: str, package: str, draw: Callable[[str], bytes]) -> None:
        if importlib.util.find_spec(module) is None:
            self._note = f"for pictures of the next ones, pip install {package}"
            return
        with contextlib.suppress(RuntimeError):  # the interpreter is shutting down
            self._drawn = _drawer(os.getpid()).draw(draw, self._source)


class _Drawer:
    """Draws figures one after another on a thread of its own, which never holds up an exit."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[tuple[Future[bytes], Callable[[str], bytes], str]] = (
            SimpleQueue()
        )
        threading.Thread(target=self._work, name="nbviz-figures", daemon=True).start()

    def draw(self, function: Callable[[str], bytes], source: str) -> Future[bytes]:
        """Return what becomes of `function(source)`."""
        drawn: Future[bytes] = Future()
        self._waiting.put((drawn, function, source))
        return drawn

    def _work(self) -> None:
        while True:
            drawn, function, source = self._waiting.get()
            try:
                drawn.set_result(function(source))
            except BaseException as error:  # noqa: BLE001  another library's; `make` says it
                drawn.set_exception(error)


@functools.lru_cache(maxsize=1)
def _drawer(pid: int) -> _Drawer:
    """Return what draws figures; after a fork the child's is another one."""
    del pid
    return _Drawer()


def is_figure(value: object) -> bool:
    """Whether a value is a figure of one of the libraries, a part of one, or pyplot itself."""
    return not isinstance(value, list | tuple) and _library_of(value) != ""


def _library_of(figure: object) -> str:
    """Return which library a figure is of; also where its class is a user's own."""
    name = getattr(figure, "__name__", "")
    if name == "matplotlib.pyplot":
        return "matplotlib"
    for kind in type(figure).__mro__:
        library = kind.__module__.partition(".")[0]
        if library in ("matplotlib", "plotly", "altair", "bqplot"):
            return library
        if library == "seaborn":  # its grids have a figure
            return "matplotlib"
    several = cast("Sequence[object]", figure)
    if isinstance(figure, list | tuple) and several:
        return _library_of(several[0])
    return ""


def _of_matplotlib(tag: str, figure: Any) -> Any:
    """Return the figure behind what was given: itself, axes, a grid of seaborn, pyplot."""
    if getattr(figure, "__name__", "") == "matplotlib.pyplot":
        return figure.gcf()
    if isinstance(figure, list | tuple):
        if len(cast("Sequence[object]", figure)) != 1:
            raise LoggingError(
                f"{tag!r} got {len(cast('Sequence[object]', figure))} figures; log each with a tag "
                "of its own."
            )
        return _of_matplotlib(tag, figure[0])
    if hasattr(figure, "savefig") and not hasattr(figure, "figure"):
        return figure
    whole = getattr(figure, "figure", None)
    if whole is None or not hasattr(whole, "savefig"):
        raise LoggingError(
            f"{tag!r} got {type(figure).__name__} of matplotlib that is in no figure; log the "
            "figure that it is drawn in."
        )
    root = getattr(whole, "get_figure", None)
    return whole if root is None else _root(whole)


def _root(figure: Any) -> Any:
    """Return the outermost figure of one that may lie within another."""
    while True:
        around = getattr(figure, "figure", None)
        if around is None or around is figure or not hasattr(around, "savefig"):
            return figure
        figure = around


def _draw(tag: str, figure: Any, *, close: bool) -> bytes:
    """Draw a figure of matplotlib by Agg; its own canvas stays as it is."""
    height, width = (float(side) * _LEAST_DPI for side in figure.get_size_inches()[::-1])
    dpi = max(_LEAST_DPI, float(figure.dpi))
    if max(height, width) * dpi / _LEAST_DPI > _MOST_SIZE:
        raise LoggingError(
            f"{tag!r} got a figure of {width / _LEAST_DPI:g} × {height / _LEAST_DPI:g} inches at "
            f"{dpi:g} dpi; a side may have at most {_MOST_SIZE:,} pixels. Make it smaller."
        )
    buffer = io.BytesIO()
    try:
        figure.savefig(buffer, format="png", dpi=dpi)
    except Exception as error:
        raise LoggingError(
            f"{tag!r} got a figure that matplotlib cannot draw ({_first_line(error)}); see that "
            "figure.savefig works on it."
        ) from error
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    if close and pyplot is not None:
        pyplot.close(figure)
    return buffer.getvalue()


def _described(tag: str, figure: Any) -> str:
    if not (hasattr(figure, "to_image") or hasattr(figure, "save")):
        raise LoggingError(
            f"{tag!r} got {type(figure).__name__}, which is a part of a figure; log the whole one."
        )
    try:
        source = str(figure.to_json())
    except Exception as error:
        raise LoggingError(
            f"{tag!r} got a figure that cannot be written as JSON ({_first_line(error)})."
        ) from error
    if len(source) > _MOST_SOURCE:
        raise LoggingError(
            f"{tag!r} got a figure whose data take {len(source):,} characters; at most "
            f"{_MOST_SOURCE:,} can be kept. Thin its data first."
        )
    return source


def _draw_plotly(source: str) -> bytes:
    plotly: Any = importlib.import_module("plotly.io")
    return plotly.from_json(source).to_image(format="png", scale=_SCALE)


def _draw_vega(source: str) -> bytes:
    return vega_png(source, _SCALE)


def _picture(tag: str, data: bytes) -> Image:
    size = image_size(data)
    assert size is not None
    try:
        check_size(*size)
    except OSError as error:
        raise LoggingError(f"{tag!r} got a figure of {error}; make it smaller.") from error
    return Image(data, *size)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in text_of(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
