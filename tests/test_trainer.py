"""A trainer and the user's own functions: where they log, and what cannot be done with it."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch
from torch import nn

import nbviz
from nbviz.errors import ConfigurationError

SECONDS = 180.0  # a limit on a hang


def batches(count: int = 4) -> list[tuple[torch.Tensor, torch.Tensor]]:
    inputs = torch.randn(count, 8, 3)
    return [(x, (x.sum(1) > 0).long()) for x in inputs]


def make(**options: Any) -> nbviz.Trainer:
    model = nn.Linear(3, 2)
    given: dict[str, Any] = {
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        "loss_fn": nn.CrossEntropyLoss(),
        "max_epochs": 2,
        "device": "cpu",
        "threads": 1,
        **options,
    }
    return nbviz.Trainer(model, given.pop("train_loader", batches()), **given)


def test_what_a_training_step_logs_belongs_to_the_step_being_made() -> None:
    seen: list[int] = []

    def step(model: nn.Module, batch: Any) -> Any:
        seen.append(trainer.step_number)
        nbviz.log({"by/name": len(seen)})
        trainer.run.log({"by/run": len(seen)})
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    def validate(model: nn.Module, batch: Any) -> Any:
        nbviz.log({"in/validation": trainer.step_number})
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    trainer = make(
        train_loader=batches(8), training_step=step, accumulate=2, loss_fn=None,
        val_loader=batches(1), validation_step=validate,
    )  # fmt: skip
    assert trainer.step_number == 0
    trainer.start()
    trainer.wait(SECONDS)
    assert trainer.step_number == 8
    assert seen == [number for number in range(1, 9) for _ in range(2)]
    run = trainer.run
    assert list(run["loss/train"].steps) == list(range(1, 9))
    for tag in ("by/name", "by/run"):
        assert list(run[tag].steps) == seen
        assert list(run[tag].values) == list(range(1, 17))
    assert list(run["in/validation"].steps) == [4, 8]


def test_trainer_is_neither_copied_nor_pickled() -> None:
    trainer = make()
    for act in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(ConfigurationError, match=r"cannot be copied or pickled.*state_dict"):
            act(trainer)


def test_scripted_model_is_refused_and_scripting_a_trainers_model_says_why_not() -> None:
    scripted = torch.jit.trace(nn.Linear(3, 2), torch.ones(1, 3))
    with pytest.raises(ConfigurationError, match=r"a Linear of TorchScript.*Give the nn\.Module"):
        nbviz.Trainer(scripted, batches(), loss_fn=nn.CrossEntropyLoss())
    with pytest.raises(ConfigurationError, match=r"model must be a torch\.nn\.Module, got str"):
        nbviz.Trainer("resnet", batches())
    trainer = make()
    with pytest.raises(AttributeError, match=r"cannot script a module that a hook of nbviz is on"):
        torch.jit.script(trainer.engine.model)
    trainer.start()
    trainer.wait(SECONDS)
    assert torch.jit.script(trainer.engine.model)(torch.ones(1, 3)).shape == (1, 2)


def test_an_optimizer_of_a_step_of_the_users_own_is_steered_by_the_run() -> None:
    model = nn.Linear(2, 1)
    own = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        own.zero_grad()
        loss = model(batch).mean()
        loss.backward()
        own.step()
        return loss.detach()

    trainer = nbviz.Trainer(
        model, [torch.ones(3, 2)], training_step=step, optimizer=None, max_epochs=None
    )
    trainer.run.steer(own)
    assert trainer.control.settings()[0].name == "lr"
    trainer.step()
    trainer.set(lr=0.01)
    trainer.stop()
    trainer.wait(180)
    assert own.param_groups[0]["lr"] == 0.01


def test_another_optimizer_is_steered_beside_the_trainers() -> None:
    model = nn.Linear(2, 1)
    first, second = (torch.optim.SGD(model.parameters(), lr=lr) for lr in (0.1, 0.2))
    trainer = nbviz.Trainer(
        model,
        [(torch.ones(3, 2), torch.ones(3, 1))],
        loss_fn=nn.MSELoss(),
        optimizer=first,
        max_epochs=1,
    )
    for _ in range(2):
        trainer.run.steer(first)
        trainer.run.steer(second)
    lrs = {one.name: one.value for one in trainer.control.settings() if one.name[:2] == "lr"}
    assert lrs == {"lr": 0.1, "lr/2": 0.2}
    trainer.set(**{"lr/2": 0.3})
    assert second.param_groups[0]["lr"] == 0.3
