"""Accelerate's tracker, in a loop of a real Accelerator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from commands import marks, resume_once_paused
from torch import nn

import nbviz
from nbviz.errors import RunStopped

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def accelerate() -> Any:
    import accelerate

    return accelerate


@pytest.fixture(scope="module")
def tracker_class(accelerate: Any) -> Any:
    from nbviz.integrations.accelerate import NbvizTracker

    return NbvizTracker


def test_a_loop_is_recorded_and_steered(
    accelerate: Any, tracker_class: Any, tmp_path: Path
) -> None:
    accelerator = accelerate.Accelerator(cpu=True, log_with="nbviz")
    accelerator.init_trackers(
        "mine",
        config={"lr": 0.1, "net": {"width": 2}},
        init_kwargs={"nbviz": {"logging_dir": tmp_path}},
    )
    tracker = accelerator.get_tracker("nbviz")
    run = accelerator.get_tracker("nbviz", unwrap=True)
    assert isinstance(tracker, tracker_class)
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model, optimizer = accelerator.prepare(model, optimizer)
    run.steer(optimizer.optimizer)
    commands = {2: lambda: run.control.set(lr=0.05), 3: run.control.pause, 5: run.control.stop}
    thread = resume_once_paused(run)
    losses: list[float] = []
    rates: list[float] = []

    def train() -> None:
        for step in range(1, 100):
            loss = model(torch.ones(4, 2)).square().mean()
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            rates.append(optimizer.param_groups[0]["lr"])
            commands.get(step, lambda: None)()
            accelerator.log({"loss": loss.item(), "note": "text", "of": {"a": step}}, step=step)

    with pytest.raises(RunStopped):
        train()
    thread.join(180)
    tracker.log_images({"noise": torch.rand(2, 3, 4, 4).numpy()}, step=5, layout="CHW")
    accelerator.end_training()
    assert run["loss"].values.tolist() == losses
    assert run["of/a"].values.tolist() == [1, 2, 3, 4, 5]
    assert rates == [0.1, 0.1, 0.05, 0.05, 0.05]
    assert marks(run, "command") == ["lr 0.1 → 0.05", "paused", "resumed"]
    assert run.config == {"lr": 0.1, "net.width": 2}
    assert run.status == "stopped"
    opened = nbviz.open_run(tmp_path / "mine")
    assert opened["loss"].values.tolist() == losses
    assert [item.step for item in opened.media["note"]] == [1, 2, 3, 4, 5]
    assert [item.step for item in opened.media["noise"]] == [5]


def test_what_cannot_be_recorded_is_said_and_ends_nothing(tracker_class: Any) -> None:
    tracker = tracker_class("odd", run=nbviz.Run("odd"))
    tracker.log({"shape": [1, 2, 3], "loss": 1.0}, step=1)
    tracker.log_images({"none": ["no image"]}, step=1)
    tracker.finish()
    assert tracker.run["loss"].values.tolist() == [1.0]
    said = [line.text for line in tracker.run.lines.since(0) if line.level == "warning"]
    assert len(said) == 2
    assert "'shape' needs a number" in said[0]
