"""What a pass with real values writes into besides its results is there again when it has ended."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from nbviz.inspection.graph.trace.trace import trace
from nbviz.inspection.summary.summary import summary


class Writes(nn.Module):
    """Writes wherever a model can; asks for a value, so that it is run for real."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.register_buffer("range", torch.zeros(0))
        self.memory = torch.zeros(3)
        self.states = {"a": [torch.zeros(3)]}
        self.seen: dict[str, list[int]] = {"a": []}

    def forward(self, x, other=None):
        with torch.no_grad():
            self.fc.weight.mul_(0.5)
            self.fc.bias.data = self.fc.bias.data + 1
        self.range.resize_(2).fill_(1)
        self.memory += 1
        self.states["a"][0].add_(1)
        self.states["a"].append(x)
        self.seen["a"].append(1)
        if other is not None:
            x = other(x)
        return self.fc(x) if x.sum().item() > -1e9 else x


def state(model: Writes) -> list[Any]:
    tensors = [*model.state_dict().values(), model.memory, model.states["a"][0]]
    return [[tensor.tolist() for tensor in tensors], len(model.states["a"]), model.seen["a"]]


def test_what_a_model_writes_into_itself_and_into_a_module_that_it_is_given_is_undone() -> None:
    model, norm = Writes(), nn.BatchNorm1d(3)
    given = dict(model.named_parameters())
    before, norm_before = copy.deepcopy(state(model)), norm.running_mean.clone()
    for look in (trace, summary):
        assert "real values" in look(model, torch.ones(2, 3), norm).note
        assert state(model) == before
        assert torch.equal(norm.running_mean, norm_before)
    assert all(parameter is given[name] for name, parameter in model.named_parameters())


class HooksItself(nn.Module):
    """Puts hooks on its layers at its first call, as transformers' models do."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(2))
        self.outputs: list[torch.Tensor] = []

    def forward(self, x):
        if not hasattr(self, "is_hooked"):
            self.is_hooked = True
            for layer in self.layers:
                layer.register_forward_hook(lambda _module, _given, out: self.outputs.append(out))
        self.outputs.clear()
        for layer in self.layers:
            x = layer(x)
        return list(self.outputs)


@pytest.mark.parametrize("look", [trace, summary])
def test_hooks_that_a_model_puts_on_itself_are_there_once_when_it_is_called(look: Any) -> None:
    model, x = HooksItself(), torch.ones(1, 2)
    look(model, x)
    assert not model.layers[0]._forward_hooks
    assert len(model(x)) == len(model(x)) == 2
