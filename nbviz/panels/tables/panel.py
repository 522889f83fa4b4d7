"""Tables: rows are sorted and filtered here, and sent as far as a page shows them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

from nbviz.panels.items import ItemsPanel
from nbviz.panels.tables.order import Arrangement, Orders
from nbviz.panels.wire import MOST_WHOLE
from nbviz.protocol import tables as messages
from nbviz.text import clean_line, clean_text, shortened

if TYPE_CHECKING:
    from nbviz.panels.batch import Batch
    from nbviz.panels.panel import Address, Reply
    from nbviz.protocol.tables import Cell, RowsSent
    from nbviz.recording.media.store import Media
    from nbviz.recording.media.tables import Column, Table

SAVED_ROWS = 1000
MOST_ROWS = 500  # in one answer
_MOST_CHARACTERS = 300  # of a cell
_MOST_NAME = 100
_ROW_BYTES, _CELL_BYTES = 8, 12


class TablesPanel(ItemsPanel["RowsSent"]):
    """Tables."""

    name = "tables"
    assets = ("tables", "items", "timeline")
    requests = (messages.SendRows,)
    slow = frozenset({"send_rows"})  # which are sorted
    kinds = frozenset({"table"})
    added = "tables_added"

    def __init__(self) -> None:
        self._orders = Orders()

    def item(  # noqa: PLR0917
        self, run_id: str, media: Media, step: int, batch: Batch, address: Address, limit: int
    ) -> RowsSent:
        """Return the first rows of a tag's table at or before a step."""
        return self._rows(run_id, media, step, batch, address, limit, 0, SAVED_ROWS, Arrangement())

    def item_asked(
        self,
        run_id: str,
        media: Media,
        request: messages.SendRows,
        batch: Batch,
        reply: Reply[RowsSent],
    ) -> RowsSent:
        """Return rows of a table, in the order asked for."""
        arrangement = Arrangement(request["sort"], request["descending"], request["filter"])
        first, count = max(0, request["first"]), max(0, min(MOST_ROWS, request["count"]))
        return self._rows(
            run_id,
            media,
            request["step"],
            batch,
            reply.address,
            reply.limit,
            first,
            count,
            arrangement,
        )

    def _rows(  # noqa: PLR0917
        self,
        run_id: str,
        media: Media,
        step: int,
        batch: Batch,
        address: Address,
        limit: int,
        first: int,
        count: int,
        arrangement: Arrangement,
    ) -> RowsSent:
        item = media.at(step)
        table = cast("Table", item.value)
        order = self._orders.rows(table, arrangement)
        sender = _Sender(table)
        rows: list[list[Cell]] = []
        for row in order[first : first + count].tolist():
            mark = sender.mark
            cells = sender.cells(row)
            # One row is sent however large it is: what a cell may be is bounded.
            if rows and sender.size > limit:
                sender.cut(mark)
                break
            rows.append(cells)
        return {
            "kind": "rows_sent",
            **address,
            "run_id": run_id,
            "tag": clean_line(media.tag),
            "step": item.step,
            "columns": [_info(column) for column in table.columns],
            "total": table.rows,
            "matching": len(order),
            "first": first,
            "rows": rows,
            "images": sender.lengths,
            "buffer": batch.buffer(b"".join(sender.images)),
        }


class _Sender:
    """Cells in the form in which they travel."""

    def __init__(self, table: Table) -> None:
        self._columns = table.columns
        self.images: list[bytes] = []
        self.lengths: list[int] = []
        self.size = len(table.columns) * 2 * _MOST_NAME  # bytes, about

    @property
    def mark(self) -> int:
        return len(self.images)

    def cut(self, mark: int) -> None:
        """Take away the images that came after a mark."""
        del self.images[mark:], self.lengths[mark:]

    def cells(self, row: int) -> list[Cell]:
        self.size += _ROW_BYTES
        return [self._cell(column, row) for column in self._columns]

    def _cell(self, column: Column, row: int) -> Cell:
        self.size += _CELL_BYTES
        value = column.value(row)
        if isinstance(value, bytes):
            self.images.append(value)
            self.lengths.append(len(value))
            self.size += len(value)
            return len(self.images) - 1
        if isinstance(value, str):
            text = clean_text(value)
            if len(text) > _MOST_CHARACTERS:
                text = f"{text[:_MOST_CHARACTERS]}…"
            self.size += len(text.encode()) * 2
            return text
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            # A page would show another number.
            return value if abs(value) <= MOST_WHOLE else str(value)
        if math.isnan(value):
            return None
        return value if math.isfinite(value) else ("∞" if value > 0 else "−∞")


def _info(column: Column) -> messages.ColumnInfo:
    return {"name": shortened(clean_line(column.name), _MOST_NAME), "column_kind": column.kind}
