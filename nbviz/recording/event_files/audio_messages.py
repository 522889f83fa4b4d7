"""Sounds as events hold them, and back.

Source: `summary.proto` of TensorFlow and TensorBoard. They are written in the older form, which
every reader knows, and read in both.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from nbviz.recording.event_files.layout import AUDIO
from nbviz.recording.event_files.wire import (
    BYTES,
    FIXED32,
    MessageError,
    bytes_field,
    fields,
    key,
    varint_field,
)
from nbviz.recording.media.audio import wave_from

if TYPE_CHECKING:
    from nbviz.recording.media.audio import Audio

_RATE, _CHANNELS, _FRAMES, _ENCODED, _TYPE = 1, 2, 3, 4, 5  # of Summary.Audio


def audio_field(audio: Audio) -> bytes:
    """Return the part of a value that holds a sound."""
    return bytes_field(
        AUDIO,
        key(_RATE, FIXED32)
        + struct.pack("<f", audio.sample_rate)
        + varint_field(_CHANNELS, audio.channels)
        + varint_field(_FRAMES, audio.frames)
        + bytes_field(_ENCODED, audio.data)
        + bytes_field(_TYPE, b"audio/wav"),
    )


def read_audio(event: bytes, start: int, stop: int) -> Audio:
    """Return the sound that `event[start:stop]` holds.

    Raises:
        MessageError: It holds none that is read.
    """
    for part in fields(event, start, stop):
        if part.number == _ENCODED and part.kind == BYTES:
            return audio_from(event[part.start : part.stop])
    raise MessageError("a sound without content")


def audio_from(data: bytes) -> Audio:
    """Return a sound file as an `Audio`.

    Raises:
        MessageError: It is none that is read.
    """
    try:
        return wave_from(data)
    except OSError as error:
        raise MessageError(f"a sound that is {error}") from error
