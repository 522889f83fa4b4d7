"""Edges that no call's arguments and results tell: writes by storage, `torch.func`, buffers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from nbviz.inspection.graph.trace.recording import Recording
from nbviz.inspection.graph.trace.trace import trace, trace_for_real

if TYPE_CHECKING:
    from nbviz.inspection.graph import Graph


def in_every_way(model: nn.Module, x: torch.Tensor) -> list[Graph]:
    with Recording(model) as recording:
        model(x)
    return [trace(model, x), trace_for_real(model, (x,), {}), recording.graph]


def edges(graph: Graph) -> list[tuple[str, str]]:
    return [(edge.source.strip("/"), edge.target.strip("/")) for edge in graph.edges]


class ThroughData(nn.Module):
    def forward(self, x):
        y = torch.zeros_like(x)
        y.data.copy_(x * 2)
        return y + 1


class SetsStorage(nn.Module):
    def forward(self, x):
        y = torch.empty(0)
        y.set_(x * 2)
        return y + 1


class SharesStorage(nn.Module):
    def forward(self, x):
        a = x * 2
        b = torch.empty(0).set_(a.untyped_storage(), 0, a.shape, a.stride())
        return b + 1


class WritesOut(nn.Module):
    def forward(self, x):
        with torch.no_grad():
            y = torch.empty(0)
            torch.mul(x, 2, out=y)
            return y + 1


class Resizes(nn.Module):
    def forward(self, x):
        with torch.no_grad():
            y = torch.empty(0)
            y.resize_(x.shape).copy_(x)
            return y.view(-1) + 1


class InInferenceMode(nn.Module):
    @torch.inference_mode()
    def forward(self, x):
        y = torch.zeros_like(x)
        y[:] = x * 2
        return y + 1


class GradientLeft(nn.Module):
    def forward(self, x):
        with torch.enable_grad():
            y = x.detach().requires_grad_()
            (y * y).sum().backward()
        return y.grad + 1


class Swaps(nn.Module):
    def forward(self, x):
        y, doubled = torch.zeros_like(x), x * 2
        torch.utils.swap_tensors(y, doubled)
        return y + 1


WRITES = {
    ThroughData: [("x", "mul"), ("zeros_like", "copy_"), ("mul", "copy_"), ("copy_", "add")],
    SetsStorage: [("x", "mul"), ("mul", "add")],
    SharesStorage: [("x", "mul"), ("mul", "add")],
    WritesOut: [("x", "mul"), ("mul", "add")],
    InInferenceMode: [("mul", "__setitem__"), ("__setitem__", "add")],
    GradientLeft: [("sum", "backward"), ("backward", "add")],
    Swaps: [("x", "mul"), ("mul", "add")],
    Resizes: [("x", "copy_"), ("copy_", "view"), ("view", "add")],
}


@pytest.mark.parametrize(("kind", "wanted"), WRITES.items())
def test_a_write_reaches_all_that_share_the_memory(kind: Any, wanted: Any) -> None:
    for graph in in_every_way(kind(), torch.randn(2, 4)):
        found = set(edges(graph))
        assert set(wanted) - {("zeros_like", "copy_")} <= found, graph.note
        assert ("add", "output") in found


class Solver(nn.Module):
    """Writes each state through `.data` into the one tensor that holds all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.field = nn.Linear(4, 4)

    def forward(self, x):
        states = torch.zeros(4, *x.shape)
        states[0] = x
        for i in range(3):
            states.data[i + 1].copy_(states[i] + self.field(states[i]) / 10)
        return states


def test_a_solvers_steps_follow_each_other() -> None:
    for graph in in_every_way(Solver(), torch.randn(2, 4)):
        before: dict[str, set[str]] = {}
        for edge in graph.edges:
            before.setdefault(edge.target, set()).add(edge.source)
        steps = {"": "/__setitem__", ":2": "/copy_", ":3": "/copy_:2"}
        for call, maker in ((f"field{number}/linear", maker) for number, maker in steps.items()):
            (selected,) = before[call]
            assert before[selected] == {maker}
        assert before["/output"] == {"/copy_:3"}


class Mapped(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 1)

    def forward(self, x):
        return torch.vmap(lambda row: self.fc(row).tanh())(x) + 1


class Gradient(Mapped):
    def forward(self, x):
        return torch.func.grad(lambda y: self.fc(y).tanh().sum())(x) + 1


class Jacobian(Mapped):
    def forward(self, x):
        return torch.vmap(torch.func.jacrev(self.fc))(x).sum(1)


class Tangent(Mapped):
    def forward(self, x):
        return torch.func.jvp(self.fc, (x,), (torch.ones_like(x),))[1]


class PerSample(Mapped):
    def forward(self, x):
        weights = {name: weight.detach() for name, weight in self.fc.named_parameters()}

        def loss(weights, row):
            return torch.func.functional_call(self.fc, weights, (row,)).pow(2).sum()

        return torch.vmap(torch.func.grad(loss), in_dims=(None, 0))(weights, x)


class Ensemble(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.members = nn.ModuleList(nn.Linear(4, 3) for _ in range(3))

    def forward(self, x):
        weights, _ = torch.func.stack_module_state(list(self.members))
        call = torch.func.functional_call
        run = torch.vmap(lambda w, x: call(self.members[0], w, (x,)), in_dims=(0, None))
        return run(weights, x).mean(0)


@pytest.mark.parametrize("kind", [Mapped, Gradient, Jacobian, Tangent, PerSample, Ensemble])
def test_transformed_functions_are_part_of_the_way_from_input_to_output(kind: Any) -> None:
    for graph in in_every_way(kind(), torch.randn(2, 4)):
        before: dict[str, list[str]] = {}
        for edge in graph.edges:
            before.setdefault(edge.target, []).append(edge.source)
        ends = [node.node_id for node in graph.nodes if node.kind == "output"]
        assert ends
        for end in ends:
            waiting, seen = [end], set()
            while waiting:
                node = waiting.pop()
                seen.add(node)
                waiting += [source for source in before.get(node, ()) if source not in seen]
            assert "/x" in seen
        linear = next(node for node in graph.nodes if node.name == "linear")
        assert before[linear.node_id]


class Rotary(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("frequencies", torch.arange(4.0))

    def forward(self, length):
        return (torch.arange(length)[:, None] * self.frequencies).cos()


class Table(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", torch.ones(4))

    def forward(self):
        return self.mask


class UsesConstants(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rotary, self.table, self.fc = Rotary(), Table(), nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x) * self.rotary(x.shape[1]) * self.table()


def test_modules_of_nothing_but_buffers_are_connected() -> None:
    for graph in in_every_way(UsesConstants(), torch.randn(2, 3, 4)):
        level = graph.level()
        found = [(edge["source"].strip("/"), edge["target"].strip("/")) for edge in level["edges"]]
        assert ("rotary", "__mul__") in found or ("rotary", "mul") in found
        assert any(source == "table" for source, _ in found)
        assert {node["label"] for node in graph.level("rotary")["nodes"]} >= {"×", "cos"}
