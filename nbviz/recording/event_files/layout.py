"""Where the parts of one event are: its wall time, step, tags and numbers.

The layout of one event serves all that have the same shape, so numpy reads those at once.

Source: `event.proto`, `summary.proto` and `tensor.proto` of TensorFlow and TensorBoard.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from nbviz.recording.event_files.wire import BYTES, FIXED32, FIXED64, VARINT, fields, read_varint

if TYPE_CHECKING:
    from nbviz.recording.event_files.wire import Field

# Event
WALL_TIME, STEP, FILE_VERSION, SUMMARY, SESSION_LOG, SOURCE = 1, 2, 3, 5, 7, 10
# Summary, Summary.Value
VALUE, TAG, SIMPLE_VALUE, IMAGE, HISTOGRAM, AUDIO, TENSOR, METADATA = 1, 1, 2, 4, 5, 6, 8, 9
EXACT_VALUE = 1000
"""Our own field of a Value: the float64 where `simple_value`, a float32, is only near it.

Protobuf readers pass over fields that they do not know, TensorBoard's among them.
"""
LATE = 1001
"""Our own field of a Value: 1 for a point that belongs among those before, of later steps.

Without it, a lower step is where a training began again.
"""
# SummaryMetadata, SummaryMetadata.PluginData
PLUGIN_DATA, PLUGIN_NAME, PLUGIN_CONTENT = 1, 1, 2
PLAIN_TEXT = 1000
"""Our own field of what the text plugin is told: 1 for a text that is no Markdown."""

# SessionLog
STATUS, START = 1, 1
# TensorProto, TensorShapeProto, TensorShapeProto.Dim
DTYPE, SHAPE, CONTENT, FLOATS, DOUBLES, STRINGS, DIM, SIZE = 1, 2, 4, 5, 6, 8, 2, 1
DT_FLOAT, DT_DOUBLE, DT_STRING = 1, 2, 7
# SourceMetadata
WRITER = 1

Content = Literal["<f4", "<f8", "text", "image", "histogram", "audio", "array", "other"]
_MESSAGES: dict[int, Content] = {IMAGE: "image", HISTOGRAM: "histogram", AUDIO: "audio"}
_TYPES: dict[int, tuple[int, Content, int]] = {
    DT_FLOAT: (FLOATS, "<f4", 4),
    DT_DOUBLE: (DOUBLES, "<f8", 8),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """One value of an event.

    Attributes:
        tag: First byte of the tag, and the one after its last.
        content: What is between `start` and `stop`: one number, text, a message that holds an
            image, a histogram, a sound or an array, several texts, or what is not read.
        plugin: TensorBoard's plugin that shows it; empty if the event does not say.
        tensor: First byte of the TensorProto that holds it, and the one after its last; none for
            what is a scalar, an image or a histogram whatever its plugin.
        rest: Further pieces of text, as (start, stop).
        near: First byte of the float32 beside an exact value, and the one after its last.
        details: What the event tells the plugin, as (start, stop).
        is_late: Whether it belongs among those before, which are of later steps.
    """

    tag: tuple[int, int] = (0, 0)
    content: Content = "other"
    start: int = 0
    stop: int = 0
    plugin: str = ""
    tensor: tuple[int, int] = (0, 0)
    rest: tuple[tuple[int, int], ...] = ()
    near: tuple[int, int] = (0, 0)
    details: tuple[int, int] = (0, 0)
    is_late: bool = False

    @property
    def is_tensor(self) -> bool:
        """Whether only its plugin says what it is."""
        return self.tensor != (0, 0)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of an event are, in bytes from its start.

    Attributes:
        wall_time: First byte of the float64, None if there is none.
        step: First byte of the varint, and the one after its last; equal if there is none.
        slots: Its values.
        writer: Who wrote the file, if the event says so.
        is_start: Whether a writer says that it begins anew at this step.
    """

    wall_time: int | None = None
    step: tuple[int, int] = (0, 0)
    slots: list[Slot] = field(default_factory=list[Slot])
    writer: str = ""
    is_start: bool = False


def read_layout(event: bytes) -> Layout:
    """Return where the parts of an event are.

    Raises:
        MessageError: It is no event.
    """
    wall_time: int | None = None
    step = (0, 0)
    slots: list[Slot] = []
    writer = ""
    is_start = False
    for part in fields(event, 0, len(event)):
        if part.number == WALL_TIME and part.kind == FIXED64:
            wall_time = part.start
        elif part.number == STEP and part.kind == VARINT:
            step = (part.start, part.stop)
        elif part.number == SUMMARY and part.kind == BYTES:
            slots += [
                _slot(event, value)
                for value in fields(event, part.start, part.stop)
                if value.number == VALUE and value.kind == BYTES
            ]
        elif part.number == SESSION_LOG and part.kind == BYTES:
            is_start = any(
                one.number == STATUS
                and one.kind == VARINT
                and read_varint(event, one.start, one.stop)[0] == START
                for one in fields(event, part.start, part.stop)
            )
        elif part.number == SOURCE and part.kind == BYTES:
            for name in fields(event, part.start, part.stop):
                if name.number == WRITER and name.kind == BYTES:
                    writer = event[name.start : name.stop].decode(errors="replace")
    return Layout(wall_time, step, slots, writer, is_start)


def plain_text_in(event: bytes, start: int, stop: int) -> bool:
    """Whether what the text plugin is told, `event[start:stop]`, says that it is no Markdown.

    Raises:
        MessageError: It is no message.
    """
    return any(one.number == PLAIN_TEXT for one in fields(event, start, stop))


def _slot(event: bytes, value: Field) -> Slot:
    slot = Slot()
    tag, near, plugin, details, is_late = (0, 0), (0, 0), "", (0, 0), False
    for part in fields(event, value.start, value.stop):
        if part.number == TAG and part.kind == BYTES:
            tag = (part.start, part.stop)
        elif part.number == SIMPLE_VALUE and part.kind == FIXED32:
            near = (part.start, part.stop)
            if slot.content != "<f8":
                slot = Slot(content="<f4", start=part.start, stop=part.stop)
        elif part.number == EXACT_VALUE and part.kind == FIXED64:
            slot = Slot(content="<f8", start=part.start, stop=part.stop)
        elif part.number in _MESSAGES and part.kind == BYTES:
            slot = Slot(content=_MESSAGES[part.number], start=part.start, stop=part.stop)
        elif part.number == TENSOR and part.kind == BYTES:
            slot = _tensor(event, part)
        elif part.number == METADATA and part.kind == BYTES:
            plugin, details = _plugin(event, part)
        elif part.number == LATE and part.kind == VARINT:
            is_late = True
    return replace(slot, tag=tag, near=near, plugin=plugin, details=details, is_late=is_late)


def _plugin(event: bytes, metadata: Field) -> tuple[str, tuple[int, int]]:
    name, content = "", (0, 0)
    for data in fields(event, metadata.start, metadata.stop):
        if data.number == PLUGIN_DATA and data.kind == BYTES:
            for part in fields(event, data.start, data.stop):
                if part.number == PLUGIN_NAME and part.kind == BYTES:
                    name = event[part.start : part.stop].decode(errors="replace")
                elif part.number == PLUGIN_CONTENT and part.kind == BYTES:
                    content = (part.start, part.stop)
    return name, content


def _tensor(event: bytes, tensor: Field) -> Slot:
    place = (tensor.start, tensor.stop)
    dtype, count = 0, 1
    contents: list[Field] = []
    for part in fields(event, tensor.start, tensor.stop):
        if part.number == DTYPE and part.kind == VARINT:
            dtype, _ = read_varint(event, part.start, part.stop)
        elif part.number == SHAPE and part.kind == BYTES:
            count = _count(event, part)
        else:
            contents.append(part)
    if dtype == DT_STRING:
        texts = [(part.start, part.stop) for part in contents if part.number == STRINGS]
        if texts:
            return Slot(
                content="text",
                start=texts[0][0],
                stop=texts[0][1],
                rest=tuple(texts[1:]),
                tensor=place,
            )
    elif dtype in _TYPES and count == 1:
        number, content, width = _TYPES[dtype]
        for part in contents:
            is_one = part.kind in (BYTES, FIXED32, FIXED64) and part.stop - part.start == width
            if part.number in (number, CONTENT) and is_one:
                return Slot(content=content, start=part.start, stop=part.stop, tensor=place)
    return Slot(content="array", start=tensor.start, stop=tensor.stop, tensor=place)


def _count(event: bytes, shape: Field) -> int:
    count = 1
    for dim in fields(event, shape.start, shape.stop):
        if dim.number == DIM and dim.kind == BYTES:
            size = 0
            for part in fields(event, dim.start, dim.stop):
                if part.number == SIZE and part.kind == VARINT:
                    size, _ = read_varint(event, part.start, part.stop)
            count *= size
    return count
