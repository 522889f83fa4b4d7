"""The points of a run's series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from nbviz.protocol.core import Answers


class SeriesAdded(TypedDict):
    """A tag and its number in this run, `series`; without points, also where the page had some."""

    kind: Literal["series_added"]
    run_id: str
    series: int
    tag: str


class TagsExpected(TypedDict):
    """Tags that a training is going to log; until then the page has empty charts of their names."""

    kind: Literal["tags_expected"]
    run_id: str
    tags: list[str]


class PointsAppended(TypedDict):
    """New points of several series.

    Buffer: float64. For each series in turn its `count` steps, then wall times in seconds since the
    run started, then values.
    """

    kind: Literal["points_appended"]
    run_id: str
    series: list[int]
    counts: list[int]
    buffer: int


class BucketsAppended(TypedDict):
    """New points of several series, reduced to buckets of neighbours.

    Buffer: float64. For each series in turn seven columns of `count` entries: first step, wall time
    of the first point, minimum, maximum (both over all values but NaN), mean of the finite values,
    number of points, number of NaN.
    """

    kind: Literal["buckets_appended"]
    run_id: str
    series: list[int]
    counts: list[int]
    buffer: int


class SendRange(TypedDict):
    """Ask for series between two steps (both included), at most `points` buckets each."""

    kind: Literal["send_range"]
    client_id: str
    request_id: int
    run_id: str
    series: list[int]
    first_step: int
    last_step: int
    points: int


class RangeSent(TypedDict):
    """Series over a range of steps in buckets, laid out as in `BucketsAppended`."""

    kind: Literal["range_sent"]
    client_id: str
    request_id: int
    run_id: str
    series: list[int]
    counts: list[int]
    buffer: int


ANSWERS: Answers = {SendRange: (RangeSent,)}

Updates = SeriesAdded | TagsExpected | PointsAppended | BucketsAppended | RangeSent
"""What the kernel sends."""

Requests = SendRange
"""What pages ask."""
