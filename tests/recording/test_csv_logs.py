"""Runs that were logged as CSV, by Lightning and others."""

from __future__ import annotations

import os
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

import nbviz
from nbviz.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from nbviz.recording.journal.opened import OpenedRun


def points(run: OpenedRun) -> dict[str, list[tuple[int, float]]]:
    return {
        tag: list(zip(run[tag].steps.tolist(), run[tag].values.tolist(), strict=True))
        for tag in run
    }


def settled(path: Path) -> None:
    """Let a file seem to have been written a while ago."""
    then = time.time() - 3600
    os.utime(path, (then, then))


def test_lightnings_metrics_and_parameters(tmp_path: Path) -> None:
    version = tmp_path / "lightning_logs" / "version_0"
    version.mkdir(parents=True)
    (version / "metrics.csv").write_text(
        "epoch,step,train_loss,val_acc\n0,9,0.5,\n0,19,0.25,\n0,19,,0.75\n1,29,nan,\n1,39,-inf,"
    )
    settled(version / "metrics.csv")
    (version / "hparams.yaml").write_text("lr: 0.1\nlayers: [64, 32]\nname: net\n")
    run = nbviz.open_run(version)
    assert run.name == "version_0"
    assert points(run)["val_acc"] == [(19, 0.75)]
    assert points(run)["epoch"] == [(9, 0), (19, 0), (19, 0), (29, 1), (39, 1)]
    losses = run["train_loss"]
    assert losses.steps.tolist() == [9, 19, 29, 39]
    np.testing.assert_array_equal(losses.values, [0.5, 0.25, np.nan, -np.inf])
    assert run.config == {"lr": 0.1, "layers": "[64, 32]", "name": "net"}
    assert run.status == "finished"
    assert [one.name for one in nbviz.open_runs(tmp_path)] == ["lightning_logs/version_0"]
    with pytest.raises(ConfigurationError, match=r"there are some in .*version_0: nbviz.open_runs"):
        nbviz.open_run(tmp_path)


def test_a_file_that_grows_and_one_that_is_written_anew_with_a_column_more(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("step,loss\n1,0.5\n2,0.2")
    run = nbviz.open_run(tmp_path)
    assert points(run) == {"loss": [(1, 0.5)]}, "a last line may not be complete"
    assert run.status == "running"
    path.write_text("step,loss\n1,0.5\n2,0.25\n")
    assert run.refresh() == 1
    path.write_text("acc,step,loss\n,1,0.5\n")  # while it is written anew
    assert run.refresh() == 0
    path.write_text("acc,step,loss\n,1,0.5\n,2,0.25\n0.75,3,\n")
    assert run.refresh() == 1
    assert points(run) == {"loss": [(1, 0.5), (2, 0.25)], "acc": [(3, 0.75)]}
    path.write_text("acc,step,loss\n,1,0.125\n")  # another training, in its place
    run.refresh()
    assert points(run) == {"loss": [(1, 0.125)], "acc": []}


def test_logs_of_other_libraries(tmp_path: Path) -> None:
    keras, fastai, bare = (tmp_path / name for name in ("keras", "fastai", "bare"))
    for folder in (keras, fastai, bare):
        folder.mkdir()
    (keras / "log.csv").write_text(
        "epoch;accuracy;val_loss;ok\r\n0;0.5;1.5;True\r\n1;0.75;;False\r\n"
    )
    (fastai / "history.csv").write_text("epoch, train_loss, time\n0,0.5,00:02\n1,0.25,00:03\n")
    (bare / "data.csv").write_text("width,height\n1,2\n3,4\n")
    assert [run.name for run in nbviz.open_runs(tmp_path)] == ["fastai", "keras"]
    assert points(nbviz.open_run(keras)) == {
        "accuracy": [(0, 0.5), (1, 0.75)],
        "val_loss": [(0, 1.5)],
        "ok": [(0, 1.0), (1, 0.0)],
    }
    run = nbviz.open_run(fastai)
    assert points(run) == {"train_loss": [(0, 0.5), (1, 0.25)]}
    said = [line.text for line in run.lines.since(0)]
    assert said == ["2 values were left out: 2 × texts in the column 'time' of a CSV file."]
    assert points(nbviz.open_run(bare / "data.csv"))["height"] == [(1, 2.0), (2, 4.0)]
    with pytest.raises(ConfigurationError, match="no event files in it, and no CSV log"):
        nbviz.open_run(bare)
    (bare / "words.csv").write_text("step,word\n1,one\n")
    opened = nbviz.open_run(bare / "words.csv")
    assert len(opened) == 0
    (bare / "empty.csv").write_text("step,loss")
    with pytest.raises(ConfigurationError, match="holds no numbers; a CSV log has a line of names"):
        nbviz.open_run(bare / "empty.csv")


def test_what_to_csv_writes_is_read_back_equal(tmp_path: Path) -> None:
    run = nbviz.Run()
    for step in (*range(1, 40), *range(5, 30)):  # started again at step 5
        run.log({"loss": 1 / 3 / step, "a,b": float("nan")}, step)
    run.finish()
    run.to_csv(tmp_path / "mine.csv")
    opened = nbviz.open_run(tmp_path / "mine.csv")
    for tag in ("loss", "a,b"):
        np.testing.assert_array_equal(opened[tag].values, run[tag].values)
        assert opened[tag].steps.tolist() == run[tag].steps.tolist()
        assert len(opened[tag].segments) == len(run[tag].segments) == 2


def test_event_files_count_where_both_are(tmp_path: Path) -> None:
    with nbviz.Run(dir=tmp_path) as run:
        run.log({"loss": 1.0}, 1)
    (tmp_path / "metrics.csv").write_text("step,loss\n1,7\n")
    assert points(nbviz.open_run(tmp_path)) == {"loss": [(1, 1.0)]}
    assert len(nbviz.open_runs(tmp_path)) == 1


def test_several_logs_of_a_folder_are_a_run_each(tmp_path: Path) -> None:
    for name in ("train", "val"):
        (tmp_path / f"{name}.csv").write_text("step,loss\n1,0.5\n")
    runs = nbviz.open_runs(tmp_path)
    assert [points(run) for run in runs] == [{"loss": [(1, 0.5)]}] * 2
    first = nbviz.open_run(tmp_path)
    assert "has 2 runs" in first.lines.since(0)[0].text


def test_damaged_and_hostile_files(tmp_path: Path) -> None:
    """What can be read is; the rest is said, and costs no more than it holds."""

    def opened(metrics: bytes, parameters: bytes = b"") -> tuple[OpenedRun, str]:
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "metrics.csv").write_bytes(metrics)
        (folder / "hparams.yaml").write_bytes(parameters)
        settled(folder / "metrics.csv")
        run = nbviz.open_run(folder)
        return run, " ".join(line.text for line in run.lines.since(0))

    run, said = opened(b"step,loss,x\n1,2," + b"a" * 200_000 + b"\n2,3,4\n")
    assert points(run) == {"loss": [(2, 3.0)], "x": [(2, 4.0)]}
    assert "1 × lines of a CSV file (field larger than field limit" in said
    run, said = opened(b"step,loss\n1,2\n" + b"b" * 2_500_000 + b"\n3,4\n")
    assert points(run) == {"loss": [(1, 2.0), (3, 4.0)]}
    assert "1 × lines of a CSV file longer than 1,000,000 bytes" in said
    run, said = opened(b"step,loss\n1,2\n\0\0\0\n3,4\n\xff\xfe,5\r6\n")
    assert points(run)["loss"][:2] == [(1, 2.0), (3, 4.0)]
    run, said = opened(b'step,loss\n1,2\n"3,4\n5,6\n7,8\n')  # nothing ends the quote
    assert points(run) == {"loss": [(1, 2.0), (3, 4.0), (5, 6.0), (7, 8.0)]}
    run, said = opened(b"step,loss,loss\n1,2,3\n")
    assert points(run) == {"loss": [(1, 2.0)], "loss (2)": [(1, 3.0)]}
    run, said = opened(b"step," + b"c" * 2_000_000)
    assert "1 × a first line of a CSV file that is longer than 1,000,000 bytes" in said
    run, said = opened(b"step,lo\rss\n1,2\n")
    assert not run.tags

    letters = "abcdefghij"
    bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for before, letter in pairwise(letters):  # 10 to the 9th
        bomb.append(f"{letter}: &{letter} [{', '.join([f'*{before}'] * 10)}]")
    one = b"step,loss\n1,2\n"
    for parameters, why in (
        ("\n".join(bomb).encode(), "hparams.yaml, which is too large"),
        (b"a: " + b"x" * 1_100_000, "hparams.yaml, which is too large"),
        (b"a: &a [*a]", "hparams.yaml, which is too large"),
        (b"a: " + b"[" * 5000 + b"]" * 5000, "hparams.yaml, which is no plain YAML"),
        (b"a: !!python/object/apply:os.getcwd []", "hparams.yaml, which is no plain YAML"),
    ):
        run, said = opened(one, parameters)
        assert why in said
        assert points(run) == {"loss": [(1, 2.0)]}
        assert run.config == {}
    run, said = opened(one, b"a: &a [1, 2]\nb: *a\n")  # as yaml.dump writes one list twice
    assert run.config == {"a": "[1, 2]", "b": "[1, 2]"}
