"""Hyper-parameters as TensorBoard's `hparams` plugin writes them.

Source: `plugins/hparams/plugin_data.proto` of TensorBoard, and `struct.proto` of protobuf.
"""

from __future__ import annotations

import struct

from nbviz.recording.event_files.wire import BYTES, FIXED64, VARINT, fields, read_varint

PLUGIN = "hparams"
_SESSION_START, _PARAMETERS = 3, 1
_KEY, _VALUE = 1, 2  # of a map's entry
_NUMBER, _STRING, _BOOL = 2, 3, 4

Parameter = float | str | bool | None


def read_hparams(event: bytes, start: int, stop: int) -> dict[str, Parameter]:
    """Return the hyper-parameters that `event[start:stop]` sets, none if it tells something else.

    Raises:
        MessageError: It is no message of that plugin.
    """
    found: dict[str, Parameter] = {}
    for part in fields(event, start, stop):
        if part.number != _SESSION_START or part.kind != BYTES:
            continue
        for entry in fields(event, part.start, part.stop):
            if entry.number == _PARAMETERS and entry.kind == BYTES:
                name, value = _entry(event, entry.start, entry.stop)
                found[name] = value
    return found


def _entry(event: bytes, start: int, stop: int) -> tuple[str, Parameter]:
    name, value = "", None
    for part in fields(event, start, stop):
        if part.number == _KEY and part.kind == BYTES:
            name = event[part.start : part.stop].decode(errors="replace")
        elif part.number == _VALUE and part.kind == BYTES:
            value = _parameter(event, part.start, part.stop)
    return name, value


def _parameter(event: bytes, start: int, stop: int) -> Parameter:
    value: Parameter = None
    for part in fields(event, start, stop):
        if part.number == _NUMBER and part.kind == FIXED64:
            (value,) = struct.unpack("<d", event[part.start : part.stop])
        elif part.number == _STRING and part.kind == BYTES:
            value = event[part.start : part.stop].decode(errors="replace")
        elif part.number == _BOOL and part.kind == VARINT:
            value = bool(read_varint(event, part.start, part.stop)[0])
    return value
