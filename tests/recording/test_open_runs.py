"""Directories with several runs, and with files that are none."""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import processes
import pytest
import tensorboardX
from pages import Page
from torch.utils.tensorboard import SummaryWriter

import nbviz
from nbviz.errors import ConfigurationError, NbvizError
from nbviz.recording.event_files.messages import scalar_records
from nbviz.recording.event_files.records import frame
from nbviz.recording.journal import run_files

if TYPE_CHECKING:
    from pathlib import Path

WRITERS = [SummaryWriter, tensorboardX.SummaryWriter]


def warnings_of(run: nbviz.Run) -> str:
    return "\n".join(line.text for line in run.lines.since(0) if line.level == "warning")


# ---------------------------------------------------------------- folders


@pytest.mark.parametrize("writer", WRITERS)
def test_scalars_of_add_scalars_are_runs_of_their_own(tmp_path: Path, writer: Any) -> None:
    with writer(str(tmp_path / "exp")) as other:
        for step in range(3):
            other.add_scalar("lr", 0.1, step)
            other.add_scalars("loss", {"train": step, "val": 2 * step}, step)
    run = nbviz.open_run(tmp_path / "exp")
    assert "nbviz.open_runs" in warnings_of(run)
    assert "2: " in warnings_of(run)
    runs = {one.name: one for one in nbviz.open_runs(tmp_path)}
    assert {len(runs), *map(len, runs.values())} == {3, 1}
    assert runs["exp"]["lr"].steps.tolist() == [0, 1, 2]
    (val,) = [run for name, run in runs.items() if name.endswith("val")]
    assert val[next(iter(val))].values.tolist() == [0.0, 2.0, 4.0]


@pytest.mark.parametrize("writer", WRITERS)
def test_hyper_parameters_of_several_runs(tmp_path: Path, writer: Any) -> None:
    for number in range(3):
        with writer(str(tmp_path / f"trial_{number}")) as other:
            other.add_hparams({"lr": 10.0**-number, "act": "relu"}, {"accuracy": number / 10})
    found = {run.hparams["lr"]: run for run in nbviz.open_runs(tmp_path) if run.hparams}
    assert sorted(found) == [0.01, 0.1, 1.0]
    assert found[0.1]["accuracy"].values.tolist() == [np.float32(0.1)]


def test_versions_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    names = [f"lightning_logs/version_{number}" for number in range(12)]
    for number, name in enumerate(names):
        with nbviz.Run(dir=tmp_path / name) as run:
            run.log({"loss": float(number)}, 1)
    runs = nbviz.open_runs(tmp_path)
    assert [run.name for run in runs] == names
    assert [run["loss"].values[0] for run in runs] == list(range(12))


def test_a_directory_of_folders_only_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with nbviz.Run(dir=tmp_path / "a" / "b") as run:
        run.log({"loss": 1.0}, 1)
    with pytest.raises(ConfigurationError, match=r"nbviz\.open_runs"):
        nbviz.open_run(tmp_path)
    (only,) = nbviz.open_runs(tmp_path)
    assert only.name == "a/b"


def test_what_has_no_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no event files"):
        nbviz.open_runs(tmp_path)
    with pytest.raises(ConfigurationError, match="does not exist"):
        nbviz.open_runs(tmp_path / "no such")


def test_a_file_is_a_run(tmp_path: Path) -> None:
    with nbviz.Run(dir=tmp_path) as run:
        run.log({"loss": 1.0}, 1)
    (only,) = nbviz.open_runs(run.journal.path)
    assert only["loss"].values.tolist() == [1.0]


# ---------------------------------------------------------------- several processes


TRAIN = """
import sys, nbviz
rank = int(sys.argv[2])
run = nbviz.Run(f"worker {rank}", dir=sys.argv[1])
for step in range(1, 51):
    run.log({"loss": step + 1000.0 * rank}, step)
run.journal.flush()
print("begun", flush=True)
sys.stdin.readline()
for step in range(51, 101):
    run.log({"loss": step + 1000.0 * rank}, step)
run.finish()
"""


def test_ranks_in_one_directory_are_runs_of_their_own(tmp_path: Path) -> None:
    ranks = [
        processes.start(
            TRAIN,
            tmp_path,
            rank,
            stdin=processes.PIPE,
            stdout=processes.PIPE,
            env={**os.environ, "RANK": str(rank), "WORLD_SIZE": "2"},
        )
        for rank in range(2)
    ]
    for process in ranks:
        assert process.stdout.readline() == "begun\n"
    for path in tmp_path.iterdir():  # the second may have begun long after the first has written
        os.utime(path)
    running = nbviz.open_runs(tmp_path)
    assert [run.status for run in running] == ["running", "running"]
    ranks[1].kill()
    ranks[1].communicate()
    ranks[0].communicate("go\n")
    assert ranks[0].returncode == 0
    runs = nbviz.open_runs(tmp_path)
    assert [run.name for run in runs] == [f"{tmp_path.name} (rank {rank})" for rank in range(2)]
    for rank, run in enumerate(runs):
        steps = np.arange(1, 51 if rank else 101)
        assert list(run) == ["loss"]
        assert run["loss"].values.tolist() == (steps + 1000 * rank).tolist()
        assert (run.identity.rank, run.identity.world_size) == (rank, 2)
        assert (run.identity.process, run.identity.name) == (ranks[rank].pid, f"worker {rank}")
    assert runs[0].status == "finished"
    assert runs[1].status != "finished"
    one = nbviz.open_run(tmp_path)
    assert list(one) == ["loss"]
    assert "2 runs" in warnings_of(one)
    assert "nbviz.open_runs" in warnings_of(one)
    for run in running:
        run.refresh()
    assert sorted(len(run["loss"]) for run in running) == [50, 100]


def test_two_runs_of_one_process_at_the_same_time_are_two(tmp_path: Path) -> None:
    runs = [nbviz.Run(name, dir=tmp_path) for name in ("first", "second")]
    for step in range(1, 11):
        for number, run in enumerate(runs):
            run.log({"loss": float(number)}, step)
    for run in runs:
        run.finish()
    opened = nbviz.open_runs(tmp_path)
    assert {run.name: run["loss"].values[0] for run in opened} == {
        f"{tmp_path.name} (first)": 0.0,
        f"{tmp_path.name} (second)": 1.0,
    }
    assert all(list(run) == ["loss"] for run in opened)


@pytest.mark.parametrize(("second", "runs"), [(5, 2), (100, 1)])
def test_files_of_others_are_told_apart_by_their_times(
    tmp_path: Path, second: int, runs: int
) -> None:
    steps = np.arange(1, 21)
    for host, began in (("a", 0), ("b", second)):
        name = f"events.out.tfevents.{10**9 + began}.{host}"
        (tmp_path / name).write_bytes(
            scalar_records(1e9 + began + steps, steps, ["x"], [steps * 1.0])
        )
    opened = nbviz.open_runs(tmp_path)
    assert len(opened) == runs
    assert all(run["x"].steps.tolist() == steps.tolist() for run in opened)


def written(path: Path, steps: range, value: float, began: float) -> None:
    """Append points to an event file, one a second."""
    numbers = np.array(steps)
    values = np.full(len(numbers), value)
    with path.open("ab") as file:
        file.write(scalar_records(began + numbers, numbers, ["x"], [values]))


@pytest.mark.parametrize("transport", ["push", "pull"])
def test_what_seemed_a_restart_becomes_a_run_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport: Any
) -> None:
    """A second process begins while the first one rests; then both go on."""
    monkeypatch.setattr(run_files, "LOOK_AGAIN_SECONDS", 0.0)
    first, second = (
        tmp_path / f"events.out.tfevents.{10**9 + at}.{host}" for at, host in ((0, "a"), (20, "b"))
    )
    written(first, range(1, 11), 1.0, 1e9)
    run = nbviz.open_run(tmp_path)
    page = Page(nbviz.Dashboard(run, transport=transport, panels=["toolbar", "curves", "log"]))
    page.ready()
    written(second, range(1, 6), 2.0, 1e9 + 20)
    run.refresh()
    assert run["x"].values.tolist() == [2.0] * 5  # as a training that was started again
    page.wait_for(lambda: page.points.get("x", [])[-5:] == [2.0] * 5)
    written(first, range(11, 31), 1.0, 1e9)
    run.refresh()
    assert run["x"].values.tolist() == [1.0] * 30
    assert [len(segment) for segment in run["x"].segments] == [30]
    assert f"{second.name} was read as a restart" in warnings_of(run)
    assert "nbviz.open_runs(" in warnings_of(run)
    page.wait_for(lambda: page.points.get("x") == [1.0] * 30)
    lines = [
        line["text"]
        for one in page.updates
        if one["kind"] == "lines_appended"
        for line in one["lines"]
    ]
    assert sum("was read as a restart" in line for line in lines) == 1
    assert [one["x"].values.tolist() for one in nbviz.open_runs(tmp_path)] == [
        [1.0] * 30,
        [2.0] * 5,
    ]
    written(second, range(6, 8), 2.0, 1e9 + 20)
    written(first, range(31, 33), 1.0, 1e9)
    run.refresh()
    assert run["x"].values.tolist() == [1.0] * 32
    assert warnings_of(run).count("was read as a restart") == 1
    page.wait_for(lambda: page.points.get("x") == [1.0] * 32)
    (row,) = page.dashboard.table()
    assert (row["highest x"], row["step of highest x"]) == (1.0, 1)
    page.dashboard.close()


def test_a_file_that_is_gone_leaves_what_was_read_of_it(tmp_path: Path) -> None:
    first, second = (
        tmp_path / f"events.out.tfevents.{10**9 + at}.{host}" for at, host in ((0, "a"), (20, "b"))
    )
    written(first, range(1, 11), 1.0, 1e9)
    written(second, range(11, 21), 2.0, 1e9 + 20)
    run = nbviz.open_run(tmp_path)
    first.unlink()
    assert run.refresh() == 0
    assert run["x"].steps.tolist() == list(range(1, 21))
    written(second, range(21, 23), 2.0, 1e9 + 20)
    assert run.refresh() == 2


def test_two_files_of_one_process_for_other_tags_are_one_run(tmp_path: Path) -> None:
    train, extra = SummaryWriter(str(tmp_path)), SummaryWriter(str(tmp_path), filename_suffix=".x")
    for step in range(10):
        train.add_scalar("loss", step, step)
        extra.add_scalar("lr", step, step)
    train.close()
    extra.close()
    (run,) = nbviz.open_runs(tmp_path)
    assert sorted(run) == ["loss", "lr"]
    assert sorted(nbviz.open_run(tmp_path)) == ["loss", "lr"]


# ---------------------------------------------------------------- files that are none


def event_file() -> bytes:
    steps = np.arange(1, 3001)
    return frame([b""]) + scalar_records(1e9 + steps, steps, ["loss/train"], [steps / 3])


ALIENS: list[tuple[str, bytes, str]] = [
    ("gz", gzip.compress(event_file()), "gzip"),
    ("html", b"\n<!DOCTYPE html><html><body>Sign in</body></html>", "HTML"),
    ("random bytes", bytes(range(255, 0, -1)) * 20, "no record is in it"),
    ("crlf", event_file().replace(b"\n", b"\r\n"), "line ends"),
    ("text", event_file().decode("utf-8", "replace").encode(), "UTF-8"),
    ("zip", b"PK\x03\x04" + bytes(100), "zip"),
    ("lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"),
    ("json", b'{"error": "not found"}', "a text"),
]


@pytest.mark.parametrize(("kind", "content", "said"), ALIENS, ids=[alien[0] for alien in ALIENS])
def test_a_file_that_is_none_is_named(tmp_path: Path, kind: str, content: bytes, said: str) -> None:
    name = f"events.out.tfevents.1000000000.host.{kind}"
    (tmp_path / name).write_bytes(content)
    run = nbviz.open_run(tmp_path)
    assert run.status == "finished"
    assert name in warnings_of(run)
    assert said in warnings_of(run)
    before = len(run.lines)
    run.refresh()
    assert len(run.lines) == before
    with nbviz.Run(dir=tmp_path) as good:
        good.log({"loss": 1.0}, 1)
    assert nbviz.open_run(tmp_path)["loss"].values.tolist() == [1.0]


@pytest.mark.parametrize(("kind", "content", "said"), ALIENS[:2], ids=["gz", "html"])
def test_a_file_given_by_name_that_is_none_is_refused(
    tmp_path: Path, kind: str, content: bytes, said: str
) -> None:
    path = tmp_path / f"events.out.tfevents.{kind}"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=said):
        nbviz.open_run(path)


def test_a_file_that_is_just_begun_is_none_of_these(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1000000000.host"
    content = event_file()
    for length in (0, 1, 11, 12, 15, 20):
        path.write_bytes(content[:length])
        run = nbviz.open_run(tmp_path)
        assert run.status == "running"
        assert warnings_of(run) == ""
    path.write_bytes(content)
    run.refresh()
    assert len(run["loss/train"]) == 3000


# ---------------------------------------------------------------- what an opened run refuses


def test_an_opened_run_cannot_be_paused(tmp_path: Path) -> None:
    with nbviz.Run("mine", dir=tmp_path) as run:
        run.log({"loss": 1.0}, 1)
    opened = nbviz.open_run(tmp_path)
    for command in ("pause", "resume", "step", "stop"):
        with pytest.raises(NbvizError, match="read from files"):
            getattr(opened.control, command)()
