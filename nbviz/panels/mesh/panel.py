"""The panel `mesh`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.errors import CommandError
from nbviz.panels.items import ItemsPanel
from nbviz.panels.wire_places import extent, packed
from nbviz.protocol import mesh as messages
from nbviz.recording.meshes.mesh import Mesh
from nbviz.text import clean_line

if TYPE_CHECKING:
    from nbviz.panels.batch import Batch
    from nbviz.panels.panel import Address, Reply
    from nbviz.recording.media.store import Media

_FIELDS_BYTES = 2_000  # of an answer, beside its buffer


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
        size = len(_bytes(mesh))
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
    data = _bytes(mesh)
    middle, span = extent(mesh.vertices)
    part = data[start:] if most is None else data[start : start + most]
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
        "size": len(data),
        "buffer": batch.buffer(part),
    }
    return answer


def _bytes(mesh: Mesh) -> bytes:
    colors = b"" if mesh.colors is None else mesh.colors.tobytes()
    places = packed(mesh.vertices, *extent(mesh.vertices)).tobytes()
    return places + colors + mesh.faces.astype("<u4").tobytes()


def _sampled(mesh: Mesh, most: int) -> Mesh:
    chosen = np.linspace(0, len(mesh.vertices) - 1, most).round().astype(np.int64)
    colors = None if mesh.colors is None else mesh.colors[chosen]
    return Mesh(mesh.vertices[chosen], mesh.faces, colors)
