"""What users log as images, histograms, tensors and texts: checked and copied at once, made later.

The caller's thread only looks at shapes and copies, since an array may be changed in place after
the call; encoding and counting are for nbviz's own thread.
"""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast, get_args

import numpy as np

from nbviz.errors import LoggingError
from nbviz.inspection.tensors.histograms import Histogram, make_histogram, scaled_up
from nbviz.recording.capture.arrays import CapturedPart, copy_array, copy_arrays, hold
from nbviz.recording.media.captions import read_captions, with_captions
from nbviz.recording.media.pil import MOST_PIXELS, is_pil, numbers_of, opaque, pixels_of
from nbviz.recording.media.png import encode_png
from nbviz.recording.media.shading import Shading
from nbviz.recording.media.store import Image, PlainText, shortened
from nbviz.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from numpy.typing import NDArray

    from nbviz.recording.capture.arrays import CapturedArray
    from nbviz.recording.media.store import MediaValue, Sized

ImageLayout = Literal["auto", "HWC", "CHW", "HW"]
MOST_BINS = 4096
MOST_COUNTED = 1 << 18
"""Values on the host that are copied for a histogram; of more every n-th one."""

_CHANNELS = (1, 3, 4)
_MOST_COPIED = 1 << 22  # values that are copied on their device for a histogram
_GAP = 2  # pixels between the images of a grid
_EIGHT_BITS = 255
_PLOTTING = ("matplotlib", "seaborn", "plotly", "altair", "bqplot")
_OTHER_PLOTTING = ("bokeh", "holoviews")


class ImageInput:
    """One image, copied.

    Args:
        tag: For errors.
        image: A torch tensor, a numpy array or a PIL image; height × width, or with channels.
        layout: Where the channels are.
        shading: How numbers become pixels; as the data type says if None.

    Raises:
        LoggingError: It is no image.
    """

    def __init__(
        self, tag: str, image: object, layout: ImageLayout, shading: Shading | None = None
    ) -> None:
        shading = shading or Shading(tag)
        _check_layout(layout)
        array = array_of(tag, _without_pil(tag, image, shading), "an image")
        shape = tuple(array.shape)
        pixels = _Pixels(tag, image, array, shape, layout=layout, shading=shading)
        copy = copy_array(array, keeps_layout=True)
        self.nbytes = copy.nbytes
        self._pixels = pixels
        self._captured = copy

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for a device."""
        return self._captured.is_ready

    @property
    def said(self) -> str:
        """What there is to say of it once it is made, as the end of a sentence."""
        return self._pixels.said

    def make(self) -> Image:
        """Return the image."""
        return image_of(self._pixels.read(self._captured))


class _Pixels:
    """How an image of some shape is read.

    Attributes:
        shape: Height, width and channels of what it becomes.
        said: What there is to say of it once it has been read.
    """

    def __init__(
        self,
        tag: str,
        given: object,
        array: Any,
        shape: tuple[int, ...],
        *,
        layout: ImageLayout,
        shading: Shading,
    ) -> None:
        self._shape, self._is_planar = image_shape(
            tag, shape, "auto" if is_pil(given) else layout, channels_first=is_tensor(array)
        )
        shading.check(self._shape[2], is_float=is_float(array))
        self.shape = (*self._shape[:2], 3) if shading.has_colors else self._shape
        self._shading = shading
        self.said = ""

    def read(self, captured: CapturedArray | CapturedPart) -> NDArray[np.uint8]:
        """Return uint8, height × width × channels."""
        pixels, self.said = self._shading.shade(self.arranged(captured.read()))
        return pixels

    def arranged(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return an image as height × width × channels."""
        if self._is_planar:
            array = array.transpose(1, 2, 0)
        return array.reshape(self._shape)


class GridInput:
    """Several images, copied, to be shown beside and below each other.

    Args:
        tag: For errors.
        images: A batch (images × an image's own shape) or a sequence of images.
        layout: Where the channels of each image are.
        columns: Images in a row; about as many as rows if None.
        shading: How numbers become pixels; as the data type says if None.
        captions: What is said of each image, as `read_captions` takes it; None for nothing.

    Raises:
        LoggingError: They are no images.
    """

    def __init__(
        self,
        tag: str,
        images: object,
        layout: ImageLayout,
        columns: int | None,
        *,
        shading: Shading | None = None,
        captions: object = None,
    ) -> None:
        if columns is not None and (columns.__class__ is not int or columns < 1):
            raise LoggingError(f"columns must be a whole number of at least 1, got {columns!r}.")
        _check_layout(layout)
        shading = shading or Shading(tag)
        if is_tensor(images) and cast("Any", images).is_nested:
            images = list(cast("Any", images).unbind())
        arrays, shapes = _images_of(tag, images, shading)
        given: list[object] = [images] * len(shapes)
        if isinstance(images, list | tuple):
            given = list(cast("Sequence[object]", images))
        arrays_of = arrays if len(arrays) == len(shapes) else arrays * len(shapes)
        self._pixels = [
            _Pixels(tag, one, array, shape, layout=layout, shading=shading)
            for one, array, shape in zip(given, arrays_of, shapes, strict=True)
        ]
        self._columns = columns or int(np.ceil(np.sqrt(len(shapes))))
        self._captions = None if captions is None else read_captions(tag, captions, len(shapes))
        height, width = (max(one.shape[side] for one in self._pixels) + _GAP for side in (0, 1))
        in_row = min(self._columns, len(shapes))
        covered = height * width * in_row * -(-len(shapes) // self._columns)
        if covered > MOST_PIXELS:
            raise LoggingError(
                f"{tag!r} got {counted(len(shapes), 'image')} that would cover {covered:,} "
                "pixels; at most "
                f"{MOST_PIXELS:,} pixels can be kept. Log fewer, or smaller ones."
            )
        self._copies, self._parts = _copies_of(arrays, shapes)
        self._shading = shading
        self._is_batch = len(arrays) < len(shapes)
        self.nbytes = sum(one.nbytes for one in self._copies)

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for a device."""
        return all(one.is_ready for one in self._copies)

    @property
    def said(self) -> str:
        """What there is to say of the first image of which there is something."""
        return next((one.said for one in self._pixels if one.said), "")

    def make(self) -> Image:
        """Return the grid as one image; what is not covered is black."""
        height = max(one.shape[0] for one in self._pixels) + _GAP
        width = max(one.shape[1] for one in self._pixels) + _GAP
        channels = max(one.shape[2] for one in self._pixels)
        rows = -(-len(self._pixels) // self._columns)
        columns = min(self._columns, len(self._pixels))
        canvas = np.zeros((rows * height - _GAP, columns * width - _GAP, channels), np.uint8)
        shaded = self._shading.shade_all(self._copies[0].read()) if self._is_batch else None
        for number, one in enumerate(self._pixels):
            if shaded is None:
                pixels = one.read(self._parts[number])
            else:
                pixels = one.arranged(shaded[number])
            top, left = number // columns * height, number % columns * width
            place = canvas[top : top + pixels.shape[0], left : left + pixels.shape[1]]
            if pixels.shape[2] in (1, channels):
                place[:] = pixels
            else:  # RGB among RGBA
                place[..., :3], place[..., 3] = pixels, _EIGHT_BITS
            if pixels.shape[2] == 1 and channels == 4:  # noqa: PLR2004
                place[..., 3] = _EIGHT_BITS
        image = image_of(canvas)
        if self._captions is None:
            return image
        return replace(image, data=with_captions(image.data, self._captions, columns))


class HistogramInput:
    """Values, copied, to be counted in bins; of many that are here only a sample is.

    Raises:
        LoggingError: They are no real numbers, or the bins are out of range.
    """

    said = ""

    def __init__(self, tag: str, values: object, bins: int) -> None:
        if bins.__class__ is not int or not 1 <= bins <= MOST_BINS:
            raise LoggingError(f"bins must be a whole number from 1 to {MOST_BINS}, got {bins!r}.")
        array = array_of(tag, values, "values")
        self._bins = bins
        self._size = math.prod(array.shape)
        # A device's values are counted there by nbviz's own thread; what is too large to be copied
        # for that is counted at once.
        self._is_counted_there = _counts_there(array)
        self._is_counted = self._is_counted_there and self._size > _MOST_COPIED
        # The rest of the caller's values must not wait for a copy of megabytes.
        self._step = 1
        if not self._is_counted_there and self._size > MOST_COUNTED:
            self._step = -(-self._size // MOST_COUNTED) | 1  # odd: rows are mostly of even length
            array = array.reshape(-1)[:: self._step]
        self._captured = hold(_count(array, bins)) if self._is_counted else copy_array(array)
        self.nbytes = self._captured.nbytes

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for what is still to be done to the values."""
        return self._captured.is_ready

    def make(self) -> Histogram:
        """Count."""
        if not self._is_counted_there:
            values = self._captured.read()
            histogram = make_histogram(values, self._bins)
            if self._step > 1:
                histogram = scaled_up(histogram, len(values), self._size)
            return histogram
        from nbviz.inspection.tensors.device_histograms import read_counts

        numbers = (
            self._captured.read()
            if self._is_counted
            else self._captured.reduce(lambda values: _count(values, self._bins))
        )
        return read_counts(numbers, self._size, self._bins)


class MadeInput:
    """What is made already."""

    said = ""
    is_ready = True

    def __init__(self, value: Sized) -> None:
        self._value = value
        self.nbytes = value.nbytes

    def make(self) -> Sized:
        """Return it."""
        return self._value


class TensorInput:
    """An array, copied.

    Raises:
        LoggingError: It holds no real numbers.
    """

    said = ""

    def __init__(self, tag: str, values: object) -> None:
        self._captured = copy_array(array_of(tag, values, "a tensor"))
        self.nbytes = self._captured.nbytes

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting."""
        return self._captured.is_ready

    def make(self) -> NDArray[Any]:
        """Return the array, read-only."""
        array = self._captured.read()
        array.flags.writeable = False
        return array


class TextInput:
    """A text.

    Args:
        tag: For errors.
        text: A string.
        markdown: Whether it is Markdown.

    Raises:
        LoggingError: It is no string.
    """

    said = ""
    is_ready = True

    def __init__(self, tag: str, text: object, *, markdown: bool = True) -> None:
        if not isinstance(text, str):
            raise LoggingError(
                f"{tag!r} needs a text, got {type(text).__name__}; write str(…) around it."
            )
        kept = shortened(text)
        self._text = kept if markdown else PlainText(kept)
        self.nbytes = len(self._text)

    def make(self) -> str:
        """Return the text."""
        return self._text


class MediaInput(Protocol):
    """What a call that logs has checked and copied, to be made by nbviz's own thread."""

    @property
    def nbytes(self) -> int:
        """Bytes that the copies take."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether `make` returns without waiting for a device, or for what draws it."""
        ...

    @property
    def said(self) -> str:
        """What there is to say of it once it is made, as the end of a sentence; empty for none."""
        ...

    def make(self) -> MediaValue:
        """Return what is kept."""
        ...


def image_of(pixels: NDArray[np.uint8]) -> Image:
    """Return an image from uint8, height × width × channels."""
    return Image(encode_png(pixels), pixels.shape[0], pixels.shape[1])


def _check_layout(layout: object) -> None:
    if layout not in get_args(ImageLayout):
        raise LoggingError(f'layout must be "auto", "HWC", "CHW" or "HW", got {layout!r}.')


def _without_pil(tag: str, image: Any, shading: Shading) -> Any:
    """Return Pillow's own pixels, or the numbers behind them where these are asked for."""
    if not is_pil(image):
        return image
    try:
        is_numbers = image.mode.startswith("I")
        if image.mode == "F":
            # Pillow's rule, 0 to 255, would make all of these black.
            is_numbers = not shading.is_default or _lies_in_unit(image)
        elif image.mode == "P":
            is_numbers = shading.has_colors
        return numbers_of(image) if is_numbers else opaque(pixels_of(image))
    except (OSError, ValueError) as error:
        raise LoggingError(f"{tag!r} got an image that Pillow cannot read: {error}.") from error


def _lies_in_unit(image: Any) -> bool:
    low, high = image.getextrema()
    return 0 <= low <= high <= 1


def _images_of(
    tag: str, images: object, shading: Shading
) -> tuple[list[Any], list[tuple[int, ...]]]:
    """Return images, or one array with all of them, and the shape of each."""
    if isinstance(images, list | tuple):
        arrays = [
            array_of(tag, _without_pil(tag, one, shading), "an image")
            for one in cast("Sequence[object]", images)
        ]
        if not arrays:
            raise LoggingError(f"{tag!r} got no images; give at least one.")
        return arrays, [tuple(one.shape) for one in arrays]
    batch = array_of(tag, images, "a batch of images")
    if len(batch.shape) not in (3, 4):
        raise LoggingError(
            f"{tag!r} needs a batch of images of shape (images, height, width) or with "
            f"channels, got {tuple(batch.shape)}; log one image with log_image."
        )
    return [batch], [tuple(batch.shape[1:])] * batch.shape[0]


def _copies_of(
    arrays: list[Any], shapes: list[tuple[int, ...]]
) -> tuple[list[CapturedArray], list[CapturedPart]]:
    """Copy what `_images_of` returned; returns the copies, and each image's part in them."""
    if tuple(arrays[0].shape) == shapes[0]:
        return copy_arrays(arrays)
    copy, size = copy_array(arrays[0]), math.prod(shapes[0])
    return [copy], [CapturedPart(copy, n * size, shape) for n, shape in enumerate(shapes)]


def _counts_there(array: Any) -> bool:
    """Whether a histogram of it is counted on its device."""
    if not is_tensor(array) or array.device.type == "cpu":
        return False
    from nbviz.inspection.tensors.device_histograms import has_64_bits

    return has_64_bits(array.device)


def _count(tensor: Any, bins: int) -> torch.Tensor:
    import torch

    from nbviz.inspection.tensors.device_histograms import count_on_device

    with torch.no_grad():
        return count_on_device(tensor, bins)


def is_tensor(value: object) -> bool:
    """Whether it is a torch tensor; torch need not have been imported."""
    torch: Any = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def array_of(tag: str, value: object, what: str) -> Any:
    """Return a torch tensor or a numpy array of real numbers, as it is or made from a sequence.

    Args:
        tag: For errors, as below.
        value: Any.
        what: What it should be, such as "an image".

    Raises:
        LoggingError: It is none, or there is nothing in it.
    """
    given: Any = value
    refused = isinstance(value, str | bytes | dict | set) or value is None
    if is_tensor(given):
        if given.is_meta:
            raise LoggingError(f"{tag!r} got a tensor without values (on the meta device).")
        if given.is_complex():
            raise LoggingError(f"{tag!r} needs real numbers, got {given.dtype}; log .abs() of it.")
        _refuse_containers(tag, given)
        given = given.detach()
        if given.layout != _strided():
            given = given.to_dense()
        array: Any = given.dequantize() if given.is_quantized else given
    else:
        _refuse_figures(tag, given)
        if refused:
            raise LoggingError(
                f"{tag!r} needs {what}, got {type(given).__name__}; give a torch tensor or a "
                "numpy array."
            )
        try:
            array = np.asarray(given)
        except Exception as error:
            raise LoggingError(
                f"{tag!r} needs {what}, got {type(given).__name__} that numpy cannot read "
                f"({error}); give a torch tensor or a numpy array."
            ) from error
        if array.dtype.kind not in "biuf":
            raise LoggingError(
                f"{tag!r} needs {what} of real numbers, got {type(given).__name__} of dtype "
                f"{array.dtype}; convert it first."
            )
    if 0 in array.shape:
        raise LoggingError(
            f"{tag!r} needs {what}, got shape {tuple(array.shape)}, in which there is nothing."
        )
    return array


def _refuse_containers(tag: str, tensor: Any) -> None:
    if tensor.is_nested:
        raise LoggingError(
            f"{tag!r} got a nested tensor; log .unbind() of it with log_images, one of its parts, "
            "or .to_padded_tensor(0)."
        )
    if type(tensor).__name__ == "MaskedTensor":
        raise LoggingError(f"{tag!r} got a masked tensor; log .to_tensor(0) of it.")


def _refuse_figures(tag: str, value: Any) -> None:
    # numpy imports its masked arrays at the first look, for 7 ms.
    if "numpy.ma" in sys.modules and isinstance(value, np.ma.MaskedArray):
        raise LoggingError(f"{tag!r} got a masked array; log .filled(0) of it.")
    library = type(value).__module__.partition(".")[0]
    if library in _PLOTTING:
        raise LoggingError(
            f"{tag!r} got {type(value).__name__} of {library}; log a figure with log_figure."
        )
    if library in _OTHER_PLOTTING:
        raise LoggingError(
            f"{tag!r} got {type(value).__name__} of {library}; save it as a PNG file, and log "
            "PIL.Image.open(…) of that."
        )


def is_float(array: Any) -> bool:
    """Whether a tensor or an array holds floats."""
    return array.is_floating_point() if is_tensor(array) else array.dtype.kind == "f"


def _strided() -> Any:
    return sys.modules["torch"].strided


def image_shape(
    tag: str, shape: tuple[int, ...], layout: ImageLayout, *, channels_first: bool
) -> tuple[tuple[int, int, int], bool]:
    """Return height, width and channels, and whether the channels come first.

    Raises:
        LoggingError: It is no image's shape, or too large.
    """
    found: tuple[int, int, int] | None = None
    is_planar = False
    if len(shape) == 2 and layout in ("auto", "HW"):  # noqa: PLR2004
        found = (shape[0], shape[1], 1)
    elif len(shape) == 3 and layout != "HW":  # noqa: PLR2004
        planar, packed = shape[0] in _CHANNELS, shape[2] in _CHANNELS
        if layout == "CHW" or (layout == "auto" and planar and (channels_first or not packed)):
            found = (shape[1], shape[2], shape[0]) if planar else None
            is_planar = True
        elif packed:
            found = (shape[0], shape[1], shape[2])
    if found is None:
        raise LoggingError(
            f"{tag!r} needs an image of shape (height, width), (channels, height, width) or "
            f"(height, width, channels) with 1, 3 or 4 channels, got {tuple(shape)}"
            + ("" if layout == "auto" else f" with layout={layout!r}")
            + "; log a batch with log_images."
        )
    if found[0] * found[1] > MOST_PIXELS:
        raise LoggingError(
            f"{tag!r} got an image of {found[0]:,} × {found[1]:,} pixels; at most "
            f"{MOST_PIXELS:,} pixels can be kept. Reduce it first."
        )
    return found, is_planar
