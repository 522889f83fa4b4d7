"""What users log as predictions: checked and copied at once, ranked later by nbviz's own thread.

A fixed set of samples that is followed over steps need not bring its pictures each time: those of
the tag's last step stay where the samples are the same.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nbviz.errors import LoggingError
from nbviz.recording.capture.arrays import copy_array, copy_arrays
from nbviz.recording.media.confusion import class_indices, names_of
from nbviz.recording.media.inputs import array_of, is_float
from nbviz.recording.media.thumbnails import Thumbnails
from nbviz.recording.predictions.predictions import (
    MOST_CHARACTERS,
    MOST_SAMPLES,
    RANKED,
    Predictions,
    SampleInputs,
)
from nbviz.text import counted, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_SCORES = 1 << 24
"""Samples × classes."""

_PICTURE = 64  # pixels along the longest side
_FEATURES = 8  # numbers of a sample that are shown
_SUM_ERROR = 1e-2  # by which probabilities may miss 1: those of 16 bits do


class PredictionsMemory:
    """What the newest step of a tag has, for those to come.

    Attributes:
        indices: The samples' indices.
        inputs: What was predicted for.
    """

    def __init__(self) -> None:
        self.indices: NDArray[np.int64] | None = None
        self.inputs: SampleInputs | None = None


class PredictionsMemories:
    """The memory of each tag."""

    def __init__(self) -> None:
        self._by_tag: dict[str, PredictionsMemory] = {}

    def of(self, tag: str) -> PredictionsMemory:
        """Return a tag's; made at its first use."""
        return self._by_tag.setdefault(tag, PredictionsMemory())

    def forget(self, tag: str) -> None:
        """Let go what a tag has that is kept no more."""
        self._by_tag.pop(tag, None)


class PredictionsInput:
    """Targets and scores with what was predicted for, copied.

    Args:
        tag: For errors.
        target: As for `Run.log_predictions`, as below.
        prediction: Scores or class indices.
        inputs: Images, texts or rows of features.
        classes: Names.
        indices: The samples' indices in their data set.
        memory: What the tag's newest step has.

    Raises:
        LoggingError: They cannot be recorded.
    """

    said = ""

    def __init__(
        self,
        tag: str,
        target: object,
        prediction: object,
        *,
        inputs: object,
        classes: Sequence[str] | None,
        indices: object,
        memory: PredictionsMemory,
    ) -> None:
        scores = array_of(tag, prediction, "predictions as scores or class indices")
        shape: tuple[int, ...] = tuple(scores.shape)
        self._has_scores = is_float(scores)
        if self._has_scores and (len(shape) != 2 or shape[1] < 2):  # noqa: PLR2004
            raise LoggingError(
                f"{tag!r} needs predictions as scores of shape (samples, classes), or as class "
                f"indices, whole numbers from 0 on; got floats of shape {shape}. Of one "
                "probability a sample write torch.stack([1 - p, p], 1)."
            )
        if not self._has_scores and len(shape) != 1:
            raise LoggingError(
                f"{tag!r} needs one class index for each sample, got whole numbers of shape "
                f"{shape}; scores of shape (samples, classes) must be floats."
            )
        count = shape[0]
        if count > MOST_SAMPLES or math.prod(shape) > MOST_SCORES:
            raise LoggingError(
                f"{tag!r} got predictions of shape {shape}; at most {MOST_SAMPLES:,} samples and "
                f"{MOST_SCORES:,} scores can be kept of a step. Log a fixed set of samples: "
                "[:1000] of each, or every n-th."
            )
        targets, scored = class_indices(tag, "target", target)
        if tuple(targets.shape) != (count,):
            raise LoggingError(
                f"{tag!r} got targets of shape {tuple(targets.shape)} for "
                f"{counted(count, 'prediction')}; "
                "give one class for each sample."
            )
        self._size = max(shape[-1] if self._has_scores else 0, scored)
        self._classes = names_of(tag, classes, self._size or None)
        self._tag, self._count, self._memory = tag, count, memory
        copies, self._parts = copy_arrays([scores, targets])
        self._indices = None
        if indices is not None:
            self._indices = copy_array(_indices_of(tag, indices, count))
            copies.append(self._indices)
        self._inputs = None if inputs is None else _inputs_of(tag, inputs, count)
        self._copies: list[_Copied] = [*copies, *([] if self._inputs is None else [self._inputs])]

    @property
    def nbytes(self) -> int:
        """Bytes that the copies take."""
        return sum(one.nbytes for one in self._copies)

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for a device."""
        return all(one.is_ready for one in self._copies)

    def make(self) -> Predictions:
        """Rank the classes of each sample.

        Raises:
            LoggingError: An index stands for two samples, or a class has no place.
        """
        scores, targets = self._parts[0].read(), self._parts[1].read().astype(np.int64)
        indices: NDArray[np.int64] = np.arange(self._count, dtype=np.int64)
        if self._indices is not None:
            indices = self._indices.read().astype(np.int64)
        order = np.argsort(indices, kind="stable")
        indices = indices[order]
        if len(indices) > 1 and bool((np.diff(indices) == 0).any()):
            twice = int(indices[:-1][np.diff(indices) == 0][0])
            raise LoggingError(
                f"{self._tag!r} got index {twice} twice; give each sample an index of its own."
            )
        scores, targets = scores[order], np.maximum(targets[order], -1)
        if self._has_scores:
            ranked, shares, own = _ranked(scores.astype(np.float64), targets)
        else:
            ranked = np.maximum(scores.astype(np.int64), -1)[:, None]
            shares = np.full(ranked.shape, np.nan)
            own = np.full(self._count, np.nan)
        highest = max(int(targets.max(initial=-1)), int(ranked.max(initial=-1)))
        size = max(self._size, len(self._classes), highest + 1, 1)
        inputs, shared = self._beside(indices, order)
        self._memory.indices, self._memory.inputs = indices, inputs
        return Predictions(
            indices,
            targets.astype(np.int32),
            ranked.astype(np.int32),
            shares.astype(np.float32),
            own.astype(np.float32),
            size,
            self._classes,
            inputs,
            shared,
        )

    def _beside(
        self, indices: NDArray[np.int64], order: NDArray[np.int64]
    ) -> tuple[SampleInputs | None, int]:
        """Return what was predicted for, and bytes of it that the tag's memory holds already."""
        known = self._memory.inputs
        if self._inputs is None:
            is_same = self._memory.indices is not None and np.array_equal(
                indices, self._memory.indices
            )
            return (known, known.nbytes) if known is not None and is_same else (None, 0)
        made = self._inputs.make(order)
        if known is not None and known.key == made.key:
            return known, known.nbytes
        return made, 0


def _ranked(
    scores: NDArray[np.float64], targets: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the most probable classes, their probabilities, and those of the true classes."""
    probabilities = _probabilities(scores)
    top = min(RANKED, scores.shape[1])
    candidates = np.argpartition(-probabilities, top - 1, axis=1)[:, :top]
    found = np.take_along_axis(probabilities, candidates, 1)
    ranks = np.lexsort([candidates, -found], axis=1)
    ranked = np.take_along_axis(candidates, ranks, 1)
    shares = np.take_along_axis(found, ranks, 1)
    is_known = (targets >= 0) & (targets < scores.shape[1])
    own = np.take_along_axis(probabilities, np.where(is_known, targets, 0)[:, None], 1)[:, 0]
    own = np.where(is_known, own, np.nan)
    broken = np.isnan(probabilities).any(1)
    ranked[broken], shares[broken], own[broken] = -1, np.nan, np.nan
    return ranked, shares, own


def _probabilities(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities; of rows that are none, which then are logits, the softmax."""
    finite = scores[np.isfinite(scores).all(1)]
    is_share = bool((finite >= 0).all()) and bool((np.abs(finite.sum(1) - 1) < _SUM_ERROR).all())
    if is_share and len(finite):
        return scores
    with np.errstate(invalid="ignore"):  # ∞ - ∞ is NaN, as it is said
        powers = np.exp(scores - scores.max(1, keepdims=True))
        return powers / powers.sum(1, keepdims=True)


def _indices_of(tag: str, indices: object, count: int) -> Any:
    array = array_of(tag, indices, "indices of samples")
    if is_float(array) or tuple(array.shape) != (count,):
        raise LoggingError(
            f"{tag!r} needs indices= as a whole number for each of the "
            f"{counted(count, 'sample')}, got "
            f"{array.dtype} of shape {tuple(array.shape)}."
        )
    return array


# ---------------------------------------------------------------- what was predicted for


class _Copied(Protocol):
    @property
    def nbytes(self) -> int: ...
    @property
    def is_ready(self) -> bool: ...


class _Pictures:
    """Images, copied."""

    def __init__(self, tag: str, images: object, count: int) -> None:
        self._images = Thumbnails(tag, images, count, side=_PICTURE, what="samples", stretches=True)
        self.nbytes = self._images.nbytes

    @property
    def is_ready(self) -> bool:
        return self._images.is_ready

    def make(self, order: NDArray[np.int64]) -> SampleInputs:
        pictures = np.ascontiguousarray(self._images.make()[order])
        key = hashlib.blake2b(pictures.tobytes(), digest_size=8)
        key.update(str(pictures.shape).encode())
        return SampleInputs(key.hexdigest(), pictures)


class _Texts:
    """Texts."""

    is_ready = True

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = [shortened(one, MOST_CHARACTERS) for one in texts]
        self.nbytes = sum(map(len, self._texts))

    def make(self, order: NDArray[np.int64]) -> SampleInputs:
        places: list[int] = order.tolist()
        texts = tuple(self._texts[place] for place in places)
        key = hashlib.blake2b("\0".join(texts).encode(errors="replace"), digest_size=8)
        return SampleInputs(key.hexdigest(), texts=texts)


class _Features:
    """Rows of numbers, copied: the first ones of each become its text."""

    def __init__(self, array: Any) -> None:
        self._more = array.shape[1] > _FEATURES
        self._copy = copy_array(array[:, :_FEATURES])
        self.nbytes = self._copy.nbytes

    @property
    def is_ready(self) -> bool:
        return self._copy.is_ready

    def make(self, order: NDArray[np.int64]) -> SampleInputs:
        end = ", …" if self._more else ""
        rows = self._copy.read().astype(np.float64).tolist()
        return _Texts([", ".join(f"{one:.4g}" for one in row) + end for row in rows]).make(order)


_Inputs = _Pictures | _Texts | _Features


def _inputs_of(tag: str, inputs: object, count: int) -> _Inputs:
    given: Any = inputs
    if isinstance(inputs, list | tuple):
        if given and all(isinstance(one, str) for one in given):
            if len(given) != count:
                raise LoggingError(
                    f"{tag!r} got {counted(len(given), 'text')} for {counted(count, 'sample')}; "
                    "give one for each, "
                    "in the same order."
                )
            return _Texts(given)
    elif len(getattr(given, "shape", ())) == 2:  # noqa: PLR2004
        array = array_of(tag, inputs, "inputs")
        if array.shape[0] != count:
            raise LoggingError(
                f"{tag!r} got inputs of {counted(array.shape[0], 'sample')} for "
                f"{counted(count, 'prediction')}; give "
                "one row for each, in the same order."
            )
        return _Features(array)
    return _Pictures(tag, given, count)
