"""The records of W&B's offline files: its protobuf messages, in the log format of LevelDB.

Source: wandb/proto/wandb_internal.proto, and LevelDB's doc/log_format.md; the checksum is zlib's
CRC-32 of kind and content.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING, Any

from nbviz.recording.event_files.wire import bytes_field, varint_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import BinaryIO

_BLOCK = 32_768
_HEAD = struct.Struct("<IHB")  # checksum, length, kind
_START = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
_WHOLE, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4

# Field numbers of `Record`.
_NUM, _HISTORY, _SUMMARY, _FILES, _RUN, _EXIT, _HEADER = 1, 2, 3, 6, 17, 18, 21
_VALUE_JSON = 16
_LEAST_READER = "0.70.0"  # what W&B's own client says


class RecordFile:
    """Writes records to a new offline file.

    Args:
        file: Where to; it is at its beginning.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._number = 0
        file.write(_START)
        self._at = len(_START)

    def header(self, producer: str) -> None:
        """Write what says who made the file."""
        versions = _text(1, producer) + _text(2, _LEAST_READER)
        self._write(bytes_field(_HEADER, bytes_field(1, versions)))

    def run(
        self,
        run_id: str,
        *,
        project: str,
        name: str,
        host: str,
        started_at: float,
        config: Mapping[str, Any],
    ) -> None:
        """Write what the run is, and what it was made with."""
        made_with: dict[str, Any] = {"_wandb": {}, **config}
        items = b"".join(
            bytes_field(1, _text(1, key) + _text(_VALUE_JSON, json.dumps(value)))
            for key, value in made_with.items()
        )
        seconds = int(started_at)
        time = varint_field(1, seconds) + varint_field(2, int((started_at - seconds) * 1e9))
        content = _text(1, run_id) + _text(3, project) + bytes_field(4, items)
        content += _text(8, name) + _text(13, host) + bytes_field(17, time)
        self._write(bytes_field(_RUN, content))

    def files(self, paths: Iterable[str]) -> None:
        """Write which files there are, by their paths in the folder `files`."""
        items = (bytes_field(1, _text(1, path) + varint_field(3, 2)) for path in paths)
        self._write(bytes_field(_FILES, b"".join(items)))

    def history(self, step: int, values: Mapping[str, Any]) -> None:
        """Write what was logged at a step; mappings are values of several parts."""
        items = _items({**values, "_step": step})
        self._write(bytes_field(_HISTORY, items + bytes_field(2, varint_field(1, step))))

    def summary(self, values: Mapping[str, Any]) -> None:
        """Write the newest value of each name."""
        self._write(bytes_field(_SUMMARY, _items(values)))

    def exit(self, code: int, runtime: float) -> None:
        """Write that the run is over."""
        content = varint_field(1, code) + varint_field(2, int(runtime))
        self._write(bytes_field(_EXIT, content))

    def _write(self, content: bytes) -> None:
        self._number += 1
        left = varint_field(_NUM, self._number) + content
        is_first = True
        while True:
            room = _BLOCK - self._at % _BLOCK
            if room < _HEAD.size:
                self._file.write(b"\0" * room)
                self._at += room
                continue
            part, left = left[: room - _HEAD.size], left[room - _HEAD.size :]
            kind = (_FIRST if left else _WHOLE) if is_first else (_MIDDLE if left else _LAST)
            checksum = zlib.crc32(part, zlib.crc32(bytes([kind])))
            self._file.write(_HEAD.pack(checksum, len(part), kind) + part)
            self._at += _HEAD.size + len(part)
            is_first = False
            if not left:
                return


def _items(values: Mapping[str, Any]) -> bytes:
    parts: list[bytes] = []
    for name, value in values.items():
        if isinstance(value, dict):
            for part, inner in value.items():  # pyright: ignore[reportUnknownVariableType]
                parts.append(_item(name, str(part), inner=inner))  # pyright: ignore[reportUnknownArgumentType]
        else:
            parts.append(_item(name, inner=value))
    return b"".join(parts)


def _item(*path: str, inner: Any) -> bytes:
    keys = b"".join(_text(2, key) for key in path)
    return bytes_field(1, keys + _text(_VALUE_JSON, json.dumps(inner)))


def _text(number: int, text: str) -> bytes:
    return bytes_field(number, text.encode("utf-8", "surrogatepass"))
