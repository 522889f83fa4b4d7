"""A model's summary as a table of text and of HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from nbviz.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.inspection.summary.rows import SummaryRow, SummaryRows

_MOST_ROWS = 100  # of a table that is printed without being asked for its depth
HEADINGS = ("", "Output", "Parameters", "Trainable", "Mult-adds", "Memory", "Time")
_CELL = "padding:1px 14px 1px 0;white-space:nowrap;text-align:"


def readable_depth(summary: SummaryRows) -> int | None:
    """Return how many levels are read at once, None if all are."""
    if len(summary.rows) <= _MOST_ROWS:
        return None
    depths = [row.depth for row in summary.rows]
    fitting = [d for d in range(1, max(depths) + 1) if sum(x <= d for x in depths) <= _MOST_ROWS]
    return max(fitting, default=1)


def as_text(summary: SummaryRows, depth: int | None) -> str:
    """Return the table as text, `depth` levels of it."""
    rows = _shown(summary.rows, depth)
    table: list[tuple[str, ...]] = [HEADINGS]
    for row, branches in zip(rows, _branches(rows), strict=True):
        first, *rest = cells_of(row)
        table.append((f"{branches}{first}", *rest))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines: list[str] = []
    for cells in table:
        parts = [cells[0].ljust(widths[0]), cells[1].ljust(widths[1])]
        parts += [c.rjust(w) for c, w in zip(cells[2:], widths[2:], strict=True)]
        lines.append("  ".join(parts).rstrip())
    rule = "─" * max(map(len, lines))
    lines = [lines[0], rule, *lines[1:], rule]
    hidden = len(summary.rows) - len(rows)
    if hidden:
        lines.append(f"{hidden:,} deeper module calls are not shown; .to_text() has them all.")
    return "\n".join([*lines, *totals_of(summary)])


def as_html(summary: SummaryRows, depth: int | None) -> str:
    """Return the table as HTML, with the whole of it to be opened below."""
    rows = _shown(summary.rows, depth)
    parts = [_html_table(rows)]
    parts += [f"<div>{escape(line)}</div>" for line in totals_of(summary)]
    if len(rows) < len(summary.rows):
        parts.append(
            f"<details><summary>All {len(summary.rows):,} module calls</summary>"
            f"{_html_table(summary.rows)}</details>"
        )
    return f'<div class="nbviz-summary" style="overflow-x:auto">{"".join(parts)}</div>'


def _html_table(rows: Sequence[SummaryRow]) -> str:
    head = "".join(
        f'<th style="{_CELL}{"left" if i < 2 else "right"}">{heading}</th>'  # noqa: PLR2004
        for i, heading in enumerate(HEADINGS)
    )
    body = "".join(f"<tr>{_html_row(row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _html_row(row: SummaryRow) -> str:
    indent = "&emsp;" * row.depth  # a style's padding would be lost on GitHub
    said = f" <small>{escape(said_of(row))}</small>" if said_of(row) else ""
    first = f'<td style="{_CELL}left">{indent}<b>{escape(clean_line(row.name))}</b>{said}</td>'
    rest = "".join(
        f'<td style="{_CELL}{"right" if i else "left"}">{escape(cell)}</td>'
        for i, cell in enumerate(cells_of(row)[1:])
    )
    return first + rest


def _shown(rows: Sequence[SummaryRow], depth: int | None) -> list[SummaryRow]:
    return [row for row in rows if depth is None or row.depth <= depth]


def _branches(rows: Sequence[SummaryRow]) -> list[str]:
    """Return what stands before each name, so that the rows are seen as a tree."""
    found: list[str] = []
    continues: set[int] = set()  # depths at which another row follows
    for row in reversed(rows):
        continues = {depth for depth in continues if depth <= row.depth}
        before = "".join("│  " if d in continues else "   " for d in range(1, row.depth))
        turn = ("├─ " if row.depth in continues else "└─ ") if row.depth else ""
        found.append(before + turn)
        continues.add(row.depth)
    return found[::-1]


def said_of(row: SummaryRow) -> str:
    """Return what is said of a module beside its name."""
    parts = [row.type] if row.type != row.name else []
    if row.detail:
        parts.append(row.detail)
    if row.call > 1:
        parts.append(f"call {row.call}")
    return clean_line(", ".join(parts))


def cells_of(row: SummaryRow) -> tuple[str, ...]:
    """Return what a row says in each column, its name first."""
    name, said = clean_line(row.name), said_of(row)
    return (
        f"{name}  {said}" if said else name,
        _shapes(row.output_shapes),
        # A module that is called again has no further parameters.
        "as above" if row.call > 1 and row.parameter_count else _count(row.parameter_count),
        _trainable(row),
        _short(row.mult_adds),
        _bytes(row.memory_bytes) if row.memory_bytes else "",
        "" if row.seconds is None else _seconds(row.seconds),
    )


def totals_of(summary: SummaryRows) -> list[str]:
    """Return the lines below the table."""
    frozen = summary.parameter_count - summary.trainable_count
    memory = summary.input_bytes + summary.parameter_bytes + summary.memory_bytes
    parameters = f"{summary.parameter_count:,}: {summary.trainable_count:,} trainable, "
    mult_adds = _short(summary.mult_adds) or "0"
    inputs, own = _bytes(summary.input_bytes), _bytes(summary.parameter_bytes)
    made = _bytes(summary.memory_bytes)
    lines = [
        f"Parameters  {parameters}{frozen:,} frozen",
        f"Mult-adds   {mult_adds} (matrix products, convolutions, attention)",
        f"Memory      {_bytes(memory)}: {inputs} inputs, {own} parameters, {made} results",
    ]
    if summary.seconds is not None:
        mode = "train" if summary.is_training else "eval"
        lines.append(f"Time        {_seconds(summary.seconds)} on {summary.device}, {mode} mode")
    return [*lines, clean_line(summary.note)] if summary.note else lines


def _shapes(shapes: tuple[tuple[int, ...], ...]) -> str:
    said = ["×".join("?" if n < 0 else str(n) for n in shape) or "scalar" for shape in shapes]
    return f"{said[0]}, {said[1]}, + {len(said) - 2}" if len(said) > 2 else ", ".join(said)  # noqa: PLR2004


def _count(value: int) -> str:
    return f"{value:,}" if value else ""


def _trainable(row: SummaryRow) -> str:
    if row.parameter_count == 0:
        return ""
    if row.trainable_count == 0:
        return "no"
    return "yes" if row.trainable_count == row.parameter_count else "partly"


def _short(value: float) -> str:
    """Return a number with three or four digits and a unit, "" for zero."""
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.4g} {unit}"
    return f"{value:.0f}" if value else ""


def _bytes(value: int) -> str:
    for size, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if value >= size:
            said = f"{value / size:.3g}" if value < 1000 * size else f"{value / size:,.0f}"
            return f"{said} {unit}"
    return f"{value} B"


def _seconds(value: float) -> str:
    for size, unit in ((1.0, "s"), (1e-3, "ms")):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e6:.3g} µs"
