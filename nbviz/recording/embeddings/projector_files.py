"""TensorBoard's projector files beside a journal, laid out as torch's `add_embedding` does.

`00005/<tag>/tensors.tsv`, `metadata.tsv` and `sprite.png` for each step, and
`projector_config.pbtxt`, which lists them. Vectors of more than 200,000 numbers are written
as float32 in place of text, which TensorBoard reads, too.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nbviz.errors import NbvizError
from nbviz.recording.media.png import decode_image, encode_png
from nbviz.text import clean_line, counted, encodable

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from nbviz.recording.embeddings.embedding import Embedding

CONFIG = "projector_config.pbtxt"
MOST_SPRITE = 8192
"""Pixels along a side that TensorBoard's projector can show."""

MOST_READ_BYTES = 2_000_000_000
_LONGEST_NAME = 200  # bytes of a folder's name; most disks allow 255
_MOST_TEXT = 200_000  # numbers
_PART = 4096  # points that are written at a time
_PLACED = re.compile(r"^(?P<tag>.*):(?P<step>\d{5,})$", re.DOTALL)
_FIELD = re.compile(r'(\w+)\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)|(\w+)\s*\{|(\})')


@dataclass(slots=True)
class ListedEmbedding:
    """One entry of a projector's configuration; paths are relative to its folder.

    Attributes:
        name: As TensorBoard shows it: the tag and the step, as in "features:00005".
        tensors: File of the vectors.
        shape: Points and dimensions, where the entry says them.
        metadata: File of the labels, "" for none.
        sprite: File of the images, "" for none.
        image_size: Width and height of one of them.
    """

    name: str = ""
    tensors: str = ""
    shape: list[int] = field(default_factory=list[int])
    metadata: str = ""
    sprite: str = ""
    image_size: list[int] = field(default_factory=list[int])

    @property
    def place(self) -> tuple[str, int]:
        """The tag and the step that its name says."""
        found = _PLACED.match(self.name)
        return (found["tag"], int(found["step"])) if found else (self.name or "embedding", 0)


class ProjectorFiles:
    """Writes embeddings into a directory.

    Args:
        directory: The journal's.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def write(self, tag: str, step: int, embedding: Embedding) -> None:
        """Write an embedding, and list it.

        Raises:
            OSError: It cannot be written.
        """
        name = f"{tag}:{step:05d}"
        below = f"{step:05d}/{_encoded(tag)}"
        folder = self._directory / below
        folder.mkdir(parents=True, exist_ok=True)
        listed = ListedEmbedding(
            name, f"{below}/tensors.tsv", list(map(int, embedding.vectors.shape))
        )
        _write_vectors(folder / "tensors.tsv", embedding.vectors)
        if embedding.columns:
            listed.metadata = f"{below}/metadata.tsv"
            _write(folder / "metadata.tsv", _metadata(embedding).encode())
        if embedding.images is not None:
            sprite = _sprite(embedding.images)
            if sprite is not None:
                listed.sprite = f"{below}/sprite.png"
                listed.image_size = [embedding.images.shape[2], embedding.images.shape[1]]
                _write(folder / "sprite.png", sprite)
        # Other runs of the directory list theirs in the same file.
        others = [one for one in read_config(self._directory) if one.name != name]
        text = "".join(map(_entry, [*others, listed]))
        _write(self._directory / CONFIG, text.encode())


def read_config(directory: Path) -> list[ListedEmbedding]:
    """Return what a directory's configuration lists; nothing where there is none."""
    try:
        text = (directory / CONFIG).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    found: list[ListedEmbedding] = []
    depth: list[str] = []
    for name, value, opened, closed in _FIELD.findall(text):
        if opened:
            depth.append(opened)
            if depth == ["embeddings"]:
                found.append(ListedEmbedding())
        elif closed and depth:
            depth.pop()
        elif name and found:
            _take(found[-1], ".".join([*depth, name]), value)
    return [one for one in found if one.tensors]


def read_listed(
    directory: Path, listed: ListedEmbedding
) -> tuple[NDArray[np.float32], dict[str, list[str]], NDArray[np.uint8] | None]:
    """Return the vectors, the labels by column, and the images of an entry.

    Raises:
        OSError: A file cannot be read.
        ValueError: A file does not hold what the entry says.
    """
    vectors = _read_vectors(_inside(directory, listed.tensors), listed.shape)
    labels: dict[str, list[str]] = {}
    if listed.metadata:
        text = _inside(directory, listed.metadata).read_text(encoding="utf-8", errors="replace")
        labels = _read_metadata(text, len(vectors))
    images = None
    if listed.sprite and len(listed.image_size) == 2:  # noqa: PLR2004
        data = _inside(directory, listed.sprite).read_bytes()
        images = _cut(data, listed.image_size, len(vectors))
    return vectors, labels, images


# ---------------------------------------------------------------- writing


def _encoded(tag: str) -> str:
    """Return a tag as the name of a folder, as torch does, and safe on every disk."""
    encoded = tag.replace("%", "%25").replace("/", "%2f").replace("\\", "%5c")
    encoded = re.sub(r'[<>:"|?*\x00-\x1f]', lambda found: f"%{ord(found[0]):02x}", encoded)
    name = encodable(encoded).encode()
    if len(name) <= _LONGEST_NAME:
        return name.decode()
    digest = hashlib.sha256(name).hexdigest()[:16]  # the entry has the tag itself
    return f"{name[: _LONGEST_NAME - 20].decode(errors='ignore')}…{digest}"


def _write(path: Path, data: bytes) -> None:
    """Replace a file as a whole: TensorBoard may read it at any time."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    beside.write_bytes(data)
    beside.replace(path)


def _write_vectors(path: Path, vectors: NDArray[np.float32]) -> None:
    data = np.ascontiguousarray(vectors, "<f4").tobytes() if vectors.size > _MOST_TEXT else b""
    if data and not _is_text(data):
        _write(path, data)
        return
    lines: list[str] = []
    for start in range(0, len(vectors), _PART):
        rows = vectors[start : start + _PART].astype(np.float64).tolist()
        lines += ["\t".join([f"{value:.9g}" for value in row]) for row in rows]
    _write(path, ("\n".join(lines) + "\n").encode())


def _is_text(data: bytes) -> bool:
    """Whether TensorBoard would take numbers for a text."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _metadata(embedding: Embedding) -> str:
    columns = embedding.columns
    texts = [[one.text(index) for index in range(embedding.points)] for one in columns]
    rows = ["\t".join(map(_cell, row)) for row in zip(*texts, strict=True)]
    if len(columns) > 1:  # one column has no heading
        rows.insert(0, "\t".join(_cell(one.name) for one in columns))
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return clean_line(text.replace("\t", " ")) or " "


def _sprite(images: NDArray[np.uint8]) -> bytes | None:
    """Return the images in a square as a PNG file; None where TensorBoard could not show it."""
    count, height, width, channels = images.shape
    side = math.ceil(math.sqrt(count))
    pixels = side * max(height, width)
    if pixels > MOST_SPRITE:
        return None
    canvas = np.zeros((side * height, side * width, channels), np.uint8)
    for number, image in enumerate(images):
        top, left = number // side * height, number % side * width
        canvas[top : top + height, left : left + width] = image
    return encode_png(canvas)


def _entry(listed: ListedEmbedding) -> str:
    lines = [
        f"  tensor_name: {json.dumps(listed.name)}",
        *(f"  tensor_shape: {side}" for side in listed.shape),
        f"  tensor_path: {json.dumps(listed.tensors)}",
    ]
    if listed.metadata:
        lines.append(f"  metadata_path: {json.dumps(listed.metadata)}")
    if listed.sprite:
        sides = "".join(f"    single_image_dim: {side}\n" for side in listed.image_size)
        lines.append(
            f"  sprite {{\n    image_path: {json.dumps(listed.sprite)}\n{sides}  }}",
        )
    return "embeddings {\n" + "\n".join(lines) + "\n}\n"


# ---------------------------------------------------------------- reading


def _take(entry: ListedEmbedding, path: str, value: str) -> None:
    texts = {
        "embeddings.tensor_name": "name",
        "embeddings.tensor_path": "tensors",
        "embeddings.metadata_path": "metadata",
        "embeddings.sprite.image_path": "sprite",
    }
    if path in texts:
        setattr(entry, texts[path], _unquoted(value))
    elif path == "embeddings.tensor_shape":
        entry.shape.append(int(value))
    elif path == "embeddings.sprite.single_image_dim":
        entry.image_size.append(int(value))


def _unquoted(value: str) -> str:
    """Return the text that protobuf or JSON has quoted; octal escapes are bytes in UTF-8."""
    inner = value[1:-1]
    if "\\" not in inner:
        return inner
    if re.search(r"\\[0-7]{3}", inner):
        raw = re.sub(r"\\([0-7]{3})", lambda one: chr(int(one[1], 8)), inner)
        return raw.encode("latin-1", "replace").decode("utf-8", "replace")
    try:
        return str(json.loads(value))
    except ValueError:
        return inner.replace("\\'", "'").replace('\\"', '"').replace("\\\\", "\\")


def _inside(directory: Path, relative: str) -> Path:
    """Return a file below a directory.

    Raises:
        ValueError: It is not below it, or too large.
    """
    path = (directory / relative).resolve()
    if not path.is_relative_to(directory.resolve()):
        raise ValueError(f"{relative!r} is outside of {str(directory)!r}")
    if path.stat().st_size > MOST_READ_BYTES:
        raise ValueError(f"{relative!r} is larger than {MOST_READ_BYTES / 1e9:g} GB")
    return path


def _read_vectors(path: Path, shape: list[int]) -> NDArray[np.float32]:
    data = path.read_bytes()
    is_binary = len(shape) == 2 and len(data) == 4 * math.prod(shape) and not _is_text(data)  # noqa: PLR2004
    if is_binary:
        return np.frombuffer(data, "<f4").reshape(shape).astype(np.float32)
    rows = [line.split("\t") for line in data.decode().splitlines() if line]
    vectors = np.array(rows, np.float32)
    if vectors.ndim != 2 or not vectors.size:  # noqa: PLR2004
        raise ValueError("its lines are not of one length")
    return vectors


def _read_metadata(text: str, points: int) -> dict[str, list[str]]:
    rows = [line.split("\t") for line in text.split("\n")]
    if rows and rows[-1] == [""]:
        rows.pop()
    names = ["label"]
    if len(rows) == points + 1:
        names = [name or f"column {number}" for number, name in enumerate(rows.pop(0), 1)]
    if len(rows) != points:
        raise ValueError(f"it has {counted(len(rows), 'label')} for {counted(points, 'point')}")
    return {
        name: [row[number] if number < len(row) else "" for row in rows]
        for number, name in enumerate(names)
    }


def _cut(data: bytes, size: list[int], points: int) -> NDArray[np.uint8] | None:
    width, height = size
    try:
        pixels = decode_image(data)
    except (NbvizError, OSError, ValueError):
        return None
    in_row = pixels.shape[1] // width if width else 0
    if not in_row or not height or pixels.shape[0] // height * in_row < points:
        return None
    return np.stack(
        [
            pixels[
                number // in_row * height : (number // in_row + 1) * height,
                number % in_row * width : (number % in_row + 1) * width,
            ]
            for number in range(points)
        ]
    )
