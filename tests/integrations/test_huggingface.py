"""The callback of transformers' Trainer, in real trainings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from commands import elsewhere, marks, resume_once_paused
from torch import nn

import nbviz

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Line(nn.Module):
    """A model that says its own loss, and calls what is to happen at a step."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(1, 1)
        self.at_step: dict[int, Callable[[], None]] = {}
        self.calls = 0

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if self.training:
            self.calls += 1
            self.at_step.pop(self.calls, lambda: None)()
        outputs = self.line(x)
        return nn.functional.mse_loss(outputs, labels), outputs


@pytest.fixture(scope="module")
def transformers() -> Any:
    import transformers

    return transformers


@pytest.fixture(scope="module")
def callback_class(transformers: Any) -> Any:
    from nbviz.integrations.huggingface import NbvizCallback

    return NbvizCallback


@pytest.fixture
def trainer_of(transformers: Any, tmp_path: Path) -> Callable[..., Any]:
    data = [{"x": torch.tensor([i / 8]), "labels": torch.tensor([i / 4])} for i in range(16)]

    def make(callbacks: Any = None, **options: Any) -> Any:
        torch.manual_seed(0)
        arguments = transformers.TrainingArguments(
            tmp_path / "out",
            use_cpu=True,
            disable_tqdm=True,
            save_strategy="no",
            per_device_train_batch_size=4,
            learning_rate=0.1,
            optim="sgd",
            **{"report_to": [], "logging_steps": 1, **options},
        )
        return transformers.Trainer(
            Line(), arguments, train_dataset=data, eval_dataset=data, callbacks=callbacks
        )

    return make


def test_what_the_trainer_logs_is_recorded(
    callback_class: Any, trainer_of: Any, tmp_path: Path
) -> None:
    callback = callback_class(dir=tmp_path / "run", watch={"every": 0})
    trainer = trainer_of([callback], num_train_epochs=2, eval_strategy="epoch")
    trainer.train()
    run = callback.run
    history = trainer.state.log_history
    for name, tag in {
        "loss": "loss/train",
        "eval_loss": "loss/val",
        "grad_norm": "grad_norm",
        "learning_rate": "learning_rate",
    }.items():
        said = [(entry["step"], entry[name]) for entry in history if name in entry]
        assert len(said) >= 2
        assert list(zip(run[tag].steps, run[tag].values, strict=True)) == said
    assert run["lr/0"].values.tolist() == run["learning_rate"].values.tolist()
    assert run["lr/1"].steps.tolist() == list(range(1, 9))
    assert run["gradients/line.weight/norm"].values.size > 0
    assert (run.status, run.progress.step, run.progress.total_steps) == ("finished", 8, 8)
    assert run.epochs == [0, 4]
    assert marks(run, "validation") == ["evaluation"] * 2
    assert run.config["learning_rate"] == 0.1
    assert run.config["optim"] == "sgd"
    opened = nbviz.open_run(tmp_path / "run")
    assert opened["loss/train"].values.tolist() == run["loss/train"].values.tolist()


def test_commands_act_between_two_steps(callback_class: Any, trainer_of: Any) -> None:
    callback = callback_class()
    run = callback.run
    trainer = trainer_of([callback], num_train_epochs=10, lr_scheduler_type="constant")
    at_step = trainer.model.at_step
    at_step[2] = lambda: elsewhere(lambda: run.control.set(lr=0.05))
    at_step[3] = lambda: elsewhere(run.control.pause)
    at_step[6] = lambda: elsewhere(run.control.stop)
    thread = resume_once_paused(run)
    trainer.train()
    thread.join(180)
    assert run["lr/0"].values.tolist() == [0.1, 0.1, 0.05, 0.05, 0.05, 0.05]
    assert marks(run, "command") == ["lr 0.1 → 0.05", "paused", "resumed"]
    assert (run.status, trainer.state.global_step) == ("stopped", 6)


def test_report_to_names_it(transformers: Any, callback_class: Any, trainer_of: Any) -> None:
    trainer = trainer_of(report_to="nbviz", max_steps=2)
    [callback] = [
        one for one in trainer.callback_handler.callbacks if isinstance(one, callback_class)
    ]
    before = trainer.evaluate()
    trainer.train()
    run = callback.run
    assert run["loss/val"].values.tolist() == [before["eval_loss"]]
    assert run["loss/train"].steps.tolist() == [1, 2]
    assert run.status == "finished"
    # The table is transformers' own, without an underscore; `report_to` reads it.
    table = transformers.integrations.integration_utils.INTEGRATION_TO_CALLBACK
    assert table["nbviz"] is callback_class
