"""The wall clock is set back in the middle of a run: durations do not see it."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import torch
from torch import nn

import nbviz
from nbviz import Run


@pytest.fixture
def set_back(monkeypatch):
    real = time.time

    def act() -> None:
        monkeypatch.setattr(time, "time", lambda: real() - 60.0)

    return act


def test_in_a_loop_of_ones_own(set_back) -> None:
    run = Run()
    for step in range(1, 2001):
        if step == 1000:
            set_back()
        run.log({"loss": 1.0}, step)
        if step % 1000 == 0:
            run.note("a line")
    tick = threading.Event()
    for step in range(2001, 2020):
        tick.wait(0.01)
        run.log({"loss": 1.0}, step)
        run.drain()
    run.finish()
    seconds = run["loss"].wall_times
    assert (np.diff(seconds) >= 0).all()
    assert 0.1 < seconds[-1] < 50
    assert 0.1 < run.progress.elapsed_seconds < 50
    assert run.progress.steps_per_second > 0
    assert [line.wall_time for line in run.lines.since(0)] == sorted(
        line.wall_time for line in run.lines.since(0)
    )


def test_in_a_trainer(set_back) -> None:
    model = nn.Linear(2, 1)
    batches = [(torch.ones(4, 2), torch.ones(4, 1))] * 50

    def training_step(model, batch):
        if trainer.run.meter.step == 20:
            set_back()
        return {"loss": ((model(batch[0]) - batch[1]) ** 2).mean()}

    trainer = nbviz.Trainer(model, batches, training_step=training_step, max_epochs=1)
    trainer.start()
    trainer.wait(180)
    seconds = trainer.run["loss/train"].wall_times
    assert len(seconds) == 50
    assert (np.diff(seconds) >= 0).all()
    assert 0 < seconds[-1] <= trainer.run.progress.elapsed_seconds < 50
    assert all(0 <= event.wall_time < 50 for event in trainer.run.events)
