"""A batch of images, one for each point or sample, reduced to the size at which it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.errors import LoggingError
from nbviz.recording.capture.arrays import copy_array
from nbviz.recording.media.inputs import array_of, image_shape, is_tensor
from nbviz.recording.media.pil import is_pil, opaque, pixels_of
from nbviz.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_EIGHT_BITS = 255
_FLAT = 3  # axes of a batch of images without channels


class Thumbnails:
    """A batch of images, copied, to be reduced.

    Args:
        tag: For errors.
        images: A batch of shape (images, height, width) or with channels, or a list of images of
            one size. Floats run from 0 to 1, integers from 0 to 255.
        count: How many there must be.
        side: Pixels of the longest side that are kept.
        what: What there is one image for, in the plural, for errors.
        stretches: Floats of which some lie outside 0 to 1, as a model's normalised inputs do, are
            brought there together; else what is outside is clipped.

    Raises:
        LoggingError: They are no images, or not as many.
    """

    def __init__(
        self,
        tag: str,
        images: object,
        count: int,
        *,
        side: int,
        what: str,
        stretches: bool = False,
    ) -> None:
        batch = array_of(tag, _batch_of(tag, images, what), "a batch of images")
        shape = tuple(batch.shape)
        if len(shape) not in (_FLAT, _FLAT + 1):
            raise LoggingError(
                f"{tag!r} needs images of shape ({what}, height, width) or with channels, got "
                f"{shape}."
            )
        if shape[0] != count:
            raise LoggingError(
                f"{tag!r} got {counted(shape[0], 'image')} for {count:,} {what}; give one for "
                "each, in the "
                "same order."
            )
        self._shape, self._is_planar = image_shape(
            tag, shape[1:], "auto", channels_first=is_tensor(batch)
        )
        self._side = side
        self._stretches = stretches
        self._copy = copy_array(batch)
        self.nbytes = self._copy.nbytes

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for a device."""
        return self._copy.is_ready

    def make(self) -> NDArray[np.uint8]:
        """Return uint8, images × height × width × channels."""
        images = self._copy.read()
        if self._is_planar:
            images = images.transpose(0, 2, 3, 1)
        images = images.reshape(len(images), *self._shape)
        if self._stretches and images.dtype.kind == "f":
            images = _stretched(images)
        factor = -(-max(self._shape[:2]) // self._side)
        height, width = (max(1, side // factor) for side in self._shape[:2])
        made = np.empty((len(images), height, width, self._shape[2]), np.uint8)
        for number, image in enumerate(images):
            made[number] = _reduced(_eight_bits(image), factor, height, width)
        return made


def _stretched(images: NDArray[Any]) -> NDArray[Any]:
    finite = images[np.isfinite(images)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low >= 0 and high <= 1:
        return images
    return (images - low) / max(high - low, np.finfo(np.float32).tiny)


def _reduced(
    image: NDArray[np.uint8], factor: int, height: int, width: int
) -> NDArray[np.uint8] | NDArray[np.floating]:
    if factor == 1:
        return image
    rows, columns = min(factor, image.shape[0]), min(factor, image.shape[1])
    whole = image[: height * rows, : width * columns]
    return whole.reshape(height, rows, width, columns, -1).mean((1, 3)).round()


def _eight_bits(image: NDArray[Any]) -> NDArray[np.uint8]:
    if image.dtype.kind == "f":
        scaled = np.nan_to_num(image, nan=0, posinf=1, neginf=0).clip(0, 1)
        return (scaled * _EIGHT_BITS).round().astype(np.uint8)
    if image.dtype.kind == "b":
        return image.astype(np.uint8) * np.uint8(_EIGHT_BITS)
    return image.clip(0, _EIGHT_BITS).astype(np.uint8)


def _batch_of(tag: str, images: object, what: str) -> object:
    """Return a batch; a sequence of images of one size is put together."""
    if not isinstance(images, list | tuple):
        return images
    given = cast("Sequence[Any]", images)
    if not given:
        raise LoggingError(f"{tag!r} got no images; give one for each of the {what}, or None.")
    if is_tensor(given[0]):
        arrays: list[Any] = list(given)
    else:
        arrays = [
            opaque(pixels_of(one)) if is_pil(one) else array_of(tag, one, "an image")
            for one in given
        ]
    shapes = {tuple(one.shape) for one in arrays}
    if len(shapes) > 1:
        shown = ", ".join(map(str, sorted(shapes)[:3]))
        raise LoggingError(
            f"{tag!r} got images of different shapes ({shown}); bring them to one size first."
        )
    if is_tensor(arrays[0]):
        import torch

        return torch.stack([one.detach() for one in arrays])
    return np.stack(arrays)
