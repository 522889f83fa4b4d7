"""Meshes and clouds of points in space."""

from __future__ import annotations

from typing import Literal, TypedDict

from nbviz.protocol.core import Answers, ItemsAdded


class MeshesAdded(ItemsAdded):
    """Meshes that were logged."""

    kind: Literal["meshes_added"]


class SendMesh(TypedDict):
    """Ask for the mesh of a tag at or before a step, from a byte on; as much as fits."""

    kind: Literal["send_mesh"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    start: int


class MeshSent(TypedDict):
    """A part of a mesh.

    Buffer: bytes `start` and following of `size` ones: of each vertex uint16 × 3, position = middle
    + (value / 65534 - 0.5) × span, 65535 for one that is not finite; then its RGB where there are
    colors, uint8 × 3; then of each face uint32 × 3.
    """

    kind: Literal["mesh_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    vertices: int
    vertices_logged: int  # more than `vertices` where these are a sample
    faces: int
    has_colors: bool
    middle: list[float]
    span: float  # of the longest side
    start: int
    size: int
    buffer: int


ANSWERS: Answers = {SendMesh: (MeshSent,)}

Updates = MeshesAdded | MeshSent
"""What the kernel sends."""

Requests = SendMesh
"""What pages ask."""
