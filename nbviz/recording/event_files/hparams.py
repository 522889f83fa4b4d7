"""Hyper-parameters as TensorBoard's `hparams` plugin writes them.

Source: `plugins/hparams/plugin_data.proto` of TensorBoard, and `struct.proto` of protobuf.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from nbviz.recording.event_files.wire import (
    BYTES,
    FIXED64,
    VARINT,
    bytes_field,
    fields,
    key,
    read_varint,
    varint_field,
)
from nbviz.text import encodable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PLUGIN = "hparams"
TAG = "_hparams_/session_start_info"
EXPERIMENT_TAG = "_hparams_/experiment"
END_TAG = "_hparams_/session_end_info"
_VERSION, _SESSION_START, _PARAMETERS, _START_TIME = 1, 3, 1, 5
_KEY, _VALUE = 1, 2  # of a map's entry
_NUMBER, _STRING, _BOOL = 2, 3, 4
# HParamsPluginData, Experiment, HParamInfo, MetricInfo, MetricName, SessionEndInfo
_EXPERIMENT, _SESSION_END = 2, 4
_TIME_CREATED, _INFOS, _METRICS = 3, 4, 5
_NAME, _TYPE = 1, 4
_METRIC_NAME, _METRIC_TAG = 1, 2
_STATUS, _SUCCESS, _END_TIME = 1, 1, 2
_TYPES = {str: 1, bool: 2, float: 3, int: 3}

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


def write_hparams(parameters: Mapping[str, Parameter], started_at: float) -> bytes:
    """Return what tells the plugin that a session with these hyper-parameters began.

    Args:
        parameters: By name; those that are None are left out, as the plugin has no such value.
        started_at: Unix seconds.
    """
    entries = b"".join(
        bytes_field(
            _PARAMETERS,
            bytes_field(_KEY, encodable(name).encode()) + bytes_field(_VALUE, _value(value)),
        )
        for name, value in parameters.items()
        if value is not None
    )
    start = key(_START_TIME, FIXED64) + struct.pack("<d", started_at)
    return varint_field(_VERSION, 0) + bytes_field(_SESSION_START, entries + start)


def write_experiment(
    parameters: Mapping[str, Parameter], metrics: Sequence[str], created_at: float
) -> bytes:
    """Return what tells the plugin which columns there are.

    Args:
        parameters: The names, with a value of each.
        metrics: Tags of scalars.
        created_at: Unix seconds.
    """
    infos = b"".join(
        bytes_field(
            _INFOS,
            bytes_field(_NAME, encodable(name).encode()) + varint_field(_TYPE, _TYPES[type(value)]),
        )
        for name, value in parameters.items()
        if value is not None
    )
    columns = b"".join(
        bytes_field(
            _METRICS,
            bytes_field(_METRIC_NAME, bytes_field(_METRIC_TAG, encodable(tag).encode())),
        )
        for tag in metrics
    )
    created = key(_TIME_CREATED, FIXED64) + struct.pack("<d", created_at)
    return varint_field(_VERSION, 0) + bytes_field(_EXPERIMENT, created + infos + columns)


def write_end(ended_at: float) -> bytes:
    """Return what tells the plugin that the session ended well; `ended_at` is in Unix seconds."""
    end = varint_field(_STATUS, _SUCCESS) + key(_END_TIME, FIXED64) + struct.pack("<d", ended_at)
    return varint_field(_VERSION, 0) + bytes_field(_SESSION_END, end)


def _value(value: Parameter) -> bytes:
    if isinstance(value, bool):
        return varint_field(_BOOL, value)
    if isinstance(value, str):
        return bytes_field(_STRING, encodable(value).encode())
    return key(_NUMBER, FIXED64) + struct.pack("<d", value)
