"""How the numbers of an image become pixels: their range, and colours for one channel."""

from __future__ import annotations

import functools
import importlib.util
import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.errors import LoggingError, describe
from nbviz.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Normalize = bool | Sequence[float]
    Colormap = str | NDArray[Any] | Sequence[Sequence[float]] | Callable[[NDArray[Any]], Any] | None

_WHITE = 255
_RGB, _RGBA = 3, 4
_LABELS = "labels"
_MOST_AT_ONCE = 1 << 22  # numbers
_MOST_LABELS = 64  # whole numbers up to here are taken for classes, not for shades
# Samples at equal distances of matplotlib's tables of these names (CC0).
_STOPS = {
    "viridis": (
        "440154 471669 472a79 433c84 3c4d8a 355d8c 2e6c8e 287a8e 23898d "
        "1e978a 20a585 2eb27c 45bf6f 64cb5d 88d547 afdc2e d7e219 fde724"
    ),
    "magma": (
        "000003 09071f 1a1041 301065 4a1079 61187f 792281 912a80 a9327c "
        "c23a75 d9466a ec585f f7715b fc8e63 feaa74 fec689 fde1a3 fbfcbf"
    ),
    "coolwarm": (
        "3a4cc0 4c66d6 5f7ee7 7395f4 87aafc 9cbcfe b0cbfb c3d5f2 d5dbe5 "
        "e4d8d1 efcdbb f6bda4 f6aa8c f29375 e9795e db5c4a c93b37 b30326"
    ),
    "gray": "000000 ffffff",
}


class Shading:
    """How the numbers of one image become pixels.

    Args:
        tag: For errors.
        normalize: Which range runs from black to white: that of the data type if False (0 to 1 for
            floats, 0 to 255 for integers), that of the image if True, or (lowest, highest).
        colormap: Colours for one channel: "gray", "viridis", "magma", "coolwarm", "labels" (whole
            numbers as classes), one of matplotlib's or its name, or an array of colours; None keeps
            grey.

    Raises:
        LoggingError: One of them is none of these.
    """

    def __init__(self, tag: str, normalize: Normalize = False, colormap: Colormap = None) -> None:
        self._tag = tag
        self._range: tuple[float, float] | None = None
        self._fits = normalize is True
        if not isinstance(normalize, bool):
            self._range = _read_range(normalize)
        is_continuous = colormap is None or isinstance(colormap, str) or callable(colormap)
        self.is_labels = not is_continuous or (isinstance(colormap, str) and colormap == _LABELS)
        self._colors = None if colormap is None else _colors(colormap)
        if self.is_labels and (self._fits or self._range):
            raise LoggingError("normalize has no sense with colours of classes; leave it out.")

    @property
    def is_default(self) -> bool:
        """Whether neither a range nor colours were given."""
        return not self._fits and self._range is None and self._colors is None

    @property
    def has_colors(self) -> bool:
        """Whether one channel becomes three."""
        return self._colors is not None

    def check(self, channels: int, *, is_float: bool) -> None:
        """Raise LoggingError if an image cannot be shown like this."""
        if self._colors is not None and channels != 1:
            raise LoggingError(
                f"{self._tag!r} has {channels} channels, and colormap is for one; leave it out, or "
                "log a channel."
            )
        if self.is_labels and is_float:
            raise LoggingError(
                f"{self._tag!r} needs whole numbers for colours of classes, got floats; log "
                ".long(), or .argmax of the class scores."
            )

    def shade(self, array: NDArray[Any]) -> tuple[NDArray[np.uint8], str]:
        """Return pixels, and what there is to say of them.

        Args:
            array: Height × width × channels.

        Returns:
            uint8, height × width × channels; and the end of a sentence that begins with the image,
            empty if all is as it should be.
        """
        if self._colors is not None and self.is_labels:
            numbers = array[..., 0].astype(np.int64)
            pixels = self._colors[numbers % len(self._colors)]
            pixels[numbers < 0] = 0
            return pixels, ""
        pixels, said = self._bytes(array)
        if self._colors is not None:
            index = np.rint(pixels[..., 0] * ((len(self._colors) - 1) / _WHITE)).astype(np.intp)
            pixels = self._colors[index]
        return pixels, said

    def shade_all(self, arrays: NDArray[Any]) -> NDArray[np.uint8] | None:
        """Return the pixels of several images of one shape at once, in any arrangement.

        None where each has to be looked at by itself: for its own range, its colours, or because
        there may be something to say of one.
        """
        if arrays.dtype.kind != "f" or self._fits or self._colors is not None:
            return None
        if arrays.size > _MOST_AT_ONCE or (self._range is not None and _RGBA in arrays.shape):
            return None
        pixels, said = self._bytes(arrays.reshape(-1, 1, 1))
        return None if said else pixels.reshape(arrays.shape)

    def _bytes(self, array: NDArray[Any]) -> tuple[NDArray[np.uint8], str]:
        if array.dtype == np.bool_:
            return array.astype(np.uint8) * np.uint8(_WHITE), ""
        is_plain = not self._fits and self._range is None
        if array.dtype == np.uint8 and is_plain:
            return array, ""
        if array.shape[2] == _RGBA and not is_plain:  # alpha is no colour
            colors, said = self._bytes(array[..., :_RGB])
            alpha, _ = Shading(self._tag).shade(array[..., _RGB:])
            return np.concatenate([colors, alpha], axis=2), said
        is_float = array.dtype.kind == "f"
        is_exact = array.dtype == np.float32 or array.dtype.itemsize <= 2  # noqa: PLR2004
        numbers = array.astype(np.float32 if is_exact else np.float64)
        missing = np.isnan(numbers)
        low, high = self._limits(numbers, is_float=is_float)
        with np.errstate(invalid="ignore", over="ignore"):
            shares = (np.where(missing, low, numbers) - low) / (high - low)
        clipped = int(((shares < 0) | (shares > 1)).sum())
        pixels = np.rint(np.clip(shares, 0, 1) * _WHITE).astype(np.uint8)
        pixels[missing] = 0
        return pixels, self._remark(numbers, int(missing.sum()), clipped, (low, high), array.dtype)

    def _limits(self, numbers: NDArray[Any], *, is_float: bool) -> tuple[float, float]:
        if self._range is not None:
            return self._range
        if not self._fits:
            return (0.0, 1.0) if is_float else (0.0, float(_WHITE))
        finite = numbers[np.isfinite(numbers)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        return (low, high) if high > low else (low, low + 1.0)

    def _remark(
        self,
        numbers: NDArray[Any],
        missing: int,
        clipped: int,
        limits: tuple[float, float],
        dtype: np.dtype[Any],
    ) -> str:
        parts: list[str] = []
        if missing:
            parts.append(f"{missing:,} NaN, shown as black")
        if clipped:
            parts.append(
                f"{counted(clipped, 'value')} outside of {limits[0]:g} to {limits[1]:g}, clipped"
            )
        if parts:
            advice = self._advice(numbers, dtype) if clipped else ""
            return f"has {', and '.join(parts)}{advice}."
        is_one_channel = numbers.shape[2] == 1 and dtype.kind in "iu" and dtype != np.uint8
        if self.is_default and is_one_channel and 0 < float(numbers.max()) <= _MOST_LABELS:
            return (
                f"has whole numbers up to {int(numbers.max())}, which are nearly black; if they "
                'are classes, give colormap="labels", else normalize=True.'
            )
        return ""

    def _advice(self, numbers: NDArray[Any], dtype: np.dtype[Any]) -> str:
        low, high = float(np.nanmin(numbers)), float(np.nanmax(numbers))
        if low >= -1 and high <= 1:
            return "; for a range of -1 to 1 give normalize=(-1, 1)"
        if dtype.kind == "f" and low >= 0 and high <= _WHITE:
            return "; for a range of 0 to 255 give normalize=(0, 255)"
        if dtype.kind != "f" and low >= 0 and high <= 0xFFFF:  # noqa: PLR2004
            return "; for 16 bits give normalize=(0, 65535), for the image's own range True"
        return "; give normalize=True for the image's own range"


def _read_range(normalize: object) -> tuple[float, float]:
    try:
        low, high = (float(one) for one in cast("Any", normalize))
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise LoggingError(
            f"normalize must be False, True or two numbers (lowest, highest), got {normalize!r}."
        )
    return low, high


def _colors(colormap: object) -> NDArray[np.uint8]:
    if isinstance(colormap, str):
        return _named(colormap)
    if callable(colormap):  # a Colormap of matplotlib's, and what is like it
        try:
            colormap = np.asarray(colormap(np.linspace(0, 1, _WHITE + 1)))[:, :_RGB]
        except Exception as error:
            raise LoggingError(
                f"colormap must give colours for an array of numbers from 0 to 1; that of type "
                f"{type(colormap).__name__} raised {describe(error)}. Give a name or an array."
            ) from error
    try:
        colors = np.asarray(colormap)
        is_table = colors.ndim == 2 and colors.shape[1] == _RGB and len(colors) > 0  # noqa: PLR2004
    except ValueError:
        is_table, colors = False, np.empty(0)
    if not is_table or colors.dtype.kind not in "iuf":
        raise LoggingError(
            "colormap must be a name or an array of colours of shape (colours, 3), got "
            f"{type(colormap).__name__} of shape {getattr(colors, 'shape', '?')}."
        )
    if colors.dtype.kind == "f":
        colors = np.rint(colors * _WHITE)
    return np.clip(colors, 0, _WHITE).astype(np.uint8)


@functools.lru_cache(maxsize=32)
def _named(name: str) -> NDArray[np.uint8]:
    if name == _LABELS:
        return _class_colors()
    if name in _STOPS:
        stops = np.array([list(bytes.fromhex(stop)) for stop in _STOPS[name].split()], np.float64)
        places = np.linspace(0, len(stops) - 1, 256)
        below = np.minimum(places.astype(np.intp), len(stops) - 2)
        share = (places - below)[:, None]
        return np.rint(stops[below] * (1 - share) + stops[below + 1] * share).astype(np.uint8)
    if importlib.util.find_spec("matplotlib") is not None:
        matplotlib: Any = importlib.import_module("matplotlib")
        if name in matplotlib.colormaps:
            return matplotlib.colormaps[name](np.arange(256), bytes=True)[:, :_RGB]
    raise LoggingError(
        f"there is no colormap {name!r}; take {', '.join((*_STOPS, _LABELS))}, or the name of one "
        "of matplotlib's where that is installed."
    )


def _class_colors() -> NDArray[np.uint8]:
    """Colours of classes as the PASCAL VOC data set has them: 0 is black, 256 differ."""
    numbers = np.arange(256)
    colors = np.zeros((256, _RGB), np.uint8)
    for place in range(8):
        for channel in range(_RGB):
            bit = (numbers >> (3 * place + channel)) & 1
            colors[:, channel] |= (bit << (7 - place)).astype(np.uint8)
    return colors
