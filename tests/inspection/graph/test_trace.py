"""What a trace says: operations, edges, shapes, parameters, FLOPs, source lines."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
import torch
from awkward_models import CASES
from torch import nn
from torch.nn import functional

from nbviz.errors import TraceError
from nbviz.inspection.graph import Graph, trace
from nbviz.inspection.graph.trace.recording import Recording
from nbviz.inspection.summary.summary import summary


class SmallCnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(8 * 4 * 4, 10)

    def forward(self, image):
        x = self.pool(functional.relu(self.conv(image)))
        return self.fc(x.flatten(1))


def edges(graph: Graph) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in graph.edges}


def traced(name: str) -> Graph:
    case = CASES[name]
    return trace(case.make(), *case.inputs(), **case.kwargs())


def test_operations_are_those_that_the_author_wrote() -> None:
    graph = trace(SmallCnn(), torch.zeros(2, 1, 8, 8))
    assert [node.node_id for node in graph.nodes] == [
        *("/image", "conv/conv2d", "/relu", "pool/max_pool2d"),
        *("/flatten", "fc/linear", "/output"),
    ]
    ids = [node.node_id for node in graph.nodes]
    assert edges(graph) == set(pairwise(ids))
    assert [node.outputs[0].shape for node in graph.nodes[:3]] == [
        (2, 1, 8, 8),
        (2, 8, 8, 8),
        (2, 8, 8, 8),
    ]
    assert {node.outputs[0].dtype for node in graph.nodes} == {"float32"}
    assert all(n.source.startswith("test_trace.py:") for n in graph.nodes if n.kind == "operation")


def test_module_calls_carry_type_parameters_flops_and_children() -> None:
    graph = trace(SmallCnn(), torch.zeros(2, 1, 8, 8))
    root, conv, _, fc = graph.module_calls
    assert (root.path, root.call, root.type) == ("", 1, "SmallCnn")
    assert root.children == ["/image", "conv", "/relu", "pool", "/flatten", "fc", "/output"]
    assert (conv.type, conv.detail, conv.parent) == ("Conv2d", "1→8, 3×3", "")
    assert [graph.parameters[n].names for n in conv.parameters] == [
        ("conv.weight",),
        ("conv.bias",),
    ]
    assert conv.flops == 2 * 2 * 8 * 8 * 8 * 9
    assert fc.flops == 2 * 2 * 128 * 10
    assert graph.flops == root.flops == conv.flops + fc.flops
    assert graph.parameter_count == sum(p.numel() for p in SmallCnn().parameters())


def test_tied_parameters_count_once_and_have_both_names() -> None:
    graph = traced("tied weights")
    (parameter,) = graph.parameters
    assert parameter.names == ("embed.weight", "out.weight")
    assert graph.parameter_count == 40


def test_branches_stay_apart_where_a_module_does_nothing() -> None:
    graph = traced("identity and dropout that do nothing")
    found = edges(graph)
    assert {("drop/dropout", "a/linear"), ("same/identity", "b/linear")} <= found
    assert ("/x", "a/linear") not in found
    assert ("/x", "/add:2") in found or ("/x", "/__add__:2") in found


def test_writes_through_views_are_seen_by_readers_of_the_base() -> None:
    graph = traced("writes in place and through views")
    order = [node.node_id for node in graph.nodes]
    assert (order[-2], order[-1]) == ("/relu", "/output")
    into_relu = {source for source, target in edges(graph) if target == "/relu"}
    assert into_relu == {"/zero_"}


def test_inputs_and_outputs_are_named_as_one_writes_them() -> None:
    graph = traced("nested dictionaries and keyword arguments")
    names = {kind: [n.name for n in graph.nodes if n.kind == kind] for kind in ("input", "output")}
    assert names["input"] == ["batch.image", "batch.meta[0]", "batch.meta[1].mask", "scale"]
    assert names["output"] == ["sum", "parts[0]", "parts[1].y"]
    graph = traced("keywords only, dataclass out")
    assert [n.name for n in graph.nodes if n.kind == "output"] == ["logits", "hidden[0]"]


def test_what_is_the_same_for_every_input_is_left_out() -> None:
    names = [node.name for node in traced("causal self-attention").nodes]
    assert "triu" not in names
    assert "full" not in names
    assert "arange" in names  # the position embedding has nothing else to read


def test_reading_a_value_is_shown() -> None:
    graph = traced("as many steps as a value says")
    assert "item" in [node.name for node in graph.nodes]
    assert graph.note.startswith("Traced with real values, because")


def test_other_threads_are_not_traced_and_run_as_before() -> None:
    inside, go = threading.Event(), threading.Event()
    results: list[torch.Tensor] = []

    class Waiting(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x):
            inside.set()
            assert go.wait(180)
            return self.fc(x)

    other = nn.Sequential(nn.Linear(4, 4), nn.ReLU())

    def work() -> None:
        assert inside.wait(180)
        results.append(other(torch.ones(2, 4)))
        go.set()

    thread = threading.Thread(target=work)
    thread.start()
    graph = trace(Waiting(), torch.zeros(2, 4))
    thread.join()
    assert [call.type for call in graph.module_calls] == ["Waiting", "Linear"]
    assert torch.equal(results[0], other(torch.ones(2, 4)))


def test_traces_on_two_threads_at_once_do_not_mix() -> None:
    barrier = threading.Barrier(2)
    graphs: dict[int, Graph] = {}

    class Meeting(nn.Module):
        def __init__(self, layers):
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(layers))

        def forward(self, x):
            for layer in self.layers:
                barrier.wait(180)
                x = layer(x)
            return x

    def work(number: int) -> None:
        graphs[number] = trace(Meeting(3), torch.zeros(2, 4))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(graph.module_calls) for graph in graphs.values()] == [4, 4]


def test_a_model_that_fails_says_why_and_is_restored() -> None:
    model = SmallCnn()
    call = nn.Module.__call__
    with pytest.raises(
        TraceError, match=r"SmallCnn failed in conv \(Conv2d\), .*: Runtime"
    ) as caught:
        trace(model, torch.zeros(2, 3, 8, 8))
    level = caught.value.graph.level()
    assert [node["label"] for node in level["nodes"]] == ["image", "conv"]
    assert level["nodes"][1]["detail"].startswith("failed: RuntimeError: Given groups=1")
    assert level["note"].startswith("Failed in conv (Conv2d), test_trace.py:")
    assert nn.Module.__call__ is call
    with pytest.raises(TraceError, match=r"takes a torch\.nn\.Module .* got str"):
        trace("model")  # pyright: ignore[reportArgumentType]


def test_inputs_are_not_written_into() -> None:
    class Writes(nn.Module):
        def forward(self, x):
            if x.sum() == 0:
                return x.add_(1)
            return x.mul_(2)

    x = torch.zeros(2, 2)
    graph = trace(Writes(), x)
    assert graph.note
    assert torch.equal(x, torch.zeros(2, 2))


def test_shapes_only_pass_agrees_with_the_real_one() -> None:
    from nbviz.inspection.graph.trace.trace import trace_for_real

    for name, case in CASES.items():
        if case.needs_values or name in ("lazy modules", "meta device", "compiled whole"):
            continue
        model, inputs, kwargs = case.make(), case.inputs(), case.kwargs()
        shapes = trace(model, *inputs, **kwargs)
        real = trace_for_real(model, inputs, kwargs)
        assert edges(shapes) == edges(real), name
        assert [n.outputs for n in shapes.nodes] == [n.outputs for n in real.nodes], name


def test_to_dict_is_plain_data() -> None:
    import json

    data = json.loads(json.dumps(trace(SmallCnn(), torch.zeros(2, 1, 8, 8)).to_dict()))
    assert data["parameter_count"] == 1370
    assert data["module_calls"][1]["path"] == "conv"


def test_attention_counts_the_flops_of_its_two_products_and_refuses_what_does_not_fit() -> None:
    class Attends(nn.Module):
        def forward(self, q, k, v):
            return functional.scaled_dot_product_attention(q, k, v, is_causal=True)

    q, k, v = torch.zeros(2, 4, 5, 8), torch.zeros(2, 4, 6, 8), torch.zeros(2, 4, 6, 3)
    graph = trace(Attends(), q, k, v)
    assert graph.flops == 2 * 2 * 4 * 5 * 6 * (8 + 3)
    assert graph.nodes[-1].outputs[0].shape == (2, 4, 5, 3)
    with pytest.raises(TraceError, match="Attends failed"):
        trace(Attends(), q, k.transpose(1, 3), v)


def test_a_graph_is_json() -> None:
    graph = trace(SmallCnn(), torch.zeros(2, 1, 8, 8))
    said = graph.to_dict()
    assert json.loads(json.dumps(said)) == said
    assert said["parameters"][0] == {
        "names": ["conv.weight"],
        "size": 72,
        "is_trainable": True,
        "shape": [8, 1, 3, 3],
        "dtype": "float32",
        "byte_count": 288,
    }
    assert said["module_calls"][0]["outputs"] == [{"shape": [2, 10], "dtype": "float32"}]
    assert said["parameter_count"] == said["trainable_count"] == 72 + 8 + 1280 + 10


class Shadows(nn.Module):
    """Gives names of PyTorch's own methods to its data."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)
        self.modules = [self.fc]
        self.children = ["a"]
        self.buffers = {}
        self.named_modules = self.named_parameters = "names"
        self.register_forward_hook = self.register_forward_pre_hook = 3

    def forward(self, x):
        return self.fc(x)


def test_names_of_methods_may_be_data() -> None:
    model, x = Shadows(), torch.zeros(1, 3)
    with Recording(model) as recording:
        model(x)
    for graph in (trace(model, x), recording.graph):
        assert graph.parameter_count == 8
    assert summary(model, x).note == ""


class PlainList(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.l = [nn.Linear(3, 3) for _ in range(4)]
        self.acts = [nn.ReLU()]
        self.teacher = [nn.Linear(3, 3).requires_grad_(False)]

    def forward(self, x):
        for layer in self.l:
            x = self.acts[0](layer(x))
        return x


def test_layers_that_pytorch_does_not_know_of_are_named() -> None:
    graph = trace(PlainList(), torch.zeros(1, 3))
    assert "not registered, not trained: l.0, l.1, l.2, …" in graph.note
    assert "acts" not in graph.note
    assert "teacher" not in graph.note
    model = Shadows()
    model._blocks = {"a": [(nn.Linear(3, 3),)]}
    assert "not trained: _blocks.a.0.0" in trace(model, torch.zeros(1, 3)).note


def test_the_source_is_a_line_of_the_author_or_none() -> None:
    model, inputs = nn.Sequential(nn.Linear(3, 3), nn.ReLU()), torch.zeros(1, 3)
    mine = [node.source for node in trace(model, inputs).nodes if node.source]
    assert [source.startswith("test_trace.py:") for source in mine] == [True, True]
    with ThreadPoolExecutor(1) as pool:  # as for a page, without a line of the author's around it
        graph = pool.submit(trace, model, inputs).result()
    assert [node.source for node in graph.nodes] == ["", "", "", ""]
