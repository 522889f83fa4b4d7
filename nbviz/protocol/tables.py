"""Tables that were logged."""

from __future__ import annotations

from typing import Literal, TypedDict

from nbviz.protocol.core import Answers, ItemsAdded

Cell = str | float | bool | None
"""A number that is too large for a page is a text; of an image it is its place among `images`."""


class ColumnInfo(TypedDict):
    """A column of a table."""

    name: str
    column_kind: Literal["number", "boolean", "text", "image"]


class TablesAdded(ItemsAdded):
    """Tables that were logged."""

    kind: Literal["tables_added"]


class SendRows(TypedDict):
    """Ask for rows of the table of a tag at or before a step."""

    kind: Literal["send_rows"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    first: int
    count: int
    sort: int  # the column's number, -1 for the order in which the rows were logged
    descending: bool
    filter: str  # what a cell contains, or conditions such as "score > 0.5 and class = cat"


class RowsSent(TypedDict):
    """Rows of a table, as many as a frame holds. Buffer: PNG files of images, one after another."""

    kind: Literal["rows_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    columns: list[ColumnInfo]
    total: int  # rows of the table
    matching: int  # rows that the filter leaves
    first: int
    rows: list[list[str | float | bool | None]]
    images: list[int]  # bytes of each
    buffer: int


ANSWERS: Answers = {SendRows: (RowsSent,)}

Updates = TablesAdded | RowsSent
"""What the kernel sends."""

Requests = SendRows
"""What pages ask."""
