"""fastai's callback, in real fits."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest
import torch
from commands import elsewhere, marks, resume_once_paused
from torch import nn
from torch.utils.data import TensorDataset

import nbviz

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def fastai() -> Any:
    import fastai.callback.progress
    import fastai.data.core
    import fastai.data.load
    import fastai.learner
    import fastai.optimizer

    return fastai


@pytest.fixture(scope="module")
def callback_class(fastai: Any) -> Any:
    from nbviz.integrations.fastai import NbvizCallback

    return NbvizCallback


@pytest.fixture
def learner(fastai: Any) -> Any:
    torch.manual_seed(0)
    inputs = torch.arange(32.0).reshape(16, 2) / 32
    data = TensorDataset(inputs, inputs.sum(1, keepdim=True))
    loaders = [fastai.data.load.DataLoader(data, bs=4, num_workers=0) for _ in range(2)]
    dls = fastai.data.core.DataLoaders(*loaders, device="cpu")
    learn = fastai.learner.Learner(
        dls,
        nn.Linear(2, 1),
        loss_func=nn.functional.mse_loss,
        opt_func=fastai.optimizer.SGD,
        metrics=[lambda found, wanted: (found - wanted).abs().mean()],
    )
    learn.logger = lambda *_: None
    return learn


def test_the_recorder_is_recorded(learner: Any, callback_class: Any, tmp_path: Path) -> None:
    callback = callback_class(dir=tmp_path, watch={"every": 0})
    with learner.no_bar(), warnings.catch_warnings():
        warnings.filterwarnings("error", "You are shadowing an attribute")
        learner.fit(3, lr=0.01, cbs=[callback])
    run = callback.run_of_fit
    train, val, _ = zip(*learner.recorder.values, strict=True)
    assert run["loss/train"].values.tolist() == list(train)
    assert run["loss/val"].values.tolist() == list(val)
    assert run["loss/val"].steps.tolist() == [4, 8, 12]
    assert run["loss/batch"].values.size == 12
    assert run["lr"].values.tolist() == pytest.approx([0.01] * 12)
    assert run["gradients/weight/norm"].values.size > 0
    assert (run.status, run.progress.step, run.progress.total_steps) == ("finished", 12, 12)
    assert nbviz.open_run(tmp_path)["loss/batch"].values.size == 12
    with learner.no_bar():
        learner.get_preds(cbs=[callback])  # no training
    assert run.progress.step == 12


def test_commands_act_between_two_batches(learner: Any, callback_class: Any) -> None:
    callback = callback_class()
    run = callback.run_of_fit
    calls: list[float] = []
    commands: dict[int, Callable[[], None]] = {
        2: lambda: run.control.set(lr=0.02),
        3: run.control.pause,
        6: run.control.stop,
    }

    def act(module: nn.Module, inputs: Any) -> None:
        if module.training:
            calls.append(learner.opt.hypers[-1]["lr"])
            if len(calls) in commands:
                elsewhere(commands[len(calls)])

    learner.model.register_forward_pre_hook(act)
    thread = resume_once_paused(run)
    with learner.no_bar():
        learner.fit(10, lr=0.01, cbs=[callback])
    thread.join(180)
    assert calls == pytest.approx([0.01, 0.01, 0.02, 0.02, 0.02, 0.02])
    assert run["lr"].values.tolist() == pytest.approx(calls)
    assert marks(run, "command") == ["lr 0.01 → 0.02", "paused", "resumed"]
    assert run.status == "stopped"
