"""Files that are torn, damaged or still being written."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some

from nbviz.recording.event_files import reader as reading
from nbviz.recording.event_files.batch import join
from nbviz.recording.event_files.messages import scalar_records, text_event
from nbviz.recording.event_files.reader import EventFileReader
from nbviz.recording.event_files.records import frame
from nbviz.recording.event_files.writer import EventFileWriter

if TYPE_CHECKING:
    import pytest

    from nbviz.recording.event_files.batch import Batch


def records(first: int, count: int, tag: str = "loss") -> bytes:
    steps = np.arange(first, first + count)
    return scalar_records(1e9 + steps, steps, [tag], [steps / 2])


def steps_of(batches: list[Batch], tag: str = "loss") -> list[int]:
    parts = [batch.points[tag] for batch in batches if tag in batch.points]
    return join(parts).steps.tolist() if parts else []


def test_a_torn_tail_waits_wherever_it_is_torn(tmp_path: Path) -> None:
    whole = records(1, 20)
    last = records(21, 1)
    for cut in range(len(last)):
        path = tmp_path / f"tfevents.{cut}"
        path.write_bytes(whole + last[:cut])
        reader = EventFileReader(path)
        batches = list(reader.read())
        assert steps_of(batches) == list(range(1, 21))
        assert (reader.position, sum(batch.damaged for batch in batches)) == (len(whole), 0)
        path.write_bytes(whole + last + records(22, 3))
        assert steps_of(list(reader.read())) == [21, 22, 23, 24]


def test_a_tail_of_the_right_length_but_not_yet_written_waits(tmp_path: Path) -> None:
    whole, last = records(1, 20), records(21, 1)
    path = tmp_path / "tfevents"
    path.write_bytes(whole + last[:12] + bytes(len(last) - 12))
    reader = EventFileReader(path)
    assert steps_of(list(reader.read())) == list(range(1, 21))
    path.write_bytes(whole + last)
    assert steps_of(list(reader.read())) == [21]


@settings(deadline=None)
@given(some.data())
def test_one_wrong_byte_costs_one_record(data: some.DataObject) -> None:
    content = bytearray(records(1, 40))
    size = len(content) // 40
    place = data.draw(some.integers(0, len(content) - size - 1))
    content[place] ^= data.draw(some.integers(1, 255))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "tfevents"
        path.write_bytes(content)
        batches = list(EventFileReader(path).read())
    lost = place // size + 1
    assert steps_of(batches) == [step for step in range(1, 41) if step != lost]
    assert sum(batch.damaged + batch.skipped for batch in batches) > 0


def test_a_record_begun_and_begun_again_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "tfevents"
    path.write_bytes(records(1, 10) + records(11, 1)[:30] + records(12, 10))
    assert steps_of(list(EventFileReader(path).read())) == [*range(1, 11), *range(12, 22)]


def test_rubbish_between_records_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART", 4096)
    path = tmp_path / "tfevents"
    rubbish = np.random.default_rng(1).integers(0, 256, 100_000, dtype=np.uint8).tobytes()
    path.write_bytes(records(1, 500) + rubbish + records(501, 500))
    batches = list(EventFileReader(path).read())
    assert steps_of(batches) == list(range(1, 1001))
    assert sum(batch.skipped for batch in batches) == len(rubbish)


def test_records_longer_than_a_part_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART", 4096)
    path = tmp_path / "tfevents"
    long = text_event(1.0, 1, "long", "x" * 90_000)
    path.write_bytes(records(1, 100) + frame([long]) + records(101, 100))
    batches = list(EventFileReader(path).read())
    assert steps_of(batches) == list(range(1, 201))
    assert [len(text.text) for batch in batches for text in batch.texts] == [90_000]


def test_an_event_that_makes_no_sense_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "tfevents"
    path.write_bytes(frame([b"\xff\xff\xff"] * 20 + [b"\x09"]) + records(1, 5))
    batches = list(EventFileReader(path).read())
    assert steps_of(batches) == [1, 2, 3, 4, 5]
    assert sum(batch.damaged for batch in batches) == 21


def test_reading_follows_a_writer(tmp_path: Path) -> None:
    writer = EventFileWriter(tmp_path, 1e9)
    parts = 200

    def write() -> None:
        for part in range(parts):
            writer.write(records(part * 50, 50))

    thread = threading.Thread(target=write)
    thread.start()
    reader = EventFileReader(writer.path)
    steps: list[int] = []
    while thread.is_alive() or reader.position < writer.path.stat().st_size:
        steps += steps_of(list(reader.read()))
    thread.join()
    assert steps == list(range(parts * 50))
