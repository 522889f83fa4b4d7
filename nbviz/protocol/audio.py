"""Sounds that were logged."""

from __future__ import annotations

from typing import Literal, TypedDict

from nbviz.protocol.core import Answers, ItemsAdded


class AudioAdded(ItemsAdded):
    """Sounds that were logged."""

    kind: Literal["audio_added"]


class SendAudio(TypedDict):
    """Ask for a part of the sound of a tag at or before a step."""

    kind: Literal["send_audio"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    start: int  # the first byte of the file that is asked for


class AudioSent(TypedDict):
    """A part of a WAV file of 16-bit samples. Buffer: its bytes from `start` on."""

    kind: Literal["audio_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    sample_rate: int  # samples a second
    channels: int
    frames: int  # samples of each channel that were logged
    start: int
    size: int  # bytes of the file; a page without a kernel may have fewer frames than were logged
    buffer: int


ANSWERS: Answers = {SendAudio: (AudioSent,)}

Updates = AudioAdded | AudioSent
"""What the kernel sends."""

Requests = SendAudio
"""What pages ask."""
