"""nbviz's own hooks are no part of a graph, keep nothing of a trace, and name themselves."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from nbviz.inspection.graph.live import LiveGraph
from nbviz.inspection.graph.trace.recording import Recording
from nbviz.inspection.graph.trace.trace import trace
from nbviz.inspection.summary.summary import summary


class Branches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x):
        return self.fc(x) if x.sum() > 0 else self.fc(-x)


def watched(model: nn.Module) -> LiveGraph:
    loader = DataLoader(TensorDataset(torch.ones(4, 3), torch.zeros(4)), batch_size=2)
    return LiveGraph(model, loader, split=None)


def graph_of(live: LiveGraph) -> Any:
    found: list[Any] = []
    live.ask(found.append)
    return found[0] if found else None


def test_a_trace_does_not_show_the_hook_and_leaves_it_nothing() -> None:
    model, x = Branches(), torch.ones(2, 3)
    live = watched(model)
    plain = [node.node_id for node in trace(Branches(), x).nodes]
    assert [node.node_id for node in trace(model, x).nodes] == plain
    summary(model, x)
    assert graph_of(live) is None  # waits for a call of the user's
    model(x)
    with Recording(model):
        pass
    assert [node.node_id for node in graph_of(live).nodes] == plain


def test_a_recording_leaves_the_hook_its_call_and_does_not_show_it() -> None:
    model, x = Branches(), torch.ones(2, 3)
    live = watched(model)
    with Recording(model) as recording:
        model(x)
    names = [node.name for node in recording.graph.nodes]
    assert "detach" not in names
    assert [node.node_id for node in graph_of(live).nodes] == [
        node.node_id for node in recording.graph.nodes
    ]


def test_scripting_a_model_with_hooks_says_what_to_do() -> None:
    model = nn.Linear(3, 2)
    live = watched(model)
    with pytest.raises(AttributeError, match="Script it before it is given to a trainer"):
        torch.jit.script(model)
    assert graph_of(live) is None


def test_a_model_that_cannot_be_called_is_drawn_up_to_where_it_fails() -> None:
    """The page shows what ran, and the box in which it failed."""
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(5, 2))
    live = LiveGraph(model, [(torch.ones(2, 3), torch.ones(2, 2))], split=None)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        model(torch.ones(2, 3))
    graph = graph_of(live)
    level = graph.level("")
    assert [(node["label"], bool(node.get("error"))) for node in level["nodes"]] == [
        *(("input", False), ("0", False), ("1", False), ("2", True))
    ]
    assert "Failed in 2 (Linear)" in level["note"]
    assert live.graph is None  # another call may be another one
