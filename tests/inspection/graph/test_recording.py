"""The user's own step, recorded: its values are as without, and its graph is that of a trace."""

from __future__ import annotations

import copy
import threading

import pytest
import torch
from awkward_models import CASES
from torch import nn

from nbviz.errors import TraceError
from nbviz.inspection.graph.trace.nested_tensors import with_tensors
from nbviz.inspection.graph.trace.recording import Recording
from nbviz.inspection.graph.trace.trace import trace


def model() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Flatten(), nn.Linear(64, 3)
    )


def train_step(net: nn.Module, optimizer: torch.optim.Optimizer) -> torch.Tensor:
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(net(torch.ones(2, 1, 6, 6)), torch.tensor([0, 2]))
    loss.backward()
    optimizer.step()
    return loss.detach()


def test_a_recorded_step_does_what_it_does_without() -> None:
    plain = model()
    watched = copy.deepcopy(plain)
    losses = []
    for net in (plain, watched):
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        torch.manual_seed(2)
        if net is watched:
            with Recording(net) as recording:
                losses.append(train_step(net, optimizer))
        else:
            losses.append(train_step(net, optimizer))
    assert torch.equal(*losses)
    state = plain.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in watched.state_dict().items())
    assert not watched._forward_hooks
    assert not watched._forward_pre_hooks
    traced = trace(plain, torch.ones(2, 1, 6, 6))
    assert [n.node_id for n in recording.graph.nodes] == [n.node_id for n in traced.nodes]
    assert [n.outputs for n in recording.graph.nodes] == [n.outputs for n in traced.nodes]
    assert recording.graph.edges == traced.edges
    assert recording.graph.flops == traced.flops
    assert [n.functions for n in recording.graph.nodes] == [() for _ in traced.nodes]


# A forward that yields runs when its result is read, after the pass.
@pytest.mark.parametrize("name", [name for name in CASES if name != "generator out"])
def test_awkward_models_are_recorded_as_they_are_traced(name: str) -> None:
    case = CASES[name]
    net = case.make()
    inputs = with_tensors(case.inputs(), torch.Tensor.clone)
    traced = trace(net, *case.inputs(), **case.kwargs())
    with Recording(net) as recording:
        net(*inputs, **case.kwargs())
    recorded, known = (
        {call.path for call in graph.module_calls if call.path is not None}
        for graph in (recording.graph, traced)
    )
    assert recorded == known
    if name == "lazy modules":
        return  # the real first call also makes the parameters, which is recorded too
    operations, traced_operations = (
        {node.node_id for node in graph.nodes if node.kind == "operation"}
        for graph in (recording.graph, traced)
    )
    assert len(operations & traced_operations) >= 0.6 * len(operations)


def test_only_the_first_call_is_recorded() -> None:
    net = nn.Linear(2, 2)
    with Recording(net) as recording:
        net(torch.ones(1, 2))
        net(torch.ones(7, 2))
    assert recording.graph.nodes[0].outputs[0].shape == (1, 2)


def test_functions_of_the_author_are_named_from_the_model_inwards() -> None:
    class Net(nn.Module):
        def helper(self, x):
            return x + 1

        def forward(self, x):
            return self.helper(x) * 2

    net = Net()

    def step():
        return net(torch.ones(1))

    with Recording(net) as recording:
        step()
    add, mul = recording.graph.nodes[1:3]
    assert [name.split("#")[0] for name in add.functions] == ["helper"]
    assert mul.functions == ()


def test_an_error_of_the_model_is_its_own() -> None:
    net = nn.Linear(2, 2)
    recording = Recording(net)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), recording:
        net(torch.ones(1, 3))
    with pytest.raises(TraceError, match=r"Linear failed at test_recording.py:\d+ while it"):
        _ = recording.graph
    assert net(torch.ones(1, 2)).shape == (1, 2)
    assert torch.nn.Module._call_impl.__qualname__ == "Module._call_impl"


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(TraceError, match=r"takes a torch.nn.Module, got int"):
        Recording(3)


class Unreadable:
    """Raises whatever is asked of it."""

    __slots__ = ("_value",)

    @property
    def __dict__(self):
        raise ZeroDivisionError("no attributes")


class GivesUnreadable(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, unreadable):
        return {"y": self.fc(x), "more": unreadable}


def test_what_cannot_be_read_is_left_out_of_the_recording_and_never_raises() -> None:
    model, x = GivesUnreadable(), torch.randn(2, 4)
    with Recording(model) as recording:
        result = model(x, Unreadable())
    assert torch.equal(result["y"], model.fc(x))
    assert [node.node_id for node in recording.graph.nodes] == ["/x", "fc/linear", "/y"]


class Handed(nn.Module):
    def __init__(self):
        super().__init__()
        self.same = nn.Identity()
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.same(x))


def test_a_recorded_pass_hands_on_the_very_objects_that_a_plain_one_does() -> None:
    model, x = Handed().eval(), torch.randn(2, 4)
    with Recording(model) as recording:
        assert model(x) is x
    ways = [(edge.source, edge.target) for edge in recording.graph.edges]
    assert ways == [
        ("/x", "same/identity"),
        ("same/identity", "drop/dropout"),
        ("drop/dropout", "/output"),
    ]


class Fails(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 5), nn.ReLU())
        self.head = nn.Sequential(nn.Linear(4, 2))

    def forward(self, x):
        return self.head(self.body(x))


def test_a_pass_that_fails_raises_its_own_error_and_leaves_its_graph_up_to_there() -> None:
    model = Fails()
    with Recording(model) as recording:
        with pytest.raises(RuntimeError, match="cannot be multiplied"):
            model(torch.zeros(2, 4))
        with pytest.raises(TraceError, match=r"Fails failed in head\.0 \(Linear\)") as caught:
            recording.graph  # noqa: B018
        model.head[0] = nn.Linear(5, 2)
        model(torch.zeros(2, 4))
    assert recording.graph.parameter_count == 37
    graph = caught.value.graph
    assert [call.path for call in graph.module_calls if call.error] == ["", "head", "head.0"]
    assert isinstance(caught.value.__cause__, RuntimeError)


class Waits(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.is_there, self.may_go = threading.Event(), threading.Event()

    def forward(self, x):
        x = self.fc(x)
        self.is_there.set()
        assert self.may_go.wait(60)
        return self.fc(x)


def test_a_pass_that_outlasts_the_block_on_another_thread_ends_by_itself() -> None:
    model, modes = Waits(), []

    def run() -> None:
        model(torch.zeros(2, 4))
        modes.append((torch._C._len_torch_function_stack(), torch._C._len_torch_dispatch_stack()))

    thread = threading.Thread(target=run)
    with Recording(model) as recording:
        thread.start()
        assert model.is_there.wait(60)
    model.may_go.set()
    thread.join(60)
    assert modes == [(0, 0)]
    assert not model._forward_hooks
    assert [call.path for call in recording.graph.module_calls] == ["", "fc", "fc"]


def test_a_trace_in_the_block_is_not_the_users_pass() -> None:
    model = nn.Linear(4, 4)
    with Recording(model) as recording:
        trace(model, torch.zeros(5, 4))
        model(torch.zeros(2, 4))
    assert recording.graph.nodes[0].outputs[0].shape == (2, 4)
