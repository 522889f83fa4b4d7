"""The README's own code runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from torch import nn

import nbviz
from nbviz.widgets.live_cell import start_live_cell

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_first_example_trains_and_the_second_steers_it(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(BLOCKS[0], names)
    assert len(BLOCKS[0].splitlines()) <= 10
    exec(BLOCKS[1], names)
    trainer = names["trainer"]
    assert trainer.status == "finished"
    # How far it gets depends on the step at which the learning rate falls.
    losses = trainer.run["loss/val"].values
    assert losses[-1] < losses[0]
    assert trainer.optimizer.param_groups[0]["lr"] == 1e-4
    assert (tmp_path / "run.html").read_text().startswith("<!DOCTYPE html>")


def test_the_live_cell_runs() -> None:
    magic, cell = BLOCKS[3].split("\n", 1)
    assert magic == "%%live --name mine"
    train_loader, _ = nbviz.datasets.digits()
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    names = {"nbviz": nbviz, "nn": nn, "train_loader": train_loader, "model": model}
    live = start_live_cell(cell, names, cell_id=None, name="mine")
    live.start()
    live.wait(180)
    assert len(live.run["loss/train"]) == len(train_loader)


def test_runs_are_compared(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with nbviz.Run("earlier", dir="runs/earlier", config={"width": 32}) as earlier:
        earlier.log({"loss/train": 1.0}, step=1)
    names = _example()
    exec(BLOCKS[4], names)
    rows = names["comparison"].table()
    assert next(row["run"] for row in rows) == "wide"
    assert {row["width"] for row in rows} == {64, 32, None}
    assert {row["optimizer"] for row in rows} == {None, "Adam"}


def test_media_and_a_watch_are_recorded() -> None:
    names = _example()
    trainer, run = names["trainer"], names["trainer"].run
    exec(BLOCKS[5], names)
    trainer.start()
    trainer.wait(180)
    names["watch"].stop()
    kinds = {tag: media.kind for tag, media in run.media.items()}
    assert set(kinds) >= {"digits/first", "logits"}
    assert kinds["digits/confusion"] == "confusion_matrix"
    assert kinds["digits/pr"] == "pr_curve"
    assert kinds["digits/table"] == "table"
    assert len(run["weights/1.weight/norm"]) > 0
    assert len(run["gradients/3.weight/norm"]) > 0
    assert len(run["activations/3/mean"]) > 0


def test_charts_are_made_and_saved(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = (block for block in BLOCKS if "from nbviz import charts" in block)
    names = _example()
    exec(block, names)
    assert names["losses"].marks[0].y.tolist() == [3, 2, 1.5, 1]
    assert len(names["points"].marks) == 3
    assert (tmp_path / "charts.html").read_text().count("<figure>") == 2


def test_a_run_is_kept_gone_on_with_and_reset(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = _example()
    save, load = (
        next(one for one in BLOCKS if part in one) for part in ("trainer.save(", ".load(")
    )
    names["trainer"].step(3)
    exec(save, names)
    names["trainer"].trainer.stop_and_wait()
    exec(load, names)
    assert names["trainer"].status == "ready"
    assert len(names["trainer"].runs) == 2


def test_the_callbacks_are_ones(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = _example()
    exec(next(block for block in BLOCKS if "nbviz.callbacks" in block), names)
    trainer = names["trainer"]
    model, loader = trainer.model, trainer.trainer.options.train_loader
    mine = nbviz.Trainer(
        model, loader, val_loader=loader, loss_fn=nn.CrossEntropyLoss(), metrics=["accuracy"],
        optimizer=trainer.optimizer, max_epochs=6, callbacks=names["callbacks"], device="cpu",
    )  # fmt: skip
    mine.start()
    mine.wait(180)
    assert (tmp_path / "best.pt").exists()
    assert [line.text for line in mine.run.lines.since(0) if line.level == "error"] == []


def test_the_model_is_drawn_summed_up_and_recorded(tmp_path, monkeypatch) -> None:
    pytest.importorskip("graphviz")  # an extra, which Colab's environment is without
    monkeypatch.chdir(tmp_path)
    names = _example()
    exec(BLOCKS[6], names)
    assert (tmp_path / "model.svg").read_text().count("<text") > 4
    assert names["recording"].graph.parameter_count == 64 * 64 + 64 + 64 * 10 + 10


def _example() -> dict:
    """Return the first example's names, and a batch of its images."""
    names: dict = {}
    exec(BLOCKS[0], names)
    names["images"], names["labels"] = next(iter(names["train_loader"]))
    names["loss_fn"] = nn.CrossEntropyLoss()
    names["loss"] = names["loss_fn"](names["model"](names["images"]), names["labels"])
    return names


def test_its_pictures_exist() -> None:
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert pictures
    for picture in pictures:
        assert (Path(__file__).parent.parent / picture).is_file()
