"""An image in the size in which a page shows it, within what a message may carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from nbviz.errors import CommandError
from nbviz.recording.media.png import SIGNATURE, encode_png

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.recording.media.store import Image

MediaType = Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
_FORMATS: dict[bytes, MediaType] = {
    SIGNATURE: "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


def shown_image(image: Image, pixels: int, limit: int) -> tuple[bytes, MediaType, int]:
    """Return the bytes of an image as it is shown, their type, and how far it was reduced.

    Args:
        image: Any.
        pixels: The longest side need not be much longer.
        limit: Bytes; what is larger is reduced.

    Raises:
        CommandError: It is of a type that pages cannot show.
        MissingDependencyError: It has to be reduced, another library wrote it, and Pillow is not
            installed.
    """
    longest = max(image.height, image.width)
    # Half as many again are shown smaller by the page itself.
    factor = max(1, round(longest / max(1, pixels)))
    data = image.data
    media_type: MediaType | None = next(
        (kind for head, kind in _FORMATS.items() if data.startswith(head)), None
    )
    if media_type is None:
        raise CommandError("the image is of a type that pages cannot show; use PNG or JPEG.")
    if factor > 1 and len(data) < limit // 8:
        factor = 1  # nothing is gained
    if factor > 1 or len(data) > limit:
        pixels_of_it = image.pixels
        data = encode_png(reduced_pixels(pixels_of_it, factor)) if factor > 1 else data
        while len(data) > limit and factor < longest:
            # Files shrink with the area; noise shrinks least.
            factor = max(factor + 1, int(factor * (len(data) / limit) ** 0.5))
            data = encode_png(reduced_pixels(pixels_of_it, factor))
        media_type = "image/png"
    return data, media_type, factor


def reduced_pixels(pixels: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Return the means of blocks of `factor` × `factor` pixels; those at the edges are smaller.

    Args:
        pixels: uint8, height × width × channels.
        factor: 1 or more.
    """
    height, width, _ = pixels.shape
    rows: NDArray[np.int64] = np.arange(0, height, factor, dtype=np.int64)
    columns: NDArray[np.int64] = np.arange(0, width, factor, dtype=np.int64)
    by_row = np.add.reduceat(pixels, rows, axis=0, dtype=np.uint32)
    sums = np.add.reduceat(by_row, columns, axis=1)
    heights = np.minimum(factor, height - rows)[:, None, None]
    widths = np.minimum(factor, width - columns)[None, :, None]
    areas = heights * widths
    return ((sums + areas // 2) // areas).astype(np.uint8)
