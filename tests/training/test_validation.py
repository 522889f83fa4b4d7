"""Validation, and the trial of it before the first epoch."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
from observed import Events, make_batches, make_engine, make_model
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from nbviz.errors import ConfigurationError
from nbviz.training.events import LineLogged, StepEnded, ValidationEnded


def test_training_step_that_needs_gradients_validates_with_them() -> None:
    events = Events()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))

    def step(model: nn.Module, batch: Any) -> torch.Tensor:
        """As in physics-informed networks: the loss has a derivative of the output."""
        (x,) = batch
        x = x.clone().requires_grad_()
        y = model(x)
        (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        return (slope - y).square().mean()

    points = [(torch.linspace(0, 1, 8)[:, None],)]
    make_engine(
        events, points, model=model, training_step=step, val_loader=points, max_epochs=2,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.01),
    ).run()  # fmt: skip
    assert events[-1].reason == "finished"
    assert len(events.of(ValidationEnded)) == 2
    assert "validation runs with gradients, which training_step needs" in (
        events.of(LineLogged)[0].text
    )
    assert not events.of(ValidationEnded)[0].scalars["loss/val"].requires_grad


class Detector(nn.Module):
    """As torchvision's: losses in train mode, boxes in eval mode."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor, y: Any = None) -> Any:
        out = self.layer(x)
        return {"a": nn.functional.cross_entropy(out, y)} if self.training else [out]


def test_step_that_cannot_validate_is_told_before_training() -> None:
    events, model = Events(), Detector()

    def step(model: nn.Module, batch: Any) -> Any:
        return sum(model(*batch).values())

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    message = "training_step cannot validate: .* raised AttributeError: .*Give validation_step="
    with pytest.raises(ConfigurationError, match=message):
        make_engine(
            events, model=model, training_step=step, optimizer=optimizer,
            val_loader=make_batches(1),
        ).run()  # fmt: skip
    assert not events.of(StepEnded)
    assert model.training


def test_error_in_validation_is_met_before_training() -> None:
    events = Events()
    batches = [(torch.ones(4, 5), torch.zeros(4).long())]
    with pytest.raises(RuntimeError) as caught:
        make_engine(events, val_loader=batches).run()
    assert not events.of(StepEnded)
    assert any("In a trial of the validation" in note for note in caught.value.__notes__)


class Drawn(Dataset[Any]):
    """Draws from every source of random numbers."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        noise = torch.rand(3) + random.random() + np.random.rand()  # noqa: NPY002
        return noise.float(), index % 2


def test_trial_uses_up_no_random_numbers_and_no_iterator() -> None:
    def train(**options: Any) -> list[torch.Tensor]:
        events, model = Events(), make_model()
        inputs, targets = make_batches(1, 32)[0]
        order = torch.Generator().manual_seed(3)
        loader = DataLoader(TensorDataset(inputs, targets), 8, shuffle=True, generator=order)
        make_engine(events, loader, model=model, seed=1, max_epochs=1, **options).run()
        return [event.scalars["loss/train"] for event in events.of(StepEnded)]

    assert train() == train(val_loader=DataLoader(Drawn(), 2))
