"""Runs of long event files: their ends are read at first, their points when they are asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
from torch.utils.tensorboard import SummaryWriter

import nbviz
from nbviz.panels import PANELS
from nbviz.panels.runs.table import table_of
from nbviz.panels.subject import Subject
from nbviz.recording.event_files import reader
from nbviz.recording.event_files.ends import read_ends, read_many_ends
from nbviz.recording.journal import run_tree as opening
from nbviz.session.feed import Feed
from nbviz.session.wanted import Wanted

if TYPE_CHECKING:
    from pathlib import Path

    from nbviz.recording.journal.opened import OpenedRun

STEPS = 2000


@pytest.fixture(autouse=True)
def _all_files_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_READ_AT_ONCE", 0)
    monkeypatch.setattr(opening, "_END", 1 << 12)


def write(folder: Path, count: int = STEPS, *, every: int = 500) -> None:
    """Write losses of each step, an accuracy now and then, and an image in the middle."""
    with SummaryWriter(str(folder)) as writer:
        writer.add_hparams({"lr": 0.5}, {"score": 1.0}, run_name=".")
    with SummaryWriter(str(folder)) as writer:
        for step in range(1, count + 1):
            writer.add_scalar("loss", float((step - 700) ** 2), step)
            if step % every == 0:
                writer.add_scalar("accuracy", step / count, step)
            if step == count // 2:
                writer.add_image("picture", np.zeros((3, 4, 4), np.uint8), step)
                writer.add_text("note", "half", step)


def make_old(folder: Path) -> None:
    """Let the files be those of trainings that are over."""
    for path in folder.rglob("*tfevents*"):
        os.utime(path, (1e9, 1e9))


def opened(folder: Path) -> OpenedRun:
    (run,) = nbviz.open_runs(folder)
    return run


def test_the_ends_tell_the_newest_values_the_step_and_the_parameters(tmp_path: Path) -> None:
    write(tmp_path / "a")
    run = opened(tmp_path)
    assert run.summaries is not None
    assert run.hparams["lr"] == 0.5
    assert run.progress.step == STEPS
    assert "loss" in run.tags
    newest = run.summaries.of("loss").newest
    assert newest is not None
    assert (newest.step, newest.value) == (STEPS, float((STEPS - 700) ** 2))
    assert np.isnan(run.summaries.of("loss").low[0])  # nobody has looked
    assert len(run.series("loss")) == 0


@pytest.mark.parametrize("is_summarised", [False, True])
def test_asking_for_values_reads_all_as_a_run_that_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_summarised: bool
) -> None:
    write(tmp_path / "a")
    with SummaryWriter(str(tmp_path / "a")) as writer:  # longer than what is read of an end
        writer.add_image("last", np.random.default_rng(0).random((3, 90, 90)), STEPS)
    make_old(tmp_path)
    run = opened(tmp_path)
    if is_summarised:
        run.read_summaries()
    assert run["loss"].steps.tolist() == list(range(1, STEPS + 1))
    monkeypatch.setattr(opening, "_READ_AT_ONCE", 1 << 40)
    whole = opened(tmp_path)
    assert run.summaries is None
    assert sorted(run) == sorted(whole)
    for tag in whole:
        for ours, theirs in zip(run[tag].slice(0, STEPS), whole[tag].slice(0, STEPS), strict=True):
            assert np.array_equal(ours, theirs)
    assert sorted(run.media) == sorted(whole.media)
    assert [line.text for line in run.lines.since(0)] == [
        line.text for line in whole.lines.since(0)
    ]
    assert run.progress.status == whole.progress.status
    assert run.progress.elapsed_seconds == whole.progress.elapsed_seconds


def test_summaries_know_the_extremes_and_keep_no_points(tmp_path: Path) -> None:
    write(tmp_path / "a")
    run = opened(tmp_path)
    run.read_summaries()
    assert run.summaries is not None
    assert run.summaries.is_whole
    assert run.summaries.of("loss").low == (0.0, 700.0)
    assert run.summaries.of("loss").high == (float(1300**2), 2000.0)
    assert run.summaries.of("accuracy").newest is not None
    assert len(run.series("loss")) == 0
    (row,) = table_of([run])
    assert (row["lowest loss"], row["step of lowest loss"]) == (0.0, 700)
    assert run.summaries is not None  # the table needs no points


def test_a_file_that_grows_goes_on(tmp_path: Path) -> None:
    writer = SummaryWriter(str(tmp_path / "a"))
    for step in range(1, 101):
        writer.add_scalar("loss", float(step), step)
    writer.flush()
    run = opened(tmp_path)
    assert run.status == "running"
    run.read_summaries()
    writer.add_scalar("loss", -5.0, 101)
    writer.flush()
    run._read_on()
    assert run.summaries is not None
    assert run.summaries.of("loss").low == (-5.0, 101.0)
    assert run["loss"].values.tolist() == [*map(float, range(1, 101)), -5.0]
    writer.add_scalar("loss", 7.0, 102)
    writer.close()
    run.refresh()
    assert run["loss"].last is not None
    assert run["loss"].last.step == 102


@pytest.mark.parametrize("is_summarised", [False, True])
def test_a_look_at_the_files_between_two_parts_takes_nothing_in_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_summarised: bool
) -> None:
    with nbviz.Run("mine", dir=tmp_path / "a") as mine:
        for step in range(1, STEPS + 1):
            mine.log({"loss": float(step)}, step)
            if step % 100 == 0:
                mine.note(f"at {step}")
    monkeypatch.setattr(reader, "PART", 1 << 14)
    run = opened(tmp_path)
    if is_summarised:
        run.read_summaries()
    run.want_points()
    parts = 0
    while run.summaries is not None:
        with run._reading:
            run._read_next(fills=True)
        run._read_on()
        parts += 1
    assert parts > 3
    assert run["loss"].values.tolist() == [float(step) for step in range(1, STEPS + 1)]
    said = [line.text for line in run.lines.since(0) if line.text.startswith("at ")]
    assert said == [f"at {step}" for step in range(100, STEPS + 1, 100)]


def test_a_training_that_was_started_again_is_read_whole(tmp_path: Path) -> None:
    for first, purge in ((1, None), (50, 50)):
        with SummaryWriter(str(tmp_path / "a"), purge_step=purge) as writer:
            for step in range(first, 101):
                writer.add_scalar("loss", float(first), step)
                writer.add_text("note", f"begun at {first}", step) if step == 60 else None
    run = opened(tmp_path)
    run.read_summaries()
    assert run.summaries is None
    assert run["loss"].values.tolist() == [1.0] * 49 + [50.0] * 51
    assert run.media["note"].at(60).value == "begun at 50"


def test_a_run_that_was_damaged_says_so_once(tmp_path: Path) -> None:
    write(tmp_path / "a")
    path = max((tmp_path / "a").glob("*tfevents*"), key=lambda file: file.stat().st_size)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 + 20] ^= 0xFF
    path.write_bytes(bytes(data))
    run = opened(tmp_path)
    run.read_summaries()
    run.read_points()
    said = [line.text for line in run.lines.since(0) if line.level == "warning"]
    assert len(said) == 1
    assert len(run["loss"]) in (STEPS - 1, STEPS)


def test_the_ends_of_many_files_are_those_of_each(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / f"{number}", 300 + number, every=7)
    paths = sorted(tmp_path.rglob("*tfevents*"))
    (tmp_path / "empty").write_bytes(b"")
    torn = tmp_path / "torn"
    torn.write_bytes(paths[0].read_bytes()[:-5])
    paths += [tmp_path / "none", tmp_path / "empty", torn]
    together = read_many_ends(paths, 1 << 11)
    for path, (head, tail) in zip(paths, together, strict=True):
        if not path.exists():
            assert not any(batch.points for batch in (*head, *tail))
            continue
        alone = read_ends(path, 1 << 11, 1 << 11)
        for ours, theirs in ((head, alone.head), (tail, alone.tail)):
            found = {tag: points for batch in ours for tag, points in batch.points.items()}
            known = {tag: points for batch in theirs for tag, points in batch.points.items()}
            assert list(found) == list(known)
            for tag, points in known.items():
                # A piece of a file begins anywhere: what lies before its first record is left out.
                assert points.steps.tolist() == found[tag].steps.tolist()
                assert points.values.tolist() == found[tag].values.tolist()


def test_bytes_that_look_like_a_record_inside_another_are_not_taken_for_one(
    tmp_path: Path,
) -> None:
    inner = tmp_path / "inner"
    write(inner, 40)
    data = max(inner.glob("*tfevents*"), key=lambda file: file.stat().st_size).read_bytes()
    from nbviz.recording.event_files.messages import text_event
    from nbviz.recording.event_files.records import frame

    outer = tmp_path / "outer.tfevents"
    outer.write_bytes(frame([text_event(1.0, 1, "note", data.decode("latin-1"))]) + data)
    ((head, tail),) = read_many_ends([outer], 1 << 9)
    steps = [step for batch in tail for step in batch.points["loss"].steps.tolist()]
    assert steps == sorted(steps)
    assert steps[-1] == 40
    assert not any(batch.points for batch in head)


# ---------------------------------------------------------------- in a dashboard


def shown(runs: list[OpenedRun]) -> tuple[Feed, Wanted]:
    def failed(error: Exception) -> None:
        raise error

    wanted = Wanted(PANELS)
    feed = Feed(PANELS, wanted, failed)
    feed.subjects.extend(map(Subject.of_run, runs))
    return feed, wanted


def read_all(feed: Feed) -> None:
    feed.read()
    while feed.is_active:
        feed.read()


def test_only_runs_that_are_shown_are_read_and_all_are_summarised(tmp_path: Path) -> None:
    for number in range(10):
        write(tmp_path / f"run_{number:02}", 200)
    make_old(tmp_path)
    runs = nbviz.open_runs(tmp_path)
    feed, wanted = shown(runs)
    cursor = feed.cursor()
    first = feed.snapshot(cursor)
    kinds = [update["kind"] for update in first.updates]
    assert kinds.count("values_read") == 10
    assert "points_appended" not in kinds
    read_all(feed)
    assert not any(run.summaries is None for run in runs)
    assert all(run.summaries.is_whole for run in runs if run.summaries)
    assert {update["kind"] for update in feed.collect(cursor, 16e6).updates} >= {"values_read"}

    # A page shows one.
    panel = next(panel for panel in PANELS if panel.name == "curves")
    loss = runs[7].tags.index("loss")
    wanted.want(runs[7].run_id, "curves", "page", 1, panel.view(runs[7], [str(loss)], 9))
    feed.touch()
    feed.collect(cursor, 16e6)
    read_all(feed)
    assert [run for run in runs if run.summaries is None] == [runs[7]]
    (sent,) = [u for u in feed.collect(cursor, 16e6).updates if u["kind"] == "points_appended"]
    assert (sent["run_id"], sent["series"], sent["counts"]) == (runs[7].run_id, [loss], [200])


def test_few_runs_are_read_before_a_page_has_said_what_it_shows(tmp_path: Path) -> None:
    for number in range(2):
        write(tmp_path / f"run_{number:02}", 200)
    make_old(tmp_path)
    runs = nbviz.open_runs(tmp_path)
    feed, _ = shown(runs)
    cursor = feed.cursor()
    feed.snapshot(cursor)
    read_all(feed)
    sent = [u for u in feed.collect(cursor, 16e6).updates if u["kind"] == "points_appended"]
    assert {u["run_id"] for u in sent} == {run.run_id for run in runs}


def test_a_saved_page_has_all_points(tmp_path: Path) -> None:
    from nbviz.session.saved import record

    write(tmp_path / "a", 300)
    run = opened(tmp_path)
    kinds = [update["kind"] for update in record(PANELS, [Subject.of_run(run)]).updates]
    assert "points_appended" in kinds
