"""A model's summary as the page has it: columns of text, and the values that sort them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nbviz.inspection.summary.text import (
    HEADINGS,
    cells_of,
    readable_depth,
    said_of,
    totals_of,
)
from nbviz.protocol.summary import SummaryColumn, SummaryTable
from nbviz.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.inspection.summary.rows import SummaryRow, SummaryRows

MOST_ROWS = 4000  # about half a megabyte
_AMOUNTS = ("Parameters", "Mult-adds", "Memory", "Time")


def as_table(summary: SummaryRows) -> SummaryTable:
    """Return the table; of a model with more than 4,000 module calls the outer ones."""
    rows = _affordable(summary.rows)
    hidden = len(summary.rows) - len(rows)
    more = [f"{hidden:,} deeper module calls are not shown; .to_text() has them all."]
    cells = [cells_of(row)[1:] for row in rows]
    values = [_values(row) for row in rows]
    open_depth = readable_depth(summary)
    return SummaryTable(
        title=f"{summary.rows[0].type}, {counted(summary.parameter_count, 'parameter')}",
        names=[row.name for row in rows],
        details=[said_of(row) for row in rows],
        depths=[row.depth for row in rows],
        columns=[
            SummaryColumn(
                heading=heading,
                cells=[row[number] for row in cells],
                values=[row[number] for row in values],
                is_amount=heading in _AMOUNTS,
            )
            for number, heading in enumerate(HEADINGS[1:])
        ],
        totals=[*totals_of(summary), *(more if hidden else [])],
        open_depth=max(row.depth for row in rows) if open_depth is None else open_depth,
    )


def _affordable(rows: Sequence[SummaryRow]) -> Sequence[SummaryRow]:
    depth = max(row.depth for row in rows)
    shown = rows
    while len(shown) > MOST_ROWS and depth > 1:
        depth -= 1
        shown = [row for row in rows if row.depth <= depth]
    return shown[:MOST_ROWS]


def _values(row: SummaryRow) -> tuple[float | None, ...]:
    """Return what a row is sorted by, column by column."""
    counts = [math.prod(shape) for shape in row.output_shapes]
    # Sizes that depend on the data are unknown, which shapes say by −1.
    known = [count for count in counts if count >= 0]
    share = row.trainable_count / row.parameter_count if row.parameter_count else None
    return (
        float(sum(known)) if known else None,
        row.parameter_count,
        share,
        row.mult_adds,
        row.memory_bytes,
        row.seconds,
    )
