"""How each kind of media is written into an event: as a plugin of TensorBoard's reads it, if any.

`media_slots` reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.inspection.tensors.histograms import Histogram
from nbviz.recording.event_files.arrays import TENSOR_PLUGIN, plugin_field, tensor_field
from nbviz.recording.event_files.audio_messages import audio_field
from nbviz.recording.event_files.evaluation_forms import confusion_field, pr_values
from nbviz.recording.event_files.media_messages import histogram_field, image_field
from nbviz.recording.event_files.picture_messages import (
    FIGURE_PLUGIN,
    figure_field,
    video_field,
)
from nbviz.recording.event_files.table_forms import table_field
from nbviz.recording.media.audio import Audio
from nbviz.recording.media.confusion import ConfusionMatrix
from nbviz.recording.media.figures import Figure
from nbviz.recording.media.pr_curves import PrCurves
from nbviz.recording.media.store import Image
from nbviz.recording.media.tables import Table
from nbviz.recording.media.video import Video
from nbviz.recording.meshes.mesh import Mesh
from nbviz.recording.meshes.mesh_events import mesh_values
from nbviz.recording.predictions.forms import predictions_field
from nbviz.recording.predictions.predictions import Predictions

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def _array_field(array: NDArray[Any] | np.generic) -> bytes:
    return tensor_field(np.asarray(array)) + plugin_field(TENSOR_PLUGIN)


def _figure_field(figure: Figure) -> bytes:
    plugin = plugin_field(FIGURE_PLUGIN) if figure.picture is None else b""
    return figure_field(figure) + plugin


_FORMS: dict[type[Any], Callable[[Any], bytes]] = {
    ConfusionMatrix: confusion_field,
    Table: table_field,
    Predictions: predictions_field,
    Image: image_field,
    Histogram: histogram_field,
    Figure: _figure_field,
    Audio: audio_field,
    Video: video_field,
    np.ndarray: _array_field,
    np.generic: _array_field,
}


def media_values(tag: str, value: object) -> list[tuple[str, bytes]]:
    """Return the values of an event that hold an item of media, which is no text.

    Returns:
        The tag of each, and its content; more than one where TensorBoard's plugin reads each part
        by itself.
    """
    if isinstance(value, PrCurves):
        return pr_values(tag, value)
    if isinstance(value, Mesh):
        return mesh_values(tag, value)
    form = next(form for kind, form in _FORMS.items() if isinstance(value, kind))
    return [(tag, form(value))]
