"""Embedding: the vectors of a set of points at one step, and what is known of the points."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from nbviz.text import shortened, text_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.recording.embeddings.projection import Projection

ColumnKind = Literal["category", "number", "text"]
MOST_CATEGORIES = 1000
"""Of texts; with more a column can be searched and read, and gives no colours."""

MOST_WHOLE_CATEGORIES = 50
"""Of whole numbers; with more they are values."""

_LABEL_CHARACTERS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One label of each point.

    Attributes:
        name: Its heading; "" where labels were given without one.
        kind: "category" for few distinct ones, "number" for values, "text" for many distinct texts.
        values: Of numbers float64, of others the place of each point's text in `names`, uint32.
        names: The distinct texts; none of numbers.
    """

    name: str
    kind: ColumnKind
    values: NDArray[np.float64] | NDArray[np.uint32] = field(repr=False)
    names: tuple[str, ...] = field(default=(), repr=False)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes, about."""
        return self.values.nbytes + sum(map(text_bytes, self.names)) + 60 * len(self.names)

    def text(self, index: int) -> str:
        """Return a point's label."""
        value = self.values[index]
        return f"{float(value):g}" if self.kind == "number" else self.names[int(value)]

    def same(self, other: Column) -> bool:
        """Whether both say the same of all points."""
        is_alike = (self.name, self.kind, self.names) == (other.name, other.kind, other.names)
        return is_alike and np.array_equal(self.values, other.values, equal_nan=True)


def number_column(name: str, values: NDArray[np.generic]) -> Column:
    """Return a column of numbers; of few distinct whole ones they are categories."""
    if values.dtype.kind in "biu":
        found, codes = np.unique(values, return_inverse=True)
        if len(found) <= MOST_WHOLE_CATEGORIES:
            names = tuple(str(one) for one in found.tolist())
            return Column(name, "category", codes.reshape(-1).astype(np.uint32), names)
    return Column(name, "number", values.astype(np.float64))


def text_column(name: str, texts: tuple[str, ...]) -> Column:
    """Return a column of texts; long ones are cut."""
    places: dict[str, int] = {}
    codes = np.fromiter(
        (places.setdefault(shortened(text, _LABEL_CHARACTERS), len(places)) for text in texts),
        np.uint32,
    )
    kind: ColumnKind = "category" if len(places) <= MOST_CATEGORIES else "text"
    return Column(name, kind, codes, tuple(places))


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """The vectors of a set of points at one step.

    Attributes:
        vectors: float32, shape (points, dimensions); of very large ones their principal components.
        dims: How many dimensions were logged.
        projection: Its principal components, turned to lie as those of the tag's first step.
        columns: Labels of the points.
        images: uint8, shape (points, height, width, channels); None where none were given.
        shared: Bytes of columns and images that an earlier step holds already.
    """

    vectors: NDArray[np.float32] = field(repr=False)
    dims: int
    projection: Projection = field(repr=False)
    columns: tuple[Column, ...] = ()
    images: NDArray[np.uint8] | None = field(default=None, repr=False)
    shared: int = 0

    @property
    def points(self) -> int:
        """How many points there are."""
        return len(self.vectors)

    @property
    def is_reduced(self) -> bool:
        """Whether `vectors` are principal components of what was logged."""
        return self.vectors.shape[1] < self.dims

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.vectors.nbytes + self.projection.nbytes + self.beside - self.shared

    @property
    def beside(self) -> int:
        """Bytes of columns and images."""
        images = 0 if self.images is None else self.images.nbytes
        return images + sum(one.nbytes for one in self.columns)
