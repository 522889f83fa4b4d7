"""Faults injected on purpose: seen, marked, and undone to the last bit by a rewind."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from observed import SECONDS
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

import nbviz
from nbviz.errors import CommandError

STEPS, FAULT_AT = 32, 12  # an epoch has 8


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 16)
        self.drop = nn.Dropout(0.1)
        self.second = nn.Linear(16, 8)
        self.act = nn.ReLU()
        self.last = nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.act(self.second(self.drop(torch.relu(self.first(x))))))


def made(**more: Any) -> nbviz.Trainer:
    torch.manual_seed(0)
    inputs = torch.randn(64, 6)
    data = TensorDataset(inputs, (inputs.sum(1) > 0).long())
    model = Net()
    options: dict[str, Any] = {
        "loss_fn": nn.CrossEntropyLoss(), "device": "cpu", "threads": 1, "ring_every": 10,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
        "train_loader": DataLoader(data, batch_size=8, shuffle=True), "max_epochs": 4, **more,
    }  # fmt: skip
    return nbviz.Trainer(model, **options)


def to(trainer: nbviz.Trainer, step: int) -> None:
    trainer.step(step - trainer.engine.step)
    assert trainer.control.wait_inside() is None


def end(trainer: nbviz.Trainer) -> dict[str, torch.Tensor]:
    trainer.resume()
    trainer.wait(SECONDS)
    assert trainer.engine.step == STEPS
    losses = torch.from_numpy(trainer.run["loss/train"].values)
    return {"losses": losses, **trainer.model.state_dict()}


@pytest.fixture(scope="module")
def healthy() -> dict[str, torch.Tensor]:
    trainer = made()
    to(trainer, FAULT_AT)
    return {name: one.clone() for name, one in end(trainer).items()}


FAULTS = {
    "high_lr": "lr × 100: lr 0.1 → 10",
    "dead_relu": "dead ReLU init: biases before 2 ReLUs are -100",
    "vanishing_init": "vanishing init: weights of 3 layers × 0.01",
    "label_noise": "label noise: 50% of the labels are drawn anew, from the next epoch on",
    "no_shuffle": "no shuffling: samples come sorted by label, from the next epoch on",
}


def seen(trainer: nbviz.Trainer, name: str, healthy: dict[str, torch.Tensor]) -> bool:
    """Whether what the fault is known for is there after the training."""
    model: Any = trainer.model
    losses = trainer.run["loss/train"].values
    if name == "high_lr":
        return bool((losses[FAULT_AT:] > 10 * losses[FAULT_AT - 1]).any())
    if name == "dead_relu":
        inputs = trainer.options.train_loader.dataset.tensors[0]
        return not model.first(inputs).relu().any() and not model.act(model.second.bias).any()
    if name == "vanishing_init":
        return abs(losses[FAULT_AT] - math.log(2)) < 0.05
    later = losses[2 * 8 :]  # the epochs after that in which it was injected
    before = healthy["losses"][2 * 8 :].numpy()
    if name == "label_noise":
        return later.mean() > before.mean() + 0.1
    half = [batch[1].unique().tolist() for batch in trainer.data.upcoming]
    return half[0] == [0] and half[-1] == [1]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen_and_a_rewind_undoes_it_to_the_last_bit(
    name: Any, healthy: dict[str, torch.Tensor]
) -> None:
    trainer = made()
    trainer.graph.ask(lambda graph: None)
    to(trainer, FAULT_AT)
    fault = trainer.inject_fault(name)
    assert (fault.step, fault.text) == (FAULT_AT, FAULTS[name])
    end(trainer)
    run = trainer.run
    marks = [(one.event, one.step, one.text) for one in run.events if one.event == "fault"]
    assert marks == [("fault", FAULT_AT, fault.text)]
    assert fault.text in [line.text for line in run.lines.since(0)]
    assert seen(trainer, name, healthy)
    faulty = {key: one.clone() for key, one in trainer.model.state_dict().items()}
    trainer.rewind(FAULT_AT + 10)  # from the state of right after it, or later
    assert not [line.text for line in trainer.run.lines.since(0) if line.level == "warning"]
    again = end(trainer)
    assert all(torch.equal(one, again[key]) for key, one in faulty.items())
    trainer.rewind(fault.step)
    assert trainer.data.relabelled == {}
    undone = end(trainer)
    assert all(torch.equal(one, undone[key]) for key, one in healthy.items())


def test_one_before_the_first_step_is_undone_by_a_rewind_to_the_start() -> None:
    plain = made()
    to(plain, 1)
    healthy = {name: one.clone() for name, one in end(plain).items()}
    trainer = made()
    fault = trainer.inject_fault("vanishing_init")
    assert fault.step == 0
    to(trainer, 1)
    assert trainer.run["loss/train"].values[0] == pytest.approx(math.log(2), abs=0.01)
    trainer.rewind(0)
    assert trainer.status == "paused"
    undone = end(trainer)
    assert all(torch.equal(one, undone[name]) for name, one in healthy.items())


class Endless(IterableDataset[Any]):
    def __iter__(self) -> Any:
        return iter([(torch.randn(6), 1)] * 8)


def test_what_cannot_be_done_is_refused_by_name() -> None:
    model = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 2))
    trainer = nbviz.Trainer(
        model, DataLoader(Endless(), batch_size=4), loss_fn=nn.CrossEntropyLoss(), max_epochs=2,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1), device="cpu", threads=1,
    )  # fmt: skip
    for name in ("label_noise", "no_shuffle"):
        with pytest.raises(CommandError, match=f"'{name}' cannot be injected.*is an iterable data"):
            trainer.inject_fault(name)
    with pytest.raises(CommandError, match=r"there is no fault 'gremlins'; there are: high_lr, "):
        trainer.inject_fault("gremlins")  # pyright: ignore[reportArgumentType]
    before = {name: one.clone() for name, one in model.state_dict().items()}
    to(trainer, 1)
    with pytest.raises(CommandError, match="has no ReLU whose units could die"):
        trainer.inject_fault("dead_relu")
    assert not [one for one in trainer.run.events if one.event == "fault"]
    assert before.keys() == model.state_dict().keys()
    trainer.stop_and_wait()
