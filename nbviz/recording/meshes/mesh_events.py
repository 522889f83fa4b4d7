"""Meshes as events hold them, in the form of TensorBoard's plugin, and back.

An event has a value for the vertices, one for the faces and one for the colours, each under the
mesh's tag with the name of its part behind. Source: `plugin_data.proto` of TensorBoard's mesh
plugin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbviz.errors import NbvizError
from nbviz.recording.event_files.arrays import tensor_field
from nbviz.recording.event_files.layout import METADATA, PLUGIN_CONTENT, PLUGIN_DATA, PLUGIN_NAME
from nbviz.recording.event_files.wire import bytes_field, varint_field
from nbviz.recording.meshes.mesh import Mesh, MeshInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from nbviz.recording.event_files.batch import MediaRecord

MESHES = "mesh"
"""TensorBoard's plugin."""

_PARTS = {"VERTEX": 1, "FACE": 2, "COLOR": 3}
_SUFFIX = re.compile(rf"_({'|'.join(_PARTS)})$")
# MeshPluginData
_NAME, _CONTENT_TYPE, _SHAPE, _COMPONENTS = 2, 3, 6, 7


@dataclass(frozen=True, slots=True, eq=False)
class MeshPart:
    """One part of a mesh as an event holds it.

    Attributes:
        name: "VERTEX", "FACE" or "COLOR".
        array: Shape (1, n, 3).
    """

    name: str
    array: NDArray[Any]

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.array.nbytes


def mesh_values(tag: str, mesh: Mesh) -> list[tuple[str, bytes]]:
    """Return the values of an event that hold a mesh: each one's tag, and the rest of it."""
    arrays: dict[str, NDArray[Any]] = {"VERTEX": mesh.vertices}
    if len(mesh.faces):
        arrays["FACE"] = mesh.faces
    if mesh.colors is not None:
        arrays["COLOR"] = mesh.colors
    components = sum(1 << _PARTS[name] for name in arrays)
    return [
        (f"{tag}_{name}", tensor_field(array[None]) + _metadata(tag, name, array, components))
        for name, array in arrays.items()
    ]


def part_of(tag: str, array: NDArray[Any]) -> tuple[str, MeshPart] | None:
    """Return a mesh's tag and the part that a value holds; None if the tag names no part."""
    found = _SUFFIX.search(tag)
    return (tag[: found.start()], MeshPart(found[1], array)) if found else None


def joined(records: Iterable[MediaRecord], left_out: list[str]) -> Iterator[MediaRecord]:
    """Put the parts of each mesh together; other records pass.

    Args:
        records: In the order of the file.
        left_out: Takes a sentence for each mesh that cannot be read.
    """
    parts: dict[tuple[str, int], dict[str, MediaRecord]] = {}
    for record in records:
        if isinstance(record.value, MeshPart):
            parts.setdefault((record.tag, record.step), {})[record.value.name] = record
        else:
            yield record
    for (tag, step), of in parts.items():
        arrays = {
            name: one.value.array for name, one in of.items() if isinstance(one.value, MeshPart)
        }
        try:
            # TensorBoard shows one mesh of a batch: the first.
            first = {name: array[:1] for name, array in arrays.items()}
            mesh = MeshInput(tag, first["VERTEX"], first.get("FACE"), first.get("COLOR")).make()
        except (NbvizError, ValueError, IndexError, KeyError) as error:
            left_out.append(f"the mesh {tag!r} at step {step:,} cannot be read: {error}")
            continue
        yield of["VERTEX"]._replace(value=mesh)


def _metadata(tag: str, name: str, array: NDArray[np.generic], components: int) -> bytes:
    said = (
        bytes_field(_NAME, tag.encode())
        + varint_field(_CONTENT_TYPE, _PARTS[name])
        + b"".join(varint_field(_SHAPE, side) for side in (1, *array.shape))
        + varint_field(_COMPONENTS, components)
    )
    plugin = bytes_field(PLUGIN_NAME, MESHES.encode()) + bytes_field(PLUGIN_CONTENT, said)
    return bytes_field(METADATA, bytes_field(PLUGIN_DATA, plugin))
