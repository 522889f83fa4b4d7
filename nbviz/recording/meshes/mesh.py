"""Mesh: vertices, with triangles between them or alone; checked and copied at the call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import LoggingError
from nbviz.recording.capture.arrays import copy_array
from nbviz.recording.media.inputs import array_of, is_tensor
from nbviz.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.recording.capture.arrays import CapturedArray

MOST_VERTICES = 2_000_000
MOST_FACES = 4_000_000
_EIGHT_BITS = 255


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Mesh:
    """A mesh, or a cloud of points where it has no faces.

    Attributes:
        vertices: float32, shape (vertices, 3).
        faces: The vertices of each triangle; int32, shape (triangles, 3), perhaps none.
        colors: RGB of each vertex; uint8, shape (vertices, 3); None where none were given.
    """

    vertices: NDArray[np.float32] = field(repr=False)
    faces: NDArray[np.int32] = field(repr=False)
    colors: NDArray[np.uint8] | None = field(default=None, repr=False)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        colors = 0 if self.colors is None else self.colors.nbytes
        return self.vertices.nbytes + self.faces.nbytes + colors


class MeshInput:
    """A mesh, copied.

    Args:
        tag: For errors.
        vertices: As for `Run.log_mesh`, as below.
        faces: The triangles.
        colors: Of the vertices.

    Raises:
        LoggingError: They are no mesh.
    """

    def __init__(self, tag: str, vertices: object, faces: object, colors: object) -> None:
        self._tag = tag
        self._vertices, count = _rows(tag, vertices, "vertices", MOST_VERTICES)
        self._faces = None
        if faces is not None:
            self._faces, _ = _rows(tag, faces, "faces", MOST_FACES)
        self._colors = None
        if colors is not None:
            self._colors, given = _rows(tag, colors, "colors", MOST_VERTICES)
            if given != count:
                raise LoggingError(
                    f"{tag!r} got {counted(given, 'color')} for "
                    f"{counted(count, 'vertex', 'vertices')}; give one for each."
                )
        self._copies = [one for one in (self._vertices, self._faces, self._colors) if one]
        self.said = ""

    @property
    def nbytes(self) -> int:
        """Bytes that the copies take."""
        return sum(one.nbytes for one in self._copies)

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for a device."""
        return all(one.is_ready for one in self._copies)

    def make(self) -> Mesh:
        """Return the mesh.

        Raises:
            LoggingError: A face names a vertex that is not there, or no vertex is finite.
        """
        with np.errstate(over="ignore"):
            vertices = _flat(self._vertices).astype(np.float32)
        if not np.all(np.isfinite(vertices), axis=1).any():
            raise LoggingError(
                "no vertex is finite as float32; look where NaN, ±inf or numbers beyond 3e38 come "
                "from."
            )
        faces = np.zeros((0, 3), np.int32)
        if self._faces is not None:
            given = _flat(self._faces)
            if given.dtype.kind == "f" and not np.array_equal(given, np.floor(given)):
                raise LoggingError(
                    "its faces must be whole numbers: the vertices of each triangle."
                )
            if len(given) and not 0 <= given.min() <= given.max() < len(vertices):
                wrong = given.min() if given.min() < 0 else given.max()
                raise LoggingError(
                    f"a face names the vertex {wrong:.0f}; there are {len(vertices):,}, from 0."
                )
            faces = given.astype(np.int32)
        colors = None if self._colors is None else _eight_bits(_flat(self._colors))
        return Mesh(vertices, faces, colors)


def _rows(tag: str, given: object, what: str, most: int) -> tuple[CapturedArray, int]:
    """Return the rows of three of one mesh, copied, and their number."""
    array: Any = array_of(tag, given, what)
    shape = tuple(array.shape)
    if len(shape) == 3 and shape[0] == 1:  # noqa: PLR2004
        array = array[0]
    elif len(shape) == 3 and shape[2] == 3:  # noqa: PLR2004
        raise LoggingError(
            f"{tag!r} got {what} of {shape[0]} meshes; log each under a tag of its own."
        )
    shape = tuple(array.shape)
    if len(shape) != 2 or shape[1] != 3:  # noqa: PLR2004
        raise LoggingError(
            f"{tag!r} needs {what} of shape (n, 3) or (1, n, 3), got {tuple(shape)}."
        )
    if shape[0] > most:
        raise LoggingError(
            f"{tag!r} got {shape[0]:,} {what}; at most {most:,} can be kept. Simplify it first."
        )
    copied = copy_array(array if is_tensor(array) else np.asarray(array))
    return copied, shape[0]


def _flat(captured: CapturedArray) -> NDArray[Any]:
    return captured.read().reshape(-1, 3)


def _eight_bits(colors: NDArray[Any]) -> NDArray[np.uint8]:
    """Return colours as bytes: floats up to 1 run from 0 to 1, all others to 255."""
    finite = np.nan_to_num(colors.astype(np.float64), nan=0, posinf=_EIGHT_BITS, neginf=0)
    if colors.dtype.kind == "f" and finite.max(initial=0) <= 1:
        finite = finite * _EIGHT_BITS
    return finite.clip(0, _EIGHT_BITS).round().astype(np.uint8)
