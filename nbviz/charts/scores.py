"""Charts of how well scores tell classes apart: `pr_curve`, `roc_curve`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.charts.colors import part_colors
from nbviz.charts.figure import ChartFigure
from nbviz.charts.inputs import array_of, check_count, names_of, said_of, title_of
from nbviz.errors import ConfigurationError, LoggingError
from nbviz.pictures.figures.layers import NO_ELEMENT, Axis, Curves, Figure
from nbviz.pictures.number_text import format_value
from nbviz.recording.media.pr_curves import PrCurveInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nbviz.recording.media.pr_curves import Curve


_MOST_SCORES = 10_000_000  # which are sorted


def pr_curve(
    target: Any, score: Any, *, labels: Any = None, title: str = "", color: Any = None
) -> ChartFigure:
    """Draw precision over recall at every threshold, with the average precision.

        nbviz.charts.pr_curve(target, model(x).sigmoid())

    Args:
        target: Of two classes 0 or 1 for each row; of more, class indices, or 0 and 1 in the shape
            of the scores. A negative target is left out.
        score: From 0 to 1, of shape (rows,) or (rows, classes).
        labels: The classes' names.
        title: Stands above the chart.
        color: A CSS colour, or one for each class.

    Returns:
        A widget; a drag along the recall selects the rows whose scores are the thresholds there.

    Raises:
        ConfigurationError: The data cannot be drawn.
    """
    options = {"labels": labels, "title": title, "color": color}
    return ChartFigure("PR curve", _pr_curve, (target, score), options)


def roc_curve(
    target: Any, score: Any, *, labels: Any = None, title: str = "", color: Any = None
) -> ChartFigure:
    """Draw the true over the false positive rate at every threshold, with the area below.

        nbviz.charts.roc_curve(target, model(x).softmax(1), labels=["cat", "dog", "bird"])

    Args:
        target: As for `pr_curve`, as below.
        score: From 0 to 1, of shape (rows,) or (rows, classes).
        labels: The classes' names.
        title: Stands above the chart.
        color: A CSS colour, or one for each class.

    Returns:
        A widget; a drag along the rate selects the rows whose scores are the thresholds there.

    Raises:
        ConfigurationError: The data cannot be drawn.
    """
    options = {"labels": labels, "title": title, "color": color}
    return ChartFigure("ROC curve", _roc_curve, (target, score), options)


def _pr_curve(
    target: Any, score: Any, *, labels: Any = None, title: str = "", color: Any = None
) -> Figure:
    def points(curve: Curve) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
        _, true, false = curve.points.T
        name = f"AP {_shown(curve.average_precision)}"
        recall = true / curve.positives if curve.positives else np.full(len(true), np.nan)
        return recall, true / np.maximum(true + false, 1), name

    layers, rows, remark = _figure("pr_curve", (target, score), labels, color, points)
    return Figure(
        title_of("pr_curve", title),
        rows,
        layers,
        Axis("recall", low=0.0, high=1.0),
        Axis("precision", low=0.0, high=1.02),
        remark,
        legend_at="bottom-left",
        selects="interval",
    )


def _roc_curve(
    target: Any, score: Any, *, labels: Any = None, title: str = "", color: Any = None
) -> Figure:
    def points(curve: Curve) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
        _, true, false = curve.points.T
        name = f"AUC {_shown(curve.roc_auc)}"
        unknown = np.full(len(true), np.nan)
        along = false / curve.negatives if curve.negatives else unknown
        return along, true / curve.positives if curve.positives else unknown, name

    layers, rows, remark = _figure("roc_curve", (target, score), labels, color, points)
    ends = np.array([0.0, 1.0])
    chance = Curves(ends, ends[None], ("border-strong",), ("chance",), is_dashed=True)
    return Figure(
        title_of("roc_curve", title),
        rows,
        (chance, *layers),
        Axis("false positive rate", low=0.0, high=1.0),
        Axis("true positive rate", low=0.0, high=1.02),
        remark,
        legend_at="bottom-right",
        selects="interval",
    )


def _figure(
    chart: str,
    data: tuple[Any, Any],
    labels: Any,
    color: Any,
    points: Callable[[Curve], tuple[NDArray[np.float64], NDArray[np.float64], str]],
) -> tuple[tuple[Curves, ...], int, str]:
    """Return the curves, how many rows there are, and what is to be said of them."""
    targets, scores = array_of(chart, data[0], "target"), array_of(chart, data[1], "score")
    if targets.size == 0 or scores.size == 0:
        raise ConfigurationError(
            f"{chart} got targets of shape {targets.shape} and scores of shape {scores.shape}, in "
            "which there is nothing to draw; give at least one sample."
        )
    check_count(chart, scores.size, _MOST_SCORES, "scores")
    try:
        curves = PrCurveInput(chart, targets, scores.astype(np.float64), None).make()
    except LoggingError as error:
        raise ConfigurationError(str(error)) from None
    count = len(curves.curves)
    names = names_of(chart, labels, count, "classes")
    colors = part_colors(chart, color, count, "classes")
    scores = scores.reshape(len(scores), -1) if count > 1 else scores.reshape(-1, 1)
    layers: list[Curves] = []
    for at, curve in enumerate(curves.curves):
        x, y, said = points(curve)
        name = names[at] if names else curve.name
        # Each row stands where the threshold is its score.
        thresholds = curve.points[:, 0]
        own = scores[:, at].astype(np.float64)
        place = np.searchsorted(-thresholds, -own, side="left").clip(0, max(0, len(x) - 1))
        place = np.where(np.isnan(own) | (len(x) == 0), NO_ELEMENT, place).astype(np.int64)
        layers.append(Curves(x, y[None], (colors[at],), (f"{name}  {said}".strip(),), place))
    is_unknown = all(math.isnan(curve.average_precision) for curve in curves.curves)
    remark = said_of(curves.left_out, "has no class or score", "have no class or score")
    if is_unknown:
        remark = "there is no positive sample, so there is no curve"
    return tuple(layers), len(scores), remark


def _shown(value: float) -> str:
    return "unknown" if math.isnan(value) else format_value(value)
