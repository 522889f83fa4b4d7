"""Event files: 1 million scalars written and read, beside TensorBoard's own writer and reader.

Run: python benchmarks/event_files.py [--points 1000000]   (about a minute)
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter as BoardWriter

from nbviz import open_run
from nbviz.recording.event_files.messages import scalar_records
from nbviz.recording.event_files.writer import EventFileWriter

if TYPE_CHECKING:
    from collections.abc import Callable

TAGS = ("loss/train", "accuracy/train")
BLOCK = 4096
GAP = 50_000_000


def seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def write_board(directory: str, values: np.ndarray) -> None:
    """One event a scalar, as every SummaryWriter does."""
    writer = BoardWriter(directory)
    for step, value in enumerate(values.tolist(), 1):
        for tag in TAGS:
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
            writer.add_event(Event(wall_time=1e9 + step, step=step, summary=summary))
    writer.close()


def write_ours(directory: str, values: np.ndarray) -> None:
    writer = EventFileWriter(directory, 1e9)
    for start in range(0, len(values), BLOCK):
        steps = np.arange(start, min(len(values), start + BLOCK)) + 1
        column = values[start : start + BLOCK]
        writer.write(scalar_records(1e9 + steps, steps, TAGS, [column] * len(TAGS)))
    writer.close()


def read_board(directory: str) -> None:
    board = EventAccumulator(directory, size_guidance={"scalars": 0})
    board.Reload()
    for tag in TAGS:
        assert len(board.Scalars(tag)) > 0


def read_ours(directory: str) -> None:
    run = open_run(directory)
    assert list(run) == list(TAGS)


def write_gap(directory: str, values: np.ndarray) -> None:
    """Leave 50 MB of zeros in the middle, as a crash may."""
    write_ours(directory, values)
    (file,) = Path(directory).iterdir()
    content = file.read_bytes()
    with file.open("wb") as damaged:
        damaged.write(content[: len(content) // 2])
        damaged.seek(GAP, 1)
        damaged.write(content[len(content) // 2 :])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=1_000_000, help="scalars in all")
    points = parser.parse_args().points
    per_tag = points // len(TAGS)
    float32 = np.random.default_rng(0).normal(size=per_tag).astype(np.float32).astype(np.float64)
    float64 = float32 / 3
    with tempfile.TemporaryDirectory() as directory:
        names = ("board", "ours", "exact", "gap")
        board, ours, exact, gap = (f"{directory}/{name}" for name in names)
        rows = [
            ("write", "tensorboard EventFileWriter", board, lambda: write_board(board, float32)),
            ("write", "nbviz, float32 values", ours, lambda: write_ours(ours, float32)),
            ("write", "nbviz, float64 values", exact, lambda: write_ours(exact, float64)),
            ("read", "tensorboard's file, EventAccumulator", board, lambda: read_board(board)),
            ("read", "tensorboard's file, nbviz.open_run", board, lambda: read_ours(board)),
            ("read", "nbviz's file, EventAccumulator", ours, lambda: read_board(ours)),
            ("read", "nbviz's file, nbviz.open_run", ours, lambda: read_ours(ours)),
            ("read", "nbviz's file, float64, nbviz.open_run", exact, lambda: read_ours(exact)),
            ("write", "nbviz, with 50 MB of zeros inside", gap, lambda: write_gap(gap, float32)),
            ("read", "with 50 MB of zeros, nbviz.open_run", gap, lambda: read_ours(gap)),
        ]
        print(f"{points:,} scalars of {len(TAGS)} tags")
        print(f"{'':6}{'':40}{'s':>8}{'MB':>8}{'MB/s':>8}{'µs/scalar':>11}")
        for act, name, where, do in rows:
            took = seconds(do)
            size = sum(file.stat().st_size for file in Path(where).iterdir()) / 1e6
            each = took / points * 1e6
            print(f"{act:6}{name:40}{took:8.2f}{size:8.1f}{size / took:8.1f}{each:11.2f}")


if __name__ == "__main__":
    main()
