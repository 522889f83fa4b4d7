"""Images of Pillow as pixels, by its own rules."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import MissingDependencyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_PIXELS = 1 << 26
"""Of an image that is kept; larger ones are never decoded."""

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")  # others of Pillow's readers start programs, for one
_AS_THEY_ARE = ("L", "LA", "RGB", "RGBA")


def open_image(data: bytes) -> Any:
    """Return a PNG, JPEG, GIF or WebP file as an image of Pillow whose pixels are not decoded yet.

    Raises:
        MissingDependencyError: Pillow is not installed.
        OSError: It is no such image, or one of more than `MOST_PIXELS`.
    """
    try:
        from PIL import Image
    except ImportError:
        raise MissingDependencyError("Pillow", "all") from None
    try:
        image: Any = Image.open(io.BytesIO(data), formats=_FORMATS)
    except Exception as error:  # Pillow refuses very large ones with an error of its own
        raise OSError("it is damaged, or too large for Pillow") from error
    check_size(image.height, image.width)
    return image


def is_pil(image: object) -> bool:
    """Whether something is an image of Pillow."""
    module: Any = sys.modules.get("PIL.Image")
    return module is not None and isinstance(image, module.Image)


def numbers_of(image: Any) -> NDArray[Any]:
    """Return the numbers behind the shades or colours of an image of Pillow, height × width."""
    array = np.array(image)
    return array.astype(array.dtype.newbyteorder("="))


def opaque(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return grey pixels with alpha as RGBA, and all others as they are."""
    if pixels.shape[2] != 2:  # noqa: PLR2004
        return pixels
    return pixels[..., [0, 0, 0, 1]]


def check_size(height: int, width: int) -> None:
    """Raise OSError for an image without pixels, or with more than `MOST_PIXELS`."""
    if not 0 < height * width <= MOST_PIXELS:
        raise OSError(f"{width:,} × {height:,} pixels; at most {MOST_PIXELS:,} are read")


def pixels_of(image: Any) -> NDArray[np.uint8]:
    """Return an image of Pillow as uint8, height × width × channels (1 to 4; see `encode_png`).

    Palettes, CMYK, YCbCr, HSV and LAB become RGB, with alpha if they have any; numbers of more than
    eight bits and floats are cut to 0 to 255, as Pillow's `convert` does.

    Raises:
        OSError: The file that it comes from is damaged.
        ValueError: Pillow cannot convert it.
    """
    if image.mode == "La":
        image = image.convert("LA")
    elif image.mode == "1" or image.mode.startswith(("I", "F")):
        image = image.convert("L")
    elif image.mode not in _AS_THEY_ARE:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    array = np.array(image, np.uint8)
    return array.reshape(*array.shape[:2], -1)
