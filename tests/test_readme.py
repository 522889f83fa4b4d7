"""The README's own code runs."""

from __future__ import annotations

import re
from pathlib import Path

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
    live.wait(60)
    assert len(live.run["loss/train"]) == len(train_loader)


def test_its_pictures_exist() -> None:
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert pictures
    for picture in pictures:
        assert (Path(__file__).parent.parent / picture).is_file()
