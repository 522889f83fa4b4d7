"""Which scalars stand in which chart, as TensorBoard's custom scalars plugin reads it.

Source: `plugins/custom_scalar/layout.proto` of TensorBoard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbviz.errors import LoggingError
from nbviz.recording.event_files.messages import plugin_event
from nbviz.recording.event_files.wire import bytes_field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PLUGIN, _TAG = "custom_scalars", "custom_scalars__config__"
_CATEGORY, _TITLE, _CHART = 2, 1, 2
_MULTILINE, _MARGIN = 2, 3
_MARGIN_TAGS = 3  # value, lower, upper


def line_chart(title: str, tags: Sequence[Any]) -> bytes:
    """Return a chart with a line for each tag; a tag may be a regular expression."""
    _check(title, tags)
    lines = b"".join(bytes_field(1, tag.encode()) for tag in tags)
    return bytes_field(_TITLE, title.encode()) + bytes_field(_MULTILINE, lines)


def margin_chart(title: str, tags: Sequence[Any]) -> bytes:
    """Return a chart of a value between its lower and its upper bound.

    Raises:
        LoggingError: There are not three tags.
    """
    _check(title, tags)
    if len(tags) != _MARGIN_TAGS:
        raise LoggingError(
            f"the margin chart {title!r} needs three tags, a value, its lower and its upper bound; "
            f"got {list(tags)!r}."
        )
    series = b"".join(bytes_field(number, tag.encode()) for number, tag in enumerate(tags, 1))
    return bytes_field(_TITLE, title.encode()) + bytes_field(_MARGIN, bytes_field(1, series))


def layout_event(wall_time: float, charts: Mapping[str, Mapping[str, bytes]]) -> bytes:
    """Return the event that tells the layout.

    Args:
        wall_time: Unix seconds.
        charts: Categories to charts by name.
    """
    layout = b"".join(
        bytes_field(
            _CATEGORY,
            bytes_field(_TITLE, category.encode())
            + b"".join(bytes_field(_CHART, chart) for chart in of.values()),
        )
        for category, of in charts.items()
    )
    return plugin_event(wall_time, _TAG, _PLUGIN, layout)


def _check(title: str, tags: Sequence[Any]) -> None:
    if isinstance(tags, str) or not all(isinstance(tag, str) for tag in tags):
        raise LoggingError(f"the chart {title!r} needs a list of tags, got {tags!r}.")
