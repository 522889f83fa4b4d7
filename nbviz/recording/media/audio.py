"""Sounds: checked and copied at the call, kept as WAV files of 16 bits."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import LoggingError
from nbviz.recording.capture.arrays import copy_array
from nbviz.recording.media.inputs import array_of
from nbviz.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SAMPLES = 1 << 25
"""Of one item, all channels together: six minutes of CD sound."""

_MOST_CHANNELS = 8
_MOST_RATE = 768_000  # samples a second
_LOUDEST = 32_767
_WIDTH = 2  # bytes of a sample
_INTEGERS = {"uint8": (128, 256.0), "int16": (0, 1.0), "int32": (0, 1 / 65_536)}


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """One sound.

    Attributes:
        data: A WAV file of 16-bit samples.
        sample_rate: Samples a second.
        channels: 1 for mono.
        frames: Samples of each channel.
    """

    data: bytes = field(repr=False)
    sample_rate: int
    channels: int
    frames: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.frames / self.sample_rate

    @property
    def samples(self) -> NDArray[np.int16]:
        """The samples: int16, shape (frames, channels)."""
        content = self.data[len(self.data) - self.frames * self.channels * _WIDTH :]
        return np.frombuffer(content, "<i2").astype(np.int16).reshape(-1, self.channels)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return len(self.data)


class AudioInput:
    """Samples, copied.

    Args:
        tag: For errors.
        samples: Of shape (samples,), (channels, samples) or (samples, channels).
        sample_rate: Samples a second.

    Raises:
        LoggingError: They are no sound.
    """

    def __init__(self, tag: str, samples: object, sample_rate: object) -> None:
        self._rate = _rate_of(sample_rate)
        array = array_of(tag, samples, "samples")
        self._kind = _kind_of(tag, array)
        shape = tuple(array.shape)
        while len(shape) > 2 and shape[0] == 1:  # noqa: PLR2004
            shape = shape[1:]
        self._shape, self._is_planar = _layout(tag, shape)
        if self._shape[0] * self._shape[1] > MOST_SAMPLES:
            raise LoggingError(
                f"{tag!r} got {counted(self._shape[0] * self._shape[1], 'sample')}; at most "
                f"{MOST_SAMPLES:,} can be kept. Log a part of it."
            )
        self._captured = copy_array(array)
        self.nbytes = self._captured.nbytes
        self.said = ""

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for a device."""
        return self._captured.is_ready

    def make(self) -> Audio:
        """Return the sound."""
        array = self._captured.read().reshape(self._shape)
        return wave_of(self._shorts(array.T if self._is_planar else array), self._rate)

    def _shorts(self, frames: NDArray[Any]) -> NDArray[np.int16]:
        if self._kind in _INTEGERS:
            middle, scale = _INTEGERS[self._kind]
            if scale == 1:
                return frames.astype(np.int16)
            return np.floor((frames.astype(np.float64) - middle) * scale).astype(np.int16)
        floats = frames.astype(np.float32)
        missing = int(np.isnan(floats).sum())
        outside = int((np.abs(floats) > 1).sum())
        if missing or outside:
            parts = [f"{missing:,} NaN, silent," if missing else ""]
            parts.append(
                f"{counted(outside, 'sample')} outside of -1 to 1, clipped" if outside else ""
            )
            self.said = "has " + " and ".join(part for part in parts if part).rstrip(",")
        clipped = np.clip(np.nan_to_num(floats, nan=0.0, posinf=1.0, neginf=-1.0), -1, 1)
        return np.rint(clipped * _LOUDEST).astype(np.int16)


def wave_of(frames: NDArray[np.int16], sample_rate: int) -> Audio:
    """Return a sound from int16 samples of shape (frames, channels)."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(frames.shape[1])
        file.setsampwidth(_WIDTH)
        file.setframerate(sample_rate)
        file.writeframes(np.ascontiguousarray(frames, "<i2").tobytes())
    return Audio(buffer.getvalue(), sample_rate, frames.shape[1], frames.shape[0])


def wave_from(data: bytes) -> Audio:
    """Return the sound that a WAV file holds; of 8, 24 or 32 bits it becomes one of 16.

    Raises:
        OSError: It is no WAV file, or one of more samples than are kept.
    """
    try:
        with wave.open(io.BytesIO(data), "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            if file.getnframes() * channels > MOST_SAMPLES:
                raise OSError(f"more than {MOST_SAMPLES:,} samples")
            content = file.readframes(file.getnframes())
    except (wave.Error, EOFError, ValueError) as error:
        raise OSError(f"no WAV file that is read ({error})") from error
    if not channels or not rate:
        raise OSError("a WAV file without channels, or without a rate")
    whole = len(content) // (width * channels) * width * channels
    octets = np.frombuffer(content[:whole], np.uint8).reshape(-1, channels, width)
    if width == 1:
        shorts = ((octets[..., 0].astype(np.int32) - 128) << 8).astype(np.int16)
    else:
        shorts = np.ascontiguousarray(octets[..., -2:]).view("<i2")[..., 0]
    return wave_of(shorts, rate)


def _rate_of(rate: Any) -> int:
    try:
        number = float(rate)
    except (TypeError, ValueError):
        number = 0.0
    if rate.__class__ is bool or number % 1 or not 1 <= number <= _MOST_RATE:
        raise LoggingError(
            f"sample_rate must be a whole number of samples a second from 1 to {_MOST_RATE:,}, got "
            f"{rate!r}."
        )
    return int(number)


def _kind_of(tag: str, array: Any) -> str:
    name = str(array.dtype).removeprefix("torch.")
    if not name.startswith(("float", "bfloat")) and name not in _INTEGERS:
        raise LoggingError(
            f"{tag!r} needs samples as floats from -1 to 1, or as int16, int32 or uint8, got "
            f"{name}; convert them first."
        )
    return name


def _layout(tag: str, shape: tuple[int, ...]) -> tuple[tuple[int, int], bool]:
    """Return the shape as two axes, and whether the channels come first."""
    if len(shape) == 1:
        return (shape[0], 1), False
    if len(shape) == 2:  # noqa: PLR2004
        first, second = shape
        if first <= _MOST_CHANNELS and first <= second:
            return (first, second), True
        if second <= _MOST_CHANNELS:
            return (first, second), False
    raise LoggingError(
        f"{tag!r} needs samples of shape (samples,), (channels, samples) or (samples, channels) "
        f"with at most {_MOST_CHANNELS} channels, got {shape}; log each clip with a tag of its own."
    )
