"""A chart that nbviz's own front end draws: what bqplot has not, or draws too slowly."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import traitlets

from nbviz.charts.chart import Chart, selected_rows
from nbviz.charts.page_data import page_data
from nbviz.errors import ConfigurationError
from nbviz.front_end import widget_module, widget_source
from nbviz.pictures.figures.cells import Cells, cells_picture
from nbviz.pictures.figures.spread import Arrows, Parallel, arrows_picture, parallel_picture
from nbviz.widgets.cell_widget import CellWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from nbviz.pictures.shapes import Picture

Drawing = Cells | Arrows | Parallel
MOST_SELECTED = 250_000
_MARKED = 20_000  # cells or lines that are marked in the page


class DrawnChart(Chart, CellWidget):
    """A chart for ipywidgets' boxes.

    Attributes:
        selected: What is selected in the page or was set, sorted: indices of input rows; of
            matrices (row, column) pairs.
    """

    # A part of its own, as a summary: nothing of a dashboard's machinery is in it.
    _esm = widget_module("chart")
    _source: Any = traitlets.Unicode(widget_source("chart")).tag(sync=True)
    _drawn: Any = traitlets.Dict().tag(sync=True)
    _marked: Any = cast("Any", traitlets).List().tag(sync=True)
    _live = traitlets.Unicode().tag(sync=True)
    selected: Any = cast("Any", traitlets).List()

    def __init__(
        self,
        kind: str,
        describe: Callable[..., Drawing],
        data: tuple[Any, ...],
        options: dict[str, Any],
    ) -> None:
        self._drawing = describe(*data, **options)
        # As bqplot's figures beside it in a box: several share what there is.
        super().__init__(layout={"width": "100%", "min_width": "200px", "max_width": "776px"})
        self._begin(kind, describe, data, options)
        self._apply(self._drawing)
        self.on_msg(self._on_message)
        self.observe(self._mark, "selected")

    @property
    def drawn(self) -> dict[str, Any]:
        """What a page is given to draw, as JSON."""
        return dict(self._drawn)

    @property
    def _described(self) -> Drawing:
        return self._drawing

    def _shapes(self) -> Picture:
        match self._drawing:
            case Cells():
                return cells_picture(self._drawing)
            case Arrows():
                return arrows_picture(self._drawing)
            case Parallel():
                return parallel_picture(self._drawing)

    def _apply(self, described: Drawing) -> None:
        self._drawing = described
        kept = [one for one in self.selected if self._is_there(one)]
        with self.hold_sync():
            self._drawn = {**page_data(described), "said": self.said()}
            self.selected = kept
            self._mark()

    # ------------------------------------------------------------ selection

    @traitlets.validate("selected")
    def _check_selected(self, proposal: dict[str, Any]) -> list[Any]:
        value, drawing = proposal["value"], self._drawing
        if not isinstance(drawing, Cells):
            return selected_rows(value, drawing.rows)
        found: set[tuple[int, int]] = set()
        for pair in value:
            if not self._is_there(pair):
                raise ConfigurationError(
                    f"selected must be (row, column) pairs of a matrix of {drawing.shape[0]:,} × "
                    f"{drawing.shape[1]:,}, got {pair!r}."
                )
            found.add((int(pair[0]), int(pair[1])))
        return sorted(found)

    def _is_there(self, one: Any) -> bool:
        drawing = self._drawing
        if not isinstance(drawing, Cells):
            return isinstance(one, int) and 0 <= one < drawing.rows
        with contextlib.suppress(TypeError, ValueError):
            row, column = one
            return 0 <= row < drawing.shape[0] and 0 <= column < drawing.shape[1]
        return False

    def _mark(self, _: object = None) -> None:
        """Mark in the page what is selected."""
        drawing = self._drawing
        if not self.selected:
            self._marked = []
        elif isinstance(drawing, Cells):
            pairs = np.array(self.selected, np.int64) // np.array(drawing.block)
            self._marked = np.unique(pairs, axis=0)[:_MARKED].tolist()
        else:
            places = np.flatnonzero(np.isin(drawing.chosen, np.array(self.selected)))
            self._marked = places[:_MARKED].tolist()

    def _on_message(self, _: object, content: Any, buffers: object) -> None:
        del buffers
        # What does not belong to the present data was sent before the page had them.
        with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError, IndexError):
            self._take(content)

    def _take(self, content: dict[str, Any]) -> None:
        drawing = self._drawing
        match content.get("kind"):
            case "clear":
                self.selected = []
            case "cells" if isinstance(drawing, Cells):
                self._take_cells(drawing, content)
            case "box" if isinstance(drawing, Arrows):
                low, high, below, above = (float(number) for number in content["box"])
                x, y = drawing.all_columns
                self.selected = _places((x >= low) & (x <= high) & (y >= below) & (y <= above))
            case "ranges" if isinstance(drawing, Parallel):
                self._take_ranges(drawing, content["ranges"])
            case _:
                pass

    def _take_cells(self, drawing: Cells, content: dict[str, Any]) -> None:
        """Select the cells of a rectangle, each with all of the input that it stands for."""
        ends = [[int(number) for number in content[side]] for side in ("from", "to")]
        sides = [
            range(
                max(0, min(one) * block),
                min(length, (max(one) + 1) * block),
            )
            for one, block, length in zip(
                zip(*ends, strict=True), drawing.block, drawing.shape, strict=True
            )
        ]
        if len(sides[0]) * len(sides[1]) > MOST_SELECTED:
            self.send({"kind": "refused", "text": f"at most {MOST_SELECTED:,} can be selected"})
            return
        pairs = {(row, column) for row in sides[0] for column in sides[1]}
        if content.get("add"):
            earlier = {(row, column) for row, column in self.selected}
            pairs = earlier - pairs if pairs <= earlier else earlier | pairs
        self.selected = sorted(pairs)

    def _take_ranges(self, drawing: Parallel, ranges: Sequence[Any]) -> None:
        """Select the rows that lie within a range on each of some axes."""
        if not ranges:
            self.selected = []
            return
        inside = np.ones(drawing.rows, bool)
        for axis, low, high in ranges:
            values = drawing.all_columns[int(axis)]
            finite = values[np.isfinite(values)]
            reach = 1e-9 * float(np.ptp(finite)) if len(finite) else 0.0
            inside &= (values >= float(low) - reach) & (values <= float(high) + reach)
        self.selected = _places(inside)


def _places(inside: NDArray[np.bool_]) -> list[int]:
    return [int(at) for at in np.flatnonzero(inside)]
