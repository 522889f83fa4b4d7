"""Event files, checked against TensorBoard's own reader and other libraries' writers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from nbviz.recording.event_files import decoder
from nbviz.recording.event_files.crc import crc32c, crc32c_columns, crc32c_many, masked
from nbviz.recording.event_files.layout import read_layout
from nbviz.recording.event_files.messages import scalar_records, text_event
from nbviz.recording.event_files.reader import EventFileReader
from nbviz.recording.event_files.records import frame
from nbviz.recording.event_files.scan import Part
from nbviz.recording.event_files.writer import EventFileWriter

if TYPE_CHECKING:
    from pathlib import Path

    from nbviz.recording.event_files.batch import Batch
    from nbviz.recording.event_files.layout import Layout

DT_FLOAT, DT_DOUBLE, DT_INT64 = 1, 2, 9


def only(batches: list[Batch]) -> Batch:
    assert len(batches) == 1
    return batches[0]


def read(path: Path) -> Batch:
    return only(list(EventFileReader(path).read()))


def write_events(path: Path, events: list[Event]) -> None:
    path.write_bytes(frame([event.SerializeToString() for event in events]))


# ---------------------------------------------------------------- CRC


def test_crc_of_a_known_message() -> None:
    assert crc32c(b"123456789") == 0xE3069283  # RFC 3720's check value
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"") == 0


@settings(deadline=None)
@given(some.lists(some.binary(max_size=700), max_size=20))
def test_crc_agrees_with_tensorboard(messages: list[bytes]) -> None:
    ours = masked(crc32c_many(messages)).tolist()
    assert ours == [masked_crc32c(message) for message in messages]


def test_crc_of_long_messages_agrees_with_tensorboard() -> None:
    for length in (127, 128, 129, 5_000, 100_001):
        message = os.urandom(length)
        assert int(masked(crc32c_many([message]))[0]) == masked_crc32c(message)


def test_crc_knows_zeros_that_follow() -> None:
    short = np.frombuffer(b"ab", np.uint8).reshape(-1, 1)
    assert crc32c_columns(short, zeros=6)[0] == crc32c(b"ab" + bytes(6))


# ---------------------------------------------------------------- records


@settings(deadline=None)
@given(some.lists(some.binary(max_size=300), max_size=30))
def test_records_are_found_as_written(payloads: list[bytes]) -> None:
    data = np.frombuffer(frame(payloads), np.uint8)
    found = Part(data).scan()
    assert found.lengths.tolist() == [len(payload) for payload in payloads]
    assert (found.end, found.skipped) == (len(data), 0)


def test_records_inside_a_payload_are_not_records() -> None:
    inner = frame([b"inner"] * 3)
    outer = frame([b"before", inner, b"x" * 70_000, b"after"])
    found = Part(np.frombuffer(outer, np.uint8)).scan()
    assert found.lengths.tolist() == [6, len(inner), 70_000, 5]


# ---------------------------------------------------------------- our files in TensorBoard


def test_tensorboard_reads_what_is_written(tmp_path: Path) -> None:
    steps = np.array([0, 1, 127, 128, 20_000, 3_000_000, 2**40, 2**62])
    wall_times = 1.7e9 + np.arange(len(steps)) / 7
    loss = np.array([0.5, 0.1, np.nan, np.inf, -np.inf, 1e-45, 1e300, -0.0])
    accuracy = steps / 3
    writer = EventFileWriter(tmp_path, wall_times[0])
    writer.write(scalar_records(wall_times, steps, ["loss/train", "präzision"], [loss, accuracy]))
    writer.write(frame([text_event(wall_times[-1], 7, "notes", "two\nlines ✓")]))
    writer.close()
    board = EventAccumulator(str(tmp_path), size_guidance={"scalars": 0})
    board.Reload()
    for tag, values in (("loss/train", loss), ("präzision", accuracy)):
        events = board.Scalars(tag)
        assert [event.step for event in events] == steps.tolist()
        assert [event.wall_time for event in events] == wall_times.tolist()
        with np.errstate(over="ignore"):
            near = values.astype(np.float32)
        np.testing.assert_array_equal([event.value for event in events], near)
    assert board.Tensors("notes")[0].tensor_proto.string_val == ["two\nlines ✓".encode()]
    batch = read(writer.path)
    for tag, values in (("loss/train", loss), ("präzision", accuracy)):
        points = batch.points[tag]
        np.testing.assert_array_equal(points.values, values)  # float64, exact
        np.testing.assert_array_equal(points.steps, steps)
        np.testing.assert_array_equal(points.wall_times, wall_times)
    assert batch.texts == [(wall_times[-1], 7, "notes", "two\nlines ✓")]
    assert (batch.writer, batch.first_wall_time) == ("nbviz", wall_times[0])


@settings(deadline=None)
@given(
    some.lists(
        some.tuples(
            some.integers(0, 2**63 - 1),
            some.floats(0, 4e9),
            some.floats() | some.floats(width=32),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_scalars_read_back_exactly(points: list[tuple[int, float, float]]) -> None:
    points.sort(key=lambda point: point[0])
    steps, wall_times, values = (np.array(column) for column in zip(*points, strict=True))
    records = scalar_records(wall_times, steps.astype(np.int64), ["a"], [values])
    data = np.frombuffer(records, np.uint8)
    found = Part(data).scan()
    batch = decoder.Decoder().decode(data, found.starts, found.lengths)
    assert batch.damaged == 0
    np.testing.assert_array_equal(batch.points["a"].steps, steps)
    np.testing.assert_array_equal(batch.points["a"].wall_times, wall_times)
    np.testing.assert_array_equal(batch.points["a"].values, values)


# ---------------------------------------------------------------- others' files


def test_torchs_writer_is_read(tmp_path: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        for step in range(300):
            writer.add_scalar("loss", 1 / (step + 1), step)
            writer.add_scalar("acc", step, step)
        writer.add_scalar("new", 0.1, 5, new_style=True, double_precision=True)
        writer.add_histogram("weights", np.arange(10.0), 1)
        writer.add_text("note", "hello", 3)
    batch = read(next(tmp_path.iterdir()))
    assert batch.points["acc"].values.tolist() == list(range(300))
    assert batch.points["loss"].steps.tolist() == list(range(300))
    assert batch.points["loss"].values[2] == np.float32(1 / 3)
    assert batch.points["new"].values.tolist() == [0.1]
    assert [text.text for text in batch.texts] == ["hello"]
    assert [(one.tag, one.kind, one.step) for one in batch.media] == [("weights", "histogram", 1)]
    assert batch.others == 0


def test_tensorboardx_is_read(tmp_path: Path) -> None:
    tensorboardx = pytest.importorskip("tensorboardX")
    with tensorboardx.SummaryWriter(str(tmp_path)) as writer:
        for step in range(100):
            writer.add_scalar("loss", step / 2, step)
    batch = read(next(tmp_path.iterdir()))
    assert batch.points["loss"].values.tolist() == [step / 2 for step in range(100)]


def tensor_event(step: int, tensor: TensorProto, plugin: str = "") -> Event:
    value = Summary.Value(tag="loss", tensor=tensor)
    if plugin:
        plugin_data = SummaryMetadata.PluginData(plugin_name=plugin)
        value.metadata.CopyFrom(SummaryMetadata(plugin_data=plugin_data))
    return Event(wall_time=1e9 + step, step=step, summary=Summary(value=[value]))


@pytest.mark.parametrize(
    "tensor",
    [
        TensorProto(dtype=DT_FLOAT, tensor_shape=TensorShapeProto(), float_val=[2.5]),
        TensorProto(dtype=DT_DOUBLE, tensor_shape=TensorShapeProto(), double_val=[2.5]),
        TensorProto(dtype=DT_FLOAT, tensor_content=np.float32(2.5).tobytes()),
        TensorProto(dtype=DT_DOUBLE, tensor_content=np.float64(2.5).tobytes()),
    ],
)
def test_scalars_as_tensors_are_read(tmp_path: Path, tensor: TensorProto) -> None:
    # TensorFlow says what the tensors of a tag are with its first event only.
    events = [tensor_event(step, tensor, "" if step else "scalars") for step in range(50)]
    write_events(tmp_path / "tfevents", events)
    points = read(tmp_path / "tfevents").points["loss"]
    assert points.values.tolist() == [2.5] * 50
    assert points.steps.tolist() == list(range(50))


def test_tensors_that_are_no_scalars_are_counted(tmp_path: Path) -> None:
    row = TensorProto(
        dtype=DT_FLOAT,
        tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=2)]),
        float_val=[1, 2],
    )
    number = TensorProto(dtype=DT_FLOAT, float_val=[1])
    events = [tensor_event(step, row, "scalars") for step in range(20)]
    events += [tensor_event(step, number, "some_plugin") for step in range(20)]
    write_events(tmp_path / "tfevents", events)
    batch = read(tmp_path / "tfevents")
    assert (batch.points, batch.others) == ({}, 40)


def test_many_tags_of_one_length_stay_apart(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    events = [
        Event(
            wall_time=step,
            step=step,
            summary=Summary(
                value=[Summary.Value(tag=f"layer{tag:03}", simple_value=float(tag * step))]
            ),
        )
        for step in range(30)
        for tag in rng.permutation(300).tolist()
    ]
    write_events(tmp_path / "tfevents", events)
    points = read(tmp_path / "tfevents").points
    assert len(points) == 300
    for tag in range(300):
        assert points[f"layer{tag:03}"].values.tolist() == [tag * step for step in range(30)]


def test_negative_steps_and_absent_parts_are_read(tmp_path: Path) -> None:
    value = Summary.Value(tag="a", simple_value=1)
    events = [Event(step=-3, wall_time=1, summary=Summary(value=[value])) for _ in range(20)]
    events += [Event(wall_time=2, summary=Summary(value=[value])), Event()]
    write_events(tmp_path / "tfevents", events)
    assert read(tmp_path / "tfevents").points["a"].steps.tolist() == [-3] * 20 + [0]


@pytest.mark.parametrize("values", [np.arange(5000) / 3, np.arange(5000) / 2])
def test_events_that_look_alike_are_read_in_blocks(
    monkeypatch: pytest.MonkeyPatch, values: np.ndarray
) -> None:
    looked: list[bytes] = []

    def look(event: bytes) -> Layout:
        looked.append(event)
        return read_layout(event)

    monkeypatch.setattr(decoder, "read_layout", look)
    steps = np.arange(5000)
    records = scalar_records(1e9 + steps / 7, steps, ["loss", "acc"], [values, values + 1])
    data = np.frombuffer(records, np.uint8)
    found = Part(data).scan()
    batch = decoder.Decoder().decode(data, found.starts, found.lengths)
    assert batch.points["acc"].values.tolist() == (values + 1).tolist()
    assert len(looked) < 20


@pytest.mark.parametrize("alone", ["first", "second"])
@pytest.mark.parametrize("count", [1, 30], ids=["one by one", "in blocks"])
def test_tags_of_one_event_keep_their_order(tmp_path: Path, alone: str, count: int) -> None:
    """Also where one of them has records of its own, of another length, further on."""
    path, steps = tmp_path / "events.out.tfevents.1", np.arange(1, count + 1)
    both = scalar_records(1e9 + steps, steps, ["first", "second"], [steps * 1.0, steps * 2.0])
    later = steps + count
    path.write_bytes(both + scalar_records(1e9 + later, later, [alone], [later * 1.0]))
    points = read(path).points
    assert list(points) == ["first", "second"]
    assert len(points[alone].steps) == 2 * count


def test_texts_of_one_event_keep_their_order(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    text = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    values = [
        Summary.Value(
            tag=tag,
            metadata=text,
            tensor=TensorProto(dtype=7, string_val=[tag.encode()], tensor_shape=TensorShapeProto()),
        )
        for tag in ("z", "a", "m")
    ]
    write_events(path, [Event(wall_time=1.0, step=1, summary=Summary(value=values))])
    assert [one.tag for one in read(path).texts] == ["z", "a", "m"]
