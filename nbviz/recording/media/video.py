"""Videos: frames checked and copied at the call, kept as an animated GIF."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import LoggingError
from nbviz.recording.capture.arrays import copy_array
from nbviz.recording.media.inputs import array_of, is_tensor
from nbviz.recording.media.pil import open_image
from nbviz.recording.media.shading import Shading
from nbviz.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_PIXELS = 1 << 24
"""Of all frames together: 256 frames of 256 × 256."""

_CHANNELS = (1, 3, 4)
_MOST_FPS = 50  # browsers show a GIF no faster
_TICK = 10  # milliseconds: GIF counts hundredths of a second
_RGB = 3


@dataclass(frozen=True, slots=True, eq=False)
class Video:
    """One video.

    Attributes:
        data: An animated GIF, with at most 256 colours a frame.
        frames: How many it has.
        height: In pixels.
        width: In pixels.
        fps: Frames a second.
    """

    data: bytes = field(repr=False)
    frames: int
    height: int
    width: int
    fps: float

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The frames as they are shown: uint8, shape (frames, height, width, 3).

        Raises:
            OSError: The file is damaged.
        """
        return _read(self.data, self.frames, self.fps)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return len(self.data)


class VideoInput:
    """Frames, copied.

    Args:
        tag: For errors.
        frames: A torch tensor or a numpy array.
        fps: Frames a second.

    Raises:
        LoggingError: They are no video.
    """

    def __init__(self, tag: str, frames: object, fps: object) -> None:
        if isinstance(fps, bool) or not isinstance(fps, int | float) or not 0 < fps <= _MOST_FPS:
            raise LoggingError(f"fps must be above 0 and at most {_MOST_FPS}, got {fps!r}.")
        self._fps = float(fps)
        array = array_of(tag, frames, "frames")
        self._shape, self._order = _layout(tag, tuple(array.shape), is_first=is_tensor(array))
        count, height, width, _ = (self._shape[axis] for axis in self._order[-4:])
        copies = self._shape[0] if len(self._shape) == 5 else 1  # noqa: PLR2004
        if count * height * width * copies > MOST_PIXELS:
            raise LoggingError(
                f"{tag!r} got {counted(count, 'frame')} of {width:,} × {height:,} pixels"
                + (f" in {counted(copies, 'video')}" if copies > 1 else "")
                + f"; at most {MOST_PIXELS:,} pixels can be kept. Log fewer or smaller frames."
            )
        self._shading = Shading(tag)
        self._captured = copy_array(array)
        self.nbytes = self._captured.nbytes
        self.said = ""

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for a device."""
        return self._captured.is_ready

    def make(self) -> Video:
        """Return the video."""
        array = self._captured.read().reshape(self._shape).transpose(self._order)
        if array.ndim == 5:  # noqa: PLR2004
            array = _side_by_side(array)
        count, height, width, channels = array.shape
        pixels, self.said = self._shading.shade(array.reshape(count * height, width, channels))
        shaded = pixels.reshape(count, height, width, -1)[..., :_RGB]
        return Video(gif_of(shaded, self._fps), count, height, width, self._fps)


def video_from(data: bytes) -> Video | None:
    """Return the video that an animated GIF holds; None of a picture that does not move.

    Raises:
        MissingDependencyError: Pillow is not installed.
        OSError: It is damaged, or too large.
    """
    image = open_image(data)
    frames = int(getattr(image, "n_frames", 1))
    if frames < 2:  # noqa: PLR2004
        return None
    if frames * image.height * image.width > MOST_PIXELS:
        raise OSError(f"{frames:,} frames of {image.width:,} × {image.height:,} pixels")
    ticks = _duration(image)
    return Video(data, frames, image.height, image.width, 1000 / ticks if ticks > 0 else 10.0)


def _layout(
    tag: str, shape: tuple[int, ...], *, is_first: bool
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the shape, and its axes in the order (videos,) frames, height, width, channels."""
    if len(shape) == 3:  # noqa: PLR2004
        return (*shape, 1), (0, 1, 2, 3)
    if len(shape) == 5 and shape[2] in _CHANNELS:  # noqa: PLR2004
        return shape, (0, 1, 3, 4, 2)
    if len(shape) == 4:  # noqa: PLR2004
        planar, packed = shape[1] in _CHANNELS, shape[3] in _CHANNELS
        if planar and (is_first or not packed):
            return shape, (0, 2, 3, 1)
        if packed:
            return shape, (0, 1, 2, 3)
    raise LoggingError(
        f"{tag!r} needs frames of shape (frames, channels, height, width), (frames, height, width, "
        "channels), (frames, height, width) or (videos, frames, channels, height, width) with 1, 3 "
        f"or 4 channels, got {shape}."
    )


def _side_by_side(videos: NDArray[Any]) -> NDArray[Any]:
    """Return videos as one, about as many beside as below each other; what is left is 0."""
    count, frames, height, width, channels = videos.shape
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    grid = np.zeros((frames, rows * height, columns * width, channels), videos.dtype)
    for number in range(count):
        top, left = number // columns * height, number % columns * width
        grid[:, top : top + height, left : left + width] = videos[number]
    return grid


def gif_of(frames: NDArray[np.uint8], fps: float) -> bytes:
    """Return frames (uint8, shape (frames, height, width, 1, 3 or 4)) as an animated GIF."""
    from PIL import Image

    if frames.shape[3] == 1:
        pictures = [Image.fromarray(one[..., 0]) for one in frames]
    else:
        none = Image.Dither.NONE
        pictures = [Image.fromarray(one).quantize(256, dither=none) for one in frames]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=_ticks(fps),
        loop=0,
    )
    return buffer.getvalue()


def _ticks(fps: float) -> int:
    """Return for how many milliseconds a GIF shows a frame."""
    return max(2, round(1000 / fps / _TICK)) * _TICK


def _duration(image: Any) -> int:
    return int(image.info.get("duration", 0))


def _read(data: bytes, frames: int, fps: float) -> NDArray[np.uint8]:
    image = open_image(data)
    found: list[NDArray[np.uint8]] = []
    try:
        for number in range(int(getattr(image, "n_frames", 1))):
            image.seek(number)
            pixels = np.array(image.convert("RGB"), np.uint8)
            # Frames that are alike are one, which is shown for longer.
            found += [pixels] * max(1, round(_duration(image) / _ticks(fps)))
    except Exception as error:  # Pillow raises many kinds for what is damaged
        raise OSError(f"a video that Pillow cannot read: {error}") from error
    found += [found[-1]] * (frames - len(found))
    return np.stack(found[:frames])
