"""What all charts are: a widget made of data, updated in place, saved as a picture."""

from __future__ import annotations

import base64
import contextlib
import inspect
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

from nbviz.charts.beside import PictureBeside
from nbviz.errors import ConfigurationError, MissingDependencyError
from nbviz.pictures.graph_files import PICTURE_FORMATS, encoded_picture, write_file
from nbviz.pictures.saved_view import figure_html
from nbviz.pictures.svg import picture_to_svg
from nbviz.text import clean_line, counted
from nbviz.widgets.cell_widget import OpenedByBoxes
from nbviz.widgets.comms import let_subshells_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.pictures.shapes import Picture


class Described(Protocol):
    """What a chart shows, apart from who draws it."""

    @property
    def title(self) -> str:
        """Its title; "" for none."""
        ...

    @property
    def rows(self) -> int:
        """How many input rows it has."""
        ...


class Chart(OpenedByBoxes):
    """The part of a chart that does not depend on who draws it.

    Classes of widgets take it as their first base, and call `_begin` when they are made.
    """

    kind: str
    """Such as "line"."""

    def _begin(
        self,
        kind: str,
        describe: Callable[..., Any],
        data: tuple[Any, ...],
        options: dict[str, Any],
    ) -> None:
        self.kind = kind
        self._describe_chart = describe
        self._data, self._options = data, options
        self._view_id = uuid.uuid4().hex[:12]
        self._beside = PictureBeside(self)
        cast("Any", self).add_class(self._live_class)

    # ------------------------------------------------------------ public

    def update(self, *data: Any, **options: Any) -> Self:
        """Show other data in the same place, in all cells and boxes that hold the chart.

        Args:
            *data: As the chart's own function takes them; none to keep those that are shown.
            **options: As the function takes them. Those that are not given stay as they are. None
                takes one away.

        Returns:
            The chart.

        Raises:
            ConfigurationError: The data cannot be drawn; the chart is then as it was.
        """
        new_data = data or self._data
        new_options = {**self._options, **options}
        try:
            inspect.signature(self._describe_chart).bind(*new_data, **new_options)
        except TypeError as error:
            raise ConfigurationError(
                f"the {self.kind} chart cannot show this: {error}; give all of its data, and the "
                "options that its own function has."
            ) from None
        described = self._describe_chart(*new_data, **new_options)
        self._data, self._options = new_data, new_options
        self._apply(described)
        self._beside.changed()
        return self

    def drawing(self) -> str:
        """Return the chart as SVG, for pages without a kernel."""
        return picture_to_svg(self._shapes())

    def save(self, path: str | Path) -> Path:
        """Write the chart as a file: .svg, .png or .pdf.

        Returns:
            The file's path.

        Raises:
            ConfigurationError: The extension is another, or the file cannot be written.
        """
        file = Path(path)
        kind = file.suffix.removeprefix(".").lower()
        if kind not in PICTURE_FORMATS:
            known = ", ".join(f".{name}" for name in PICTURE_FORMATS)
            raise ConfigurationError(
                f"a chart is saved as {known}; got {str(file)!r}. nbviz.save_html(chart, path) "
                "writes a page."
            )
        return write_file(file, encoded_picture(self._shapes(), kind))

    def picture(self) -> dict[str, Any]:
        """Return what is saved beside the live chart for readers without a kernel, by type."""
        shapes = self._shapes()
        bundle: dict[str, Any] = {
            "text/plain": self.said(),
            "text/html": figure_html(
                picture_to_svg(shapes), self.said(), self._view_id, live=self._live_class
            ),
        }
        # Without Pillow: every reader that takes a PNG takes the text too.
        with contextlib.suppress(MissingDependencyError):
            png = encoded_picture(shapes, "png")
            bundle["image/png"] = base64.b64encode(png).decode("ascii")
        return bundle

    def said(self) -> str:
        """Return the chart in words, for a reader who cannot see it."""
        described = self._described
        name = f" {clean_line(described.title)}" if described.title else ""
        return f"{self.kind} chart{name}, {counted(described.rows, 'row')}"

    def show(self) -> None:
        """Show it here, where a cell's last line would."""
        self._beside.show()

    def shown_in_a_box(self) -> None:
        """Be told that the running cell has displayed a box that holds it."""
        self._beside.show(in_a_box=True)

    def __repr__(self) -> str:
        return f"<{self.said()}>"

    def _ipython_display_(self, **_: Any) -> None:
        self.show()

    # ------------------------------------------------------------ for the classes

    @property
    def _live_class(self) -> str:
        return f"nbviz-chart-{self._view_id}"

    @property
    def _described(self) -> Described:
        raise NotImplementedError

    def _apply(self, described: Any) -> None:
        """Draw it in the place of what was drawn."""
        raise NotImplementedError

    def _shapes(self) -> Picture:
        raise NotImplementedError


def answer_at_once(*widgets: object) -> None:
    """Let what pages send to these widgets be handled while a cell is busy."""
    for widget in widgets:
        let_subshells_answer(widget)


def selected_rows(value: object, rows: int) -> list[int]:
    """Return row indices, sorted, each once.

    Raises:
        ConfigurationError: One is no index of a row.
    """
    import numpy as np

    array = np.asarray(value if value is not None else [])
    if array.size == 0:
        return []
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ConfigurationError(f"selected must be a list of row indices, got {value!r}.")
    found = np.unique(array)
    if found[0] < 0 or found[-1] >= rows:
        wrong = found[0] if found[0] < 0 else found[-1]
        raise ConfigurationError(
            f"selected has the row {int(wrong):,}, and the chart has the rows 0 to {rows - 1:,}."
        )
    return cast("list[int]", found.tolist())
