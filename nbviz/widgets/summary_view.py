"""SummaryView: a model's summary in the cell, as a tree table that sorts and folds."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import traitlets

from nbviz.front_end import widget_module, widget_source
from nbviz.inspection.summary.table import as_table
from nbviz.inspection.summary.text import as_html, readable_depth
from nbviz.pictures.saved_view import hidden_html
from nbviz.widgets.cell_widget import CellWidget
from nbviz.widgets.output import display_live

if TYPE_CHECKING:
    from nbviz.inspection.summary.summary import Summary


class SummaryView(CellWidget):
    """Shows a summary in a notebook cell.

    A click on a heading sorts the rows, each module's parts among themselves; rows open and close,
    also by the arrow keys. A notebook that is saved keeps the table as it is without a click.

    Args:
        summary: What `nbviz.summary` returned.
    """

    # A part of its own: nothing of it changes, so that it needs none of a dashboard's machinery.
    _esm = widget_module("summary")
    _source = traitlets.Unicode(widget_source("summary")).tag(sync=True)
    _table = traitlets.Dict().tag(sync=True)
    _view_id = traitlets.Unicode().tag(sync=True)

    def __init__(self, summary: Summary) -> None:
        self._summary = summary
        super().__init__(_table=dict(as_table(summary)), _view_id=uuid.uuid4().hex[:12])

    def show(self) -> None:
        """Show the table here, where a cell's last line would."""
        self._ipython_display_()

    def picture(self) -> dict[str, Any]:
        """Return what is saved beside the live view, for readers without a kernel, by MIME type."""
        return {
            "text/plain": str(self._summary),
            "text/html": hidden_html(
                as_html(self._summary, readable_depth(self._summary)), self._view_id
            ),
        }

    def __repr__(self) -> str:
        return f"SummaryView({self._table['title']!r})"

    def _ipython_display_(self, **_: Any) -> None:
        display_live(self, self.picture)
