"""Files that claim more than they hold, or hold what nobody wrote: bounded, and gone past."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto

import nbviz
from nbviz.errors import LoggingError
from nbviz.recording.event_files import reader as reading
from nbviz.recording.event_files import records as framing
from nbviz.recording.event_files import scan as scanning
from nbviz.recording.event_files.batch import join
from nbviz.recording.event_files.crc import crc32c, masked
from nbviz.recording.event_files.media_messages import read_histogram
from nbviz.recording.event_files.messages import media_event, scalar_records
from nbviz.recording.event_files.reader import EventFileReader
from nbviz.recording.event_files.records import frame
from nbviz.recording.event_files.wire import FIXED64, key
from nbviz.recording.media.png import SIGNATURE, decode_image, encode_png
from nbviz.recording.media.store import MOST_TEXT, Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbviz.recording.event_files.batch import Batch

PIXELS = np.random.default_rng(0).integers(0, 256, (300, 200, 3), np.uint8)


def records(first: int, count: int) -> bytes:
    steps = np.arange(first, first + count)
    return scalar_records(1e9 + steps, steps, ["loss"], [steps / 2])


def header(length: int) -> bytes:
    content = struct.pack("<Q", length)
    return content + masked(np.array([crc32c(content)], np.uint32)).astype("<u4").tobytes()


def steps_of(batches: list[Batch]) -> list[int]:
    parts = [batch.points["loss"] for batch in batches if "loss" in batch.points]
    return join(parts).steps.tolist() if parts else []


def peak(act: Callable[[], object]) -> int:
    """Return the most bytes that were held at once."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def warnings_of(run: nbviz.Run) -> list[str]:
    return [line.text for line in run.lines.since(0) if line.level == "warning"]


# ---------------------------------------------------------------- lengths


@pytest.mark.parametrize("length", [2**60, 2**64 - 1, 10**8, framing.MOST_PAYLOAD + 1, 5000])
def test_a_length_that_is_no_records_costs_only_its_header(tmp_path: Path, length: int) -> None:
    path = tmp_path / "events.out.tfevents.1.host"
    path.write_bytes(records(1, 1000) + header(length) + records(1001, 20_000))
    batches: list[Batch] = []
    held = peak(lambda: batches.extend(EventFileReader(path).read()))
    assert steps_of(batches) == list(range(1, 21_001))
    assert sum(batch.skipped for batch in batches) == 12
    assert held < 60_000_000
    run = nbviz.open_run(path)
    assert len(run["loss"]) == 21_000
    assert any(path.name in text and "12 bytes" in text for text in warnings_of(run))


@pytest.mark.parametrize("extra", [0, 7, 50_000])
def test_a_length_that_ends_at_another_record_hides_none(tmp_path: Path, extra: int) -> None:
    path = tmp_path / "tfevents"
    hidden = records(101, 100) + bytes(extra)
    path.write_bytes(records(1, 100) + header(len(hidden) - 4) + hidden + records(201, 100))
    batches = list(EventFileReader(path).read())
    assert steps_of(batches) == list(range(1, 301))
    assert sum(batch.skipped for batch in batches) == 12 + extra


def test_a_long_length_that_ends_at_another_record_hides_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART", 4096)
    test_a_length_that_ends_at_another_record_hides_none(tmp_path, 50_000)


def test_a_record_that_is_too_long_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (framing, reading):
        monkeypatch.setattr(module, "MOST_PAYLOAD", 100_000)
    path = tmp_path / "tfevents"
    path.write_bytes(records(1, 10) + frame([b"x" * 5_000_000]) + records(11, 10))
    monkeypatch.setattr(reading, "PART", 4096)
    batches: list[Batch] = []
    held = peak(lambda: batches.extend(EventFileReader(path).read()))
    assert steps_of(batches) == list(range(1, 21))
    assert sum(batch.too_long for batch in batches) == 1
    assert held < 1_000_000


@pytest.mark.parametrize("part", [4096, 1 << 22])
def test_long_records_after_damage_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    monkeypatch.setattr(reading, "PART", part)
    image = Image(encode_png(PIXELS), 300, 200)
    assert len(image.data) > 100_000
    path = tmp_path / "tfevents"
    images = [frame([media_event(1e9, step, "picture", image)]) for step in range(3)]
    path.write_bytes(records(1, 5) + b"?" * 9 + b"".join(images) + records(6, 5))
    batches = list(EventFileReader(path).read())
    assert steps_of(batches) == list(range(1, 11))
    assert [one.step for batch in batches for one in batch.media] == [0, 1, 2]
    assert sum(batch.skipped for batch in batches) == 9


def test_headers_that_promise_what_does_not_come_end(tmp_path: Path) -> None:
    path = tmp_path / "tfevents"
    path.write_bytes(records(1, 5) + header(60_000) * 20_000 + records(6, 5))
    batches = list(EventFileReader(path).read())
    assert steps_of(batches)[:5] == [1, 2, 3, 4, 5]


def test_a_torn_record_is_looked_through_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    real = scanning.Part.next_good

    def next_good(self: scanning.Part, after: int) -> int | None:
        looked.append(len(self._data))
        return real(self, after)

    monkeypatch.setattr(scanning.Part, "next_good", next_good)
    payload = media_event(1e9, 1, "table", np.random.default_rng(0).normal(size=100_000))
    record = frame([payload])
    path = tmp_path / "tfevents"
    reader = EventFileReader(path)
    found: list[Batch] = []
    for stop in range(10_000, len(record), 10_000):
        path.write_bytes(record[:stop])
        found += list(reader.read())
    assert sum(looked) < 1.2 * len(record)
    assert reader.waiting > 700_000
    path.write_bytes(record)
    found += list(reader.read())
    assert [one.tag for batch in found for one in batch.media] == ["table"]
    assert (reader.waiting, sum(batch.skipped for batch in found)) == (0, 0)


# ---------------------------------------------------------------- gaps


@pytest.mark.parametrize("gap", [1, 11, 12, 4095, 50_000_000])
def test_zeros_as_crashes_leave_them_are_passed_over(tmp_path: Path, gap: int) -> None:
    path = tmp_path / "events.out.tfevents.1.host"
    with path.open("wb") as file:
        file.write(records(1, 500))
        file.seek(gap, 1)
        file.write(records(501, 500))
    batches: list[Batch] = []
    held = peak(lambda: batches.extend(EventFileReader(path).read()))
    assert steps_of(batches) == list(range(1, 1001))
    assert sum(batch.skipped for batch in batches) == gap
    assert held < 60_000_000


def test_zeros_at_the_end_wait_for_what_is_written_there(tmp_path: Path) -> None:
    path = tmp_path / "tfevents"
    path.write_bytes(records(1, 500) + bytes(10_000_000))
    reader = EventFileReader(path)
    assert steps_of(list(reader.read())) == list(range(1, 501))
    assert reader.waiting == 10_000_000
    path.write_bytes(records(1, 1000) + bytes(10_000_000))
    batches = list(reader.read())
    assert steps_of(batches) == list(range(501, 1001))
    assert sum(batch.skipped for batch in batches) == 0


# ---------------------------------------------------------------- images


def bomb(height: int, width: int) -> bytes:
    """Return a PNG of that many black pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))
        return struct.pack(">I", len(content)) + kind + content + check

    packer = zlib.compressobj(1)
    row = b"\x02" + bytes(width)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_an_image_with_too_many_pixels_is_never_decoded(tmp_path: Path) -> None:
    data = bomb(9_000, 9_000)
    path = tmp_path / "events.out.tfevents.1.host"
    large = Image(data, 9_000, 9_000)
    small = Image(encode_png(PIXELS), 300, 200)
    path.write_bytes(
        frame([media_event(1e9, 1, tag, one) for tag, one in (("large", large), ("small", small))])
    )
    opened: list[nbviz.Run] = []
    assert peak(lambda: opened.append(nbviz.open_run(path))) < 60_000_000
    (run,) = opened
    assert list(run.media) == ["small"]
    assert any("9,000 × 9,000 pixels" in line.text for line in run.lines.since(0))
    with pytest.raises(OSError, match="9,000"):
        decode_image(data)


@pytest.mark.parametrize("size", [(2**31, 2**31), (0, 5), (2**32 - 1, 1)])
def test_a_png_whose_header_is_absurd_is_refused(size: tuple[int, int]) -> None:
    head = struct.pack(">IIBBBBB", *size, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", len(head)) + b"IHDR" + head
    with pytest.raises(OSError, match="pixels"):
        decode_image(SIGNATURE + chunk + struct.pack(">I", zlib.crc32(chunk[4:])))


def test_a_grid_with_too_many_pixels_is_refused() -> None:
    tall, wide = np.zeros((9000, 2), np.uint8), np.zeros((2, 9000), np.uint8)
    with pytest.raises(LoggingError, match="would cover"):
        nbviz.Run().log_images("x", [tall, wide])


# ---------------------------------------------------------------- arrays, histograms, texts


def written(tmp_path: Path, **value: object) -> nbviz.Run:
    event = Event(wall_time=1e9, step=1)
    made = event.summary.value.add(tag="x", **value)
    made.metadata.plugin_data.plugin_name = "nbviz_tensor"
    path = tmp_path / "events.out.tfevents.1.host"
    path.write_bytes(frame([event.SerializeToString()]))
    return nbviz.open_run(path)


@pytest.mark.parametrize("sizes", [[2**62, 2**62], [-1], [2**40, 0], [1] * 70, [10**9]])
def test_a_tensor_that_is_not_as_large_as_it_says_is_left_out(
    tmp_path: Path, sizes: list[int]
) -> None:
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in sizes])
    tensor = TensorProto(dtype=1, tensor_shape=shape, tensor_content=b"")
    run = written(tmp_path, tensor=tensor)
    assert len(run.media) == 0
    assert any("1 value" in line.text for line in run.lines.since(0))


def test_a_histogram_of_many_single_numbers_is_read_in_one_go() -> None:
    limits = b"".join(key(6, FIXED64) + struct.pack("<d", n) for n in range(50_000))
    counts = b"".join(key(7, FIXED64) + struct.pack("<d", 1.0) for _ in range(50_000))
    # Appended one by one to arrays, they would be copied 40 GB's worth.
    read = read_histogram(limits + counts, 0, len(limits) + len(counts))
    assert read.counts.sum() == 50_000


def test_a_text_is_kept_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1.host"
    path.write_bytes(frame([media_event(1e9, 1, "x", "ü" * 3_000_000)]))
    (item,) = nbviz.open_run(path).media["x"]
    assert item.value.startswith("ü" * MOST_TEXT)
    assert len(item.value) < MOST_TEXT + 100
    assert "more" in item.value[MOST_TEXT:]


# ---------------------------------------------------------------- wall times


@pytest.mark.parametrize("count", [1, 100])
@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan, 1e300, -5.0])
def test_a_wall_time_that_is_none_is_that_of_the_event_before(
    tmp_path: Path, odd: float, count: int
) -> None:
    steps = np.arange(1, count + 3)
    wall_times = 1e9 + steps
    wall_times[1:-1] = odd
    path = tmp_path / "events.out.tfevents.1.host"
    path.write_bytes(scalar_records(wall_times, steps, ["loss"], [steps / 2]))
    run = nbviz.open_run(path)
    assert run["loss"].steps.tolist() == steps.tolist()
    assert run["loss"].wall_times.tolist() == [0.0] * (count + 1) + [count + 1.0]
    assert any(f"{count:,} event" in text for text in warnings_of(run))
