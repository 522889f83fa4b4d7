"""A whole run written for other tools, and read back by those."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import nbviz
from nbviz.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

POINTS = [
    *(("loss", 0, step, 1 / step) for step in range(1, 6)),
    *(
        ("loss", 1, step, -float(step)) for step in range(3, 5)
    ),  # gone on with from an earlier checkpoint
    ("=accuracy", 0, 2, float("nan")),
]


@pytest.fixture
def run() -> nbviz.Run:
    run = nbviz.Run("kept", config={"lr": 0.1, "net": {"width": 64}})
    for tag, _, step, value in POINTS:
        run.log({tag: value}, step)
    run.log_image("a/../b", np.full((4, 6, 3), 7, np.uint8), step=2)
    run.log_image("a/../b", np.zeros((4, 6, 3), np.uint8), step=9)
    run.log_text("note", "long " * 10_000, step=2)
    run.finish()
    return run


def test_tables_have_every_point(run: nbviz.Run, tmp_path: Path) -> None:
    run.to_csv(tmp_path / "run.csv")
    with (tmp_path / "run.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    read = [(r["tag"], int(r["segment"]), int(r["step"]), float(r["value"])) for r in rows]
    expected = [("'=accuracy" if tag[0] == "=" else tag, *rest) for tag, *rest in POINTS]
    assert str(sorted(read)) == str(sorted(expected))  # NaN differs from itself
    assert all(float(row["wall_time"]) >= 0 for row in rows)

    run.to_parquet(tmp_path / "run.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "run.parquet")
    about = json.loads(table.schema.metadata[b"nbviz"])
    assert about == {"name": "kept", "hparams": {"lr": 0.1, "net.width": 64}}
    columns = [table[name].to_pylist() for name in ("tag", "segment", "step", "value")]
    assert str(sorted(zip(*columns, strict=True))) == str(sorted(POINTS))


def test_event_files_hold_all_of_it(run: nbviz.Run, tmp_path: Path) -> None:
    run.to_tensorboard(tmp_path / "events")
    read = nbviz.open_run(tmp_path / "events")
    assert read.identity.name == "kept"
    assert read.hparams == run.hparams
    assert [len(one) for one in read["loss"].segments] == [5, 2]
    assert read.media["a/../b"].steps.tolist() == [2, 9]
    theirs = EventAccumulator(str(tmp_path / "events")).Reload()
    assert [event.step for event in theirs.Images("a/../b")] == [2, 9]
    read.to_tensorboard(tmp_path / "again")  # an opened run can be, too
    assert list(nbviz.open_run(tmp_path / "again")["loss"].values) == list(run["loss"].values)
    with pytest.raises(ConfigurationError, match="has event files already"):
        run.to_tensorboard(tmp_path / "again")
