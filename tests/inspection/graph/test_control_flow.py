"""Operators that take functions: a node with its branches, and no change of a recorded pass."""

from __future__ import annotations

import contextlib
import functools
import inspect
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn
from torch._higher_order_ops.scan import scan, scan_op

from nbviz.inspection.graph.trace.recording import Recording
from nbviz.inspection.graph.trace.trace import trace, trace_for_real

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.inspection.graph import Graph

# Of PyTorch 2.6, which cannot be differentiated and runs the step once before, to try it.
SCAN_IS_AN_EARLY_ONE = "reverse" in inspect.signature(type(scan_op).__call__).parameters


@functools.cache
def gives_zeros() -> bool:
    """Whether what the other branch of a `cond` uses has zeros as its gradient; or it has none."""
    used, other = (nn.Parameter(torch.ones(2)) for _ in range(2))
    result = torch.cond(used.sum() > 0, lambda a, _: a.sin(), lambda _, b: b.sin(), (used, other))
    result.sum().backward()
    return other.grad is not None


def is_untouched(parameter: nn.Parameter) -> bool:
    """Whether its gradient is what PyTorch gives to the branch that is not taken."""
    if parameter.grad is None:
        return not gives_zeros()
    return gives_zeros() and not parameter.grad.any()


class Chooses(nn.Module):
    def __init__(self):
        super().__init__()
        self.yes, self.no = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda x: self.yes(x).relu(), self.no, (x,))

    def plain(self, x):
        return self.yes(x).relu() if x.sum() > 0 else self.no(x)


class ChoosesOfMany(Chooses):
    """Takes and gives containers, which PyTorch's compiler takes apart."""

    def forward(self, x):
        given = ({"x": x, "more": [x * 2]},)
        yes = lambda d: {"y": self.yes(d["x"]).relu() + d["more"][0]}  # noqa: E731
        return torch.cond(x.sum() > 0, yes, lambda d: {"y": self.no(d["x"])}, given)["y"]

    def plain(self, x):
        return self.yes(x).relu() + x * 2 if x.sum() > 0 else self.no(x)


class Loops(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        from torch._higher_order_ops.while_loop import while_loop

        start = torch.zeros((), dtype=torch.int64)
        return while_loop(lambda i, _: i < 3, lambda i, x: (i + 1, self.fc(x)), (start, x))[1]

    def plain(self, x):
        for _ in range(3):
            x = self.fc(x)
        return x


class Scans(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        def step(state, item):
            state = torch.tanh(state + self.fc(item))
            return state, state * 2

        with self.mode():
            return scan(step, x.new_zeros(4), x, dim=0)[1]

    def mode(self):
        return torch.no_grad() if SCAN_IS_AN_EARLY_ONE else contextlib.nullcontext()

    def plain(self, x):
        with self.mode():
            return self.in_a_loop(x)

    def in_a_loop(self, x):
        state, found = x.new_zeros(4), []
        for item in x:
            state = torch.tanh(state + self.fc(item))
            found.append(state * 2)
        return torch.stack(found)


class Attends(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(16, 48)

    def split(self, x):
        with torch.no_grad():  # PyTorch has no backward pass for it on the CPU
            return self.qkv(x).unflatten(-1, (3, 1, 16)).permute(2, 0, 3, 1, 4).unbind()

    def forward(self, x):
        from torch.nn.attention.flex_attention import flex_attention

        return flex_attention(*self.split(x), score_mod=lambda score, b, h, i, j: score + (i - j))

    def plain(self, x):
        q, k, v = self.split(x)
        places = torch.arange(x.shape[1])
        scores = q @ k.mT / 4 + (places[:, None] - places)
        return scores.softmax(-1) @ v


MODELS: list[tuple[Callable[[], Any], Callable[[], torch.Tensor]]] = [
    (Chooses, lambda: torch.randn(2, 4)),
    (ChoosesOfMany, lambda: torch.randn(2, 4)),
    (Loops, lambda: torch.randn(2, 4)),
    (Scans, lambda: torch.randn(5, 4)),
    (Attends, lambda: torch.randn(1, 32, 16)),
]


def box_ids(graph: Graph, scope: str = "") -> list[str]:
    return [node["node_id"] for node in graph.level(scope)["nodes"]]


@pytest.mark.parametrize(("make", "make_input"), MODELS)
def test_a_recorded_step_has_the_results_and_gradients_of_the_plain_one(
    make: Callable[[], Any], make_input: Callable[[], torch.Tensor]
) -> None:
    torch.manual_seed(0)
    model, x = make(), make_input()
    wanted = model.plain(x)
    with Recording(model) as recording:
        result = model(x)
    torch.testing.assert_close(result, wanted)
    if wanted.requires_grad:
        parameters = list(model.parameters())
        expected = torch.autograd.grad(
            wanted.sum(), parameters, allow_unused=True, materialize_grads=True
        )
        found = torch.autograd.grad(result.sum(), parameters, allow_unused=not gives_zeros())
        given = [
            torch.zeros_like(p) if f is None else f for p, f in zip(parameters, found, strict=True)
        ]
        torch.testing.assert_close(given, list(expected))
    assert any(edge.target == "/output" for edge in recording.graph.edges)


@pytest.mark.parametrize(("make", "make_input"), MODELS)
def test_a_trace_needs_no_values_and_leads_from_input_to_output(
    make: Callable[[], Any], make_input: Callable[[], torch.Tensor]
) -> None:
    model, x = make(), make_input()
    graph = trace(model, x)
    assert "real values" not in graph.note
    before: dict[str, list[str]] = {}
    for edge in graph.edges:
        before.setdefault(edge.target, []).append(edge.source)
    waiting, seen = ["/output"], set()
    while waiting:
        node = waiting.pop()
        seen.add(node)
        waiting += [source for source in before.get(node, ()) if source not in seen]
    assert "/x" in seen
    assert graph.module_calls[0].outputs[0].shape == tuple(model.plain(x).shape)


def test_both_branches_of_a_condition_are_shown_and_of_a_real_pass_the_one_taken() -> None:
    model, x = Chooses(), torch.ones(2, 4)
    graph = trace(model, x)
    assert "/cond" in box_ids(graph)
    assert box_ids(graph, "/cond") == ["/cond/true branch", "/cond/false branch", "/cond/cond"]
    assert graph.flops == 2 * (2 * 2 * 4 * 4)
    with Recording(model) as recording:
        model(x)
    assert {call.path for call in recording.graph.module_calls} == {"", "yes", None}


class ChoosesOfThree(nn.Module):
    """A branch with branches; one layer is not used."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(4))
        self.kept = nn.Sequential()

    def inside(self, x):
        first, second = self.layers[:2]
        return torch.cond(x.mean() > 5, lambda x: self.kept(first(x)), second, (x,))

    def forward(self, x, y):
        return torch.cond(x.sum() > 0, self.inside, lambda x: self.layers[2](x).sin(), (y,))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_recorded_condition_gives_zeros_where_pytorch_does(sign: int) -> None:
    model, other = ChoosesOfThree(), nn.Linear(4, 4)
    choice = sign * torch.rand(3, 4)
    model(choice, other(choice)).sum().backward()  # PyTorch's own, of both branches
    expected = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
    expected_before = other.weight.grad
    model.zero_grad()
    other.weight.grad = None
    with Recording(model):
        result = model(choice, other(choice))
    result.relu_().sum().backward()  # a result may be written into
    for parameter, wanted in zip(model.parameters(), expected, strict=True):
        assert (parameter.grad is None) == (wanted is None)
    assert [p.grad is not None for p in model.layers[3].parameters()] == [False, False]
    taken, left = (1, 2) if sign > 0 else (2, 1)
    assert model.layers[taken].weight.grad.any()
    assert is_untouched(model.layers[left].weight)
    assert other.weight.grad.shape == expected_before.shape


def test_the_branch_that_is_not_taken_changes_nothing() -> None:
    model = ChoosesOfThree()
    model.kept = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(4))
    x = torch.ones(3, 4)
    before = [buffer.clone() for buffer in model.buffers()]
    state = torch.get_rng_state()
    with Recording(model):
        model(-x, x).sum().backward()
    assert torch.equal(torch.get_rng_state(), state)
    assert len(before) == 3
    for buffer, one in zip(model.buffers(), before, strict=True):
        assert torch.equal(buffer, one)
        assert type(buffer) is torch.Tensor
    assert is_untouched(model.kept[1].weight)


def test_a_recorded_condition_can_be_differentiated_whichever_branch_it_takes() -> None:
    fc, x = nn.Linear(4, 4), torch.ones(2, 4)
    model = nn.Module()
    model.fc = fc
    model.forward = lambda x: torch.cond(x.sum() > 0, torch.sin, fc, (x,))
    with Recording(model):
        result = model(x)
    result.sum().backward()
    assert torch.equal(result, x.sin())
    assert is_untouched(fc.weight)


def test_a_branch_that_needs_values_leaves_the_other_to_be_differentiated() -> None:
    fc, x = nn.Linear(4, 4), torch.ones(2, 4)
    model = nn.Module()
    model.fc = fc
    model.forward = lambda x: torch.cond(
        x.sum() > 0, torch.sin, lambda x: fc(x) * x[0, 0].item(), (x,)
    )
    with Recording(model):
        result = model(x)
    result.sum().backward()
    assert torch.equal(result, x.sin())
    assert is_untouched(fc.weight)


def test_a_loop_is_shown_once_and_counted_as_often_as_it_ran() -> None:
    model, x = Loops(), torch.randn(2, 4)
    with Recording(model) as recording:
        model(x)
    assert sum(call.path == "fc" for call in recording.graph.module_calls) == 1
    assert recording.graph.flops == 3 * (2 * 2 * 4 * 4)
    steps = 5 + SCAN_IS_AN_EARLY_ONE
    assert trace(Scans(), torch.randn(5, 4)).flops == steps * (2 * 4 * 4)


@torch.no_grad()
@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_scan_goes_along_its_axis_in_its_direction(dim: int, is_reversed: bool) -> None:
    fc, x = nn.Linear(4, 4), torch.randn(4, 4)
    model = nn.Module()
    model.fc = fc

    def step(state, item):
        state = torch.tanh(state + fc(item))
        return state, state * 2

    model.forward = lambda x: scan(step, x.new_zeros(4), x, dim=dim, reverse=is_reversed)[1]
    wanted = model(x)
    with Recording(model) as recording:
        result = model(x)
    torch.testing.assert_close(result, wanted)
    assert recording.graph.flops == (4 + SCAN_IS_AN_EARLY_ONE) * (2 * 4 * 4)


def test_a_loop_says_how_often_what_is_drawn_of_it_was_counted() -> None:
    def drawn(graph: Any, name: str) -> str:
        (call,) = [call for call in graph.module_calls if call.type == name]
        return call.detail

    by_shapes = trace(Loops(), torch.ones(2, 4))
    assert drawn(by_shapes, "body") == "counted once"
    assert "Counted once, as often as they run depends on values: while_loop." in by_shapes.note
    assert by_shapes.flops == 2 * 2 * 4 * 4
    real = trace_for_real(Loops(), (torch.ones(2, 4),), {})
    assert drawn(real, "body") == "first of 3"
    assert "Counted once" not in real.note
    assert real.flops == 3 * by_shapes.flops
    assert drawn(trace(Scans(), torch.ones(5, 4)), "step") == "first of 5"


def test_attention_with_a_score_is_counted() -> None:
    graph = trace(Attends(), torch.randn(1, 32, 16))
    node = next(node for node in graph.nodes if node.name == "flex_attention")
    assert node.outputs[0].shape == (1, 1, 32, 16)
    assert node.flops == 2 * 32 * 32 * (16 + 16)
