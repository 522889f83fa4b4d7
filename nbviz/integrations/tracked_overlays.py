"""Boxes and masks of a tracker's image, drawn onto it as W&B's page draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import LoggingError, optional_module
from nbviz.integrations.tensorboard.values import array_of, with_boxes
from nbviz.recording.media.inputs import ImageInput
from nbviz.recording.media.pil import open_image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

# Of categories 1 to 8, then again; red, green and blue.
CATEGORIES = np.array(
    [
        *([57, 106, 177], [218, 124, 48], [62, 150, 81], [204, 37, 41]),
        *([83, 81, 84], [107, 76, 154], [146, 36, 40], [148, 139, 61]),
    ]
)
_SHARE = 0.5  # of a mask's colour in a pixel
_FORM = (
    'boxes={"predictions": {"box_data": [{"position": {"minX": …, "maxX": …, "minY": …, "maxY": …},'
    ' "class_id": 1}]}} and masks={"predictions": {"mask_data": …}}'
)


def with_overlays(
    image: Any, boxes: Mapping[str, Any] | None, masks: Mapping[str, Any] | None
) -> dict[str, NDArray[np.uint8]]:
    """Return an image once for each name of `boxes` and `masks`, with what that has drawn on it.

    Args:
        image: As for `Run.log_image`.
        boxes: Name to "box_data" and "class_labels", as for W&B's Image.
        masks: Name to "mask_data", of the image's size, and "class_labels".

    Raises:
        LoggingError: Something is of another form.
        MissingDependencyError: Pillow is not installed.
    """
    optional_module("PIL.Image", "all")
    made = ImageInput("an Image with boxes or masks", image, "auto").make()
    pixels: NDArray[np.uint8] = np.asarray(open_image(made.data).convert("RGB"), np.uint8)
    found: dict[str, NDArray[np.uint8]] = {}
    for name in [*(masks or {}), *(name for name in boxes or {} if name not in (masks or {}))]:
        shown = pixels
        try:
            if masks and name in masks:
                shown = _with_mask(name, shown, masks[name])
            if boxes and name in boxes:
                shown = _with_boxes(name, shown, boxes[name])
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise LoggingError(f"{name!r} of an Image is of another form than {_FORM}.") from error
        found[str(name)] = shown
    return found


def _with_mask(name: str, pixels: NDArray[np.uint8], given: Any) -> NDArray[np.uint8]:
    mask = array_of(given["mask_data"])
    if mask.shape != pixels.shape[:2] or mask.dtype.kind not in "iub":
        raise LoggingError(
            f"mask_data of {name!r} must be whole numbers of the image's size, {pixels.shape[:2]}; "
            f"got {mask.dtype} of shape {mask.shape}."
        )
    classes = mask.astype(np.int64)
    labels = _labels(given)
    shown = pixels.astype(np.float64)
    for number in np.unique(classes).tolist():
        if number or number in labels:
            there = classes == number
            shown[there] += (_color(number) - shown[there]) * _SHARE
    return shown.astype(np.uint8)


def _with_boxes(name: str, pixels: NDArray[np.uint8], given: Any) -> NDArray[np.uint8]:
    labels, height, width = _labels(given), *pixels.shape[:2]
    corners: list[list[float]] = []
    texts: list[str] = []
    colors: list[tuple[int, ...]] = []
    for box in given["box_data"]:
        place, number = box["position"], int(box.get("class_id", 0))
        if "middle" in place:
            x, y, w, h = *place["middle"], place["width"], place["height"]
            edges = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
        else:
            edges = [place["minX"], place["minY"], place["maxX"], place["maxY"]]
        scale = (1, 1) if box.get("domain") == "pixel" else (width, height)
        corners.append([float(edge) * scale[i % 2] for i, edge in enumerate(edges)])
        texts.append(str(box.get("box_caption") or labels.get(number, number)))
        colors.append(tuple(_color(number).tolist()))
    if not corners:
        return pixels
    return with_boxes(name, pixels, np.array(corners), texts, 1, colors)


def _labels(given: Any) -> dict[int, str]:
    known: dict[Any, Any] = dict(given.get("class_labels") or {})
    return {int(number): str(text) for number, text in known.items()}


def _color(number: int) -> NDArray[Any]:
    return CATEGORIES[(number - 1) % len(CATEGORIES)]
