"""Confusion matrices: which class was predicted for which, counted by the thread that drains."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import LoggingError
from nbviz.recording.capture.arrays import copy_array, copy_arrays
from nbviz.recording.media.inputs import array_of, is_float, is_tensor
from nbviz.text import counted, text_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_CLASSES = 10_000
_CELLS = 1 << 17  # of a matrix that was given, at once
_MATRIX_AXES = 2
_PART = 1 << 22  # samples that are counted at once, or cells that are looked through
_SMALL = 1 << 17  # cells that the processor has at hand
_FEW = 8  # times fewer samples than cells are kept until all are there


@dataclass(frozen=True, slots=True, eq=False)
class ConfusionMatrix:
    """One matrix; only the cells that are not 0 are kept.

    Attributes:
        size: Classes.
        places: target × size + prediction of each cell, rising; uint32.
        values: What stands in each cell: uint32 counts, or float64 of a matrix that was given.
        classes: Names, in the order of the classes; fewer than there are classes, or none.
        left_out: Samples that have no class: their target or prediction is negative.
    """

    size: int
    places: NDArray[np.uint32] = field(repr=False)
    values: NDArray[Any] = field(repr=False)
    classes: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.places.nbytes + self.values.nbytes + sum(map(text_bytes, self.classes))

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The whole matrix, targets × predictions; float64."""
        dense = np.zeros(self.size * self.size)
        dense[self.places] = self.values
        return dense.reshape(self.size, self.size)


class ConfusionInput:
    """Targets and predictions, copied, to be counted.

    Scores become class indices at the call, on their device: reading them once is less than a copy.

    Raises:
        LoggingError: They are no classes, or not of the same samples.
    """

    said = ""

    def __init__(
        self, tag: str, target: object, prediction: object, classes: Sequence[str] | None
    ) -> None:
        targets, most = class_indices(tag, "target", target)
        predictions, scored = class_indices(tag, "prediction", prediction)
        if tuple(targets.shape) != tuple(predictions.shape):
            raise LoggingError(
                f"{tag!r} got targets of shape {tuple(targets.shape)} and predictions of shape "
                f"{tuple(predictions.shape)}; give one class of each for every sample. One-hot "
                "rows of whole numbers become classes by .argmax(1)."
            )
        self._size = max(most, scored)
        self._classes = names_of(tag, classes, self._size or None)
        self._tag = tag
        copies, self._parts = copy_arrays([targets, predictions])
        self._copies = copies
        self.nbytes = sum(one.nbytes for one in copies)

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for a device."""
        return all(one.is_ready for one in self._copies)

    def make(self) -> ConfusionMatrix:
        """Count."""
        targets, predictions = (part.read().reshape(-1) for part in self._parts)
        highest = max(int(one.max()) if one.size else -1 for one in (targets, predictions))
        size = max(self._size, len(self._classes), highest + 1, 1)
        check_size(self._tag, size)
        places, counts, left_out = _counted(targets, predictions, size)
        return ConfusionMatrix(size, places, counts, self._classes, left_out)


def _counted(
    targets: NDArray[Any], predictions: NDArray[Any], size: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], int]:
    """Return the places of cells, rising, their counts, and how many samples have no class.

    Takes room for the cells that there may be, or for the places of few samples; for a part of the
    samples beside it.
    """
    cells = size * size
    is_sparse = len(targets) < cells // _FEW
    whole = np.zeros(0 if is_sparse else cells, np.uint32)
    left_out = 0
    kept: list[NDArray[np.uint32]] = []
    for start in range(0, len(targets), _PART):
        places = _places(targets[start : start + _PART], predictions[start : start + _PART], size)
        left_out += min(_PART, len(targets) - start) - len(places)
        if is_sparse:
            kept.append(places)
        elif cells <= _SMALL:
            whole += np.bincount(places, minlength=cells).astype(np.uint32)
        else:
            found, counts = _runs(places)
            whole[found] += counts
    if is_sparse:
        return *_runs(np.concatenate([*kept, np.zeros(0, np.uint32)])), left_out
    found = [
        (np.flatnonzero(whole[start : start + _PART]) + start).astype(np.uint32)
        for start in range(0, cells, _PART)
    ]
    places = np.concatenate(found)
    return places, whole[places], left_out


def _places(target: NDArray[Any], prediction: NDArray[Any], size: int) -> NDArray[np.uint32]:
    """Return target × size + prediction of samples that have a class; none is beyond `size`."""
    if min(target.min(), prediction.min()) < 0:
        has_class = (target >= 0) & (prediction >= 0)
        target, prediction = target[has_class], prediction[has_class]
    places = target.astype(np.uint32)
    places *= np.uint32(size)
    places += prediction.astype(np.uint32)
    return places


def _runs(places: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the values that there are, rising, and how often each is there.

    Sorting and going through them takes a fraction of what counting in a large table takes, each
    time at another place of it.
    """
    places.sort()
    is_first = np.ones(len(places), bool)
    np.not_equal(places[1:], places[:-1], out=is_first[1:])
    first = np.flatnonzero(is_first)
    return places[first], np.diff(first, append=len(places)).astype(np.uint32)


class MatrixInput:
    """A matrix that was counted elsewhere, copied.

    Raises:
        LoggingError: It is no square of real numbers.
    """

    said = ""

    def __init__(self, tag: str, matrix: object, classes: Sequence[str] | None) -> None:
        array = array_of(tag, matrix, "a confusion matrix")
        shape = tuple(array.shape)
        if len(shape) != _MATRIX_AXES or shape[0] != shape[1]:
            raise LoggingError(
                f"{tag!r} needs a square matrix, targets × predictions, got shape {shape}; targets "
                "and predictions themselves go in as log_confusion_matrix(tag, target, prediction)."
            )
        check_size(tag, shape[0])
        self._classes = names_of(tag, classes, shape[0])
        self._tag = tag
        self._is_checked = not is_tensor(array) or array.device.type == "cpu"
        if self._is_checked:
            _check_values(tag, np.asarray(array))
        self._captured = copy_array(array)
        self.nbytes = self._captured.nbytes

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for a device."""
        return self._captured.is_ready

    def make(self) -> ConfusionMatrix:
        """Return the matrix."""
        array = self._captured.read()
        if not self._is_checked:
            _check_values(self._tag, array)
        places, values = _cells(array.reshape(-1))
        return ConfusionMatrix(array.shape[0], places, values, self._classes)


def _cells(flat: NDArray[Any]) -> tuple[NDArray[np.uint32], NDArray[Any]]:
    """Return the places and values that are not 0; by parts, since new memory takes a time."""
    parts = [flat[start : start + _CELLS] for start in range(0, len(flat), _CELLS)]
    is_integer = flat.dtype.kind in "uib"
    is_whole = is_integer or all(bool((part == np.floor(part)).all()) for part in parts)
    is_whole = is_whole and float(flat.max(initial=0)) < 2**32
    count = int(np.count_nonzero(flat))
    places = np.empty(count, np.uint32)
    values = np.empty(count, np.uint32 if is_whole else np.float64)
    at = 0
    for number, part in enumerate(parts):
        here = np.flatnonzero(part != 0)
        end = at + len(here)
        values[at:end] = part[here]
        here += number * _CELLS
        places[at:end] = here
        at = end
    return places, values


def names_of(tag: str, classes: Sequence[str] | None, size: int | None) -> tuple[str, ...]:
    """Return the names of classes.

    Args:
        tag: For errors.
        classes: Names in the order of the classes; None for none.
        size: How many classes there are, None where that is not known yet.

    Raises:
        LoggingError: They are no names, or not as many as there are classes.
    """
    if classes is None:
        return ()
    if isinstance(classes, str):
        raise LoggingError(
            f"{tag!r} needs classes= as a list of names, got the text {classes!r}; write "
            f"[{classes!r}, …]."
        )
    try:
        names = tuple(map(str, classes))
    except TypeError as error:
        raise LoggingError(
            f"{tag!r} needs classes= as a list of names, got {type(classes).__name__}."
        ) from error
    if size is not None and len(names) != size:
        raise LoggingError(
            f"{tag!r} has {counted(size, 'class', 'classes')}, but classes= has "
            f"{counted(len(names), 'name')}; give as many."
        )
    check_size(tag, len(names))
    return names


def check_size(tag: str, size: int) -> None:
    """Raise LoggingError for more classes than can be shown."""
    if size > MOST_CLASSES:
        raise LoggingError(
            f"{tag!r} has {size:,} classes; at most {MOST_CLASSES:,} can be shown. Class indices "
            "count from 0: number the classes that there are, or group them."
        )


def _check_values(tag: str, array: NDArray[Any]) -> None:
    # NaN is neither; of a large matrix there is no room for another one.
    if not (array.min(initial=0) >= 0 and array.max(initial=0) < np.inf):
        raise LoggingError(
            f"{tag!r} needs a confusion matrix of finite numbers from 0 on; at least one is "
            "negative, NaN or infinite. Log the counts, not a difference."
        )


def class_indices(tag: str, what: str, value: object) -> tuple[Any, int]:
    """Return class indices, and how many classes scores say that there are; 0 if it is not said.

    Args:
        tag: For errors.
        what: What they are, in the singular, for errors.
        value: As for `Run.log_confusion_matrix`.

    Raises:
        LoggingError: They are no classes.
    """
    array = array_of(tag, value, f"{what}s as class indices or scores")
    if not is_float(array):
        return array, 0
    shape = tuple(array.shape)
    if len(shape) < _MATRIX_AXES or math.prod(shape[1:]) == 1:
        raise LoggingError(
            f"{tag!r} needs each {what} as a class index, a whole number from 0 on, or as scores "
            f"of shape (samples, classes); got floats of shape {shape}. Of one score a sample "
            "write (score > 0.5)."
        )
    check_size(tag, shape[1])
    return array.argmax(1), shape[1]
