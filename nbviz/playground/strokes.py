"""What was drawn, and the image that a model gets of it: centred and resized."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FINE = 4  # pixels of the drawing to one of the image, so that edges are smooth
_LARGEST = 512  # pixels of a side of the drawing, unless the image is larger
_FILLED = 20 / 28  # of the shorter side, as the digits of MNIST fill theirs


@dataclass(slots=True)
class Stroke:
    """One line.

    Attributes:
        width: In pixels of the pad.
        points: x and y in pixels of the pad.
    """

    width: float
    points: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])


class Strokes:
    """What was drawn on a pad; any thread may add to it.

    Args:
        pad: Width and height of the pad, in pixels.
    """

    def __init__(self, pad: tuple[int, int]) -> None:
        self._pad = pad
        self._strokes: list[Stroke] = []
        self._is_open = False
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._strokes)

    @property
    def is_open(self) -> bool:
        """Whether the last stroke goes on."""
        return self._is_open

    def copies(self) -> list[Stroke]:
        """Return the strokes as they are now."""
        with self._lock:
            return [Stroke(one.width, list(one.points)) for one in self._strokes]

    def begin(self, x: float, y: float, width: float) -> None:
        """Begin a stroke; one that was left open ends where it is."""
        with self._lock:
            self._strokes.append(Stroke(width, [(x, y)]))
            self._is_open = True

    def extend(self, x: float, y: float) -> tuple[float, float] | None:
        """Draw on to a point; returns where the line comes from, None if no stroke is open."""
        with self._lock:
            if not self._is_open:
                return None
            points = self._strokes[-1].points
            before = points[-1]
            points.append((x, y))
            return before

    def end(self) -> bool:
        """End the stroke; returns whether one was open."""
        with self._lock:
            was_open, self._is_open = self._is_open, False
            return was_open

    def undo(self) -> bool:
        """Take the last stroke away; returns whether there was one."""
        with self._lock:
            self._is_open = False
            return bool(self._strokes) and bool(self._strokes.pop())

    def clear(self) -> None:
        """Take all strokes away."""
        with self._lock:
            self._is_open = False
            self._strokes.clear()

    def image(self, size: tuple[int, int]) -> NDArray[np.float32]:
        """Return the drawing as a model gets it; ink is 1, nothing 0; float32, height × width.

        What is drawn is scaled to fill 20 of 28 pixels, as in MNIST, and its centre of mass lies in
        the middle.
        """
        height, width = size
        fine = max(1, min(_FINE, _LARGEST // max(size)))
        strokes = self.copies()
        blank = np.zeros((height, width), np.float32)
        points = np.array([point for one in strokes for point in one.points], np.float64)
        if len(points) == 0:
            return blank
        reach = max(one.width for one in strokes) / 2
        low, high = points.min(axis=0) - reach, points.max(axis=0) + reach
        # A dot or a thin line is not blown up to a blot.
        extent = max(float((high - low).max()), 0.25 * min(self._pad))
        scale = _FILLED * min(height, width) * fine / extent
        middle = (low + high) / 2
        offset = np.array([width, height]) * fine / 2 - middle * scale
        drawing = Image.new("L", (width * fine, height * fine))
        _draw(drawing, strokes, scale, offset)
        shares = np.asarray(drawing, np.float64)
        total = shares.sum()
        if total == 0:
            return blank
        center = np.array(
            [
                (shares.sum(axis=0) * np.arange(width * fine)).sum() / total,
                (shares.sum(axis=1) * np.arange(height * fine)).sum() / total,
            ]
        )
        offset = offset + (np.array([width, height]) * fine - 1) / 2 - center
        centred = Image.new("L", drawing.size)
        _draw(centred, strokes, scale, offset)
        shares = np.asarray(centred, np.float32) / 255
        return shares.reshape(height, fine, width, fine).mean(axis=(1, 3), dtype=np.float32)


def _draw(
    image: Image.Image, strokes: list[Stroke], scale: float, offset: NDArray[np.float64]
) -> None:
    pen = ImageDraw.Draw(image)
    for stroke in strokes:
        points = [
            (float(x * scale + offset[0]), float(y * scale + offset[1])) for x, y in stroke.points
        ]
        reach = max(0.5, stroke.width * scale / 2)
        if len(points) > 1:
            pen.line(points, fill=255, width=max(1, round(2 * reach)))
        for x, y in points:  # round ends and joints
            pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=255)
