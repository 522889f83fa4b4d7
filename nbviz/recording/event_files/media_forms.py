"""How each kind of media is written into an event: as a plugin of TensorBoard's reads it, if any.

`media_slots` reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.inspection.tensors.histograms import Histogram
from nbviz.recording.event_files.arrays import TENSOR_PLUGIN, tensor_field
from nbviz.recording.event_files.audio_messages import audio_field
from nbviz.recording.event_files.layout import METADATA, PLUGIN_CONTENT, PLUGIN_DATA, PLUGIN_NAME
from nbviz.recording.event_files.media_messages import histogram_field, image_field
from nbviz.recording.event_files.picture_messages import (
    FIGURE_PLUGIN,
    figure_field,
    video_field,
)
from nbviz.recording.event_files.wire import bytes_field
from nbviz.recording.media.audio import Audio
from nbviz.recording.media.figures import Figure
from nbviz.recording.media.store import Image
from nbviz.recording.media.video import Video

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def plugin_field(name: str, content: bytes = b"") -> bytes:
    """Return the part of a value that says which plugin shows it.

    Args:
        name: The plugin's.
        content: What it is told beside the value.
    """
    said = bytes_field(PLUGIN_CONTENT, content) if content else b""
    return bytes_field(
        METADATA, bytes_field(PLUGIN_DATA, bytes_field(PLUGIN_NAME, name.encode()) + said)
    )


def _array_field(array: NDArray[Any] | np.generic) -> bytes:
    return tensor_field(np.asarray(array)) + plugin_field(TENSOR_PLUGIN)


def _figure_field(figure: Figure) -> bytes:
    plugin = plugin_field(FIGURE_PLUGIN) if figure.picture is None else b""
    return figure_field(figure) + plugin


_FORMS: dict[type[Any], Callable[[Any], bytes]] = {
    Image: image_field,
    Histogram: histogram_field,
    Figure: _figure_field,
    Audio: audio_field,
    Video: video_field,
    np.ndarray: _array_field,
    np.generic: _array_field,
}


def media_field(value: object) -> bytes:
    """Return the part of an event's value that holds an item of media, which is no text."""
    form = next(form for kind, form in _FORMS.items() if isinstance(value, kind))
    return form(value)
