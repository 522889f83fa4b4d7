"""What users log as embeddings: checked and copied at once, projected later by nbviz's own thread.

A fixed set of points that is followed over steps need not bring its labels and images each time:
those of the tag's last step stay where there are as many points.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.errors import LoggingError, text_of
from nbviz.recording.capture.arrays import CapturedArray, copy_array
from nbviz.recording.embeddings.embedding import Column, Embedding, number_column, text_column
from nbviz.recording.embeddings.projection import KEPT, SHOWN, Projection, components_of, turned
from nbviz.recording.media.inputs import array_of, is_tensor
from nbviz.recording.media.thumbnails import Thumbnails
from nbviz.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_POINTS = 2_000_000
MOST_COLUMNS = 50
_THUMBNAIL = 32  # pixels along the longest side
_BUDGET_SHARE = 4  # a step's vectors may take this part of the media budget
_PLAIN = "biuf"


class EmbeddingMemory:
    """What the newest step of a tag has, for those to come.

    Attributes:
        reference: The components of its first step, to which later ones are turned.
        columns: The labels.
        images: The images.
    """

    def __init__(self) -> None:
        self.reference: NDArray[np.float32] | None = None
        self.columns: tuple[Column, ...] = ()
        self.images: NDArray[np.uint8] | None = None


class EmbeddingMemories:
    """The memory of each tag."""

    def __init__(self) -> None:
        self._by_tag: dict[str, EmbeddingMemory] = {}

    def of(self, tag: str) -> EmbeddingMemory:
        """Return a tag's; made at its first use."""
        return self._by_tag.setdefault(tag, EmbeddingMemory())

    def forget(self, tag: str) -> None:
        """Let go what a tag has that is kept no more."""
        self._by_tag.pop(tag, None)


class EmbeddingInput:
    """Vectors with labels and images, copied.

    Args:
        tag: For errors.
        vectors: Shape (points, dimensions).
        labels: As for `Run.log_embedding`.
        images: As for `Run.log_embedding`.
        memory: What the tag's newest step has.
        budget: Bytes of the media budget.

    Raises:
        LoggingError: They cannot be recorded.
    """

    said = ""

    def __init__(
        self,
        tag: str,
        vectors: object,
        labels: object,
        images: object,
        *,
        memory: EmbeddingMemory,
        budget: int,
    ) -> None:
        array = array_of(tag, vectors, "vectors")
        shape = tuple(array.shape)
        if len(shape) != 2:  # noqa: PLR2004
            raise LoggingError(
                f"{tag!r} needs vectors of shape (points, dimensions), got {shape}; reshape them, "
                "such as with .flatten(1)."
            )
        points, self._dims = shape
        if points > MOST_POINTS:
            raise LoggingError(
                f"{tag!r} got {points:,} points; at most {MOST_POINTS:,} can be kept. Log a sample "
                "of them."
            )
        self._labels = _labels_of(tag, labels, points)
        self._images = (
            None
            if images is None
            else Thumbnails(tag, images, points, side=_THUMBNAIL, what="points")
        )
        self._vectors = copy_array(array)
        self._memory = memory
        self._most = max(1, budget // _BUDGET_SHARE // 4 // points)  # dimensions that are kept

    @property
    def nbytes(self) -> int:
        """Bytes that the copies take."""
        labels = sum(one.nbytes for one in self._labels.values() if not isinstance(one, tuple))
        return self._vectors.nbytes + labels + (self._images.nbytes if self._images else 0)

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for a device."""
        copies = [one for one in self._labels.values() if isinstance(one, CapturedArray)]
        images = self._images is None or self._images.is_ready
        return self._vectors.is_ready and images and all(one.is_ready for one in copies)

    def make(self) -> Embedding:
        """Project the vectors.

        Raises:
            LoggingError: No vector is finite.
        """
        is_kept = self._dims <= max(SHOWN, self._most)
        count = SHOWN if is_kept else min(KEPT, max(SHOWN, self._most), self._dims)
        vectors, components, variance = components_of(self._vectors, count, keep=is_kept)
        shown = np.ascontiguousarray(components[:, :SHOWN])
        if np.isnan(shown[:, 0]).all():
            raise LoggingError(
                f"of {counted(len(shown), 'vector')} none is finite as float32; look where NaN, "
                "±inf or numbers beyond 3e38 come from."
            )
        memory, before = self._memory, self._memory.reference
        if before is None or before.shape != shown.shape:
            memory.reference = shown
        first, second, third = variance[:SHOWN].tolist()
        projection = Projection(shown, (first, second, third), turned(shown, before))
        columns, images, shared = self._beside(len(shown))
        memory.columns, memory.images = columns, images
        return Embedding(
            components if vectors is None else vectors,
            self._dims,
            projection,
            columns,
            images,
            shared,
        )

    def _beside(self, points: int) -> tuple[tuple[Column, ...], NDArray[np.uint8] | None, int]:
        """Return labels and images, and bytes of those that the tag's memory holds already."""
        shared = 0
        known = self._memory.columns
        if self._labels:
            columns = tuple(_column(name, of) for name, of in self._labels.items())
        else:
            columns = known if all(len(one.values) == points for one in known) else ()
        kept: list[Column] = []
        for one in columns:
            same = next((other for other in known if one is other or one.same(other)), None)
            shared += 0 if same is None else same.nbytes
            kept.append(one if same is None else same)
        images, before = self._memory.images, self._memory.images
        if self._images is not None:
            images = self._images.make()
            if before is not None and np.array_equal(images, before):
                images = before
        elif images is not None and len(images) != points:
            images = None
        if images is not None and images is before:
            shared += images.nbytes
        return tuple(kept), images, shared


# ---------------------------------------------------------------- labels

_Given = CapturedArray | tuple[Any, ...] | np.ndarray[Any, Any]


def _labels_of(tag: str, labels: object, points: int) -> dict[str, _Given]:
    """Return the columns by their names, copied."""
    given: dict[str, Any]
    if labels is None:
        given = {}
    elif isinstance(labels, Mapping):
        given = {str(name): one for name, one in cast("Mapping[object, Any]", labels).items()}
    elif hasattr(labels, "columns") and hasattr(labels, "__getitem__"):  # a data frame
        frame: Any = labels
        given = {str(name): frame[name] for name in frame.columns}
    else:
        given = {"label": labels}
    if len(given) > MOST_COLUMNS:
        raise LoggingError(
            f"{tag!r} got {counted(len(given), 'column')} of labels; at most {MOST_COLUMNS} can "
            "be kept."
        )
    found: dict[str, _Given] = {}
    for name, values in given.items():
        column = _copied(tag, name, values)
        count = column.shape[0] if isinstance(column, CapturedArray) else len(column)
        if count != points:
            raise LoggingError(
                f"{tag!r} got {counted(count, 'label')} in {name!r} for "
                f"{counted(points, 'point')}; give one for "
                "each, in the same order."
            )
        found[name] = column
    return found


def _copied(tag: str, name: str, values: Any) -> _Given:
    """Return one column, copied: numbers as they are, of anything else what becomes texts.

    What begins with a text is taken for texts, which nobody changes: they are read later.
    """
    if isinstance(values, str | bytes) or values is None or not hasattr(values, "__len__"):
        raise LoggingError(
            f"{tag!r} needs a label for each point in {name!r}, got {type(values).__name__}; give "
            "a list, a tensor or an array."
        )
    if isinstance(values, list | tuple):
        items = tuple(cast("Sequence[Any]", values))
        if not items or isinstance(items[0], str):
            return items
        if all(is_tensor(one) for one in items):
            import torch

            values = torch.stack([one.detach() for one in items])
    given = cast("Any", values)
    if is_tensor(given):
        return _flat(tag, name, given.detach())
    try:
        array: NDArray[Any] = np.asarray(given)
    except ValueError:  # of different lengths
        return _texts(given)
    if array.dtype.kind in _PLAIN:
        return _flat(tag, name, array)
    if array.ndim == 1 and (array.dtype.kind in "US" or isinstance(next(iter(array), None), str)):
        return array.copy()
    return _texts(given)


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(map(text_of, cast("Sequence[Any]", values)))


def _flat(tag: str, name: str, values: Any) -> CapturedArray:
    shape = tuple(values.shape)
    if len(shape) == 2 and shape[1] == 1:  # noqa: PLR2004
        values = values.reshape(-1)
    elif len(shape) != 1:
        raise LoggingError(
            f"{tag!r} needs one label for each point in {name!r}, got shape {shape}; give "
            "the .argmax(1) of scores, or a column each."
        )
    return copy_array(values)


def _column(name: str, values: _Given) -> Column:
    if isinstance(values, CapturedArray):
        return number_column(name, values.read())
    return text_column(name, _texts(values))
