"""Embeddings in the form in which they travel to a page."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import CommandError
from nbviz.panels.wire import number
from nbviz.panels.wire_places import extent, packed
from nbviz.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbviz.panels.batch import Batch
    from nbviz.panels.panel import Address
    from nbviz.protocol import projector as messages
    from nbviz.recording.embeddings.embedding import Column, Embedding

_FIELDS_BYTES = 4_000  # of an answer, beside its buffer
_HASHED = 16  # characters


class Shown:
    """An embedding as a page sees it: whole, or a sample of its points.

    Args:
        run_id: The run's.
        tag: As the page knows it.
        step: The step that it is from.
        embedding: What was logged.
        chosen: The points of the sample, rising; None for all.
    """

    def __init__(
        self,
        run_id: str,
        tag: str,
        step: int,
        embedding: Embedding,
        chosen: NDArray[np.int64] | None = None,
    ) -> None:
        self.embedding = embedding
        self._chosen = chosen
        self._head = {"run_id": run_id, "tag": clean_line(tag), "step": step}

    @property
    def points(self) -> int:
        """How many points a page can ask for."""
        return self.embedding.points if self._chosen is None else len(self._chosen)

    def overview(self, batch: Batch, address: Address) -> messages.EmbeddingSent:
        """Return what is known of it."""
        embedding, images = self.embedding, self.embedding.images
        _, height, width, channels = (0, 0, 0, 0) if images is None else images.shape
        chosen = np.zeros(0) if self._chosen is None else self._chosen
        answer: Any = {
            "kind": "embedding_sent",
            **address,
            **self._head,
            "points": self.points,
            "points_logged": embedding.points,
            "points_without_place": embedding.projection.broken,
            "dims_logged": embedding.dims,
            "kept_dims": embedding.vectors.shape[1],
            "variance": [number(share) for share in embedding.projection.variance],
            "columns": [self._column(one) for one in embedding.columns],
            "images": "" if images is None else _content(images),
            "image_height": height,
            "image_width": width,
            "image_channels": channels,
            "buffer": batch.buffer(chosen.astype("<u4")),
        }
        return answer

    def positions(  # noqa: PLR0917
        self,
        places: NDArray[np.float32],
        method: str,
        start: int,
        batch: Batch,
        address: Address,
        limit: int,
    ) -> messages.PositionsSent:
        """Return positions from a point on, as many as fit.

        Args:
            places: Of all points of the embedding, float32, shape (points, 2 or 3).
            method: How they were found.
            start: The first point.
            batch: Takes the buffer.
            address: Whose request it answers.
            limit: Bytes of the answer.
        """
        dims = places.shape[1]
        count = self._count(start, limit, 2 * dims)
        middle, span = extent(places)
        values = packed(self._part(places, start, count), middle, span)
        answer: Any = {
            "kind": "positions_sent",
            **address,
            **self._head,
            "method": method,
            "dims": dims,
            "start": start,
            "count": count,
            "middle": middle.tolist(),
            "span": span,
            "buffer": batch.buffer(values),
        }
        return answer

    def column(
        self, place: int, start: int, batch: Batch, address: Address, limit: int
    ) -> messages.ColumnSent:
        """Return labels from a point on, as many as fit.

        Raises:
            CommandError: There is no such column.
        """
        columns = self.embedding.columns
        if not 0 <= place < len(columns):
            raise CommandError(
                f"there is no column {place} of labels; there are {len(columns)}, from 0."
            )
        of = columns[place]
        if of.kind == "text":
            data, count = self._texts(of, start, limit)
        else:
            count = self._count(start, limit, 4 if of.kind == "number" else 2)
            part = self._part(of.values, start, count)
            data = part.astype("<f4" if of.kind == "number" else "<u2").tobytes()
        answer: Any = {
            "kind": "column_sent",
            **address,
            **self._head,
            "column": place,
            "start": start,
            "count": count,
            "buffer": batch.buffer(data),
        }
        return answer

    def thumbnails(
        self, points: Sequence[int], batch: Batch, address: Address, limit: int
    ) -> messages.ThumbnailsSent:
        """Return images of points.

        Raises:
            CommandError: There are none.
        """
        images = self.embedding.images
        if images is None:
            raise CommandError("these points were logged without images; log them with images=….")
        most = max(1, (limit - _FIELDS_BYTES) // (images[0].nbytes + 8))  # 8 for its number
        asked = [one for one in points if 0 <= one < self.points][:most]
        places = np.array(asked, np.int64)
        if self._chosen is not None:
            places = self._chosen[places]
        answer: Any = {
            "kind": "thumbnails_sent",
            **address,
            **self._head,
            "points": asked,
            "buffer": batch.buffer(images[places]),
        }
        return answer

    def neighbours(
        self,
        point: int,
        count: int,
        metric: messages.NeighbourMetric,
        address: Address,
    ) -> messages.NeighboursSent:
        """Return the points whose vectors are nearest to a point's.

        Raises:
            CommandError: There is no such point.
        """
        if not 0 <= point < self.embedding.points:
            raise CommandError(
                f"there is no point {point}; the last is {self.embedding.points - 1:,}."
            )
        distances = distances_to(self.embedding.vectors, point, metric)
        most = min(max(1, count), 100, max(0, len(distances) - 1))
        distances[point] = np.inf
        nearest = np.argpartition(distances, most - 1)[:most] if most else np.zeros(0, np.int64)
        nearest = nearest[np.argsort(distances[nearest], kind="stable")]
        nearest = nearest[np.isfinite(distances[nearest])]
        answer: Any = {
            "kind": "neighbours_sent",
            **address,
            **self._head,
            "point": point,
            "metric": metric,
            "points": nearest.tolist(),
            "distances": distances[nearest].tolist(),
        }
        return answer

    def _count(self, start: int, limit: int, each: int) -> int:
        return max(0, min(self.points - max(0, start), (limit - _FIELDS_BYTES) // each))

    def _part(self, values: NDArray[Any], start: int, count: int) -> NDArray[Any]:
        if self._chosen is not None:
            return values[self._chosen[start : start + count]]
        return values[start : start + count]

    def _texts(self, column: Column, start: int, limit: int) -> tuple[bytes, int]:
        lines: list[bytes] = []
        size = 0
        for place in self._part(column.values, start, self.points - start).tolist():
            line = clean_line(column.names[int(place)]).encode()
            size += len(line) + 1
            if size > limit - _FIELDS_BYTES and lines:
                break
            lines.append(line)
        return b"\n".join(lines), len(lines)

    def _column(self, column: Column) -> messages.PointColumn:
        is_few = column.kind == "category"
        return {
            "name": clean_line(column.name),
            "column_kind": column.kind,
            "names": [clean_line(name) for name in column.names] if is_few else [],
            "content": _content(column.values, column.name, *column.names),
        }


def distances_to(
    vectors: NDArray[np.float32], point: int, metric: messages.NeighbourMetric
) -> NDArray[np.float64]:
    """Return the distance of each vector to one of them; infinite where it cannot be said."""
    own = vectors[point].astype(np.float64)
    found: NDArray[np.float64] = np.empty(len(vectors))
    own_length = np.linalg.norm(own)
    for start in range(0, len(vectors), 1 << 16):
        part = vectors[start : start + (1 << 16)].astype(np.float64)
        if metric == "euclidean":
            distances = np.linalg.norm(part - own, axis=1)
        else:
            lengths = np.linalg.norm(part, axis=1) * own_length
            with np.errstate(divide="ignore", invalid="ignore"):
                distances = np.clip(1 - part @ own / lengths, 0, 2)
        found[start : start + len(part)] = distances
    return np.where(np.isfinite(found), found, np.inf)


def _content(values: NDArray[Any], *names: str) -> str:
    found = hashlib.blake2b(np.ascontiguousarray(values).data, digest_size=_HASHED // 2)
    found.update("\n".join(names).encode(errors="replace"))
    return found.hexdigest()
