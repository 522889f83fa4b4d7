"""What is given to a SummaryWriter, as a run takes it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import LoggingError, MissingDependencyError
from nbviz.recording.scalars.inputs import read_tag
from nbviz.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_LINE = 2  # pixels of a box's outline
_NAMED = frozenset("NTCHW")


def check_tag(tag: Any) -> None:
    """Refuse what no file has as a tag; an empty one is a tag of an image's or a histogram's.

    Raises:
        LoggingError: It is no string.
    """
    if not isinstance(tag, str):
        read_tag(tag)


def whole(step: Any) -> int:
    """Return a step as a whole number; SummaryWriter takes anything that `int` takes.

    Raises:
        LoggingError: It is none.
    """
    try:
        return int(step)
    except (TypeError, ValueError, OverflowError) as error:
        raise LoggingError(f"global_step must be a whole number, got {step!r}.") from error


def refused_graph(of: str, given: object) -> LoggingError:
    """Return the error that says what to use in place of a graph that is not read."""
    return LoggingError(
        f"graphs of {of} are not read, got {given!r}: give the PyTorch model itself, "
        "writer.add_graph(model, input), or show the file with the netron package."
    )


def array_of(values: Any) -> NDArray[Any]:
    """Return numbers as an array: of a tensor on any device, a list, or anything numpy takes."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and isinstance(values, torch.Tensor):
        given: Any = values
        detached = given.detach()
        if detached.dtype is torch.bfloat16:
            detached = detached.float()
        return detached.cpu().numpy()
    return np.asarray(values)


def in_order(tag: str, values: Any, dataformats: str, wanted: str) -> Any:
    """Return an image, or a batch, with its axes in another order.

    Args:
        tag: For errors.
        values: A tensor or an array, which is returned as it is where nothing changes.
        dataformats: Names its axes, such as "CHW" or "NHWC".
        wanted: Their order; an axis that is missing gets one of length 1.

    Raises:
        LoggingError: The names do not belong to the axes.
    """
    given = dataformats.upper()
    torch: Any = sys.modules.get("torch")
    is_tensor = torch is not None and isinstance(values, torch.Tensor)
    array: Any = values if is_tensor else np.asarray(values)
    if len(array.shape) != len(given) or not set(given) <= _NAMED or len(set(given)) != len(given):
        raise LoggingError(
            f"{tag!r} has {counted(len(array.shape), 'axis', 'axes')}, of shape "
            f"{tuple(array.shape)}, but "
            f"dataformats={dataformats!r} names {len(given)}; name each once, such as 'CHW' or "
            "'NCHW'."
        )
    extra = [axis for axis in wanted if axis not in given]
    if set(given) - set(wanted):
        raise LoggingError(
            f"{tag!r} cannot be one image with dataformats={dataformats!r}; use add_images."
        )
    present = [axis for axis in wanted if axis in given]
    order = [given.index(axis) for axis in present]
    if order != list(range(len(order))):
        array = array.permute(*order) if is_tensor else array.transpose(order)
    for axis in extra:
        place = wanted.index(axis)
        array = array.unsqueeze(place) if is_tensor else np.expand_dims(array, place)
    return array


def with_boxes(
    tag: str,
    image: NDArray[Any],
    boxes: NDArray[Any],
    labels: list[str] | None,
    scale: float,
    colors: Sequence[Any] | None = None,
) -> NDArray[np.uint8]:
    """Return an image with boxes drawn on it.

    Args:
        tag: For errors.
        image: Height × width × channels; floats from 0 to 1, integers to 255.
        boxes: Left, top, right and bottom of each in pixels, shape (boxes, 4).
        labels: One for each box.
        scale: The image's size is multiplied by it.
        colors: Of each box, as Pillow takes them; red if None.

    Raises:
        LoggingError: The boxes are none, or the labels are not as many.
        MissingDependencyError: Pillow is not installed.
    """
    if boxes.ndim != 2 or boxes.shape[1] != 4:  # noqa: PLR2004
        raise LoggingError(
            f"{tag!r} needs boxes of shape (boxes, 4), got {boxes.shape}: left, top, right, bottom."
        )
    if labels is not None and len(labels) != len(boxes):
        raise LoggingError(
            f"{tag!r} has {counted(len(boxes), 'box', 'boxes')} and "
            f"{counted(len(labels), 'label')}."
        )
    pixels = image * 255.0 if image.dtype.kind == "f" else image
    pixels = np.clip(np.nan_to_num(pixels), 0, 255).astype(np.uint8)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise MissingDependencyError("Pillow", "all") from None
    shown = Image.fromarray(pixels)
    size = round(shown.width * scale), round(shown.height * scale)
    if size != shown.size:
        shown = shown.resize(size)
    draw = ImageDraw.Draw(shown)
    for number, box in enumerate(boxes.astype(np.float64) * scale):
        left, top, right, bottom = box.tolist()
        corners = [min(left, right), min(top, bottom), max(left, right), max(top, bottom)]
        color = "red" if colors is None else colors[number]
        draw.rectangle(corners, outline=color, width=_LINE)
        if labels is not None:
            text = str(labels[number])
            place = draw.textbbox((corners[0], corners[1]), text)
            draw.rectangle(place, fill=color)
            draw.text((corners[0], corners[1]), text, fill="white")
    return np.asarray(shown, np.uint8)


def weighted_counts(
    tag: str, labels: Any, predictions: Any, weights: Any, thresholds: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return true and false positives at thresholds from 0 to 1, evenly.

    Args:
        tag: For errors.
        labels: 0 or 1 for each sample.
        predictions: From 0 to 1 for each sample.
        weights: How much each counts; 1 if None.
        thresholds: How many, two or more.

    Raises:
        LoggingError: There are not as many of each.
    """
    known = array_of(labels).astype(np.float64).ravel()
    scores = array_of(predictions).astype(np.float64).ravel()
    weighed = np.ones_like(known) if weights is None else array_of(weights).astype(np.float64)
    weighed = np.broadcast_to(weighed.ravel() if weighed.size > 1 else weighed, known.shape)
    if known.shape != scores.shape or thresholds < 2:  # noqa: PLR2004
        raise LoggingError(
            f"{tag!r} has {counted(len(known), 'label')}, {counted(len(scores), 'prediction')} and "
            f"num_thresholds={thresholds}; give as many of each, and two thresholds or more."
        )
    place = np.clip(np.floor(scores * (thresholds - 1)), 0, thresholds - 1).astype(np.intp)
    true = np.bincount(place, weighed * known, thresholds)[::-1].cumsum()[::-1]
    false = np.bincount(place, weighed * (1 - known), thresholds)[::-1].cumsum()[::-1]
    return true, false
