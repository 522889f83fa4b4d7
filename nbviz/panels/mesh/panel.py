"""The panel `mesh`."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.errors import CommandError
from nbviz.panels.items import ItemsPanel
from nbviz.panels.wire_places import extent, packed
from nbviz.protocol import mesh as messages
from nbviz.recording.meshes.mesh import Mesh
from nbviz.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nbviz.panels.batch import Batch
    from nbviz.panels.panel import Address, Reply
    from nbviz.recording.media.store import Media

_FIELDS_BYTES = 2_000  # of an answer, beside its buffer
_PLACE_BYTES, _COLOR_BYTES, _FACE_BYTES = 6, 3, 12
# A large mesh is asked for in many parts.
_extents: weakref.WeakKeyDictionary[Mesh, tuple[NDArray[np.float64], float]] = (
    weakref.WeakKeyDictionary()
)


class MeshPanel(ItemsPanel[messages.MeshSent]):
    """Meshes and clouds of points."""

    name = "mesh"
    assets = ("mesh", "items", "timeline")
    requests = (messages.SendMesh,)
    slow = frozenset({"send_mesh"})
    kinds = frozenset({"mesh"})
    added = "meshes_added"

    def item(  # noqa: PLR0917
        self, run_id: str, media: Media, step: int, batch: Batch, address: Address, limit: int
    ) -> messages.MeshSent:
        """Return the whole mesh at or before a step; of a cloud that is too large a sample.

        Raises:
            CommandError: It has faces, and is too large.
        """
        mesh = _mesh_at(media, step)
        size = _size(mesh)
        if size > limit:
            if len(mesh.faces):
                raise CommandError(f"the mesh {media.tag!r} takes {size:,} bytes.")
            sample = _sampled(mesh, limit // 9)
            return _answer(run_id, media, step, sample, batch, address, logged=len(mesh.vertices))
        return _answer(run_id, media, step, mesh, batch, address)

    def item_asked(
        self,
        run_id: str,
        media: Media,
        request: messages.SendMesh,
        batch: Batch,
        reply: Reply[messages.MeshSent],
    ) -> messages.MeshSent:
        """Return a part of the mesh of a tag at or before a step."""
        mesh = _mesh_at(media, request["step"])
        return _answer(
            run_id,
            media,
            request["step"],
            mesh,
            batch,
            reply.address,
            start=max(0, request["start"]),
            most=reply.limit - _FIELDS_BYTES,
        )


def _mesh_at(media: Media, step: int) -> Mesh:
    if media.kind != "mesh":
        raise CommandError(f"{media.tag!r} has {media.kind}s, and no mesh.")
    return cast("Mesh", media.at(step).value)


def _answer(  # noqa: PLR0917
    run_id: str,
    media: Media,
    step: int,
    mesh: Mesh,
    batch: Batch,
    address: Address,
    *,
    logged: int | None = None,
    start: int = 0,
    most: int | None = None,
) -> messages.MeshSent:
    size = _size(mesh)
    middle, span = _extents.get(mesh) or _extents.setdefault(mesh, extent(mesh.vertices))
    end = size if most is None else min(size, start + most)
    part = _part(mesh, middle, span, start, end)
    answer: Any = {
        "kind": "mesh_sent",
        **address,
        "run_id": run_id,
        "tag": clean_line(media.tag),
        "step": media.at(step).step,
        "vertices": len(mesh.vertices),
        "vertices_logged": len(mesh.vertices) if logged is None else logged,
        "faces": len(mesh.faces),
        "has_colors": mesh.colors is not None,
        "middle": middle.tolist(),
        "span": span,
        "start": start,
        "size": size,
        "buffer": batch.buffer(part),
    }
    return answer


def _size(mesh: Mesh) -> int:
    """Return the bytes of all places, colors and faces, as they travel."""
    each = _PLACE_BYTES + (0 if mesh.colors is None else _COLOR_BYTES)
    return len(mesh.vertices) * each + len(mesh.faces) * _FACE_BYTES


def _part(mesh: Mesh, middle: NDArray[np.float64], span: float, start: int, end: int) -> bytes:
    """Return some of those bytes; of what lies outside of them nothing is made."""

    def places(rows: slice) -> NDArray[Any]:
        return packed(mesh.vertices[rows], middle, span)

    def faces(rows: slice) -> NDArray[Any]:
        return mesh.faces[rows].astype("<u4")

    sections: list[tuple[int, int, Callable[[slice], NDArray[Any]]]] = [
        (len(mesh.vertices), _PLACE_BYTES, places),
        (len(mesh.faces), _FACE_BYTES, faces),
    ]
    if mesh.colors is not None:
        sections.insert(1, (len(mesh.colors), _COLOR_BYTES, mesh.colors.__getitem__))
    found: list[bytes] = []
    for count, each, made in sections:
        low, high = max(0, start), min(count * each, end)
        if low < high:
            first = low // each
            data = made(slice(first, -(-high // each))).tobytes()
            found.append(data[low - first * each : high - first * each])
        start, end = start - count * each, end - count * each
    return b"".join(found)


def _sampled(mesh: Mesh, most: int) -> Mesh:
    chosen = np.linspace(0, len(mesh.vertices) - 1, most).round().astype(np.int64)
    colors = None if mesh.colors is None else mesh.colors[chosen]
    return Mesh(mesh.vertices[chosen], mesh.faces, colors)
