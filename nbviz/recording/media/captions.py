"""Captions of the images in a grid. They are kept in the grid's own PNG file, as text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from nbviz.errors import LoggingError
from nbviz.recording.media.png import png_text, with_png_text
from nbviz.text import clean_line, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

KEYWORD = "nbviz captions"
MOST_CHARACTERS = 200  # of one caption
_PAIR = 2


@dataclass(frozen=True, slots=True)
class Caption:
    """What is said of one image.

    Attributes:
        text: Such as "7", or "1, not 7" for a prediction that is wrong.
        is_right: Whether a prediction is the truth; None where it is no prediction.
    """

    text: str
    is_right: bool | None = None


def read_captions(tag: str, captions: object, count: int) -> list[Caption]:
    """Return captions as they were given: a text, or a prediction and the truth, for each image.

    Raises:
        LoggingError: There are more or fewer than images, or one is neither.
    """
    try:
        given: list[Any] = list(cast("Sequence[Any]", captions))
    except TypeError:
        given = []
    if isinstance(captions, str) or len(given) != count:
        raise LoggingError(
            f"captions of {tag!r} must be a list of {count:,}, one for each image; got "
            f"{'a text' if isinstance(captions, str) else f'{len(given):,}'}."
        )
    return [_caption(tag, one) for one in given]


def _caption(tag: str, given: Any) -> Caption:
    if isinstance(given, tuple | list):
        pair = cast("Sequence[Any]", given)
        if len(pair) != _PAIR:
            raise LoggingError(
                f"a caption of {tag!r} must be a text, or a pair of prediction and truth; got "
                f"{counted(len(pair), 'value')}."
            )
        prediction, truth = _text(pair[0]), _text(pair[1])
        is_right = prediction == truth
        return Caption(prediction if is_right else f"{prediction}, not {truth}", is_right)
    return Caption(_text(given))


def _text(value: Any) -> str:
    item = getattr(value, "item", None)  # of a tensor or an array
    if item is not None and getattr(value, "shape", None) == ():
        value = item()
    return clean_line(str(value))[:MOST_CHARACTERS]


def with_captions(png: bytes, captions: Sequence[Caption], columns: int) -> bytes:
    """Return a PNG file with the captions of its images, `columns` in a row."""
    said = {"columns": columns, "captions": [[one.text, one.is_right] for one in captions]}
    return with_png_text(png, KEYWORD, json.dumps(said))


def captions_of(data: bytes) -> tuple[list[Caption], int]:
    """Return the captions of a file that `with_captions` made, and how many images are in a row.

    None, and 0, of any other file.
    """
    try:
        said: Any = json.loads(png_text(data, KEYWORD) or "{}")
        captions = [
            Caption(clean_line(str(text))[:MOST_CHARACTERS], None if right is None else bool(right))
            for text, right in said.get("captions", ())
        ]
        columns = int(said.get("columns", 0))
    except (ValueError, TypeError, AttributeError):
        return [], 0  # of another program's
    return (captions, columns) if columns > 0 else ([], 0)
