"""A chart that bqplot draws, with the selections of its marks as one list of input rows."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

import bqplot
import numpy as np
import traitlets

from nbviz.charts.chart import Chart, answer_at_once, selected_rows
from nbviz.charts.legend_place import legend_place
from nbviz.charts.marks import LABEL_COLOR, marks_of
from nbviz.pictures.figures.figure_picture import figure_picture, ranges
from nbviz.pictures.figures.layers import Boxes, Columns, Wedges, elements_of, is_of_elements
from nbviz.pictures.number_text import nice_ticks
from nbviz.pictures.shapes import fit_text, text_width
from nbviz.widgets.cell_widget import shown_again

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nbviz.pictures.figures.layers import Axis, ElementOf, Figure
    from nbviz.pictures.shapes import Picture

_bqplot: Any = bqplot  # which has no types
_MARGIN = {"top": 34, "bottom": 54, "left": 62, "right": 20}
_TICKS = 5
_CLEARED = {"selected": None}
_GRIDS = ("#9aa2ae40", "#d5d9e0")  # the first is seen on light and dark pages; ipywidgets 8 has it
_TEXT_SIZE = 12.0
_NAMES_WIDTH = 330.0  # CSS pixels that the names along an axis may take in a narrow chart
_NAME_WIDTH, _NAME_GAP = 60.0, 6.0  # what one is cut to before others are left out


class ChartFigure(Chart, _bqplot.Figure):  # pyright: ignore[reportUntypedBaseClass]
    """A bqplot figure of one chart, for ipywidgets' boxes.

    Attributes:
        selected: Indices of the input rows that are selected in the page or were set, sorted.
    """

    selected: Any = cast("Any", traitlets).List()
    _axes: tuple[Any, ...] = ()  # until it is made: ipywidgets closes what could not be

    def __init__(
        self,
        kind: str,
        describe: Callable[..., Figure],
        data: tuple[Any, ...],
        options: dict[str, Any],
    ) -> None:
        figure = describe(*data, **options)
        self._figure = figure
        self._is_mirroring = False
        self._elements: list[tuple[Any, ElementOf]] = []
        scales = {"x": _bqplot.LinearScale(), "y": _bqplot.LinearScale()}
        self._scales: Any = scales
        options_of_the_figure: dict[str, Any] = {
            "fig_margin": _MARGIN,
            "title_style": {"fill": "var(--jp-ui-font-color1, currentColor)", "font-size": "15px"},
            "legend_style": {"fill": "none", "stroke": "none"},
            "layout": {
                "width": "100%",
                "min_width": "200px",  # several beside each other share what there is
                "max_width": "760px",
                "height": "360px",
            },
        }
        super().__init__(**options_of_the_figure)
        # Not in the constructor: bqplot's own defaults come after it.
        self._axes = (
            _bqplot.Axis(scale=scales["x"], grid_lines="none"),
            _bqplot.Axis(scale=scales["y"], grid_lines="solid"),
        )
        self._axes[0].label_offset = "2.6em"
        self._axes[1].orientation = "vertical"  # which is no trait of newer ones
        for axis in self._axes:
            axis.label_color = LABEL_COLOR
            _pale_grid(axis)
        self._begin(kind, describe, data, options)
        self._apply(figure)
        self.observe(self._select_in_marks, "selected")
        scales["x"].observe(self._tick, ["min", "max"])

    @property
    def _described(self) -> Figure:
        return self._figure

    def _shapes(self) -> Picture:
        return figure_picture(self._figure)

    def _apply(self, described: Figure) -> None:
        self._figure = described
        wanted = marks_of(described)
        known: list[Any] = list(self.marks)
        is_same = [type(mark) for mark in known] == [one.kind for one in wanted]
        self._is_mirroring = True
        try:
            with self.hold_sync():
                self.title = described.title
                self.legend_location = legend_place(described)
                self._scale(described)
                if is_same:
                    for mark, one in zip(known, wanted, strict=True):
                        with mark.hold_sync():
                            for name, value in {**one.values, **_CLEARED}.items():
                                setattr(mark, name, value)
                else:
                    self.marks = [one.make(self._scales) for one in wanted]
            self._elements = [
                (mark, one.element_of)
                for mark, one in zip(self.marks, wanted, strict=True)
                if one.element_of is not None
            ]
        finally:
            self._is_mirroring = False
        if not is_same:
            self._let_select(described.selects)
            for mark, _ in self._elements:
                mark.observe(self._mirror_marks, "selected")
            answer_at_once(self, *self.marks, self.interaction)
            for mark in known:
                mark.close()
        kept = [row for row in self.selected if row < described.rows]
        self.selected = kept
        self._select_in_marks()

    def _let_select(self, selects: str) -> None:
        marks = [mark for mark, _ in self._elements]
        earlier: Any = self.interaction
        if selects == "interval":
            self.interaction = _bqplot.interacts.BrushIntervalSelector(
                scale=self._scales["x"], marks=marks
            )
            self.interaction.observe(self._mirror_marks, "selected")
        elif selects == "box":
            self.interaction = _bqplot.interacts.BrushSelector(
                x_scale=self._scales["x"], y_scale=self._scales["y"], marks=marks
            )
            self.interaction.observe(self._mirror_marks, "selected")
        else:
            for mark in marks:
                mark.interactions = {"click": "select", "hover": "tooltip"}
        if earlier is not None:
            earlier.close()

    def _scale(self, figure: Figure) -> None:
        if any(isinstance(layer, Wedges) for layer in figure.layers):
            self.axes = []
            return
        x, y = ranges(figure)
        if any(isinstance(layer, Columns | Boxes) for layer in figure.layers):
            x = None, None  # bqplot leaves room for bars at its ends
        for axis, shown, scale, ends in zip(
            self._axes, (figure.x, figure.y), self._scales.values(), (x, y), strict=True
        ):
            _name_axis(axis, shown)
            with scale.hold_sync():
                # bqplot's own range of grouped bars is empty.
                scale.min, scale.max = ends
        self._tick()
        self.axes = list(self._axes)

    def _tick(self, _: object = None) -> None:
        """Name round values along x, also of the part that a reader has gone to.

        bqplot's own are so many that long numbers meet where it is narrow, or not round.
        """
        x = self._scales["x"]
        if not self._figure.x.names and x.min is not None and x.max is not None:
            self._axes[0].tick_values = np.array(nice_ticks(x.min, x.max, _TICKS))

    # ------------------------------------------------------------ selection

    @traitlets.validate("selected")
    def _check_selected(self, proposal: dict[str, Any]) -> list[int]:
        return selected_rows(proposal["value"], self._figure.rows)

    def _mirror_marks(self, _: object = None) -> None:
        """Take over what the page has selected in the marks."""
        if self._is_mirroring:
            return
        self._is_mirroring = True
        try:
            is_selected = self._within_the_box()
            if is_selected is None:
                is_selected = self._of_marks()
            self.selected = np.flatnonzero(is_selected).tolist()
        finally:
            self._is_mirroring = False

    def _of_marks(self) -> NDArray[np.bool_]:
        is_selected = np.zeros(self._figure.rows, bool)
        for mark, element_of in self._elements:
            chosen = mark.selected
            if chosen is not None and len(chosen):
                elements = np.asarray(chosen, np.int64)
                is_selected |= is_of_elements(element_of, elements, self._figure.rows)
        return is_selected

    def _within_the_box(self) -> NDArray[np.bool_] | None:
        """Return which rows lie in the reader's box; of many rows only a sample is drawn."""
        points = self._figure.points
        box: Any = getattr(self.interaction, "selected", None)
        if points is None or box is None or not len(box):
            return None
        low, high = np.min(box, axis=0), np.max(box, axis=0)
        x, y = points
        return (x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1])

    def _select_in_marks(self, _: object = None) -> None:
        """Show in the marks what was set."""
        if self._is_mirroring:
            return
        self._is_mirroring = True
        try:
            rows = np.asarray(self.selected, np.int64)
            for mark, element_of in self._elements:
                elements = elements_of(element_of, rows)
                mark.selected = elements.astype(np.uint32) if len(elements) else None
        finally:
            self._is_mirroring = False

    # ------------------------------------------------------------ on pages

    def open(self) -> None:
        """Open it to pages, with all that it is made of; again if it was closed."""
        if self._axes:
            for part in self._parts():
                part.open()
        super().open()

    def close(self) -> None:
        """Remove it from all pages, with all that it is made of; it opens when it is shown."""
        super().close()
        shown_again(self)
        if self._axes:
            for part in reversed(self._parts()):
                part.close()

    def replaced(self) -> None:
        """Close it: no cell displays it any more."""
        self.close()

    def _parts(self) -> list[Any]:
        """Return the widgets that it is made of, each after those that it refers to."""
        mine: Any = self
        found = [mine.layout, *self._scales.values(), mine.scale_x, mine.scale_y, *self._axes]
        for mark in mine.marks:
            tooltip = getattr(mark, "tooltip", None)
            if tooltip is not None:
                found += [tooltip.layout, tooltip]
            found.append(mark)
        if mine.interaction is not None:
            found.append(mine.interaction)
        return found


def _name_axis(axis: Any, shown: Axis) -> None:
    widest = max((text_width(name, _TEXT_SIZE) for name in shown.names), default=0.0)
    # Rather some names that can be read than all of them cut to a letter.
    most = max(2, int(_NAMES_WIDTH / (min(widest, _NAME_WIDTH) + _NAME_GAP)))
    every = max(1, -(-len(shown.names) // most))
    places = np.arange(0, len(shown.names), every, dtype=np.float64)
    room = _NAMES_WIDTH / max(1, len(places)) - _NAME_GAP
    with axis.hold_sync():
        axis.label = shown.label
        axis.tick_values = places if shown.names else None
        axis.tick_labels = (
            {f"{at:g}": fit_text(shown.names[int(at)], _TEXT_SIZE, room) for at in places.tolist()}
            if shown.names
            else None
        )


def _pale_grid(axis: Any) -> None:
    for color in _GRIDS:
        with contextlib.suppress(traitlets.TraitError):
            axis.grid_color = color
            return
