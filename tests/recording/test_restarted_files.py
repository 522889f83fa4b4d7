"""Trainings that were started again: one series, as TensorBoard shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorboardX
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from torch.utils.tensorboard import SummaryWriter

import nbviz
from nbviz.recording.event_files.messages import file_version_event, scalar_records
from nbviz.recording.event_files.records import frame

if TYPE_CHECKING:
    from pathlib import Path


def board(path: Path) -> EventAccumulator:
    return EventAccumulator(str(path), size_guidance={"scalars": 0, "tensors": 0}).Reload()


def agree(run: nbviz.Run, path: Path, *tags: str) -> None:
    theirs = board(path)
    for tag in tags:
        assert run[tag].steps.tolist() == [event.step for event in theirs.Scalars(tag)]
        assert run[tag].values.tolist() == [event.value for event in theirs.Scalars(tag)]


def start(step: int, wall_time: float) -> bytes:
    log = SessionLog(status=SessionLog.START)
    return frame([Event(wall_time=wall_time, step=step, session_log=log).SerializeToString()])


def records(steps: Any, tag: str, value: float, wall_time: float) -> bytes:
    steps = np.asarray(steps)
    return scalar_records(wall_time + steps / 1000, steps, [tag], [steps + value])


@pytest.mark.parametrize("writer", [SummaryWriter, tensorboardX.SummaryWriter])
def test_what_a_restart_purges_no_longer_counts(tmp_path: Path, writer: Any) -> None:
    for number, (first, last, purge) in enumerate([(0, 100, None), (50, 80, 50), (70, 120, 70)]):
        with writer(str(tmp_path), purge_step=purge, filename_suffix=f".{number}") as other:
            for step in range(first, last):
                other.add_scalar("loss", number * 1000 + step, step)
                if not number:
                    other.add_scalar("only/first", step, step)
                if step % 10 == 0:
                    other.add_text("note", f"{number} at {step}", step)
        # TensorBoard reads them by name, where those of one second may be in any order.
        (written,) = tmp_path.glob(f"*.{number}")
        written.rename(tmp_path / f"events.out.tfevents.{1_000_000_000 + number}.host.{number}")
    run = nbviz.open_run(tmp_path)
    assert list(run) == ["loss", "only/first"]
    assert run["loss"].steps.tolist() == list(range(120))
    agree(run, tmp_path, "loss", "only/first")
    notes = run.media["note"]
    assert notes.steps.tolist() == list(range(0, 120, 10))
    assert [item.value[0] for item in notes] == list("000001122222")
    assert len(run["loss"].segments) == 3
    assert len(run["loss"].segments[0]) == 100
    assert any("started again at step 50" in line.text for line in run.lines.since(0))


@pytest.mark.parametrize("following", [True, False])
def test_a_restart_within_a_file(tmp_path: Path, following: bool) -> None:
    path = tmp_path / "events.out.tfevents.1000000000.host"
    parts = [
        frame([file_version_event(1e9)]) + records(range(300), "x", 0, 1e9),
        start(100, 1e9 + 1) + records(range(100, 250), "x", 0.5, 1e9 + 1),
        start(200, 1e9 + 2) + start(150, 1e9 + 2) + records(range(150, 200), "x", 0.25, 1e9 + 2),
    ]
    path.write_bytes(parts[0] if following else b"".join(parts))
    run = nbviz.open_run(tmp_path)
    for number in range(2, 4):
        path.write_bytes(b"".join(parts[:number] if following else parts))
        run.refresh()
    assert run["x"].steps.tolist() == list(range(200))
    agree(run, tmp_path, "x")


def test_a_tag_of_which_all_is_purged_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1000000000.host"
    path.write_bytes(
        frame([file_version_event(1e9)])
        + records(range(10, 20), "late", 0, 1e9)
        + records(range(20), "loss", 0, 1e9)
        + start(5, 1e9 + 1)
        + records(range(5, 30), "loss", 0.5, 1e9 + 1)
    )
    run = nbviz.open_run(tmp_path)
    assert len(run["late"]) == 0
    agree(run, tmp_path, "loss", "late")
    page = tmp_path / "page.html"
    nbviz.Dashboard(run).save_html(page)
    assert "loss" in page.read_text(encoding="utf-8")


def test_files_one_after_the_other_are_one_series(tmp_path: Path) -> None:
    for first, last in ((0, 100), (60, 150)):
        with nbviz.Run(dir=tmp_path) as run:
            for step in range(first, last):
                run.log({"loss": float(step + first)}, step)
    opened = nbviz.open_run(tmp_path)
    assert list(opened) == ["loss"]
    assert opened["loss"].steps.tolist() == list(range(60, 150))
    assert len(opened["loss"].segments[0]) == 100
    assert opened.identity.name == nbviz.open_runs(tmp_path)[0].identity.name
