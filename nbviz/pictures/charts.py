"""Which series share a chart, and each one reduced to what a picture can show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nbviz.pictures.shapes import SERIES_COLORS, series_color

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from nbviz.recording.recorded_run import RecordedRun
    from nbviz.recording.scalars.series import Series

_TRAIN = ("train", "training")
_VALIDATION = ("val", "valid", "validation", "test", "eval")
_FIRST = ("loss", "accuracy")
_LAST = ("lr", "grad_norm")
_SETTING = re.compile(r"(lr|learning_rate)(?![a-z])")
_READ_WHOLE = 65_536  # points; of more the buckets are searched
# Tags that differ by class, or by group of parameters, are lines of one chart.
_MEMBER = re.compile(r"(?:.*/)?per_class/.+|(?:.*/)?(?:lr|learning_rate)/[^/]+")


@dataclass(frozen=True, slots=True)
class Trace:
    """One series, reduced to buckets of neighbours.

    `low` and `high` are over all values but NaN, `mean` over the finite ones; a bucket of nothing
    else has NaN there. All arrays have one entry a bucket.
    """

    run: RecordedRun
    split: str  # "train", "val" … or the tag where it has no split
    tag: str
    color: str
    dashed: bool
    steps: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    mean: NDArray[np.float64]
    nan: NDArray[np.float64]
    last: float

    @property
    def is_reduced(self) -> bool:
        """Whether a bucket stands for more than one point somewhere."""
        return bool(np.any(self.high > self.low))


@dataclass(frozen=True, slots=True)
class Chart:
    """Series that are compared with one another."""

    title: str
    traces: tuple[Trace, ...]


@dataclass(frozen=True, slots=True)
class Extremes:
    """What a table says of one series: the values, and the steps at which they were logged."""

    last: float
    last_step: int
    lowest: float
    lowest_step: int
    highest: float
    highest_step: int
    count: int
    nan: int


def split_tag(tag: str) -> tuple[str, str]:
    """Return the chart of a tag and which split it is: `loss/train` → ("loss", "train").

    `train/loss`, `train_loss` and `loss_val` are understood too. Below `per_class/`, and of a
    learning rate by group, the split is the last part: `per_class/recall/cat` →
    ("per_class/recall", "cat"). The split is "" for none.
    """
    for separator in "/_":
        head, found, tail = tag.rpartition(separator)
        if found and head and tail in (*_TRAIN, *_VALIDATION):
            return head, tail
        head, found, tail = tag.partition(separator)
        if found and tail and head in (*_TRAIN, *_VALIDATION):
            return tail, head
    if _MEMBER.fullmatch(tag):
        head, _, tail = tag.rpartition("/")
        return head, tail
    return tag, ""


def is_setting(tag: str) -> bool:
    """Return whether a tag is of what was set, such as a learning rate, rather than measured."""
    return _SETTING.match(tag.rpartition("/")[2]) is not None


def is_validation(split: str) -> bool:
    """Return whether a split is of data that is not trained on."""
    return split in _VALIDATION


def chart_titles(runs: Sequence[RecordedRun]) -> list[str]:
    """Return the charts of all runs in their order."""
    return order_charts(dict.fromkeys(split_tag(tag)[0] for run in runs for tag in run.tags))


def order_charts(titles: Iterable[str]) -> list[str]:
    """Return charts as they stand: loss, accuracy, others as they came, settings, grad_norm."""
    return sorted(titles, key=_rank)


def make_charts(runs: Sequence[RecordedRun], titles: Sequence[str], buckets: int) -> list[Chart]:
    """Reduce the series of some charts to at most `buckets` buckets each."""
    traces: dict[str, list[Trace]] = {title: [] for title in titles}
    for index, run in enumerate(runs):
        for tag in run.tags:
            title, split = split_tag(tag)
            series = run.series(tag)
            if title not in traces or len(series) == 0:
                continue
            color = int(is_validation(split))
            taken = {trace.color for trace in traces[title]}
            while series_color(color) in taken and color < SERIES_COLORS:
                color += 1
            if len(runs) > 1:
                color = index
            traces[title].append(_make_trace(run, tag, series_color(color), buckets))
    return [Chart(title, tuple(made)) for title, made in traces.items() if made]


def extremes(series: Series) -> Extremes:
    """Return a series' last, lowest and highest value with their steps, NaN left out.

    The steps are found by zooming in on the bucket that holds the value, so that even a series of
    10 million points costs a few queries.
    """
    count = len(series)
    if count <= _READ_WHOLE:
        steps, _, values = series.slice(0, count)
        return _extremes_of(steps, values)
    sample = series.sample(None, None, 2000)
    lowest, lowest_step = _find(series, highest=False)
    highest, highest_step = _find(series, highest=True)
    steps, _, values = series.slice(len(series) - 1, len(series))
    return Extremes(
        last=float(values[0]),
        last_step=int(steps[0]),
        lowest=lowest,
        lowest_step=lowest_step,
        highest=highest,
        highest_step=highest_step,
        count=len(series),
        nan=int(np.sum(sample.nan)),
    )


def _extremes_of(steps: NDArray[np.int64], values: NDArray[np.float64]) -> Extremes:
    is_nan = np.isnan(values)
    nan = int(np.count_nonzero(is_nan))
    low = high = None
    if nan < len(values):
        low = int(np.where(is_nan, np.inf, values).argmin())
        high = int(np.where(is_nan, -np.inf, values).argmax())
    return Extremes(
        last=float(values[-1]),
        last_step=int(steps[-1]),
        lowest=float("nan") if low is None else float(values[low]),
        lowest_step=0 if low is None else int(steps[low]),
        highest=float("nan") if high is None else float(values[high]),
        highest_step=0 if high is None else int(steps[high]),
        count=len(values),
        nan=nan,
    )


def _find(series: Series, *, highest: bool) -> tuple[float, int]:
    first: int | None = None
    last: int | None = None
    while True:
        sample = series.sample(first, last, 2000)
        values = sample.max if highest else sample.min
        if len(values) == 0 or bool(np.all(np.isnan(values))):
            return float("nan"), 0
        at = int(np.nanargmax(values) if highest else np.nanargmin(values))
        start = int(sample.steps[at])
        stop = int(sample.steps[at + 1]) if at + 1 < len(values) else last
        if sample.count[at] <= 1 or (first, last) == (start, stop):
            return float(values[at]), start
        first, last = start, stop


def _make_trace(run: RecordedRun, tag: str, color: str, buckets: int) -> Trace:
    split = split_tag(tag)[1]
    series = run.series(tag)
    sample = series.sample(None, None, buckets)
    return Trace(
        run=run,
        split=split or tag,
        tag=tag,
        color=color,
        dashed=is_validation(split),
        steps=np.asarray(sample.steps, np.float64),
        low=np.asarray(sample.min, np.float64),
        high=np.asarray(sample.max, np.float64),
        mean=np.asarray(sample.mean, np.float64),
        nan=np.asarray(sample.nan, np.float64),
        last=float(series.slice(len(series) - 1, len(series))[2][0]),
    )


def _rank(title: str) -> int:
    name = title.rpartition("/")[2]
    if name in _FIRST:
        return _FIRST.index(name) - len(_FIRST)
    if name in _LAST:
        return 1 + _LAST.index(name)
    return int(is_setting(title))
