"""A run as a directory of W&B's offline mode, parsed by W&B's own messages."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from wandb.proto import wandb_internal_pb2

import nbviz
from nbviz.errors import ConfigurationError
from nbviz.recording.outward.wandb_records import RecordFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def offline_records(path: Path) -> Iterator[Any]:
    """W&B's records of a file in LevelDB's log format, every checksum compared."""
    data = path.read_bytes()
    assert data[:7] == b":W&B\xe1\xbe\x00"
    at, whole, is_open = 7, b"", False  # a first part may be empty
    while at < len(data):
        room = 32768 - at % 32768
        if room < 7:
            assert data[at : at + room] == bytes(room)
            at += room
            continue
        checksum, length, kind = struct.unpack("<IHB", data[at : at + 7])
        part = data[at + 7 : at + 7 + length]
        assert zlib.crc32(bytes([kind]) + part) == checksum
        assert length + 7 <= room
        assert (kind in (1, 2)) == (not is_open)
        at, whole, is_open = at + 7 + length, whole + part, kind in (2, 3)
        if not is_open:
            yield wandb_internal_pb2.Record.FromString(whole)
            whole = b""
    assert not is_open


def values_of(items: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in items:
        assert not item.key
        *above, last = item.nested_key
        within = found.setdefault(above[0], {}) if above else found
        within[last] = json.loads(item.value_json)
    return found


def test_all_that_it_holds_is_read_back(tmp_path: Path) -> None:
    run = nbviz.Run("kept", config={"lr": 0.1, "net": {"width": 64}})
    for step in range(1, 6):
        run.log({"loss": 1 / step}, step)
    for step in (3, 4):  # gone on with from an earlier checkpoint
        run.log({"loss": -step}, step)
    run.log({"=accuracy": float("nan")}, 2)
    run.log_image("a/../b", np.full((4, 6, 3), 7, np.uint8), step=2)
    run.log_image("a/../b", np.zeros((4, 6, 3), np.uint8), step=9)
    run.log_histogram("weights", np.arange(100.0), step=2)
    run.log_text("note", "a text", step=2)
    run.log_mesh("shape", np.zeros((3, 3)), step=2)
    run.finish()
    directory = run.to_wandb(tmp_path / "wandb", project="course")
    assert directory.name.startswith("offline-run-")
    (file,) = directory.glob("run-*.wandb")
    records = list(offline_records(file))
    assert [record.num for record in records] == list(range(1, len(records) + 1))
    kinds = [record.WhichOneof("record_type") for record in records]
    assert kinds == ["header", "run", "files", *["history"] * 6, "summary", "exit"]

    made = records[1].run
    assert (made.display_name, made.project) == ("kept", "course")
    config = {item.key: json.loads(item.value_json) for item in made.config.update}
    assert config == {"_wandb": {}, "lr": 0.1, "net.width": 64}
    assert abs(made.start_time.seconds - run.meter.started_at) <= 1

    history = [record.history for record in records if record.HasField("history")]
    assert [one.step.num for one in history] == [1, 2, 3, 4, 5, 9]
    rows = [values_of(one.item) for one in history]
    assert [row["_step"] for row in rows] == [1, 2, 3, 4, 5, 9]
    # What was made again counts; JSON has NaN as W&B writes it.
    assert [row.get("loss") for row in rows] == [1, 0.5, -3, -4, 0.2, None]
    assert np.isnan(rows[1]["=accuracy"])
    assert all(row["_timestamp"] >= run.meter.started_at for row in rows)

    image = rows[1]["a/../b"]
    kept = directory / "files" / image["path"]
    assert kept.resolve().is_relative_to(directory.resolve())
    assert kept.read_bytes() == run.media["a/../b"].at(2).value.data
    assert (image["width"], image["height"], image["_type"]) == (6, 4, "image-file")
    assert {one.path for one in records[2].files.files} == {
        image["path"],
        rows[5]["a/../b"]["path"],
    }
    assert sum(rows[1]["weights"]["values"]) == 100
    assert len(rows[1]["weights"]["bins"]) == len(rows[1]["weights"]["values"]) + 1

    assert values_of(records[-2].summary.update)["loss"] == 0.2
    assert records[-1].exit.exit_code == 0
    assert rows[1]["note"] == "a text"
    said = "to_wandb leaves out what W&B has no form for: 1 of mesh."
    assert run.lines.after(0)[0][-1].text == said
    with pytest.raises(ConfigurationError, match="cannot be written"):
        run.to_wandb(tmp_path / "wandb")


def test_tables_sounds_videos_and_captions_are_in_w_and_bs_own_forms(tmp_path: Path) -> None:
    from wandb import Table

    run = nbviz.Run(config={"layers": [64, [32, None]], "pair": ("a", True), "long": ["x" * 300]})
    frame = {"number": [1.5, float("nan")], "flag": [True, None], "name": ["a", None]}
    frame["image"] = [np.zeros((4, 4), np.uint8)] * 2
    run.log_table("rows", frame, step=1)
    run.log_audio("tone", np.full(8, 0.5), 8000, step=1)
    run.log_video("clip", np.zeros((2, 6, 4, 3), np.uint8), 4, step=1)
    run.log_images("grid", np.zeros((2, 4, 4), np.uint8), step=1, captions=["one", "two"])
    run.finish()
    directory = run.to_wandb(tmp_path)
    (file,) = directory.glob("*.wandb")
    records = list(offline_records(file))
    config = {item.key: json.loads(item.value_json) for item in records[1].run.config.update}
    assert (config["layers"], config["pair"]) == ([64, [32, None]], ["a", True])
    assert config["long"].startswith("['xxx")
    history = next(record.history for record in records if record.HasField("history"))
    row = values_of(history.item)

    def content(tag: str, folder: str, ending: str) -> bytes:
        path = row[tag]["path"]
        assert path.startswith(f"media/{folder}/{tag}_1_")
        assert path.endswith(ending)
        data = (directory / "files" / path).read_bytes()
        assert row[tag]["size"] == len(data)
        assert row[tag]["sha256"] == hashlib.sha256(data).hexdigest()
        return data

    assert content("tone", "audio", ".wav") == run.media["tone"][0].value.data
    assert content("clip", "videos", ".gif") == run.media["clip"][0].value.data
    assert content("grid", "images", ".png") == run.media["grid"][0].value.data
    kinds = {tag: row[tag]["_type"] for tag in ("rows", "tone", "clip", "grid")}
    assert list(kinds.values()) == ["table-file", "audio-file", "video-file", "image-file"]
    assert (row["grid"]["caption"], row["clip"]["width"], row["clip"]["height"]) == (
        "one, two",
        4,
        6,
    )
    assert (row["rows"]["ncols"], row["rows"]["nrows"]) == (4, 2)
    read = Table.from_json(
        json.loads(content("rows", "table", ".table.json")), source_artifact=None
    )
    assert read.columns == ["number", "flag", "name", "image"]
    assert read.data == [[1.5, True, "a", "Image"], [None, None, None, "Image"]]
    assert "2 of images in tables" in run.lines.after(0)[0][-1].text


def test_lists_of_a_config_stay_lists_in_a_journal(tmp_path: Path) -> None:
    config = {"layers": [64, 32], "text": "[64, 32]", "one": ["it's"]}
    before = {"layers": [1], "text": [1]}
    with nbviz.Run(dir=tmp_path / "runs", config=before) as run:
        run.log({"x": 0.0}, 0)
        assert run.journal is not None
        assert run.journal.flush()  # which writes what it was made with before
        run.update_config(config)
        run.log({"x": 1.0}, 1)
    opened = nbviz.open_run(tmp_path / "runs")
    assert (
        opened.config
        == run.config
        == {"layers": "[64, 32]", "text": "[64, 32]", "one": '["it\'s"]'}
    )
    (file,) = opened.to_wandb(tmp_path / "wandb").glob("*.wandb")
    made = next(record.run for record in offline_records(file) if record.HasField("run"))
    found = {item.key: json.loads(item.value_json) for item in made.config.update}
    assert [found[name] for name in config] == list(config.values())


def test_records_that_are_longer_than_a_block(tmp_path: Path) -> None:
    run = nbviz.Run(config={f"p{number}": "x" * 190 for number in range(400)})
    for step in range(800):
        run.log({"loss": step}, step)
    run.finish()
    (file,) = run.to_wandb(tmp_path).glob("*.wandb")
    records = list(offline_records(file))
    assert len(records[1].run.config.update) == 401
    assert sum(record.HasField("history") for record in records) == 800


def test_records_that_begin_where_a_block_has_any_room_left(tmp_path: Path) -> None:
    path, rooms = tmp_path / "run.wandb", set[int]()
    for size in range(32_640, 32_760):
        with path.open("wb") as file:
            records = RecordFile(file)
            records.files(["x" * size])
            rooms.add(32_768 - file.tell() % 32_768)
            records.exit(3, 0)
        first, second = offline_records(path)
        assert first.files.files[0].path == "x" * size
        assert second.exit.exit_code == 3
    assert set(range(1, 20)) <= rooms
