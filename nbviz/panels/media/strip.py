"""The frames of a video as one picture, small enough for a message."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nbviz.panels.shown_image import reduced_pixels
from nbviz.recording.media.png import encode_png

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.recording.media.video import Video

_SMALLEST = 96  # pixels of a frame's longest side, below which frames are left out instead


class Strip(NamedTuple):
    """A PNG file with frames row by row, and what was left out of it; as in `VideoSent`."""

    data: bytes
    columns: int
    every: int
    reduced: int


def strip_of(video: Video, pixels: int, limit: int) -> Strip:
    """Return the frames of a video.

    Args:
        video: Any.
        pixels: The longest side of a frame need not be much longer.
        limit: Bytes; frames are reduced for it, and left out where they would become too small.
    """
    frames = video.pixels
    longest = max(video.height, video.width)
    coarsest = max(1, longest // _SMALLEST)
    reduced, every = max(1, round(longest / max(1, pixels))), 1
    while True:
        data, columns = _strip(frames[::every], reduced)
        excess = len(data) / limit
        is_least = every >= video.frames and reduced >= longest
        if excess <= 1 or is_least:
            return Strip(data, columns, every, reduced)
        if reduced < coarsest or every >= video.frames:
            most = coarsest if reduced < coarsest else longest
            reduced = min(most, max(reduced + 1, int(reduced * excess**0.5)))
        else:
            every = min(video.frames, max(every + 1, math.ceil(every * excess)))


def _strip(frames: NDArray[np.uint8], factor: int) -> tuple[bytes, int]:
    small = [reduced_pixels(one, factor) if factor > 1 else one for one in frames]
    height, width, channels = small[0].shape
    # About as wide as high: browsers limit both.
    columns = max(1, min(len(small), round(math.sqrt(len(small) * height / width))))
    rows = -(-len(small) // columns)
    canvas = np.zeros((rows * height, columns * width, channels), np.uint8)
    for number, one in enumerate(small):
        top, left = number // columns * height, number % columns * width
        canvas[top : top + height, left : left + width] = one
    return encode_png(canvas), columns
