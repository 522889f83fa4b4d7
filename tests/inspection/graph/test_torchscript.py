"""TorchScript models: a graph of their operations, and words on what cannot be seen of them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

import nbviz
from nbviz.errors import TraceError

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.filterwarnings("ignore:.*jit.* is deprecated:FutureWarning")


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.rest = nn.Sequential(nn.ReLU(), nn.Linear(8, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.rest(self.first(x))


class Asks(Net):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if bool(x.sum() > 0):
            x = x * 2
        return self.rest(self.first(x))


def loaded(model: nn.Module) -> nn.Module:
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(model), file)
    file.seek(0)
    return torch.jit.load(file)


FORMS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "scripted": torch.jit.script,
    "traced": lambda model: torch.jit.trace(model, torch.ones(2, 4)),
    "loaded": loaded,
}


@pytest.mark.parametrize("form", FORMS)
def test_its_operations_are_shown_and_why_its_modules_are_not(form: str) -> None:
    graph = nbviz.trace(FORMS[form](Net()), torch.ones(2, 4))
    labels = [node["label"] for node in graph.level("")["nodes"]]
    assert labels[1:] == ["addmm", "relu", "addmm", "output"]
    assert graph.level("")["title"] == "Net, 58 parameters, 192 FLOP"
    assert "Net is a TorchScript model" in graph.note
    assert "before torch.jit.script" in graph.note
    assert graph.flops == 2 * 2 * (4 * 8 + 8 * 2)


def test_a_reason_is_given_in_pytorchs_own_words() -> None:
    graph = nbviz.trace(torch.jit.script(Asks()), torch.ones(2, 4))
    assert "not enough: a value is read" in graph.note
    assert ". Asks is a TorchScript model" in graph.note
    with pytest.raises(TraceError, match="Net failed when called") as caught:
        nbviz.trace(torch.jit.script(Net()), torch.ones(2, 5))
    assert "shapes cannot be multiplied (2x5 and 4x8)" in str(caught.value)
    assert "Traceback of TorchScript" not in str(caught.value)


def test_a_step_that_is_recorded_is_made_and_the_graph_says_what_to_do() -> None:
    model = torch.jit.script(Net())
    with nbviz.record(model) as recording:
        result = model(torch.ones(2, 4))
    assert result.shape == (2, 2)
    with pytest.raises(TraceError, match=r"Net is a TorchScript model.*nbviz\.trace"):
        _ = recording.graph
