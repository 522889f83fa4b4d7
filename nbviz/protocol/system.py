"""What a run uses of its machine: processor, memory, disk and GPU over time."""

from __future__ import annotations

from typing import Literal, TypedDict

SystemUnit = Literal["%", "GB", "MB/s"]


class SystemMeasure(TypedDict):
    """One thing that is measured; those of one chart have the same unit."""

    chart: str
    name: str
    unit: SystemUnit
    maximum: float | None  # that it can reach, in its unit; None where that is unknown


class SystemListed(TypedDict):
    """All that is measured of a run; a measure keeps its place in the list."""

    kind: Literal["system_listed"]
    run_id: str
    measures: list[SystemMeasure]


class SystemSampled(TypedDict):
    """New samples of every measure.

    Buffer: float64. For each measure in turn its `count` buckets, in the seven columns of
    `BucketsAppended`.
    """

    kind: Literal["system_sampled"]
    run_id: str
    counts: list[int]
    buffer: int


Updates = SystemListed | SystemSampled
