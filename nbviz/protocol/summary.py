"""A model's summary: the state of a widget of its own, which travels in no message."""

from __future__ import annotations

from typing import TypedDict


class SummaryColumn(TypedDict):
    """One column of a model's summary, with a cell for each row."""

    heading: str
    cells: list[str]
    values: list[float | None]  # what the rows are sorted by; those without one come last
    is_amount: bool  # a number of which each row has a share of the whole model's


class SummaryTable(TypedDict):
    """A model's summary: a row for each module call, in their order, each before those in it.

    It is the state of a widget of its own, and travels in no message.
    """

    title: str
    names: list[str]  # as seen from the call around it
    details: list[str]  # beside the name: class and settings
    depths: list[int]  # how many calls are around it; 0 for the model's own
    columns: list[SummaryColumn]
    totals: list[str]
    open_depth: int  # rows less deep than this are open at first
