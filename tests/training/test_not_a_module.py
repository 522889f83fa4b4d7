"""What is given in the place of a model, and models that PyTorch has made into something else."""

from __future__ import annotations

import collections
from typing import Any

import pytest
import torch
from torch import nn

import nbviz
from nbviz.errors import ConfigurationError, NbvizError
from nbviz.inspection.graph.trace.trace import trace
from nbviz.integrations import hiddenlayer

X = torch.ones(3, 4)
BATCHES = [(X, torch.tensor([0, 1, 0]))] * 3


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x)


def double(x: torch.Tensor) -> torch.Tensor:
    return x * 2


def frozen() -> nn.Module:
    return torch.jit.freeze(torch.jit.script(Small().eval()))


MISTAKEN: dict[str, tuple[Any, str]] = {
    "a class": (Small, r"got the class Small; give a model of it, such as Small\(…\)\."),
    "another class": (dict, "got the class dict."),
    "an exported program": (
        torch.export.export(Small(), (X,)),
        r"got an ExportedProgram; give its \.module\(\)\.",
    ),
    "an optimizer": (torch.optim.SGD(Small().parameters()), "got the optimizer SGD."),
    "a state": (
        Small().state_dict(),
        r"got a state_dict \(OrderedDict\); load it into a model: model.load_state_dict\(…\)\.",
    ),
    "an empty mapping": (collections.OrderedDict(), "got OrderedDict OrderedDict()"),
    "a function": (double, "got the function double; call it in the forward of a module."),
    "nothing": (None, "got NoneType None."),
}


@pytest.mark.parametrize("name", MISTAKEN)
def test_what_is_no_model_is_named_with_what_to_give(name: str) -> None:
    given, said = MISTAKEN[name]
    for take in (
        lambda: nbviz.LiveTrainer(given, BATCHES, training_step=lambda *_: None),
        lambda: trace(given, X),
        lambda: nbviz.graph(given, X),
        lambda: nbviz.summary(given, X),
        lambda: nbviz.record(given),
        lambda: nbviz.Run().watch(given),
        lambda: nbviz.Run().log_weights(given),
        lambda: nbviz.SummaryWriter().add_graph(given, X),
        lambda: hiddenlayer.build_graph(given, X),
    ):
        with pytest.raises(NbvizError, match=said):
            take()


SCRIPTS = {
    "scripted": lambda: torch.jit.script(Small()),
    "traced": lambda: torch.jit.trace(Small(), X),
    "frozen": frozen,
}


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_model_of_torchscript_is_shown_as_a_whole(name: str) -> None:
    model = SCRIPTS[name]()
    assert trace(model, X).module_calls[0].type == "Small"
    table = nbviz.summary(model, X)
    assert table.rows[0].output_shapes == ((3, 2),)
    assert hiddenlayer.build_graph(model, X) is not None


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
@pytest.mark.parametrize("name", ["scripted", "traced"])
def test_a_model_of_torchscript_is_trained_as_a_layer(name: str) -> None:
    model = SCRIPTS[name]()
    options: Any = {"loss_fn": nn.CrossEntropyLoss(), "max_epochs": 1}
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(ConfigurationError, match=r"train it as a layer: nn.Sequential\(model\)"):
        nbviz.Trainer(model, BATCHES, optimizer=optimizer, **options)
    before = [one.clone() for one in model.parameters()]
    trainer = nbviz.Trainer(nn.Sequential(model), BATCHES, optimizer=optimizer, **options)
    trainer.start()
    trainer.wait(60)
    assert trainer.run["loss/train"].steps.tolist() == [1, 2, 3]
    assert not any(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


@pytest.mark.filterwarnings("ignore")
def test_a_watch_that_finds_no_parameters_says_so() -> None:
    model = torch.ao.quantization.quantize_dynamic(Small(), {nn.Linear}, dtype=torch.qint8)
    run = nbviz.Run()
    watch = run.watch(model)
    (warning,) = [one.text for one in run.lines.after(0)[0] if one.level == "warning"]
    assert warning == (
        "the watch of Small finds no parameters: a quantised or frozen model has none. Watch what "
        "its layers give: activations=True."
    )
    watch.stop()
    run.watch(model, activations=True)
    assert [one.text for one in run.lines.after(0)[0] if one.level == "warning"] == [warning]
