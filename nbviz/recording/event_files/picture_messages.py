"""Figures and videos as events hold them, and back.

Both are images to every reader, a video an animated GIF; what else is known of them stands in a
field of our own beside the image, which other readers pass over. A figure that was not drawn is a
text of our plugin.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbviz.errors import MissingDependencyError
from nbviz.recording.event_files.layout import (
    DT_STRING,
    DTYPE,
    IMAGE,
    SHAPE,
    STRINGS,
    TENSOR,
)
from nbviz.recording.event_files.media_messages import image_message, read_image
from nbviz.recording.event_files.wire import BYTES, MessageError, bytes_field, fields, varint_field
from nbviz.recording.media.figures import Figure
from nbviz.recording.media.store import Image
from nbviz.recording.media.video import Video, video_from

if TYPE_CHECKING:
    from nbviz.recording.media.store import MediaKind

FIGURE_PLUGIN = "nbviz_figure"
_FIGURE, _VIDEO = 1000, 1001  # of a Summary.Image: what it is beside an image, as JSON


def figure_field(figure: Figure) -> bytes:
    """Return the part of a value that holds a figure, without that which names its plugin."""
    known = {"library": figure.library, "source": figure.source, "note": figure.note}
    content = json.dumps(known).encode()
    if figure.picture is not None:
        return bytes_field(IMAGE, image_message(figure.picture) + bytes_field(_FIGURE, content))
    text = varint_field(DTYPE, DT_STRING) + bytes_field(SHAPE, b"") + bytes_field(STRINGS, content)
    return bytes_field(TENSOR, text)


def video_field(video: Video) -> bytes:
    """Return the part of a value that holds a video."""
    content = json.dumps({"frames": video.frames, "fps": video.fps}).encode()
    image = Image(video.data, video.height, video.width)
    return bytes_field(IMAGE, image_message(image) + bytes_field(_VIDEO, content))


def read_picture(event: bytes, start: int, stop: int) -> tuple[MediaKind, Image | Figure | Video]:
    """Return what `event[start:stop]` holds: an image, or the figure or video behind it.

    Raises:
        MessageError: It holds none of a kind that is known.
    """
    image = read_image(event, start, stop)
    for part in fields(event, start, stop):
        if part.kind != BYTES:
            continue
        if part.number == _FIGURE:
            return "figure", read_figure(event[part.start : part.stop], image)
        if part.number == _VIDEO:
            return "video", _read_video(event[part.start : part.stop], image)
    if not image.data.startswith(b"GIF8"):
        return "image", image
    try:
        video = video_from(image.data)
    except (MissingDependencyError, OSError):
        video = None  # it is an image to those that can read it
    return ("image", image) if video is None else ("video", video)


def read_figure(content: bytes, picture: Image | None = None) -> Figure:
    """Return a figure from what `figure_field` wrote of it beside its picture.

    Raises:
        MessageError: It is none.
    """
    try:
        known: Any = json.loads(content)
        return Figure(picture, str(known["library"]), str(known["source"]), str(known["note"]))
    except (ValueError, TypeError, KeyError) as error:
        raise MessageError("a figure that cannot be read") from error


def _read_video(content: bytes, image: Image) -> Video:
    try:
        known: Any = json.loads(content)
        frames, fps = int(known["frames"]), float(known["fps"])
    except (ValueError, TypeError, KeyError) as error:
        raise MessageError("a video that cannot be read") from error
    if frames < 1 or not 0 < fps < float("inf"):
        raise MessageError("a video without frames")
    return Video(image.data, frames, image.height, image.width, fps)
