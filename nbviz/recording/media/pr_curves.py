"""Precision, recall, ROC and calibration of scores, computed by the thread that drains."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import LoggingError
from nbviz.recording.capture.arrays import copy_arrays
from nbviz.recording.media.confusion import names_of
from nbviz.recording.media.inputs import array_of, is_float, is_tensor
from nbviz.text import text_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

THRESHOLDS = 127
"""From 0 to 1, evenly: as many as TensorBoard's own summaries have."""

BINS = 10
"""Of the calibration, of equal width from 0 to 1."""

MOST_CURVES = 128
_POINTS = 120  # of an exact curve that are kept, in each of three ways to choose them
_AXES = 2


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """How well scores tell samples of one class from all others.

    Attributes:
        name: The class; "" where there is only one curve.
        positives: Samples of the class.
        negatives: All others.
        average_precision: The area below precision over recall, of every threshold there is; NaN
            without positives.
        roc_auc: The area below the ROC curve, of every threshold; NaN without positives or
            negatives.
        true_positives: At thresholds from 0 to 1, evenly: positives with such a score or a higher
            one; uint32.
        false_positives: The same of the negatives.
        points: Of the exact curve, thresholds falling, so many that it is drawn: the threshold,
            true and false positives of each; float64, shape (points, 3).
        calibration: Of each of `BINS` bins of scores: samples, the sum of their scores, and the
            positives; float64, shape (bins, 3). No rows where it is not known.
    """

    name: str
    positives: int
    negatives: int
    average_precision: float
    roc_auc: float
    true_positives: NDArray[np.uint32] = field(repr=False)
    false_positives: NDArray[np.uint32] = field(repr=False)
    points: NDArray[np.float64] = field(repr=False)
    calibration: NDArray[np.float64] = field(repr=False)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        arrays = (self.true_positives, self.false_positives, self.points, self.calibration)
        return sum(array.nbytes for array in arrays) + text_bytes(self.name)


@dataclass(frozen=True, slots=True, eq=False)
class PrCurves:
    """The curves of one step: one for two classes, else one for each class.

    Attributes:
        curves: In the order of the classes.
        left_out: Samples without a class, or with a score that is NaN.
    """

    curves: tuple[Curve, ...]
    left_out: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes that they take."""
        return sum(curve.nbytes for curve in self.curves)


class PrCurveInput:
    """Targets and scores, copied.

    Raises:
        LoggingError: They are none, or not of the same samples.
    """

    said = ""

    def __init__(
        self, tag: str, target: object, score: object, classes: Sequence[str] | None
    ) -> None:
        targets = array_of(tag, target, "targets as classes")
        scores = array_of(tag, score, "scores")
        shape, given = tuple(scores.shape), tuple(targets.shape)
        if not 1 <= len(shape) <= _AXES or not is_float(scores):
            raise LoggingError(
                f"{tag!r} needs scores as floats from 0 to 1 of shape (samples,) or (samples, "
                f"classes), got {scores.dtype} of shape {shape}."
            )
        self._count = shape[1] if len(shape) == _AXES else 1
        if math.prod(given) == math.prod(shape) and self._count == 1:
            self._is_multi_hot = True
        elif given in {(shape[0],), (shape[0], 1)} and not is_float(targets):
            self._is_multi_hot = False
        elif given == shape:
            self._is_multi_hot = True
        else:
            raise LoggingError(
                f"{tag!r} got targets of shape {given} and scores of shape {shape}; give a class "
                "index for each sample, or 0 and 1 in the shape of the scores."
            )
        if self._count > MOST_CURVES:
            raise LoggingError(
                f"{tag!r} has {self._count:,} classes; at most {MOST_CURVES} curves can be shown. "
                f"Choose some, such as score[:, :{MOST_CURVES}] of the samples of these classes."
            )
        self._names = names_of(tag, classes, self._count if self._count > 1 else None)
        self._tag = tag
        for array, check in ((scores, _check_scores), (targets, self._check_targets)):
            if not is_tensor(array) or array.device.type == "cpu":
                check(tag, _numpy(array))
        self._copies, self._parts = copy_arrays([targets, scores])
        self.nbytes = sum(one.nbytes for one in self._copies)

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for a device."""
        return all(one.is_ready for one in self._copies)

    def make(self) -> PrCurves:
        """Compute the curves."""
        targets, scores = (part.read() for part in self._parts)
        _check_scores(self._tag, scores)
        self._check_targets(self._tag, targets)
        scores = scores.reshape(-1, self._count)
        curves: list[Curve] = []
        left_out = 0
        for number in range(self._count):
            if self._is_multi_hot:
                of = targets.reshape(-1, self._count)[:, number]
                is_positive, has_class = of > 0, of >= 0
            else:
                of = targets.reshape(-1)
                is_positive, has_class = of == number, of >= 0
            is_counted = has_class & ~np.isnan(scores[:, number])
            left_out = max(left_out, int((~is_counted).sum()))
            name = ""
            if self._count > 1:
                name = self._names[number] if self._names else str(number)
            curves.append(curve_of(name, is_positive[is_counted], scores[is_counted, number]))
        return PrCurves(tuple(curves), left_out)

    def _check_targets(self, tag: str, targets: NDArray[Any]) -> None:
        most = 1 if self._is_multi_hot else self._count - 1
        highest = float(np.fmax.reduce(targets, axis=None, initial=-1))
        is_whole = targets.dtype.kind != "f" or bool((targets == np.floor(targets)).all())
        if highest > most or not is_whole:
            wanted = "0 and 1" if self._is_multi_hot else f"class indices from 0 to {most}"
            given = f"up to {highest:g}" if highest > most else "NaN or parts of whole numbers"
            raise LoggingError(f"{tag!r} needs targets of {wanted}, got {given}.")


def curve_of(name: str, is_positive: NDArray[np.bool_], scores: NDArray[Any]) -> Curve:
    """Return the curve of samples.

    Args:
        name: The class.
        is_positive: Which samples are of the class.
        scores: From 0 to 1, as many.
    """
    scores = scores.astype(np.float64)
    order = np.argsort(-scores, kind="stable")
    scores, is_positive = scores[order], is_positive[order]
    ends = np.flatnonzero(np.diff(scores, append=-1))  # the last of equal scores
    true = np.cumsum(is_positive)[ends]
    false = ends + 1 - true
    positives = int(true[-1]) if len(true) else 0
    negatives = len(scores) - positives
    # As TensorBoard's own summaries count: a score on a threshold is above it.
    places = np.floor(scores * (THRESHOLDS - 1)).astype(np.intp)
    bins = np.minimum((scores * BINS).astype(np.intp), BINS - 1)
    chosen = _drawn(true, false)
    return Curve(
        name,
        positives,
        negatives,
        _average_precision(true, false),
        _roc_auc(true, false),
        _at_thresholds(places[is_positive]),
        _at_thresholds(places[~is_positive]),
        np.stack([scores[ends][chosen], true[chosen], false[chosen]], 1).astype(np.float64),
        np.stack(
            [
                np.bincount(bins, minlength=BINS),
                np.bincount(bins, scores, BINS),
                np.bincount(bins, is_positive, BINS),
            ],
            1,
        ).astype(np.float64),
    )


def curve_from(name: str, true: NDArray[Any], false: NDArray[Any]) -> Curve:
    """Return the curve of which only the counts at thresholds from 0 to 1 are known."""
    falling_true, falling_false = true[::-1].astype(np.float64), false[::-1].astype(np.float64)
    thresholds = np.linspace(1, 0, len(true))
    return Curve(
        name,
        int(falling_true[-1]),
        int(falling_false[-1]),
        _average_precision(falling_true, falling_false),
        _roc_auc(falling_true, falling_false),
        true.astype(np.uint32),
        false.astype(np.uint32),
        np.stack([thresholds, falling_true, falling_false], 1),
        np.zeros((0, 3)),
    )


def _at_thresholds(places: NDArray[np.intp]) -> NDArray[np.uint32]:
    counts = np.bincount(places, minlength=THRESHOLDS)
    return counts[::-1].cumsum()[::-1].astype(np.uint32)


def _average_precision(true: NDArray[Any], false: NDArray[Any]) -> float:
    if not len(true) or not true[-1]:
        return math.nan
    precision = true / np.maximum(true + false, 1)
    return float((np.diff(true, prepend=0) / true[-1] * precision).sum())


def _roc_auc(true: NDArray[Any], false: NDArray[Any]) -> float:
    if not len(true) or not true[-1] or not false[-1]:
        return math.nan
    above, along = np.append(0, true) / true[-1], np.append(0, false) / false[-1]
    return float((np.diff(along) * (above[1:] + above[:-1]) / 2).sum())


def _drawn(true: NDArray[Any], false: NDArray[Any]) -> NDArray[np.intp]:
    """Return which points of a curve are kept: precision changes most at the first ones."""
    last = len(true) - 1
    if last < 3 * _POINTS:
        return np.arange(last + 1)
    first = np.geomspace(1, last + 1, _POINTS).astype(np.intp) - 1
    places: list[NDArray[Any]] = [first, np.array([last])]
    places.extend(
        np.searchsorted(of, np.linspace(0, float(of[-1]), _POINTS)) for of in (true, false)
    )
    return np.unique(np.concatenate(places).clip(0, last)).astype(np.intp)


def _check_scores(tag: str, scores: NDArray[Any]) -> None:
    low, high = float(np.fmin.reduce(scores, None)), float(np.fmax.reduce(scores, None))  # not NaN
    if low < 0 or high > 1:
        raise LoggingError(
            f"{tag!r} needs scores from 0 to 1, got {low:.4g} to {high:.4g}; of logits log "
            ".sigmoid(), or .softmax(1) of those of several classes."
        )


def _numpy(array: Any) -> NDArray[Any]:
    if not is_tensor(array):
        return array
    small = array.is_floating_point() and array.element_size() < 4  # noqa: PLR2004
    return (array.float() if small else array).numpy()
