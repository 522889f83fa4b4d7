"""What a checkpoint cannot hold is named at the start of a run, once; what it holds is not."""

from __future__ import annotations

import functools
import random
from typing import Any

import numpy as np
import pytest
import torch
from observed import make_batches, make_model
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import nbviz

LOSS = nn.functional.cross_entropy
OTHER = nn.Linear(2, 2)
DRAWN = np.random.default_rng(0)


def said(loader: Any = None, **options: Any) -> list[str]:
    """Return the lines on what is left out, of a run that was started twice."""
    model = options.pop("model", None) or make_model()
    given = {"optimizer": torch.optim.SGD(model.parameters(), lr=0.1), "loss_fn": LOSS, **options}
    trainer = nbviz.Trainer(
        model, make_batches() if loader is None else loader, max_steps=2, **given
    )
    trainer.start()
    trainer.wait(180)
    if loader is None:
        trainer.start()
        trainer.wait(180)
    lines = [line.text for line in trainer.run.lines.since(0)]
    return [text for text in lines if text.startswith("a checkpoint of this run")]


def test_an_ordinary_run_is_held_whole() -> None:
    assert said() == []
    assert said(DataLoader(TensorDataset(torch.randn(32, 3), torch.zeros(32).long()), 8)) == []


def test_it_is_said_once() -> None:
    model = make_model()

    class Scheduler:
        def __init__(self) -> None:
            self.steps = 0

        def step(self) -> None:
            self.steps += 1

    (text,) = said(model=model, scheduler=Scheduler())
    assert "scheduler (Scheduler) has no state_dict and load_state_dict" in text


class Counting:
    """A loss that changes with its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return LOSS(outputs, targets) / self.calls


class Collecting(Counting):
    """The same with more than a count."""

    def __init__(self) -> None:
        super().__init__()
        self.all = torch.zeros(1_000_000)


class Scaled(Counting):
    """The same with a number that was given, and a state."""

    def state_dict(self) -> dict[str, Any]:
        return {"calls": self.calls}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.calls = state["calls"]


def weighted(outputs: torch.Tensor, targets: torch.Tensor, by: random.Random) -> torch.Tensor:
    return LOSS(outputs, targets) * by.random()


def drawing(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return LOSS(outputs, targets) * DRAWN.random()


@pytest.mark.parametrize(
    ("loss_fn", "named"),
    [
        (Counting(), ""),
        (Scaled(), ""),
        (functools.partial(weighted, by=random.Random(0)), ""),
        (drawing, ""),
        (Collecting(), "loss_fn (Collecting) may keep a state (.all)"),
        (nn.CrossEntropyLoss(label_smoothing=0.1), ""),
    ],
    ids=["keeps a count", "gives its state", "partial", "global generator", "large", "module"],
)
def test_a_loss(loss_fn: Any, named: str) -> None:
    found = said(loss_fn=loss_fn)
    assert len(found) == bool(named)
    assert all(named in text for text in found)


def test_what_a_step_uses_is_held() -> None:
    model = make_model()
    own = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(model: nn.Module, batch: Any) -> Any:
        loss = LOSS(model(batch[0]), batch[1]) + OTHER(torch.ones(2)).sum() * DRAWN.random()
        own.zero_grad()
        loss.backward()
        own.step()
        return {"loss": loss.detach()}

    assert said(model=model, training_step=step, loss_fn=None, optimizer=None) == []


def test_a_loader_that_cannot_be_read_again() -> None:
    (text,) = said(iter(make_batches()))
    assert "train_loader is a list_iterator, which cannot be read again" in text


def test_workers_that_stay() -> None:
    data = TensorDataset(torch.randn(32, 3), torch.zeros(32).long())
    (text,) = said(DataLoader(data, 8, num_workers=1, persistent_workers=True))
    assert "persistent_workers=True keeps the random numbers of its processes" in text
