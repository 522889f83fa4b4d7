"""Media in the forms in which W&B keeps them: JSON, and files that it names."""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import TYPE_CHECKING, Any

from nbviz.inspection.tensors.histograms import Histogram
from nbviz.recording.media.audio import Audio
from nbviz.recording.media.captions import captions_of
from nbviz.recording.media.figures import Figure
from nbviz.recording.media.store import Image
from nbviz.recording.media.tables import Table
from nbviz.recording.media.video import Video

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

MOST_ROWS = 10_000
"""Of a table, as W&B's own client writes it."""

_UNSAFE = re.compile(r"[^\w.-]+")
_ENDINGS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif", b"RIFF": "webp"}


class MediaForms:
    """Writes media's files.

    Args:
        files: The folder of a run's files.
        left_out: Counts what of an item is not written.
    """

    def __init__(self, files: Path, left_out: Counter[str]) -> None:
        self._files = files
        self._left_out = left_out

    def of(self, tag: str, step: int, value: Any) -> dict[str, Any] | str | None:
        """Return what W&B's history has of an item, whose file is written; None if nothing."""
        if isinstance(value, Figure):
            value = value.picture
        if isinstance(value, str):
            return value
        if isinstance(value, Histogram):
            counts, edges = value.counts.tolist(), value.edges.tolist()
            return {"_type": "histogram", "values": counts, "bins": edges}
        if isinstance(value, Table):
            return self._table(tag, step, value)
        return self._of_bytes(tag, step, value)

    def _of_bytes(self, tag: str, step: int, value: Any) -> dict[str, Any] | None:
        if isinstance(value, Image):
            return self._image(tag, step, value)
        if isinstance(value, Audio):
            return {"_type": "audio-file", **self._file(tag, step, value.data, "audio", "wav")}
        if isinstance(value, Video):
            form = {"_type": "video-file", **self._file(tag, step, value.data, "videos", "gif")}
            return form | {"width": value.width, "height": value.height}
        return None

    def _image(self, tag: str, step: int, image: Image) -> dict[str, Any]:
        ending = next((e for start, e in _ENDINGS.items() if image.data.startswith(start)), "png")
        form = {"_type": "image-file", **self._file(tag, step, image.data, "images", ending)}
        form |= {"format": ending, "width": image.width, "height": image.height}
        said = [one.text for one in captions_of(image.data)[0]]
        return form | {"caption": ", ".join(said)} if any(said) else form

    def _table(self, tag: str, step: int, table: Table) -> dict[str, Any]:
        rows = min(table.rows, MOST_ROWS)
        self._left_out["rows of tables"] += table.rows - rows
        columns: list[list[Any]] = []
        for column in table.columns:
            if column.kind == "image":  # so W&B's own client writes them outside of artifacts
                self._left_out["images in tables"] += rows
                columns.append(["Image"] * rows)
            else:
                columns.append([_cell(column.value(row)) for row in range(rows)])
        content = {
            "columns": [column.name for column in table.columns],
            "data": [list(row) for row in zip(*columns, strict=True)],
        }
        data = json.dumps(content).encode("utf-8", "surrogatepass")
        form = {"_type": "table-file", **self._file(tag, step, data, "table", "table.json")}
        return form | {"ncols": len(columns), "nrows": rows, "log_mode": "IMMUTABLE"}

    def _file(self, tag: str, step: int, data: bytes, folder: str, ending: str) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        # A tag may hold "..", or be too long for a name; the digest tells files apart.
        name = f"{_UNSAFE.sub('_', tag)[-80:].strip('.')}_{step}_{digest[:20]}.{ending}"
        path = f"media/{folder}/{name}"
        (self._files / path).parent.mkdir(parents=True, exist_ok=True)
        (self._files / path).write_bytes(data)
        return {"sha256": digest, "size": len(data), "path": path}


def _cell(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
