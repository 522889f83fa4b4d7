"""Predictions: what a classifier says of a set of samples at one step, and what is true."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.text import text_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

RANKED = 3
"""Classes that are kept of each sample, the most probable ones."""

MOST_SAMPLES = 10_000
MOST_CHARACTERS = 300
"""Of a text that was predicted for."""


@dataclass(slots=True, eq=False)
class SampleInputs:
    """What was predicted for; the steps of a tag share it where it is the same.

    Attributes:
        key: Equal only where all else is.
        pictures: uint8, samples × height × width × channels; None where there are none.
        texts: One of each sample; empty where there are none.
        is_written: Whether a journal holds it.
    """

    key: str
    pictures: NDArray[np.uint8] | None = field(default=None, repr=False)
    texts: tuple[str, ...] = field(default=(), repr=False)
    is_written: bool = False

    @property
    def nbytes(self) -> int:
        """Bytes that it takes, about."""
        pictures = 0 if self.pictures is None else self.pictures.nbytes
        return pictures + sum(text_bytes(text) + 50 for text in self.texts)


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a classifier says of a set of samples at one step.

    Attributes:
        indices: Which sample of its data set each is; int64, rising, no two alike.
        targets: The true classes; int32, -1 where there is none.
        ranked: The most probable classes, shape (samples, up to 3), the most probable first; int32.
            -1 where the scores were NaN.
        shares: Their probabilities; float32, NaN where only classes were given.
        own: The probability of each sample's true class; float32, NaN where it is not known.
        size: How many classes there are.
        classes: Their names; fewer than there are classes, or none.
        inputs: What was predicted for, in the order of the samples; None where it is not known.
        shared: Bytes of these that an earlier step holds, too.
    """

    indices: NDArray[np.int64] = field(repr=False)
    targets: NDArray[np.int32] = field(repr=False)
    ranked: NDArray[np.int32] = field(repr=False)
    shares: NDArray[np.float32] = field(repr=False)
    own: NDArray[np.float32] = field(repr=False)
    size: int
    classes: tuple[str, ...] = ()
    inputs: SampleInputs | None = None
    shared: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        arrays = (self.indices, self.targets, self.ranked, self.shares, self.own)
        beside = 0 if self.inputs is None else self.inputs.nbytes - self.shared
        return sum(one.nbytes for one in arrays) + sum(map(text_bytes, self.classes)) + beside

    @property
    def predicted(self) -> NDArray[np.int32]:
        """The most probable class of each sample; int32, -1 where the scores were NaN."""
        return self.ranked[:, 0]

    @property
    def confidence(self) -> NDArray[np.float32]:
        """The probability of the most probable class; float32, NaN where only classes are known."""
        return self.shares[:, 0]

    @property
    def is_mistake(self) -> NDArray[np.bool_]:
        """Which samples are predicted wrong; what has no label is not among them."""
        return (self.targets >= 0) & (self.predicted != self.targets)

    def worst(self, most: int | None = None) -> list[int]:
        """Return the indices of the mistakes in the data set, the most confident ones first.

        Args:
            most: At most so many; all if None.
        """
        order = self.order()[: int(self.is_mistake.sum())]
        return self.indices[order][:most].tolist()

    def order(self) -> NDArray[np.int64]:
        """Return places of the samples: the most confident mistakes first, sure hits last."""
        sure = np.nan_to_num(self.confidence.astype(np.float64), nan=2.0)
        rank = np.where(self.is_mistake, -sure, sure)
        return np.lexsort([self.indices, rank, ~self.is_mistake])

    def rows_of(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the places of samples by their indices; -1 of those that are not among them."""
        places = np.searchsorted(self.indices, indices).clip(0, len(self.indices) - 1)
        found: NDArray[Any] = np.where(self.indices[places] == indices, places, -1)
        return found.astype(np.int64)
