"""skorch's callback, in real fits."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest
import torch
from commands import elsewhere, marks, resume_once_paused
from torch import nn

import nbviz

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def skorch() -> Any:
    import skorch

    return skorch


@pytest.fixture(scope="module")
def callback_class(skorch: Any) -> Any:
    from nbviz.integrations.skorch import NbvizCallback

    return NbvizCallback


class Net(nn.Module):
    """Calls what is to happen at a training step."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(2, 1)
        self.calls = 0

    at_step: dict[int, Callable[[], None]] = {}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.calls += 1
            self.at_step.pop(self.calls, lambda: None)()
        return self.line(x)


def net_of(skorch: Any, callback: Any, **options: Any) -> Any:
    torch.manual_seed(0)
    return skorch.NeuralNetRegressor(
        Net,
        lr=0.01,
        batch_size=4,
        iterator_train__shuffle=False,
        verbose=0,
        callbacks=[("nbviz", callback)],
        **options,
    )


X = torch.arange(40.0).reshape(20, 2).numpy() / 40
Y = X.sum(1, keepdims=True)


def test_the_history_is_recorded(skorch: Any, callback_class: Any, tmp_path: Path) -> None:
    callback = callback_class(dir=tmp_path, watch={"every": 0})
    net = net_of(skorch, callback, max_epochs=3).fit(X, Y)
    run = callback.run_
    history = net.history
    batches = [loss for epoch in history[:, "batches", :, "train_loss"] for loss in epoch]
    batches = [loss for loss in batches if loss is not None][: run.progress.step]
    assert run["loss/batch"].values.tolist() == batches
    assert run["loss/train"].values.tolist() == history[:, "train_loss"]
    assert run["loss/val"].values.tolist() == history[:, "valid_loss"]
    assert run["loss/val"].steps.tolist() == [4, 8, 12]
    assert run["lr"].values.tolist() == [0.01] * 12
    assert run["gradients/line.weight/norm"].values.size > 0
    assert (run.status, run.progress.step, run.epochs) == ("finished", 12, [0, 4, 8])
    assert nbviz.open_run(tmp_path)["loss/batch"].values.tolist() == batches
    again = pickle.loads(pickle.dumps(net))
    assert again.predict(X).shape == (20, 1)


def test_commands_act_between_two_batches(skorch: Any, callback_class: Any) -> None:
    run = nbviz.Run("steered")
    Net.at_step = {
        2: lambda: elsewhere(lambda: run.control.set(lr=0.02)),
        3: lambda: elsewhere(run.control.pause),
        6: lambda: elsewhere(run.control.stop),
    }
    thread = resume_once_paused(run)
    net_of(skorch, callback_class(run), max_epochs=10).fit(X, Y)
    thread.join(180)
    assert run["lr"].values.tolist() == [0.01, 0.01, 0.02, 0.02, 0.02, 0.02]
    assert marks(run, "command") == ["lr 0.01 → 0.02", "paused", "resumed"]
    assert run.progress.step == 6
    run.finish()
    assert run.status == "stopped"


def test_a_cell_shows_its_fit(run_cells: Callable[..., list[Any]]) -> None:
    [_, cell, later] = run_cells(
        "import numpy, skorch, torch\n"
        "from nbviz.integrations.skorch import NbvizCallback\n"
        "X = numpy.ones((8, 2), dtype='float32')",
        "callback = NbvizCallback()\n"
        "net = skorch.NeuralNetRegressor(torch.nn.Linear, module__in_features=2,\n"
        "    module__out_features=2, max_epochs=2, train_split=None, verbose=0,\n"
        "    callbacks=[('nbviz', callback)])\n"
        "_ = net.fit(X, X)\n"
        "_ = net.partial_fit(X, X)",
        "run = callback.run_\n(run.status, run.progress.step)",
    )
    kinds = [kind for one in cell.outputs for kind in one.get("data", {})]
    assert kinds.count("application/vnd.jupyter.widget-view+json") == 1
    assert later.outputs[-1]["data"]["text/plain"] == "('finished', 4)"
